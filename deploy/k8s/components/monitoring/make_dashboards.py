#!/usr/bin/env python3
"""Writes the Grafana dashboards of boards/ as JSON into dashboards/.

With --check nothing is written; ends with 1 where a file differs from what would be.
"""

import argparse
import json
import pathlib
import sys

from boards import caches, generators, judges, overview, redis
from boards.grafana import dashboard

FOLDER = pathlib.Path(__file__).resolve().parent / "dashboards"
BOARDS = [module.BOARD for module in (overview, generators, judges, caches, redis)]


def texts():
    """{path: what the file should hold} of every dashboard."""
    return {FOLDER / f"{board.name}.json": json.dumps(dashboard(board), indent=2) + "\n"
            for board in BOARDS}


def differences(wanted):
    """What is wrong with the files that there are, one line each."""
    there = set(FOLDER.glob("*.json"))
    lines = [f"{path.name}: no board makes it" for path in sorted(there - wanted.keys())]
    for path, text in wanted.items():
        if path not in there or path.read_text() != text:
            lines.append(f"{path.name}: out of date; run {pathlib.Path(__file__).name}")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        wrong = differences(texts())
        print("\n".join(wrong), end="\n" if wrong else "")
        return 1 if wrong else 0
    FOLDER.mkdir(exist_ok=True)
    for path, text in texts().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
