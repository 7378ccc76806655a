"""Writes held-out questions of the reference sets as a benchmark table.

  reference_table.py TABLE.tsv [--questions 500] [--skip 0]

Columns as VLMEvalKit's; `category` is the set, and a third of the questions have options. `summary`
and `caption` are what is known of the stages before the answer.
"""

import argparse
import base64
import csv
import io
import pathlib
import random
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "training" / "reference"))
from tasks import Mixture  # noqa: E402

QUESTION_SEED = 12345
COLUMNS = ("index", "image", "question", "A", "B", "C", "D", "answer", "category", "summary",
           "caption")


def row(index, sample):
    file = io.BytesIO()
    sample.image.save(file, "PNG")
    options = sample.facts.get("options", [])
    return {"index": index, "image": base64.b64encode(file.getvalue()).decode(),
            "question": sample.facts.get("open", sample.question),
            **dict(zip("ABCD", options, strict=False)),
            "answer": sample.conclusion, "category": sample.source,
            "summary": sample.summary, "caption": sample.caption}


def write(path, count, skip=0):
    """The questions [skip, skip + count) of those that the seed draws."""
    mixture, rng = Mixture("test"), random.Random(QUESTION_SEED)
    for _ in range(skip):
        mixture.sample(rng)
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, dialect="excel-tab")
        writer.writeheader()
        writer.writerows(row(index, mixture.sample(rng)) for index in range(skip, skip + count))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=pathlib.Path)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--skip", type=int, default=0, help="leave out so many before them")
    args = parser.parse_args()
    write(args.table, args.questions, args.skip)


if __name__ == "__main__":
    main()
