"""Answers are compared with the intervals and tests that statistics books have."""

import contextlib
import io
import json
import math
import pathlib
import random
import sys
import tempfile
import unittest

PACKAGE = pathlib.Path(__file__).resolve().parents[2] / "evaluation"
sys.path.insert(0, str(PACKAGE))
from stagebeam_eval import answers, main, statistics  # noqa: E402


class Statistics(unittest.TestCase):
    def test_wilsons_interval_solves_its_equation(self):
        for right, count in ((0, 10), (7, 10), (61, 100), (200, 200)):
            share = right / count
            for bound in statistics.wilson(right, count):
                # At a bound the share is 1.96 of the bound's own deviations away.
                away = abs(share - bound)
                self.assertAlmostEqual(
                    away, 1.959964 * math.sqrt(bound * (1 - bound) / count), places=5)

    def test_mcnemar_counts_only_what_changed(self):
        # One of nine changes is a loss: 2 * (1 + 9) / 2^9.
        base = [True] + [False] * 8 + [True] * 50
        other = [False] + [True] * 8 + [True] * 50
        result = statistics.compare(base, other)
        self.assertEqual((result.gained, result.lost), (8, 1))
        self.assertAlmostEqual(result.p, 2 * 10 / 2**9)
        self.assertAlmostEqual(result.difference, 7 / 59)

    def test_counts_say_what_questions_one_by_one_say(self):
        base, other = [True] * 7 + [False] * 9 + [True] * 44, [False] * 7 + [True] * 9 + [True] * 44
        one_by_one, counted = statistics.compare(base, other), statistics.of_counts(9, 7, 60)
        for field in ("gained", "lost", "difference", "p"):
            self.assertEqual(getattr(counted, field), getattr(one_by_one, field))
        for bound in ("low", "high"):
            self.assertAlmostEqual(getattr(counted, bound), getattr(one_by_one, bound), delta=0.02)

    def test_runs_alike_are_not_told_apart(self):
        result = statistics.compare([True, False, True], [True, False, True])
        self.assertEqual((result.p, result.difference, result.low, result.high), (1, 0, 0, 0))

    def test_the_bootstrap_comes_near_the_normal_interval_of_many_questions(self):
        rng = random.Random(3)
        base = [rng.random() < 0.5 for _ in range(2000)]
        other = [right != (rng.random() < 0.2) for right in base]
        result = statistics.compare(base, other)
        changed = (result.gained + result.lost) / 2000
        half = 1.96 * math.sqrt((changed - result.difference**2) / 2000)
        self.assertAlmostEqual(result.low, result.difference - half, delta=0.002)
        self.assertAlmostEqual(result.high, result.difference + half, delta=0.002)

    def test_the_same_seed_gives_the_same_interval(self):
        base, other = [True, False] * 50, [True, True, False, False] * 25
        self.assertEqual(statistics.compare(base, other, seed=2),
                         statistics.compare(base, other, seed=2))

    def test_holm_multiplies_the_smallest_by_their_number(self):
        corrected = statistics.holm([0.04, 0.01, 0.03])
        for value, known in zip(corrected, [0.06, 0.03, 0.06], strict=True):
            self.assertAlmostEqual(value, known)
        self.assertEqual(statistics.holm([]), [])


def line(strategy, question, right, **more):
    return json.dumps({"strategy": strategy, "question": question, "right": right, **more})


class Compare(unittest.TestCase):
    def compare(self, lines):
        """What `stagebeam-eval compare` prints about these answers."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "answers.jsonl"
            path.write_text("\n".join(lines))
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                main.main(["compare", str(path)])
        return printed.getvalue()

    def test_a_strategy_is_held_against_the_first(self):
        lines = [line("single", n, n % 2 == 0, source="a", sampled_tokens=10, seconds=1.0)
                 for n in range(40)]
        lines += [line("beam", n, n % 4 != 3, source="a", sampled_tokens=40, seconds=3.0)
                  for n in range(40)]
        rows = [[cell.strip() for cell in row.strip("|").split("|")]
                for row in self.compare(lines).splitlines() if row]
        self.assertEqual(rows[0], ["strategy", "answers", "right, %", "a", "tokens", "seconds"])
        self.assertEqual(rows[2][:3], ["single", "40", "50.0 (35.2 to 64.8)"])
        self.assertEqual(rows[3][4:], ["40.0", "3.0"])
        self.assertEqual(rows[6][:3], ["beam", "10", "0"])
        self.assertTrue(rows[6][3].startswith("+25.0 (+"))
        # Ten changes, all one way: 2 / 2^10.
        self.assertEqual(rows[6][4], "0.002")

    def test_answers_that_cannot_be_compared_are_one_clear_line(self):
        for lines, part in (
                ([], "no answers in it"),
                (["{"], "answers.jsonl:1: "),
                ([line("single", 1, "yes")], "answers.jsonl:1: right: must be bool"),
                ([line("single", 1, True)] * 2, "answers.jsonl:2: question 1 of 'single' is there"),
                ([line("single", 1, True), line("beam", 2, True)], "question 1 has an answer of")):
            with self.assertRaises(SystemExit) as ended:
                self.compare(lines)
            self.assertEqual(len(str(ended.exception.code).splitlines()), 1)
            self.assertIn(part, ended.exception.code)

    def test_pairs_are_questions_in_the_same_order(self):
        base = {2: {"right": True}, 1: {"right": False}}
        other = {1: {"right": True}, 2: {"right": False}}
        self.assertEqual(answers.paired(base, other), ([False, True], [True, False]))


if __name__ == "__main__":
    unittest.main(verbosity=1)
