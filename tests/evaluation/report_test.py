"""Runs are scored, compared and pictured; what cannot be reported is said in one line."""

import base64
import contextlib
import csv
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from PIL import Image

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "evaluation"))
from stagebeam_eval import journals, main, plots, results, statistics  # noqa: E402

PICTURE = base64.b64encode((SOURCE / "examples/pictures/scenes-count.png").read_bytes()).decode()
COUNT = 40
# Adds an answer to the journal of a folder on a disk that has 100 bytes left.
FULL = """
import os, pathlib, resource, signal, sys
from stagebeam_eval import journals
folder = pathlib.Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with journals.Journal(folder, {}) as journal:
    full = os.path.getsize(journal.path) + 100
    resource.setrlimit(resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    try:
        journal.add({"index": "new", "prediction": "x" * 500})
    except OSError as error:
        print(error.strerror)
"""


def settings(strategy, **more):
    return {"strategy": strategy, "judge": None, "temperature": None, "max_candidate_tokens": 0,
            "seed": 1, **more}


class Report(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.table = self.write_table()

    def write_table(self, name="bench.tsv", count=COUNT, **cells):
        path = self.folder / name
        with open(path, "w", newline="") as file:
            columns = ["index", "image", "question", "A", "B", "answer", "category", "l2-category"]
            writer = csv.DictWriter(file, columns, dialect="excel-tab")
            writer.writeheader()
            writer.writerows({"index": n, "image": 0 if n else PICTURE, "question": "q",
                              "A": "red", "B": "blue", "answer": "B",
                              "category": "odd" if n % 2 else "even", **cells}
                             for n in range(count))
        return path

    def run_of(self, name, predictions, table=None, tokens=10, **changes):
        """A folder with the answers of a run; a prediction of None is an error."""
        table = table or self.table
        mine = {**settings("single"), **changes, "table": table.stem,
                "table_sha256": results.digest(table)}
        with journals.Journal(self.folder / name, mine) as journal:
            for index, prediction in predictions.items():
                cost = {"sampled_tokens": tokens, "prompt_tokens": 100, "candidates": 1,
                        "duels": 0, "seconds": 0.5}
                journal.add({"index": str(index), "prediction": prediction, **cost}
                            if prediction is not None else
                            {"index": str(index), "prediction": "", "error": "INTERNAL: oh"})
        return self.folder / name

    def report(self, *runs, table=None):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            main.main(["report", str(table or self.table), *map(str, runs), "--out",
                       str(self.folder / "report")])
        return json.loads((self.folder / "report" / "report.json").read_text()), printed.getvalue()

    def two_runs(self):
        """Half right; and three quarters, with all of the first one's."""
        half = {n: "B" if n % 2 else "A" for n in range(COUNT)}
        more = {n: "A or B" if n % 4 == 0 else "(B) blue" for n in range(COUNT)}
        return (self.run_of("half", half),
                self.run_of("more", more, tokens=40, strategy="best-of-n", candidates=4,
                            temperature=0.0))

    def test_runs_are_scored_by_category_and_compared(self):
        figures, text = self.report(*self.two_runs())
        half, more = figures["runs"]
        self.assertEqual((half["accuracy"]["right"], more["accuracy"]["right"]), (20, 30))
        self.assertEqual((half["accuracy"]["low"], half["accuracy"]["high"]),
                         statistics.wilson(20, 40))
        self.assertEqual({name: one["right"] for name, one in more["groups"]["category"].items()},
                         {"even": 10, "odd": 20})
        self.assertEqual((more["undecided"], more["errors"]), (10, 0))
        compared = figures["comparisons"][0]
        self.assertEqual((compared["base"], compared["run"], compared["gained"],
                          compared["lost"]), ("half", "more", 10, 0))
        self.assertAlmostEqual(compared["p"], 2 / 2**10)
        for part in ("| more | best-of-n, temperature 0.0, seed 1, candidates 4 | 40 | 75.0 (",
                     "| even | 20 | 0.0 (0.0 to 16.1) | 50.0 (",
                     "| more | 10 | 0 | +25.0 (", "| half | 10 | 100 | 1.00 | 0.00 | 0.50 |",
                     "![accuracy_by_category.png](accuracy_by_category.png)"):
            self.assertIn(part, text)
        self.assertNotIn("l2-category", text)

    def test_pictures_show_what_the_figures_say(self):
        runs = self.two_runs()
        third = self.run_of("most", {n: "B" for n in range(COUNT)}, tokens=80,
                            strategy="best-of-n", candidates=8)
        self.report(runs[0], third, runs[1])
        for name in ("accuracy_against_cost.png", "accuracy_by_category.png"):
            with Image.open(self.folder / "report" / name) as picture:
                picture.load()
                self.assertEqual(picture.format, "PNG")
        figures = results.collect(self.table, [runs[0], third, runs[1]])
        lines = {bars.get_label(): bars.lines[0].get_xydata().tolist()
                 for bars in plots.against_cost(figures).axes[0].containers}
        # A curve for each strategy, from cheap to dear.
        self.assertEqual(lines, {"single": [[10, 50]], "best-of-n": [[40, 75], [80, 100]]})
        bars = plots.by_group(figures, "category").axes[0].containers
        self.assertEqual([one.lines[0].get_xdata().tolist() for one in bars],
                         [[50, 0, 100], [100, 100, 100], [75, 50, 100]])

    def test_an_error_is_a_wrong_answer_that_cost_nothing(self):
        run = self.run_of("errors", {n: "B" if n else None for n in range(COUNT)})
        figures, _ = self.report(run)
        self.assertEqual((figures["runs"][0]["errors"], figures["runs"][0]["accuracy"]["right"]),
                         (1, COUNT - 1))
        self.assertEqual(figures["runs"][0]["cost"]["sampled_tokens"], 10)
        self.assertEqual(figures["comparisons"], [])

    def test_a_run_of_errors_only_has_no_cost(self):
        figures, text = self.report(self.run_of("errors", dict.fromkeys(range(COUNT))))
        self.assertIsNone(figures["runs"][0]["cost"]["seconds"])
        self.assertIn("| errors | - | - | - | - | - |", text)

    def refusal(self, *runs):
        with self.assertRaises(SystemExit) as ended:
            self.report(*runs)
        self.assertEqual(len(str(ended.exception.code).splitlines()), 1)
        return ended.exception.code

    def test_what_cannot_be_reported_is_one_clear_line(self):
        half, _ = self.two_runs()
        part = self.run_of("part", {n: "B" for n in range(COUNT - 3)})
        other = self.run_of("other", {0: "B"}, table=self.write_table("other.tsv", count=1))
        self.assertIn("has no answer of index 37 and 2 more", self.refusal(part))
        self.assertIn("is a run over another table, 'other'", self.refusal(half, other))
        self.assertIn("two of the runs have folders of one name", self.refusal(half, half))
        self.assertIn("No such file", self.refusal(self.folder / "nowhere"))

    def test_a_journal_that_is_damaged_is_not_read_as_if_it_were_whole(self):
        half, _ = self.two_runs()
        path = half / journals.NAME
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join([*lines[:5], "{broken\n", *lines[6:]]))
        self.assertIn(f"{path}:6: ", self.refusal(half))
        path.write_text("".join(lines[1:]))
        self.assertIn(f"{path}:1: says nothing of the run", self.refusal(half))

    def test_a_full_disk_is_an_error_and_costs_no_answer_that_was_kept(self):
        half, _ = self.two_runs()
        said = subprocess.run([sys.executable, "-c", FULL, half], cwd=SOURCE / "evaluation",
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(said.stdout, "File too large\n", said.stderr)
        run, _ = journals.read(half)
        with journals.Journal(half, run) as journal:
            journal.add({"index": "new", "prediction": ""})
        self.assertEqual(list(journals.read(half)[1]), [*map(str, range(COUNT)), "new"])

    def test_two_programs_cannot_have_one_folder(self):
        half, _ = self.two_runs()
        run, _ = journals.read(half)
        with journals.Journal(half, run) as journal, self.assertRaises(journals.BadJournal):
            journals.Journal(half, run)
        self.assertEqual(len(journal.answers), COUNT)


if __name__ == "__main__":
    unittest.main(verbosity=1)
