"""What a benchmark asks about: a picture, never the same file twice, and its question."""

import io
import json
import time

import source_tree

source_tree.use("benchmarks/peer")
import common  # noqa: E402
from PIL import Image  # noqa: E402

EXAMPLES = source_tree.SOURCE / "examples"


def fixed_subject():
    """(image, question) of the fixed work, the same as the Python peer's."""
    return common.make_image(), common.QUESTION


def natural_subject():
    """(image, question) that the reference checkpoint knows how to answer."""
    example = json.loads((EXAMPLES / "questions.json").read_text())[-1]
    return Image.open(EXAMPLES / example["picture"]).convert("RGB"), example["question"]


class Pictures:
    """Hands out PNG files of one picture in which three pixels tell the number."""

    def __init__(self, image):
        self.image = image
        # Later than that of any run before: a cluster may still hold those.
        self.next = time.time_ns() >> 10

    def new(self):
        """The next picture's file; no cluster has seen it."""
        digits = self.next.to_bytes(9, "big")
        self.next += 1
        for x in range(3):
            self.image.putpixel((x, 0), tuple(digits[3 * x:3 * x + 3]))
        file = io.BytesIO()
        self.image.save(file, "PNG")
        return file.getvalue()
