"""Where the checkout is, and how its other Python folders are found."""

import pathlib
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def use(folder):
    """Lets the modules of a folder of the checkout be imported."""
    sys.path.insert(0, str(SOURCE / folder))
