"""The model of a cluster's size: its sums, its sources, and that docs/scaling.md shows it."""

import argparse
import dataclasses
import json
import pathlib
import re
import subprocess
import sys
import unittest

from capacity_tree import SOURCE
from model import CHANGES, LOADS, Model, markdown, plans, sensitivity, sensitivity_markdown
from parameters import GPUS, SOURCES, Assumptions, parameter
from service_times import ServiceTimes, longest_over_mean
from shape import LLAVA_O1, Shape

ARGS = None
H100 = GPUS["H100-80GB"]


def with_request(**values):
    return Assumptions().changed("request", **values)


class Sizes(unittest.TestCase):
    def test_a_token_holds_128_kib(self):
        self.assertEqual(LLAVA_O1.token_bytes, 128 * 1024)

    def test_a_picture_is_52_mb_of_features_and_210_of_keys_and_values(self):
        self.assertEqual(LLAVA_O1.feature_bytes, 4 * 1601 * 4096 * 2)
        self.assertAlmostEqual(LLAVA_O1.feature_bytes / 1e6, 52, delta=0.5)
        self.assertAlmostEqual(LLAVA_O1.image_bytes / 1e6, 210, delta=0.5)

    def test_weights_are_those_of_the_published_checkpoint_but_for_norms_and_tables(self):
        # 10 670 220 835 parameters, of which the vision model has 863 567 379.
        norms = 81 * 4096
        text = LLAVA_O1.text_bytes / 2 + LLAVA_O1.projector_weights + norms
        self.assertAlmostEqual(text / (10_670_220_835 - 863_567_379), 1, places=5)
        tower = LLAVA_O1.vision_weights - LLAVA_O1.projector_weights
        self.assertLess(tower, 863_567_379)
        self.assertGreater(tower, 0.9 * 863_567_379)

    def test_the_benchmarks_count_the_reference_checkpoint_alike(self):
        config = json.loads((SOURCE / "models/reference/config.json").read_text())
        shape = shape_of(config)
        decode = run("engine_decode", "--branches=1", "--steps=1", "--prefix=2")
        self.assertAlmostEqual(decode["weight_gb"] * 1e9 / shape.step_bytes, 1, delta=0.002)
        encode = run("encode", "--width=1024", "--height=1024")
        self.assertEqual(encode["tiles"], shape.tiles)
        self.assertAlmostEqual(encode["gflop"] * 1e9 / shape.encode_operations, 1, delta=0.002)
        prefill = run("engine_prefill", "--tokens=16")
        operations = prefill["gflop_s"] * prefill["prefill_ms"] * 1e6
        ours = shape.prefill_operations(16) + shape.head_operations
        self.assertAlmostEqual(operations / ours, 1, delta=0.002)


def shape_of(config):
    text, vision = config["text_config"], config["vision_config"]
    return Shape(
        hidden=text["hidden_size"], intermediate=text["intermediate_size"],
        layers=text["num_hidden_layers"], cross_layers=len(text["cross_attention_layers"]),
        heads=text["num_attention_heads"], key_value_heads=text["num_key_value_heads"],
        vocabulary=text["vocab_size"], vision_hidden=vision["hidden_size"],
        vision_intermediate=vision["intermediate_size"],
        vision_layers=vision["num_hidden_layers"] + vision["num_global_layers"],
        kept_states=len(vision["intermediate_layers_indices"]), tiles=vision["max_num_tiles"],
        tile_side=vision["image_size"], patch=vision["patch_size"])


def run(program, *flags):
    """The result line of an engine benchmark on the reference checkpoint."""
    limits = ["--threads=1", "--read_mib=2", "--gemm_size=16", "--passes=1", "--repeats=1"]
    done = subprocess.run(
        [pathlib.Path(ARGS.bin) / program, *limits, "--checkpoint=models/reference", *flags],
        capture_output=True, text=True, cwd=SOURCE)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return next(row for row in rows if row["what"] == program.removeprefix("engine_"))


class Replicas(unittest.TestCase):
    def test_more_load_never_needs_fewer(self):
        for gpu in GPUS.values():
            model, before = Model(gpu), None
            for load in range(1, 3000, 37):
                plan = model.plan(load)
                if before:
                    for name in ("generators", "judges", "encoders", "orchestrators",
                                 "redis_servers", "redis_gb", "redis_gb_s"):
                        self.assertGreaterEqual(getattr(plan, name), getattr(before, name))
                before = plan

    def test_generators_run_what_little_s_law_says(self):
        model = Model(H100)
        plan = model.plan(1000)
        each = 1000 / 60 / plan.generators
        tokens = each * model.times.sampled_tokens
        free = 1 - each * model.times.request_prefill_s
        self.assertAlmostEqual(plan.branches,
                               tokens * model.times.step_s(plan.branches) / free, places=6)

    def test_no_generator_is_fuller_than_allowed(self):
        for plan in plans():
            self.assertLessEqual(plan.places, 0.7 * plan.branch_places + 1e-6)
            self.assertLess(plan.generator_gb, GPUS[plan.gpu].memory_gb)
            self.assertLess(plan.judge_gb, GPUS[plan.gpu].memory_gb)

    def test_one_generator_less_would_be_too_full(self):
        model = Model(H100)
        for load in (1000, 5000):
            fewer = model.plan(load).generators - 1
            places = model.running_branches(load / 60 / fewer) * model.times.longest
            self.assertGreater(places, 0.7 * model.branch_places())

    def test_memory_bounds_the_branches_where_settings_do_not(self):
        tight = Model(H100, with_request(max_candidate_tokens=8192))
        self.assertLess(tight.branch_places(), Model(H100).branch_places())
        calls = tight.branch_places() / 4
        room = 80e9 - tight.times.shape.text_bytes - 5e9
        self.assertLessEqual(calls * tight.call_bytes(), room)
        self.assertGreater((calls + 1) * tight.call_bytes(), room)

    def test_a_gpu_without_room_is_refused_by_name(self):
        small = dataclasses.replace(H100, name="tiny", memory_gb=24)
        with self.assertRaisesRegex(ValueError, "gpu: tiny has no room"):
            Model(small).plan(10)

    def test_redis_holds_the_new_pictures_of_a_minute(self):
        held, moved, _ = Model(H100).redis(10.0)
        self.assertAlmostEqual(held, 10 * 0.8 * 60 * LLAVA_O1.feature_bytes)
        self.assertAlmostEqual(moved, 10 * (0.8 + 2) * LLAVA_O1.feature_bytes)


class Times(unittest.TestCase):
    def test_a_step_is_never_faster_with_more_branches(self):
        for gpu in GPUS.values():
            times = ServiceTimes(gpu, Assumptions())
            steps = [times.step_s(branches) for branches in range(1, 257)]
            self.assertEqual(steps, sorted(steps))

    def test_a_step_reads_the_weights_at_the_measured_share_of_the_bandwidth(self):
        free = Assumptions().changed("efficiency", launch_s=0.0, sampling_s=0.0, attention=1e9)
        step = ServiceTimes(H100, free).step_s(1)
        self.assertAlmostEqual(step, LLAVA_O1.step_bytes / (3350e9 * 0.79))

    def test_a_knock_out_of_n_has_n_minus_one_duels_in_log2_n_calls(self):
        for candidates, calls in ((1, 0), (2, 1), (3, 2), (4, 2), (8, 3)):
            times = ServiceTimes(H100, with_request(candidates=candidates, duel_share=1, orders=1))
            duels = times.duels(0)
            self.assertEqual(len(duels), calls)
            self.assertEqual(sum(one.pairs for one in duels), candidates - 1)

    def test_a_judge_of_small_steps_waits_for_weights(self):
        small = Assumptions().changed("provision", prefill_chunk=256)
        (duels, _) = ServiceTimes(H100, small).duels(2)
        tokens = duels.head + duels.pairs * duels.pair_tokens
        self.assertAlmostEqual(ServiceTimes(H100, small).duels_s(duels),
                               tokens / 256 * LLAVA_O1.step_bytes / (3350e9 * 0.79))
        self.assertLess(ServiceTimes(H100, Assumptions()).duels_s(duels),
                        ServiceTimes(H100, small).duels_s(duels))

    def test_the_longest_of_several_is_longer_than_one(self):
        self.assertEqual(longest_over_mean(1, 0.4), 1)
        # The expected largest of four standard normal numbers is 1.0294.
        self.assertAlmostEqual(longest_over_mean(4, 1), 2.0294, delta=0.03)


class Sources(unittest.TestCase):
    def test_measured_ratios_stand_in_the_table_of_measurements(self):
        text = (SOURCE / "docs/performance.md").read_text()
        efficiency = Assumptions().efficiency
        decode = re.search(r"\| decode, `mid`[^|]*\|[^|]*\| ([\d. /]+) \|", text).group(1)
        self.assertEqual(efficiency.decode, min(float(share) for share in decode.split("/")))
        for name, row in (("prefill", "prefill, `mid`"), ("encoder", "encoder, `mid`")):
            share = re.search(rf"\| {row}[^|]*\|[^|]*\| ([\d.]+) \|", text).group(1)
            self.assertEqual(getattr(efficiency, name), float(share))

    def test_every_parameter_says_where_it_comes_from(self):
        rows = list(Assumptions().rows())
        self.assertGreater(len(rows), 20)
        for row in rows:
            self.assertIn(row["source"], SOURCES)
            self.assertGreater(len(row["why"]), 3, row["name"])

    def test_a_parameter_of_unknown_source_is_refused(self):
        with self.assertRaisesRegex(ValueError, "source: must be one of"):
            parameter(1, "s", "guessed", "")


class Document(unittest.TestCase):
    def test_docs_scaling_holds_what_the_model_prints(self):
        document = (SOURCE / "docs/scaling.md").read_text()
        for table in (markdown(plans()), sensitivity_markdown(sensitivity())):
            self.assertIn(table, document, "docs/scaling.md: put what "
                          "benchmarks/capacity/model.py --markdown prints")

    def test_the_program_prints_assumptions_gpus_and_plans(self):
        done = subprocess.run([sys.executable, SOURCE / "benchmarks/capacity/model.py"],
                              capture_output=True, text=True, check=True)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        count = {what: sum(row["what"] == what for row in rows)
                 for what in ("assumption", "gpu", "plan", "sensitivity")}
        self.assertEqual(count["assumption"], len(list(Assumptions().rows())))
        self.assertEqual(count["gpu"], len(GPUS))
        self.assertEqual(count["plan"], len(GPUS) * len(LOADS))
        self.assertEqual(count["sensitivity"], len(CHANGES))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=1)
