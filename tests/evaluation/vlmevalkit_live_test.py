"""VLMEvalKit's driver asks a live cluster, and its own scoring scores what came."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import pandas

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CLUSTER = SOURCE / "deploy" / "local" / "cluster.py"
sys.path.insert(0, str(SOURCE / "evaluation"))
import stubs  # noqa: E402
from stagebeam_eval import scoring, tables  # noqa: E402

ARGS = None
QUESTIONS = 80
CLASSES = {"choices": "CustomMCQDataset", "yes_or_no": "ImageYORNDataset"}


class Toolkit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="stagebeam-toolkit-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        stubs.generate(cls.folder / "stubs")
        cls.write_tables()
        cls.cluster("up", "--binaries", ARGS.bin, "--combined")
        cls.addClassCleanup(cls.cluster, "down")
        processes = json.loads((cls.folder / "state" / "cluster.json").read_text())["processes"]
        cls.port = next(one["port"] for one in processes if one["name"] == "orchestrator")

    @classmethod
    def cluster(cls, action, *arguments):
        subprocess.run([sys.executable, CLUSTER, action, "--state", cls.folder / "state",
                        *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True)

    @classmethod
    def write_tables(cls):
        """choices.tsv and yes_or_no.tsv of the reference sets' held-out questions."""
        everything = cls.folder / "everything.tsv"
        subprocess.run([SOURCE / ".venv-evaluation/bin/python",
                        SOURCE / "evaluation/reference_table.py", everything,
                        "--questions", str(QUESTIONS)], check=True, stdin=subprocess.DEVNULL)
        rows = pandas.read_csv(everything, sep="\t", dtype=str)
        cls.save(rows[rows["A"].notna()], "choices")
        open_ones = rows[rows["A"].isna() & rows["answer"].isin(["yes", "no"])]
        cls.save(open_ones[["index", "image", "question", "category"]].assign(
            answer=open_ones["answer"].str.capitalize()), "yes_or_no")

    @classmethod
    def save(cls, rows, name):
        rows.to_csv(cls.folder / f"{name}.tsv", sep="\t", index=False)

    def run_toolkit(self, *arguments, port=None):
        """run.py to its end; what it says."""
        ended = subprocess.run(
            [sys.executable, SOURCE / "tests/evaluation/toolkit_run.py", *arguments,
             "--judge", "exact_matching", "--work-dir", self.folder / "outputs"],
            env={**os.environ, "PYTHONPATH": str(self.folder / "stubs"),
                 "LMUData": str(self.folder), "STAGEBEAM_SERVER": f"127.0.0.1:{port or self.port}"},
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return ended.stdout + ended.stderr

    def configuration(self, model, settings):
        """A file for --config: the model over both tables."""
        path = self.folder / f"{model}.json"
        path.write_text(json.dumps({"model": {model: settings}, "data": {
            name: {"class": kind, "dataset": name} for name, kind in CLASSES.items()}}))
        return str(path)

    def answers(self, model, name):
        return pandas.read_csv(self.folder / "outputs" / model / f"{model}_{name}.tsv", sep="\t",
                               dtype=str, keep_default_na=False)

    def assert_scores_agree(self, model, name, score):
        """The toolkit's score, in percent or a share, is ours of the same predictions."""
        found = pandas.read_csv(self.folder / "outputs" / model / f"{model}_{name}_{score}.csv")
        answers = self.answers(model, name)
        mine = scoring.score(tables.read(self.folder / f"{name}.tsv"),
                             dict(zip(answers["index"], answers["prediction"], strict=True)))
        share = scoring.share([one.right for one in mine])
        self.assertGreater(share, 0)
        self.assertAlmostEqual(found["Overall"].item(), share * (100 if score == "score" else 1))

    def test_its_driver_asks_and_its_scoring_agrees_with_ours(self):
        self.run_toolkit("--config", self.configuration("beam", {
            "class": "Stagebeam", "strategy": "stage-beam", "candidates": 2}))
        for name, score in (("choices", "acc"), ("yes_or_no", "score")):
            predictions = self.answers("beam", name)["prediction"]
            self.assertGreater(len(predictions), 10)
            # All of a response comes only where its conclusion says nothing.
            self.assertFalse(predictions.str.contains(r"<CONCLUSION>\s*[^\s<]|Failed").any(),
                             list(predictions))
            self.assert_scores_agree("beam", name, score)

    def test_a_cluster_out_of_reach_leaves_no_predictions_and_is_gone_on_with(self):
        file = self.configuration("single", {"class": "Stagebeam", "strategy": "single",
                                             "patience": 1, "max_candidate_tokens": 200})
        said = self.run_toolkit("--config", file, port=1)
        self.assertIn("UNAVAILABLE", said)
        self.assertFalse((self.folder / "outputs/single/single_choices.tsv").exists())
        self.run_toolkit("--config", file, "--reuse")
        predictions = self.answers("single", "choices")["prediction"]
        self.assertFalse(predictions.str.contains("Failed").any(), predictions)
        self.assert_scores_agree("single", "choices", "acc")

    def test_a_model_is_known_by_its_name(self):
        self.run_toolkit("--data", "yes_or_no", "--model", "stagebeam", "--mode", "infer")
        self.assertGreater(len(self.answers("stagebeam", "yes_or_no")), 10)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=1, warnings="ignore")
