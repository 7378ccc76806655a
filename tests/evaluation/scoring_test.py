"""Predictions are scored as VLMEvalKit's own functions score them."""

import json
import pathlib
import random
import sys
import tempfile
import unittest
import warnings

import pandas
import toolkit

PACKAGE = pathlib.Path(__file__).resolve().parents[2] / "evaluation"
sys.path.insert(0, str(PACKAGE))
from stagebeam_eval import choices, scoring, tables, texts, yes_no  # noqa: E402

RNG = random.Random(4)
# What models write, {kind: predictions or (known, prediction)}, and the options it may be about.
AWKWARD = json.loads(pathlib.Path(__file__).with_name("awkward_predictions.json").read_text())
OPTIONS, CHOICES, YES_NO = AWKWARD["options"], AWKWARD["choices"], AWKWARD["yes_no"]


def row(index, options=None, **cells):
    return tables.Row(str(index), str(index), "q", options or {}, cells)


def table(rows):
    return tables.Table("bench", rows, {}, 0)


class Choices(unittest.TestCase):
    def test_every_awkward_prediction_is_understood_as_the_toolkit_does(self):
        """Rule: matching_util.can_infer."""
        self.assertGreaterEqual(len(CHOICES), 300)
        seen = set()
        for name, options in OPTIONS.items():
            for prediction in CHOICES:
                theirs = toolkit.matching.can_infer(prediction, dict(options)) or None
                with self.subTest(options=name, prediction=prediction):
                    self.assertEqual(choices.chosen(prediction, options), theirs)
                seen.add(theirs)
        # The table has every outcome.
        self.assertEqual(seen, {"A", "B", "C", "D", "E", "Z", None})

    def test_random_words_are_understood_as_the_toolkit_does(self):
        words = ["A", "B", "(C)", "D.", "red", "blue", "a", "Z", "the", "or", "is", "Green,", "x"]
        for _ in range(3000):
            prediction = " ".join(RNG.choices(words, k=RNG.randint(0, 8)))
            options = OPTIONS["colors"]
            self.assertEqual(choices.chosen(prediction, options),
                             toolkit.matching.can_infer(prediction, dict(options)) or None,
                             prediction)

    def test_the_rules_are_these(self):
        colors, numbers = OPTIONS["colors"], OPTIONS["numbers"]
        for prediction, options, letter in (
                ("(B)", colors, "B"), ("The answer is B.", colors, "B"), ("b", colors, None),
                ("B or C", colors, None), ("It is blue.", colors, "B"),
                ("red or blue", colors, None),
                ("Two", numbers, "D"), ("There are two.", numbers, "D"), ("2", numbers, "A"),
                ("12", numbers, None), ("Cannot determine the answer. B", colors, "Z"),
                ("B is right because the shape is blue", colors, "B"),
                ("B is what I see", colors, None)):
            with self.subTest(prediction):
                self.assertEqual(choices.chosen(prediction, options), letter)


class Circular(unittest.TestCase):
    def questions(self, count):
        """Rows of questions in four orders of their options, and predictions: mostly right."""
        colors = list(OPTIONS["colors"].values())
        rows, predictions = [], {}
        for number, turn in ((n, t) for n in range(count) for t in range(RNG.randint(1, 4))):
            moved = dict(zip("ABCD", colors[turn:] + colors[:turn], strict=True))
            answer = "ABCD"[(number - turn) % 4]
            rows.append(row(number + turn * 1_000_000, moved, answer=answer))
            predictions[rows[-1].index] = RNG.choice(
                [answer, f"({answer}).", moved[answer], f"It is {answer}: {moved[answer]}",
                 answer, moved[answer], RNG.choice(["A or B", "Z", "no idea", "C"])])
        # A copy whose question is not there.
        rows.append(row(999 + 1_000_000, dict(zip("ABCD", colors, strict=True)), answer="A"))
        predictions[rows[-1].index] = "A"
        return rows, predictions

    def test_a_question_is_right_where_all_its_copies_are(self):
        """Rule: multiple_choice.mcq_circular_eval without a judge."""
        rows, predictions = self.questions(120)
        ours = {one.row.index: one.right for one in scoring.score(table(rows), predictions)}
        frame = pandas.DataFrame([{"index": int(one.index), "prediction": predictions[one.index],
                                   "answer": one.answer, **one.options} for one in rows])
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = toolkit.multiple_choice.mcq_circular_eval(
                None, frame.copy(), frame, 1, f"{folder}/result.pkl")
        self.assertEqual(ours, {str(index): bool(hit) for index, hit in
                                zip(theirs["index"], theirs["hit"], strict=True)})
        self.assertEqual(len(ours), 120)
        self.assertEqual(set(ours.values()), {True, False})

    def test_questions_in_one_order_are_scored_one_by_one(self):
        rows = [row(n, OPTIONS["colors"], answer="B") for n in range(3)]
        scores = scoring.score(table(rows), {"0": "(B)", "1": "B or C", "2": "Z"})
        self.assertEqual([(one.right, one.extracted) for one in scores],
                         [(True, "B"), (False, ""), (False, "Z")])

    def test_answers_that_nothing_can_be_held_against_are_refused(self):
        for bad, message in (
                (row(3, {"A": "x"}), "bench: index 3: answer: is empty"),
                (row(3, {"A": "x"}, answer="B"), "bench: index 3: answer: 'B' is none of the")):
            with self.assertRaises(tables.BadTable) as raised:
                scoring.score(table([bad]), {"3": "A"})
            self.assertIn(message, str(raised.exception))


class YesNo(unittest.TestCase):
    def test_every_awkward_prediction_is_understood_as_the_toolkit_does(self):
        """Rule: yorn.YOrN_Extraction."""
        self.assertGreaterEqual(len(YES_NO), 100)
        seen = set()
        for prediction in YES_NO + CHOICES:
            theirs = toolkit.yorn.YOrN_Extraction(prediction)
            with self.subTest(prediction):
                self.assertEqual(yes_no.chosen(prediction) or "Unknown", theirs)
            seen.add(theirs)
        self.assertEqual(seen, {"Yes", "No", "Unknown"})

    def test_figures_and_questions_are_right_throughout_or_not(self):
        """Rule: yorn.Hallusion_rating."""
        rows = [row(f"HallusionBench_{kind}_{s}_{f}_{q}", answer=RNG.choice(["Yes", "No"]),
                    **{"category": kind[:2], "l2-category": kind[3:]})
                for kind in ("VD_figure", "VS_chart", "VS_map")
                for s in range(4) for f in range(3) for q in range(2)]
        predictions = {one.index: f"{one.answer}, it is." if RNG.random() < 0.8 else "Maybe."
                       for one in rows}
        scores = scoring.score(table(rows), predictions)
        frame = pandas.DataFrame([{**one.row.cells, "index": one.row.index, "score": one.right}
                                  for one in scores])
        with tempfile.TemporaryDirectory() as folder:
            frame.to_csv(f"{folder}/scores.tsv", sep="\t", index=False)
            theirs = toolkit.yorn.Hallusion_rating(f"{folder}/scores.tsv").set_index("split")
        groups = {"Overall": scores}
        for name in ("VD", "VS"):
            groups[name] = [one for one in scores if one.row.text("category") == name]
        for name in ("figure", "chart", "map"):
            groups[name] = [one for one in scores if one.row.text("l2-category") == name]
        for name, group in groups.items():
            for measure, share in scoring.figure_shares(group).items():
                self.assertAlmostEqual(100 * share, theirs[measure][name])

    def test_other_tables_have_no_figures(self):
        scores = scoring.score(table([row(1, answer="Yes")]), {"1": "yes"})
        self.assertIsNone(scoring.figure_shares(scores))


class Texts(unittest.TestCase):
    def test_texts_are_brought_into_the_toolkits_form(self):
        """Rule: vqa_eval.process_answer."""
        some = [text for pair in AWKWARD["texts"] + AWKWARD["numbers"] for text in pair]
        for text in some + CHOICES + YES_NO + [
                "." * 40, "a. " * 40, "Id've Im Ive hasnt shes lets whos its"]:
            with self.subTest(text):
                self.assertEqual(texts.normal(text), toolkit.vqa_eval.process_answer(text))

    def test_short_texts_are_right_where_the_toolkits_are(self):
        """Rule: vqa_eval.process_line."""
        outcomes = set()
        for known, prediction in AWKWARD["texts"]:
            theirs = toolkit.vqa_eval.process_line(
                {"answer": known, "prediction": prediction}, "exact")["match"][0]
            with self.subTest(known=known, prediction=prediction):
                self.assertEqual(texts.same_text(known, prediction), theirs)
            outcomes.add(theirs)
        self.assertEqual(outcomes, {True, False})

    def test_numbers_are_close_where_the_toolkits_are(self):
        """Rule: vqa_eval.relaxed_correctness."""
        for tolerance in (0.05, 0.0):
            for known, prediction in AWKWARD["numbers"]:
                theirs = toolkit.vqa_eval.relaxed_correctness(known, prediction, tolerance)
                with self.subTest(known=known, prediction=prediction):
                    self.assertEqual(texts.close(known, prediction, tolerance), theirs)
                    # Ours reads words besides, and never takes back what theirs grants.
                    self.assertLessEqual(theirs, texts.same_number(known, prediction, tolerance))

    def test_numbers_in_words_and_zeros_count(self):
        for known, prediction, right in (("2", "two", True), ("12", " Twelve", False),
                                         ("0", "0.0", True), ("0", "zero", True),
                                         ("1000", "1,000", True), ("3", "3 cats", False),
                                         ("2", "2.1", False), ("7", "the 7", True)):
            with self.subTest(known=known, prediction=prediction):
                self.assertEqual(texts.same_number(known, prediction), right)

    def test_what_a_row_asks_for_follows_from_the_row(self):
        for one, kind, prediction in (
                (row(1, {"A": "yes"}, answer="A"), "choice", "A."),
                (row(1, answer="yes"), "yes_no", "Yes, it is."),
                (row(1, answer=7), "number", "seven"), (row(1, answer=0.5), "number", ".50"),
                (row(1, answer="a red ball"), "text", "The red ball!")):
            self.assertEqual(scoring.kind_of(one), kind)
            self.assertTrue(scoring.is_right(one, prediction), kind)
            self.assertFalse(scoring.is_right(one, "Not that"), kind)


if __name__ == "__main__":
    unittest.main(verbosity=1, warnings="ignore")
