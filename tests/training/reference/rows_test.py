"""How a step's rows are shared out."""

import pathlib
import sys
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE / "training" / "reference"))
import train  # noqa: E402


class Parts(unittest.TestCase):
    def test_neighbours_stay_together_and_nothing_is_lost(self):
        self.assertEqual(train.parts([1, 2, 3, 4], 2), [([1, 2], 0.5), ([3, 4], 0.5)])
        self.assertEqual(train.parts([1, 2, 3], 2), [([1, 2], 2 / 3), ([3], 1 / 3)])
        self.assertEqual(train.parts([1], 2), [([1], 1.0)])


if __name__ == "__main__":
    unittest.main()
