"""What the experiments make of answers: duels, equal tokens, and the document."""

import json
import pathlib
import re
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "evaluation"))
import reference_table  # noqa: E402
from experiments import (  # noqa: E402
    asking,
    clusters,
    configurations,
    document,
    duels,
    figures,
    matching,
    signals,
)
from stagebeam_eval import journals, plots, predictions, statistics, tables  # noqa: E402

QUESTIONS = 40
COUNT = tables.Row("1", "1", "How many?", {}, {
    "answer": "3", "summary": "I will count.", "caption": "The image shows three."})
CHOICE = tables.Row("2", "2", "Which?", {"A": "red", "B": "blue"}, {
    "answer": "B", "summary": "I will look.", "caption": "The image shows a blue circle."})


class Duels(unittest.TestCase):
    def test_a_text_is_right_by_what_is_known_of_the_question(self):
        for row, stage, text, right in (
                (COUNT, "summary", "<SUMMARY> I will count. </SUMMARY>", True),
                (COUNT, "caption", "<CAPTION> The image shows two. </CAPTION>", False),
                (COUNT, "caption", "The image shows three.</CAPTION>", True),
                (COUNT, "reasoning", "<REASONING> 1 + 2 = 3. </REASONING>", True),
                (COUNT, "reasoning", "<REASONING> 3 is what I see, so 2. </REASONING>", False),
                (COUNT, "reasoning", "<REASONING>  </REASONING>", False),
                (COUNT, "conclusion", "<CONCLUSION> 3 </CONCLUSION>", True),
                (CHOICE, "reasoning", "Blue. A is red, no. B is blue, yes. </REASONING>", True),
                (CHOICE, "reasoning", "It is red. A is red, yes. </REASONING>", False),
                (CHOICE, "whole response",
                 "<REASONING> A. </REASONING>\n\n<CONCLUSION> B </CONCLUSION>", True)):
            with self.subTest(text=text):
                self.assertEqual(duels.is_right(row, stage, text), right)

    def test_only_duels_that_one_side_is_right_in_count(self):
        expansion = {"stage": "STAGE_CONCLUSION",
                     "candidates": [{"text": f"<CONCLUSION> {n} </CONCLUSION>"} for n in "2345"],
                     "duels": [{"first": 0, "second": 1, "winner": 1},
                               {"first": 2, "second": 3, "winner": 2},
                               {"first": 1, "second": 2, "winner": 2}]}
        table = tables.Table("bench", [COUNT, CHOICE], {}, 0)
        answers = {"1": {"trace": [expansion]}, "2": {"error": "INTERNAL: oh"}}
        self.assertEqual(duels.decided(table, answers), {"conclusion": [True, False]})


class Whiskers(unittest.TestCase):
    def test_do_not_point_backwards_where_all_are_right(self):
        low, high = statistics.wilson(10, 10)
        accuracies = [{"share": 1.0, "low": low, "high": high},
                      {"share": 1.0, "low": low, "high": 1 - 1e-16}]
        _, ends = plots.whiskers(accuracies)
        self.assertEqual(ends[1], [0.0, 0.0])
        self.assertTrue(all(end > 20 for end in ends[0]))


class Signals(unittest.TestCase):
    def test_of_a_stage_that_was_fought_for_the_winners_least_confidence_counts(self):
        texts = ("3", "2", "3", "4")
        expansion = {"stage": "STAGE_CONCLUSION", "survivors": [2],
                     "candidates": [{"text": f"<CONCLUSION> {text} </CONCLUSION>",
                                     "logprob": -2.0 * k, "token_count": 4}
                                    for k, text in enumerate(texts)],
                     "duels": [{"winner": 0, "confidence": 0.5}, {"winner": 2, "confidence": 0.9},
                               {"winner": 2, "confidence": 0.6}]}
        agreed = {**expansion, "duels": []}
        table = tables.Table("bench", [COUNT], {}, 0)
        self.assertEqual(signals.chosen(table, {"1": {"trace": [expansion, agreed]}}),
                         {"conclusion": [signals.Chosen(True, 0.6, -1.0)]})

    def test_a_signal_tells_by_how_often_it_is_greater_for_what_is_right(self):
        found = [signals.Chosen(right, confidence, 0.0) for right, confidence in (
            (True, 0.9), (True, 0.6), (False, 0.6), (False, 0.5))]
        self.assertEqual(signals.told_apart(found, "confidence"), 3.5 / 4)
        self.assertEqual(signals.told_apart(found, "likelihood"), 0.5)
        self.assertIsNone(signals.told_apart(found[:2], "confidence"))


class Made(unittest.TestCase):
    """Runs of made-up answers to questions of the reference sets."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stagebeam-experiments-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / "questions.tsv"
        reference_table.write(self.path, QUESTIONS)
        self.table = tables.read(self.path)
        checkpoints = {name: self.folder / name for name in ("reference", *configurations.TRAINED)}
        for name, checkpoint in checkpoints.items():
            checkpoint.mkdir()
            (checkpoint / "model.safetensors").write_text(name)
        self.setting = asking.Setting(self.folder / "out", SOURCE, checkpoints, 1.0, 4, 2)

    def make(self, run, right, tokens):
        """Answers of a run: the first `right` are, and a question takes so many tokens."""
        folder = self.setting.folder(self.path, run)
        with journals.Journal(folder, {
                **run.options, "judge": None, "max_candidate_tokens": 0, "table": self.path.stem,
                "table_sha256": figures.results.digest(self.path)}) as journal:
            for number, row in enumerate(self.table.rows):
                journal.add({"index": row.index, "sampled_tokens": tokens, "duels": 3,
                             "prediction": row.answer if number < right else "unclear",
                             "candidates": run.candidates, "model": f"{run.checkpoint}@1",
                             "trace": [self.duel(row, won=number < right)]})
            predictions.write(folder, self.table, journal.answers)

    def duel(self, row, won):
        texts = [f"<CONCLUSION> {text} </CONCLUSION>" for text in (row.answer, "unclear")]
        return {"stage": "STAGE_CONCLUSION", "survivors": [0 if won else 1],
                "candidates": [{"text": text, "logprob": -1.0, "token_count": 2} for text in texts],
                "duels": [{"first": 0, "second": 1, "winner": 0 if won else 1,
                           "confidence": 0.75}]}


class EqualTokens(Made):
    def test_candidates_are_as_many_as_cost_the_same(self):
        runs = [configurations.BEAM, *(configurations.matched(strategy, 4)
                                       for strategy in configurations.MATCHED)]
        for run, tokens in zip(runs, (300, 200, 430), strict=True):
            self.make(run, 20, tokens)
        beam, best, sentences = (self.setting.folder(self.path, run) for run in runs)
        self.assertEqual(matching.candidates(beam, best, 4), 6)
        self.assertEqual(matching.candidates(beam, sentences, 4), 3)


class Folders(Made):
    def test_another_checkpoint_or_temperature_has_other_answers(self):
        run = configurations.BEAM
        before = self.setting.folder(self.path, run)
        (self.setting.checkpoints["reference"] / "model.safetensors").write_text("retrained")
        retrained = self.setting.folder(self.path, run)
        self.assertNotEqual(before, retrained)
        cold = asking.Setting(self.setting.out, SOURCE, self.setting.checkpoints, 0.0, 4, 2)
        self.assertNotIn(cold.folder(self.path, run), (before, retrained))

    def test_what_is_answered_is_not_asked_again(self):
        self.make(configurations.BEAM, 20, 300)
        # There are no programs in SOURCE, so that a cluster could not start.
        asking.ask(self.setting, self.path, [configurations.BEAM])
        with self.assertRaisesRegex(clusters.ClusterFailed, "no stagebeam-encoder in"):
            asking.ask(self.setting, self.path, [configurations.BEAM, configurations.SINGLE])

    def test_a_run_may_have_a_temperature_of_its_own(self):
        cold = configurations.Run("cold", {"strategy": "single", "trace": True, "temperature": 0})
        self.assertEqual(list(asking.options(self.setting, cold)),
                         ["--temperature", "0", "--strategy", "single", "--trace"])


class Document(Made):
    def collected(self):
        sections = {section.name: section for section in configurations.sections(
            {"best-of-n": 4, "sentence-beam": 5})}
        runs = {run.name: run for section in sections.values() for run in section.runs}
        for number, run in enumerate(runs.values()):
            self.make(run, right=10 + number, tokens=80 * run.candidates)
        sections["searched"] = configurations.SEARCHED
        found = {name: figures.of_section(self.setting, self.path, section)
                 for name, section in sections.items()}
        return {"questions": QUESTIONS, "temperature": 1.0, "sections": found,
                "models": figures.models(self.setting, self.path, list(runs.values())),
                "duels": figures.of_duels(self.setting, self.path, [configurations.BEAM]),
                "signals": figures.of_signals(self.setting, self.path, configurations.BEAM),
                "confirmed": 0, "confirmation": None, "together": None}

    def test_every_place_of_the_template_is_filled(self):
        found = self.collected()
        document.write(self.folder, found)
        text = (self.folder / "experiments.md").read_text()
        self.assertNotIn("{{", text)
        for section in found["sections"].values():
            for run in section["runs"]:
                self.assertIn(f"| {run['name']} | {100 * run['accuracy']['share']:.1f} (", text)
        self.assertIn("| beam-4 | conclusion | 40 | 57.5 (", text)
        self.assertIn("| conclusion | 40 | 17 | 0.50 | 0.50 |", text)
        self.assertEqual(json.loads((self.folder / "experiments/figures.json").read_text()), found)
        for picture in re.findall(r"!\[.*\]\((.*)\)", text):
            self.assertTrue((self.folder / picture).exists(), picture)

    def test_a_confirmed_run_is_as_good_or_it_is_not(self):
        compared = {"difference": 0.001, "low": -0.008, "high": 0.009}
        runs = [{"name": name, "cost": {"sampled_tokens": tokens}}
                for name, tokens in (("beam-4", 200), ("adaptive", 110))]
        self.assertEqual(document.equivalence(*runs, compared), (
            "`adaptive` samples 55 % of `beam-4`'s tokens, and the interval of the difference, "
            "+0.1 (-0.8 to +0.9) points, lies within 1 point of none."))
        for low, high, said in ((-0.011, 0.002, "does not lie within 1 point of none"),
                                (-0.011, 0.012, "does not lie within 1 point of none"),
                                (-0.009, 0.012, "no worse, or better"),
                                (0.002, 0.013, "lies above none: better")):
            compared.update(low=low, high=high)
            self.assertTrue(document.equivalence(*runs, compared).endswith(f"{said}."))

    def test_a_confirmation_has_its_place(self):
        chosen = configurations.Section("confirmation", (
            configurations.BEAM, configurations.SINGLE, configurations.beam(2)))
        found = {**self.collected(), "confirmed": QUESTIONS,
                 "confirmation": figures.of_section(self.setting, self.path, chosen)}
        document.write(self.folder, found)
        text = (self.folder / "experiments.md").read_text()
        self.assertIn("`single` samples 25 % of `beam-4`'s tokens", text)
        self.assertIn("`beam-2` samples 50 % of `beam-4`'s tokens", text)

    def test_the_servers_own_search_is_compared_on_all_questions(self):
        chosen = configurations.Section("confirmation", (
            configurations.BEAM, *list(configurations.adaptive())[:2]))
        found = self.collected()
        confirmation = figures.of_section(self.setting, self.path, chosen)
        own = confirmation["comparisons"][0]
        compared = figures.together(found["sections"]["adaptive"], confirmation)
        self.assertEqual((compared["run"], compared["questions"]), (own["run"], 2 * QUESTIONS))
        self.assertEqual((compared["gained"], compared["lost"]),
                         (2 * own["gained"], 2 * own["lost"]))
        self.assertLess(compared["high"] - compared["low"], own["high"] - own["low"])
        document.write(self.folder, {**found, "together": compared})
        text = (self.folder / "experiments.md").read_text()
        self.assertIn(f"On all {2 * QUESTIONS} questions the difference of `{own['run']}`", text)

    def test_a_search_that_was_not_confirmed_is_not_compared_on_all_questions(self):
        section = self.collected()["sections"]["adaptive"]
        others = {**section, "comparisons": section["comparisons"][1:]}
        self.assertIsNone(figures.together(section, others))

    def test_what_was_not_asked_is_said_to_be_missing(self):
        found = self.collected()
        del found["sections"]["forms_1000_greedy"]
        document.write(self.folder, {**found, "duels": []})
        text = (self.folder / "experiments.md").read_text()
        self.assertIn("The same at temperature 0:\n\n*Not part of this run.*", text)
        self.assertNotIn("{{", text)

    @staticmethod
    def affordable(*runs):
        """Names of those worth confirming, of (name, right, tokens, low, high)."""
        return figures.worth_confirming({
            "runs": [{"name": name, "accuracy": {"right": right},
                      "cost": {"sampled_tokens": tokens}} for name, right, tokens, *_ in runs],
            "comparisons": [{"run": name, "low": low, "high": high}
                            for name, _, _, low, high in runs[1:]]})

    def test_the_runs_that_are_worth_confirming_cost_little_enough(self):
        base, dear = ("base", 20, 100, 0, 0), ("dear", 25, 61, -0.001, 0.001)
        near, good = ("near", 19, 60, -0.02, 0.01), ("good", 22, 30, 0.0, 0.03)
        fair = ("fair", 18, 40, -0.03, 0.01)
        self.assertEqual(self.affordable(base, dear, fair, good, near), ["fair", "near", "good"])
        self.assertEqual(self.affordable(base, near, good), ["near", "good"])
        self.assertEqual(self.affordable(base, near, ("bad", 15, 30, -0.04, 0.0)), ["near"])
        self.assertEqual(self.affordable(base, dear), [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
