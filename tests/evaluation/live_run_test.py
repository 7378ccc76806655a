"""500 questions to a live cluster by the installed program, killed in the middle and resumed."""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import openpyxl

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CLUSTER = SOURCE / "deploy" / "local" / "cluster.py"
sys.path.insert(0, str(SOURCE / "evaluation"))
import reference_table  # noqa: E402

ARGS = None
QUESTIONS, AT_A_TIME, MIDDLE = 500, 8, 150
PROGRESS = re.compile(rb"(\d+)/(\d+) \[")
ANSWERED = re.compile(
    r'^stagebeam_orchestrator_requests_total\{[^}]*outcome="answered"[^}]*\} (\d+)', re.M)


def install(folder):
    """What `pip install ./evaluation` installs, and the folder that it is in."""
    for name in ("evaluation", "proto"):
        shutil.copytree(SOURCE / name, folder / "source" / name,
                        ignore=shutil.ignore_patterns("build", "*.egg-info"))
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
                    "--no-build-isolation", "--disable-pip-version-check", "--target",
                    folder / "site", folder / "source" / "evaluation"],
                   check=True, stdin=subprocess.DEVNULL)
    return folder / "site"


class LiveRun(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="stagebeam-evaluation-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.site = install(cls.folder)
        cls.table = cls.folder / "reference.tsv"
        reference_table.write(cls.table, QUESTIONS)
        cls.cluster("up", "--binaries", ARGS.bin, "--combined")
        cls.addClassCleanup(cls.cluster, "down")
        processes = json.loads((cls.folder / "state" / "cluster.json").read_text())["processes"]
        cls.orchestrator = next(one for one in processes if one["name"] == "orchestrator")
        cls.uninterrupted = cls.folder / "uninterrupted"
        cls.finish(cls.uninterrupted)

    @classmethod
    def cluster(cls, action, *arguments):
        subprocess.run([sys.executable, CLUSTER, action, "--state", cls.folder / "state",
                        *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True)

    @classmethod
    def command(cls, out, *more, port=None):
        return [sys.executable, "-m", "stagebeam_eval.main", "run", cls.table, "--out", out,
                "--server", f"127.0.0.1:{port or cls.orchestrator['port']}", "--strategy",
                "single", "--max_candidate_tokens", "48", "--concurrency", str(AT_A_TIME), *more]

    @classmethod
    def environment(cls):
        return {"PYTHONPATH": str(cls.site), "PATH": "/usr/bin:/bin"}

    @classmethod
    def run_to_its_end(cls, command):
        return subprocess.run(command, env=cls.environment(), cwd=cls.folder, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True)

    @classmethod
    def finish(cls, out):
        ended = cls.run_to_its_end(cls.command(out))
        if ended.returncode != 0:
            raise AssertionError(ended.stderr)
        return ended.stdout

    def stop_in_the_middle(self, out, stop):
        """Starts a run and calls `stop` on it once its progress bar says so; its return code."""
        with subprocess.Popen(self.command(out), env=self.environment(), cwd=self.folder,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            seen = b""
            while not any(int(done) >= MIDDLE for done, _ in PROGRESS.findall(seen)):
                part = process.stderr.read1()
                self.assertTrue(part, seen)
                seen += part
            stop(process)
            self.message = process.stderr.read().decode()
        return process.returncode

    def answered(self):
        url = f"http://127.0.0.1:{self.orchestrator['metrics_port']}/metrics"
        page = urllib.request.urlopen(url, timeout=10).read().decode()
        return sum(map(int, ANSWERED.findall(page)))

    def predictions(self, out):
        return (out / "predictions.jsonl").read_text()

    def assert_like_uninterrupted(self, out):
        self.assertEqual(self.predictions(out), self.predictions(self.uninterrupted))
        rows = [json.loads(line) for line in (out / "answers.jsonl").read_text().splitlines()]
        self.assertEqual(sorted(int(row["index"]) for row in rows[1:]), list(range(QUESTIONS)))
        self.assertEqual(self.report(out), self.report(self.uninterrupted))

    def report(self, run):
        """The report on a run, less its name and the time that it took."""
        report = self.folder / f"report of {run.name}"
        ended = self.run_to_its_end([sys.executable, "-m", "stagebeam_eval.main", "report",
                                     self.table, run, "--out", report])
        self.assertEqual(ended.returncode, 0, ended.stderr)
        figures = json.loads((report / "report.json").read_text())
        self.assertEqual(figures["questions"], QUESTIONS)
        self.assertEqual(figures["runs"][0]["errors"], 0)
        del figures["runs"][0]["name"], figures["runs"][0]["cost"]["seconds"]
        return figures

    def test_a_killed_run_goes_on_and_ends_as_one_that_was_not(self):
        out = self.folder / "killed"
        self.assertEqual(self.stop_in_the_middle(out, subprocess.Popen.kill), -9)
        journal = out / "answers.jsonl"
        before = journal.read_bytes()
        kept = before.count(b"\n") - 1
        self.assertGreaterEqual(kept, MIDDLE)
        self.assertLess(kept, QUESTIONS)
        self.assertFalse((out / "predictions.jsonl").exists())
        with open(journal, "ab") as file:  # As a machine that goes down leaves it.
            file.write(b'{"index": "499", "predic')
        answered = self.answered()
        self.finish(out)
        self.assertTrue(journal.read_bytes().startswith(before))
        # What was on its way when the program died may have been answered to nobody.
        self.assertLessEqual(self.answered() - answered, QUESTIONS - kept + AT_A_TIME)
        self.assertGreaterEqual(self.answered() - answered, QUESTIONS - kept)
        self.assert_like_uninterrupted(out)
        # All is there: nothing more is asked.
        answered = self.answered()
        self.finish(out)
        self.assertEqual(self.answered(), answered)
        self.assert_like_uninterrupted(out)

    def test_an_interrupted_run_keeps_what_was_on_its_way(self):
        out = self.folder / "interrupted"
        self.assertEqual(self.stop_in_the_middle(out, subprocess.Popen.terminate), 1)
        self.assertIn("stopped: interrupted; the answers so far are in", self.message)
        self.finish(out)
        self.assert_like_uninterrupted(out)

    def test_predictions_are_a_sheet_as_the_toolkit_writes_it(self):
        book = openpyxl.load_workbook(self.uninterrupted / "predictions.xlsx")
        head, *rows = book.active.iter_rows(values_only=True)
        self.assertEqual(head[0], "index")
        self.assertEqual(head[-1], "prediction")
        lines = [json.loads(line) for line in
                 self.predictions(self.uninterrupted).splitlines()]
        self.assertEqual(len(rows), QUESTIONS)
        for cells, line in zip(rows, lines, strict=True):
            filled = {name: cell for name, cell in zip(head, cells, strict=True)
                      if cell is not None}
            self.assertEqual(filled, {name: value for name, value in line.items() if value != ""})

    def test_other_settings_need_another_folder(self):
        ended = self.run_to_its_end(self.command(self.uninterrupted, "--seed", "2"))
        self.assertEqual(ended.returncode, 1)
        self.assertIn("seed was 1 and is 2 now; choose another --out", ended.stderr)

    def test_a_search_that_the_cluster_refuses_ends_the_run(self):
        out = self.folder / "refused"
        ended = self.run_to_its_end(self.command(out, "--temperature", "7"))
        self.assertEqual(ended.returncode, 1)
        self.assertIn("stopped: INVALID_ARGUMENT: search.sampling.temperature", ended.stderr)
        self.assertEqual((out / "answers.jsonl").read_text().count("\n"), 1)

    def test_a_cluster_out_of_reach_is_waited_for_and_then_said(self):
        ended = self.run_to_its_end(
            self.command(self.folder / "nobody", "--patience", "2", port=1))
        self.assertEqual(ended.returncode, 1)
        self.assertIn("stopped: UNAVAILABLE", ended.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=1)
