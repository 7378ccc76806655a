"""What a model is trained on, and how a step's rows are shared out."""

import pathlib
import random
import sys
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE / "training" / "reference"))
import batches  # noqa: E402
import rows  # noqa: E402
import train  # noqa: E402
from tasks import Mixture, as_choice, matched  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

ENCODER = batches.Encoder(
    Tokenizer.from_file(str(SOURCE / "models" / "reference" / "tokenizer.json")))


def heavy(answer, weight, **settings):
    """The tokens of an answer that have a weight."""
    row = rows.told(ENCODER, Mixture("train").sample(random.Random(1)).image, "Which?", answer,
                    **settings)
    return [ENCODER.text([token]).strip()
            for token, given in zip(row.ids, row.weights, strict=True) if given == weight]


class Options(unittest.TestCase):
    def test_each_is_held_against_the_answer_up_to_the_one_that_is_it(self):
        self.assertEqual(matched(["7", "10", "11"], "10"),
                         "The answer is 10. A is 7, not 10. B is 10, yes.")

    def test_the_answer_is_named_once(self):
        rng, mixture = random.Random(1), Mixture("train", choices=0)
        chosen = [as_choice(rng, mixture.sample(rng)) for _ in range(200)]
        self.assertEqual({s.reasoning.count("The answer is") for s in chosen}, {1})

    def test_what_is_looked_up_weighs_more(self):
        self.assertEqual(heavy("The answer is 10. A is 7, not 10. B is 10, yes.", rows.OPTION),
                         ["7", "not", "10", "yes"])

    def test_what_is_decided_weighs_more_where_it_is_told_to(self):
        counted = "Counting circles: red circle yes 1, red triangle no 1. The count is 1."
        self.assertEqual(heavy(counted, 3.0, decided=3.0), ["yes", "no"])
        self.assertEqual(heavy("It is red, so there is a red shape.", 3.0, decided=3.0), ["a"])
        self.assertEqual(heavy(counted, 3.0), [])


class Parts(unittest.TestCase):
    def test_neighbours_stay_together_and_nothing_is_lost(self):
        self.assertEqual(train.parts([1, 2, 3, 4], 2), [([1, 2], 0.5), ([3, 4], 0.5)])
        self.assertEqual(train.parts([1, 2, 3], 2), [([1, 2], 2 / 3), ([3], 1 / 3)])
        self.assertEqual(train.parts([1], 2), [([1], 1.0)])


if __name__ == "__main__":
    unittest.main()
