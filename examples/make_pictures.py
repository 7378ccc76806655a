"""Draws the pictures of the demo and writes questions.json beside them.

All come from the held-out split that the reference checkpoint never saw in
training. One of each kind is taken, the first that the seed gives, so nobody
chose those that the model gets right.
"""

import json
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "training" / "reference"))
from tasks import Mixture  # noqa: E402

SEED = 2026
# Kind: (source, how the question starts, whether it has options).
KINDS = {
    "easy-vqa-color": ("easy-vqa", "What color", False),
    "easy-vqa-shape": ("easy-vqa", "What shape", False),
    "easy-vqa-yes-no": ("easy-vqa", "Is there", False),
    "digits-sum": ("digits", "What is the sum", False),
    "digits-largest": ("digits", "Which digit is the largest", False),
    "digits-choice": ("digits", "", True),
    "scenes-count": ("scenes", "How many", False),
    "scenes-compare": ("scenes", "Are there more", False),
    "scenes-choice": ("scenes", "", True),
}


def kind_of(sample):
    """The first kind that a sample fits, or None."""
    has_options = "options" in sample.facts
    for kind, (source, start, options) in KINDS.items():
        if (sample.source == source and options == has_options
                and sample.question.startswith(start)):
            return kind
    return None


def first_of_each_kind():
    mixture, rng, found = Mixture("test"), random.Random(SEED), {}
    while len(found) < len(KINDS):
        sample = mixture.sample(rng)
        kind = kind_of(sample)
        if kind:
            found.setdefault(kind, sample)
    return {kind: found[kind] for kind in KINDS}


def main():
    folder = HERE / "pictures"
    folder.mkdir(exist_ok=True)
    rows = []
    for kind, sample in first_of_each_kind().items():
        sample.image.save(folder / f"{kind}.png")
        rows.append({"kind": kind, "picture": f"pictures/{kind}.png",
                     "question": sample.question, "answer": sample.conclusion})
    (HERE / "questions.json").write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
