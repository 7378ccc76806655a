"""Every phase of the recipe in small, and the local cluster on the checkpoint that comes of it."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[3]
RECIPE = SOURCE / "training" / "reference" / "recipe.py"
ARGS = None


def run_recipe(folder, out="out", *options):
    command = [sys.executable, RECIPE, folder / "work", folder / out, "--smoke", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL).stdout


class Recipe(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="stagebeam-recipe-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.said = run_recipe(cls.folder)

    def test_a_cluster_serves_what_it_makes(self):
        done = subprocess.run(
            [sys.executable, SOURCE / "deploy" / "local" / "cluster.py", "run", "--combined",
             "--state", self.folder / "state", "--binaries", ARGS.bin,
             "--checkpoint", self.folder / "out", "--", ARGS.bin / "stagebeam", "ask", "--json",
             "--image", SOURCE / "examples" / "pictures" / "scenes-count.png",
             "--strategy", "single", "How many teal objects are there?"],
            check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertTrue(done.stdout.strip())

    def test_it_has_the_files_of_the_checkpoint_in_models(self):
        names = {path.name for path in (SOURCE / "models" / "reference").iterdir()}
        self.assertEqual({path.name for path in (self.folder / "out").iterdir()}, names)

    def test_its_configurations_are_those_of_the_checkpoint_in_models(self):
        for name in ("config", "generation_config", "judge_prompts", "preprocessor_config"):
            made, kept = (json.loads((at / f"{name}.json").read_text())
                          for at in (self.folder / "out", SOURCE / "models" / "reference"))
            self.assertEqual(made, kept, name)

    def test_a_finished_phase_is_not_run_again(self):
        again = run_recipe(self.folder)
        self.assertEqual(again.count("finished before"), 7)
        self.assertNotIn("took", again)

    def test_it_makes_a_checkpoint_of_each_form_of_answers_from_the_same_captions(self):
        said = run_recipe(self.folder, "forms", "--forms")
        self.assertIn("captions: finished before", said)
        self.assertEqual(said.count("took"), 5)
        weights = [(self.folder / "forms" / name / "model.safetensors").read_bytes() for name in (
            "answers-1000", "plain-1000", "tags-1000", "answers-2000", "tags-2000")]
        self.assertEqual(len(set(weights)), 5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
