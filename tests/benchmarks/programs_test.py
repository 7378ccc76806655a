"""The benchmark programs: what they print, and how they refuse mistakes. No figure is judged."""

import argparse
import json
import pathlib
import subprocess
import sys
import unittest

ARGS = None
# Smallest settings: that the programs run is what counts here.
QUICK_LIMITS = ["--threads=1", "--read_mib=2", "--gemm_size=16", "--passes=1"]
QUICK = [*QUICK_LIMITS, "--repeats=1", "--checkpoint=models/reference"]
LIMITS = {"what", "threads", "read_small_pages_gb_s", "read_huge_pages_gb_s", "huge_page_share",
          "gemm_float32_gflop_s", "gemm_bfloat16_gflop_s", "load_1m"}
ENGINE = {"what", "checkpoint", "dtype", "weights", "threads", "repeats"}
DECODE = ENGINE | {"image", "prefix", "steps", "branches", "step_ms", "tokens_s", "weight_gb",
                   "weight_gb_s", "share_of_read_huge_pages", "gflop_s", "share_of_gemm",
                   "ratio_to_one_branch"}
PREFILL = ENGINE | {"image", "chunk", "tokens", "prefill_ms", "tokens_s", "gflop_s",
                    "share_of_gemm"}
ENCODE = ENGINE | {"width", "height", "tiles", "tiles_ms", "encode_ms", "gflop", "gflop_s",
                   "share_of_gemm"}


def run(program, *flags):
    command = [pathlib.Path(ARGS.bin) / program, *flags]
    return subprocess.run(command, capture_output=True, text=True)


class Programs(unittest.TestCase):
    def lines(self, program, *flags):
        """What the program printed, one dictionary a line."""
        done = run(program, *flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def assert_keys(self, line, keys):
        """The line has these keys and no others, and every figure is one."""
        self.assertEqual(set(line), keys)
        for key, value in line.items():
            if isinstance(value, float) and key not in ("huge_page_share", "load_1m"):
                self.assertGreater(value, 0, key)

    def test_limits_are_one_line(self):
        (line,) = self.lines("stagebeam-machine-limits", *QUICK_LIMITS, "--rounds=1")
        self.assert_keys(line, LIMITS)
        self.assertEqual((line["what"], line["threads"]), ("limits", 1))

    def test_decoding_is_one_line_for_each_number_of_branches(self):
        limits, *results, summary = self.lines(
            "engine_decode", *QUICK, "--branches=1,3", "--prefix=5", "--steps=2")
        self.assert_keys(limits, LIMITS)
        for line in results:
            self.assert_keys(line, DECODE)
        self.assertEqual([line["branches"] for line in results], [1, 3])
        self.assertEqual(results[0]["ratio_to_one_branch"], 1)
        self.assertEqual(set(summary["step_ms"]), {"1", "3"})

    def test_decoding_without_one_branch_has_no_ratio(self):
        _, line, _ = self.lines("engine_decode", *QUICK, "--branches=2", "--prefix=1",
                                "--steps=1", "--noimage", "--dtype=float32")
        self.assertIsNone(line["ratio_to_one_branch"])
        self.assertEqual((line["image"], line["dtype"]), (False, "float32"))

    def test_weights_in_8_bits_count_a_byte_each(self):
        size = {}
        for weights in ("packed", "int8"):
            _, line, _ = self.lines("engine_decode", *QUICK, "--branches=1", "--prefix=1",
                                    "--steps=1", f"--weights={weights}")
            self.assertEqual(line["weights"], weights)
            size[weights] = line["weight_gb"]
        self.assertAlmostEqual(size["packed"] / size["int8"], 2, places=2)

    def test_prefill_is_one_line_for_each_length(self):
        limits, *results, summary = self.lines("engine_prefill", *QUICK, "--tokens=3,8",
                                               "--chunk=4")
        self.assert_keys(limits, LIMITS)
        for line in results:
            self.assert_keys(line, PREFILL)
        self.assertEqual([line["tokens"] for line in results], [3, 8])
        self.assertEqual(set(summary["gflop_s"]), {"3", "8"})

    def test_encoding_is_one_line(self):
        limits, line = self.lines("encode", *QUICK, "--width=40", "--height=30")
        self.assert_keys(limits, LIMITS)
        self.assert_keys(line, ENCODE)
        self.assertEqual((line["width"], line["height"]), (40, 30))

    def test_mistakes_are_one_clear_line(self):
        for program, flag, part in (
                ("stagebeam-machine-limits", "--threads=-1", "--threads: must be in [0, 1024]"),
                ("stagebeam-machine-limits", "--checkpoint=x", "unknown flag --checkpoint"),
                ("engine_decode", "--branches=1,0", "--branches: must be in [1, 4096], got 0"),
                ("engine_decode", "--branches=1,x", "--branches: must be numbers"),
                ("engine_decode", "--branches=", "--branches: must not be empty"),
                ("engine_decode", "--weights=int3", "--weights: must be packed, int8 or mapped"),
                ("engine_decode", "--dtype=int3", "--dtype: must be bfloat16 or float32"),
                ("engine_prefill", "--tokens=131073", "--tokens: must be in [1, 131072]"),
                ("engine_prefill", "--checkpoint=/no/model", "--checkpoint: must be a directory"),
                ("encode", "--height=0", "--height: must be in [1, 16384]"),
                ("encode", "--repeats=0", "--repeats: must be in [1, 1000]")):
            done = run(program, flag)
            self.assertEqual(done.returncode, 2, (program, flag))
            self.assertEqual(done.stdout, "")
            self.assertIn(part, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_help_lists_the_flags(self):
        done = run("engine_decode", "--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--branches=1,2,4,8,16,32", done.stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=1)
