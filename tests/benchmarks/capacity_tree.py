"""Lets the tests of benchmarks/capacity import its modules."""

import pathlib
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "benchmarks" / "capacity"))
