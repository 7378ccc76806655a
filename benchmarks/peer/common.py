"""The request of the benchmark, its scripted replies, and what memory and time it took."""

import json
import os

FILLER = (
    "The picture shows a quiet street with a red bus near the corner and two people who wait "
    "beside a tall lamp . First we count the windows of the house on the left , then we compare "
    "the sign with the number in the question . A small dog runs along the wall while the clouds "
    "move over the roof , and the clock above the door reads ten past four . Because the road is "
    "wet we can say that it rained before the photo was taken . ")
QUESTION = ("How many people wait beside the lamp, and what time does the clock above the door "
            "read?")
STAGES = ["SUMMARY", "CAPTION", "REASONING", "CONCLUSION"]


def make_image(width=1024, height=768):
    """A picture of gradients and blocks, so that resizing and normalising do real work."""
    import numpy as np
    from PIL import Image

    y, x = np.mgrid[0:height, 0:width].astype("float32")
    red = 127 + 120 * np.sin(x / 57) * np.cos(y / 91)
    green = 255 * x / width
    blue = 255 * ((x // 64 + y // 48) % 2)
    pixels = np.stack([red, green, blue], -1).clip(0, 255).astype("uint8")
    return Image.fromarray(pixels, "RGB")


class Scripts:
    """Scripted replies of exactly the asked length in tokens.

    A model with random weights never closes a tag. Forcing the sampled token to a script keeps
    every stop rule, regular expression and parse of the caller untouched, and makes the amount of
    work the same for every implementation.
    """

    def __init__(self, tokenizer, stage_tokens, judge_tokens):
        self.encode = lambda text: tokenizer.encode(text, add_special_tokens=False)
        self.stage_tokens, self.judge_tokens = stage_tokens, judge_tokens
        self.filler = self.encode(" " + FILLER.strip()) * 40
        self.end_of_turn = tokenizer.convert_tokens_to_ids("<|eot_id|>")

    def _between(self, head, tail, length, offset):
        first, last = self.encode(head), self.encode(tail)
        gap = length - len(first) - len(last)
        if gap < 1:
            raise ValueError(f"{length} tokens are too few for {head!r}..{tail!r} "
                             f"({len(first)}+{len(last)} tokens)")
        return first + self.filler[offset:offset + gap] + last

    def stage(self, stage, candidate):
        name = STAGES[stage]
        break_before = "\n\n" if stage else ""
        return self._between(f"{break_before}<{name}>", f" </{name}>", self.stage_tokens,
                             7 * candidate + 3 * stage)

    def judge(self, match):
        """Pairwise verdict: response 1 on even matches, response 2 on odd ones."""
        return self._between("Since", f", I choose response {1 + match % 2}.",
                             self.judge_tokens - 1, 5 * match) + [self.end_of_turn]

    def verify(self, call):
        return self._between("The text is", " correct", self.judge_tokens - 1,
                             11 * call) + [self.end_of_turn]


def rss_mb(peak=False):
    """Resident memory of this process, now or at most since reset_peak, in MiB."""
    key = "VmHWM:" if peak else "VmRSS:"
    with open("/proc/self/status", encoding="utf-8") as status:
        kib = next(int(line.split()[1]) for line in status if line.startswith(key))
    return round(kib / 1024, 1)


def reset_peak():
    """Whether the kernel let the peak of resident memory be set back."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        return True
    except OSError:
        return False


def cpu_s():
    """Seconds that this process has spent on all cores."""
    times = os.times()
    return times.user + times.system


def emit(**values):
    print(json.dumps(values), flush=True)
