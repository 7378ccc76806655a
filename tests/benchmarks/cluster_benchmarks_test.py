"""The benchmarks of whole clusters do what they say; how fast is not judged."""

import argparse
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
REFERENCE = SOURCE / "models" / "reference"
ARGS = None


def make_unsure(folder):
    """The reference checkpoint in `folder`, but every token as likely as any other: candidates of
    a fixed length differ, and so duel, whatever the checkpoint has learnt."""
    shutil.copytree(REFERENCE, folder)
    path = folder / "model.safetensors"
    with open(path, "r+b") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        tensors = json.loads(file.read(size))
        start, end = tensors["language_model.lm_head.weight"]["data_offsets"]
        file.seek(8 + size + start)
        file.write(bytes(end - start))


def run(program, *arguments):
    """(ended process, its JSON lines) of a benchmark on a cluster of its own."""
    with tempfile.TemporaryDirectory(prefix="stagebeam-bench-") as state:
        ended = subprocess.run(
            [ARGS.python, SOURCE / "benchmarks" / "cluster" / program, "--binaries", ARGS.bin,
             "--state", state, "--threads=1", "--skip-limits", *arguments],
            capture_output=True, text=True)
    return ended, [json.loads(line) for line in ended.stdout.splitlines()]


class ClusterBenchmarks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="stagebeam-unsure-")
        cls.addClassCleanup(folder.cleanup)
        checkpoint = pathlib.Path(folder.name) / "unsure"
        make_unsure(checkpoint)
        cls.unsure = f"--checkpoint={checkpoint}"

    def rows(self, program, *arguments):
        """(rows, summaries) of a run that must end well."""
        ended, lines = run(program, *arguments)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual({line["benchmark"] for line in lines}, {pathlib.Path(program).stem})
        return ([line for line in lines if line["what"] != "summary"],
                [line for line in lines if line["what"] == "summary"])

    def test_search_does_the_asked_work_for_every_number_of_candidates(self):
        rows, summaries = self.rows(
            "search.py", self.unsure, "--candidates=1,2,3", "--stage-tokens=16", "--method=write",
            "--verdict-tokens=6", "--repeat=1")
        self.assertEqual([row["candidates"] for row in rows], [1, 2, 3])
        for row in rows:
            count = row["candidates"]
            self.assertEqual(row["duels"], 4 * (count - 1))
            self.assertEqual(row["tokens"], 4 * count * 16 + 4 * (count - 1) * 6)
            self.assertEqual(row["usage"]["candidates"], 4 * count)
            self.assertFalse(row["usage"]["image_cached"])
            self.assertEqual(len(row["stages"]), 4)
            told = sum(sum(stage.values()) for stage in row["stages"].values())
            self.assertLessEqual(told, row["wall_s"])
            self.assertLessEqual(row["usage"]["total_s"], row["wall_s"])
        self.assertEqual([one["candidates"] for one in summaries], [1, 2, 3])
        self.assertEqual(summaries[0]["growth"], 1)
        for row, one in zip(rows, summaries, strict=True):
            self.assertAlmostEqual(one["ours_s"], row["wall_s"])
            self.assertIsNone(one["peer_over_ours"])

    def test_search_refuses_a_time_for_other_work(self):
        # So few tokens have no room for a closing tag: no candidate is eligible.
        ended, lines = run("search.py", self.unsure, "--candidates=2", "--stage-tokens=2",
                           "--repeat=1")
        self.assertNotEqual(ended.returncode, 0)
        self.assertIn("WrongWork", ended.stderr)
        self.assertEqual(lines, [])

    def test_load_counts_every_arrival_from_when_it_was_due(self):
        rows, (summary,) = self.rows("load.py", self.unsure, "--candidates=2",
                                     "--stage-tokens=16", "--rate=4", "--seconds=2", "--slo=600",
                                     "--pictures=2")
        self.assertGreater(len(rows), 0)
        self.assertEqual(summary["arrivals"], len(rows))
        self.assertEqual(summary["answered"], len(rows))
        self.assertEqual(summary["good"], len(rows))
        self.assertEqual(summary["errors"], {})
        for row in rows:
            self.assertGreater(row["latency_s"], row["sent_late_s"])
            self.assertLess(row["due_s"], 2)
            self.assertEqual(row["tokens"], 4 * 2 * 16)
        self.assertLessEqual(summary["latency_s"]["p50"], summary["latency_s"]["p99"])
        self.assertLessEqual(summary["latency_s"]["p99"], max(row["latency_s"] for row in rows))

    def test_load_takes_turns_between_numbers_of_callers(self):
        rows, summaries = self.rows("load.py", self.unsure, "--candidates=2",
                                    "--stage-tokens=16", "--closed=1,2", "--block=2", "--repeat=2",
                                    "--pictures=1")
        self.assertEqual([row["callers"] for row in rows], [1, 2, 2, 1])
        for row in rows:
            self.assertEqual(row["tokens"], 2 * 4 * 2 * 16)
            self.assertAlmostEqual(row["tokens_per_s"] * row["wall_s"], row["tokens"], places=1)
        self.assertEqual([one["callers"] for one in summaries], [1, 2])
        self.assertEqual(summaries[0]["ratio"], 1)

    def test_cache_finds_a_picture_in_memory_and_in_redis(self):
        rows, (summary,) = self.rows("cache.py", "--pictures=2")
        self.assertEqual([row["tier"] for row in rows], ["cold", "memory", "redis"] * 2)
        for row in rows:
            self.assertEqual(row["cached"], row["tier"] != "cold")
            self.assertGreater(row["wall_s"], 0)
        for tier in ("memory", "redis"):
            ratio = summary["wall_s"]["cold"] / summary["wall_s"][tier]
            # Times are printed to the microsecond.
            self.assertAlmostEqual(summary[f"cold_over_{tier}"] / ratio, 1, places=1)

    def test_mistakes_are_one_clear_line(self):
        for program, mistake, part in (
                ("search.py", "--stage-tokens=0", "--stage-tokens: must be at least 1"),
                ("load.py", "--rate=0", "--rate, --seconds: must be over 0"),
                ("cache.py", "--checkpoint=/no/model", "no config.json in /no/model")):
            ended, _ = run(program, mistake)
            self.assertNotEqual(ended.returncode, 0)
            self.assertIn(part, ended.stderr.splitlines()[-1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--python", required=True, help="has evaluation/requirements.txt")
    ARGS, rest = parser.parse_known_args()
    if not os.access(ARGS.python, os.X_OK):
        sys.exit(f"no {ARGS.python}; make it with: "
                 "scripts/make_venv.sh .venv-evaluation evaluation/requirements.txt")
    unittest.main(argv=[sys.argv[0], *rest], verbosity=1)
