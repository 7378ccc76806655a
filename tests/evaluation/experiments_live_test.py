"""The whole of the experiments in small: clusters, runs, figures and the document."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
ARGS = None
QUESTIONS, PILOT, FURTHER = 10, 4, 6


class Experiments(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="stagebeam-experiments-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_them(self):
        """What the program says, ended well."""
        ended = subprocess.run(
            [sys.executable, "-m", "experiments", "--questions", str(QUESTIONS), "--pilot",
             str(PILOT), "--confirm", str(FURTHER), "--clusters", "1",
             "--binaries", pathlib.Path(ARGS.bin).resolve(), "--out", self.folder / "out",
             "--docs", self.folder / "docs", "--only", "single", "beam-4", "best-of",
             "judge-and-likelihood", "--temperature", "1.5"],
            env={"PYTHONPATH": str(SOURCE / "evaluation"), "PATH": "/usr/bin:/bin"},
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return ended.stdout

    def test_every_question_is_asked_once_and_its_answers_are_compared(self):
        said = self.run_them()
        self.assertIn("left out: forms_1000", said)
        figures = json.loads((self.folder / "docs/experiments/figures.json").read_text())
        self.assertEqual(list(figures["sections"]),
                         ["candidates", "strategies", "judges", "searched"])
        single, beam = figures["sections"]["candidates"]["runs"]
        self.assertEqual((single["name"], beam["name"]), ("single", "beam-4"))
        self.assertEqual(single["accuracy"]["questions"], QUESTIONS)
        self.assertEqual((single["errors"], beam["errors"]), (0, 0))
        self.assertEqual((single["cost"]["candidates"], beam["cost"]["candidates"]), (1, 16))
        searched = figures["sections"]["searched"]
        self.assertEqual([run["name"] for run in searched["runs"]],
                         ["single", "beam-4", "judge-and-likelihood"])
        self.assertEqual(searched["questions"], FURTHER)
        # What costs the same was found on other questions.
        base, best = figures["sections"]["strategies"]["runs"]
        ratio = best["cost"]["sampled_tokens"] / base["cost"]["sampled_tokens"]
        self.assertAlmostEqual(ratio, 1, delta=0.3)
        self.assertIn("whole response", {row["stage"] for row in figures["duels"]})
        # All is there: no cluster starts, and the same comes out.
        document = (self.folder / "docs/experiments.md").read_text()
        again = self.run_them()
        self.assertNotIn("beam-4", again)
        self.assertEqual((self.folder / "docs/experiments.md").read_text(), document)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=1)
