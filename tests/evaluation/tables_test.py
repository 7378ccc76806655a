"""Benchmark tables are read, and their questions worded, as VLMEvalKit does it."""

import base64
import csv
import os
import pathlib
import sys
import tempfile
import unittest

import toolkit

PACKAGE = pathlib.Path(__file__).resolve().parents[2] / "evaluation"
PICTURES = PACKAGE.parent / "examples" / "pictures"
sys.path.insert(0, str(PACKAGE))
from stagebeam_eval import prompts, tables  # noqa: E402

FILES = sorted(PICTURES.glob("*.png"))
IMAGES = [base64.b64encode(file.read_bytes()).decode() for file in FILES]


class Tables(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        os.environ["LMUData"] = folder.name

    def write(self, rows):
        """A TSV file of dicts; the columns are those of all rows."""
        path = self.folder / "bench.tsv"
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, list({name: 0 for row in rows for name in row}),
                                    dialect="excel-tab")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def refusal(self, rows):
        path = self.write(rows)
        with self.assertRaises(tables.BadTable) as raised:
            tables.read(path)
        return str(raised.exception).replace(f"{path}: ", "")

    def test_a_question_has_its_picture_options_and_groups(self):
        table = tables.read(self.write([
            {"index": 7, "image": IMAGES[0], "question": "Which?", "A": "red", "B": "blue",
             "C": "", "answer": "B", "category": "color", "l2-category": "seeing", "split": "dev"},
            {"index": 8, "image": 7, "question": "And\tnow\n\"quoted\"?", "A": "one"}]))
        first, second = table.rows
        self.assertEqual(table.name, "bench")
        self.assertEqual(table.image(first), FILES[0].read_bytes())
        self.assertEqual(table.image(second), FILES[0].read_bytes())
        self.assertEqual(first.options, {"A": "red", "B": "blue"})
        self.assertEqual([first.answer, first.text("category"), first.text("l2-category"),
                          first.text("split")], ["B", "color", "seeing", "dev"])
        self.assertEqual(second.question, "And\tnow\n\"quoted\"?")
        self.assertEqual((second.answer, second.text("category")), (None, None))

    def test_rows_without_a_picture_are_left_out_and_counted(self):
        table = tables.read(self.write([{"index": 1, "image": "", "question": "q"},
                                        {"index": 2, "image": IMAGES[0], "question": "q"}]))
        self.assertEqual(([row.index for row in table.rows], table.skipped), (["2"], 1))

    def test_a_list_of_one_picture_is_a_picture(self):
        table = tables.read(self.write([{"index": 1, "image": f"['{IMAGES[1]}']",
                                         "question": "q"}]))
        self.assertEqual(table.image(table.rows[0]), FILES[1].read_bytes())

    def test_copies_with_their_options_moved_on_belong_to_one_question(self):
        rows = [{"index": 5 + turn * 1_000_000, "image": IMAGES[0], "question": "q"}
                for turn in range(3)]
        table = tables.read(self.write(rows))
        self.assertEqual({row.group for row in table.rows}, {"5"})
        self.assertTrue(table.circular)
        self.assertFalse(tables.read(self.write(rows[:1])).circular)
        self.assertFalse(tables.read(self.write(rows[1:])).circular)

    def test_what_is_wrong_is_said_by_row_and_field(self):
        good = {"index": 1, "image": IMAGES[0], "question": "q"}
        for rows, message in (
                ([{"index": 1, "question": "q"}],
                 "no column 'image'; it has index, question"),
                ([good, {**good, "index": ""}], "row 2: index: is empty"),
                ([good, {**good, "index": "b", "question": ""}],
                 "row 2 (index b): question: is empty"),
                ([good, good], "row 2 (index 1): index: is there twice"),
                ([good, {**good, "index": 2, "image": 9}], "row 2 (index 2): image: "
                 "'9' is neither a picture nor the index of a row with one"),
                ([good, {**good, "index": 2, "image": 1}, {**good, "index": 3, "image": 2}],
                 "row 3 (index 3): image: '2' is neither a picture nor the index of a row with"),
                ([{**good, "image": f"['{IMAGES[0]}', '{IMAGES[1]}']"}],
                 "row 1 (index 1): image: has 2 pictures; the cluster takes one a question"),
                ([{**good, "image": "[" + IMAGES[0] + "]"}],
                 "row 1 (index 1): image: starts and ends like a list and is none"),
                ([{**good, "image": "*" * 100}], "row 1 (index 1): image: is not base64: "),
                ([{**good, "image": ""}], "no row with a picture")):
            with self.subTest(message):
                self.assertEqual(self.refusal(rows)[:len(message)], message)

    def test_files_that_are_no_tables_are_refused(self):
        path = self.folder / "bench.tsv"
        for content in (b"", b"\xff\xfe\x80", b"index\timage\n1\t2\t3\t4\n1\t2\t3\t4\t5\n"):
            path.write_bytes(content)
            with self.assertRaises(tables.BadTable):
                tables.read(path)

    def test_prompts_are_the_toolkits(self):
        """Its loader and its build_prompt, on the same file, cell for cell."""
        choice = [
            {"A": "red", "B": "blue"}, {"A": "1", "B": "2", "C": "3", "D": "4"},
            {"A": "3", "B": "None"}, {"A": "0.5", "B": "N/A", "C": "true"},
            {"A": " spaced ", "B": "ünï", "E": "far"}, {"A": "1.50", "hint": "Look twice."},
            {"hint": "only a hint", "D": "the last"}]
        for number in range(len(choice)):
            rows = [{"index": n, "image": IMAGES[0] if n == 0 else 0, "question": f"What is {n}?",
                     **choice[(n + number) % len(choice)]} for n in range(number + 1)]
            self.compare(self.write(rows), toolkit.image_mcq.ImageMCQDataset)

    def test_open_questions_go_as_they_are(self):
        rows = [{"index": f"hb_VD_figure_0_{n}_0", "image": IMAGES[n % 2], "answer": "Yes",
                 "question": f"Is it {n}?\nSay yes or no. "} for n in range(4)]
        self.compare(self.write(rows), toolkit.image_base.ImageBaseDataset)

    def compare(self, path, dataset):
        class Local(dataset):
            def load_data(self, name):
                return toolkit.image_base.load(str(path))

            def evaluate(self, eval_file, **judge_kwargs):
                raise NotImplementedError

        table, theirs = tables.read(path), Local("bench")
        self.assertEqual([row.index for row in table.rows],
                         [str(index) for index in theirs.data["index"]])
        for number, row in enumerate(table.rows):
            picture, text = theirs.build_prompt(number)
            self.assertEqual(prompts.prompt(row), text["value"])
            self.assertTrue(pathlib.Path(picture["value"]).exists())


if __name__ == "__main__":
    unittest.main(verbosity=1, warnings="ignore")
