"""What the images promise, held against the Dockerfile that makes them."""

import dataclasses
import pathlib
import re
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
DOCKERFILE = SOURCE / "deploy" / "docker" / "Dockerfile"
SERVICES = {"encoder", "generator", "judge", "generator-judge", "orchestrator"}
TOOLS = {"cli", "load-weights", "reference-checkpoint"}
WITH_MODEL = {"encoder", "generator", "judge", "generator-judge"}
COMPILERS = re.compile(r"build-essential|gcc|g\+\+|clang|cmake|ninja|python|-dev\b")

COPIED = (r"^(--from=build /opt/stagebeam|deploy/docker/load_weights"
          r"|--from=checkpoint /checkpoint)")


@dataclasses.dataclass
class Stage:
    """One FROM and what follows it, as (instruction, rest of the line) pairs."""

    name: str
    base: str
    steps: list


def instructions(text):
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    for line in filter(str.strip, text.splitlines()):
        word, _, rest = line.strip().partition(" ")
        yield word.upper(), " ".join(rest.split())


def read_stages(text):
    """Stages by name, in order; what stands before the first FROM is 'global'."""
    stages = {"global": Stage("global", "", [])}
    for word, rest in instructions(text):
        if word == "FROM":
            base, _, name = re.split(r"\s+(AS)\s+", rest, flags=re.IGNORECASE)
            stages[name] = Stage(name, base, [])
        else:
            list(stages.values())[-1].steps.append((word, rest))
    return stages


class Dockerfile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stages = read_stages(DOCKERFILE.read_text())

    def lineage(self, name):
        """The stage and those that it stands on, the lowest first."""
        stage = self.stages[name]
        below = self.lineage(stage.base) if stage.base in self.stages else []
        return [*below, stage]

    def steps(self, name, word):
        """A target's instructions of one kind, those that it inherits in front."""
        return [rest for stage in self.lineage(name) for kind, rest in stage.steps if kind == word]

    def test_there_is_a_target_for_every_program(self):
        self.assertLessEqual(SERVICES | TOOLS, set(self.stages))
        programs = {path.parent.name.replace("_", "-")
                    for path in SOURCE.glob("services/*/main.cc")}
        self.assertEqual(programs, SERVICES)

    def test_everything_stands_on_one_base_that_the_caller_pins(self):
        for stage in list(self.stages.values())[1:]:
            self.assertTrue(stage.base in self.stages or stage.base == "${BASE}", stage.base)
        # Without a default: what is not chosen is refused, no tag stands in for it.
        self.assertIn(("ARG", "BASE"), self.stages["global"].steps)
        self.assertNotIn("latest", DOCKERFILE.read_text())

    def test_programs_run_as_a_numbered_user_that_is_not_root(self):
        for target in SERVICES | TOOLS:
            user = self.steps(target, "USER")[-1]
            self.assertRegex(user, r"^[1-9]\d*:[1-9]\d*$", target)
            words = [kind for stage in self.lineage(target) for kind, _ in stage.steps]
            last_run = max((i for i, kind in enumerate(words) if kind == "RUN"), default=-1)
            self.assertGreater(words.index("USER"), last_run, f"{target} builds as that user")

    def test_a_container_gets_its_flags_as_arguments(self):
        for target in SERVICES:
            self.assertEqual(self.steps(target, "ENTRYPOINT"),
                             [f'["/opt/stagebeam/bin/stagebeam-{target}"]'])
            self.assertEqual(self.steps(target, "CMD"), [])

    def test_what_runs_holds_no_compiler_and_nothing_of_the_build_but_its_results(self):
        for target in SERVICES | TOOLS:
            self.assertNotIn(self.stages["compiler"], self.lineage(target))
            for run in self.steps(target, "RUN"):
                self.assertNotRegex(run, COMPILERS)
            for copy in self.steps(target, "COPY"):
                self.assertRegex(copy, COPIED)

    def test_runtime_packages_are_what_the_linker_found_not_a_list(self):
        for target in SERVICES | {"cli"}:
            installs = [run for run in self.steps(target, "RUN") if "apt-get install" in run]
            self.assertEqual(len(installs), 1, target)
            self.assertRegex(installs[0], r"xargs -a /opt/stagebeam/packages apt-get install "
                                          r"-y --no-install-recommends &&")
            self.assertIn("rm -rf /var/lib/apt/lists/*", installs[0])

    def test_only_what_runs_the_model_holds_libtorch(self):
        for target in SERVICES | TOOLS:
            copies = self.steps(target, "COPY")
            holds = any("/opt/stagebeam/lib" in copy for copy in copies)
            self.assertEqual(holds, target in WITH_MODEL, target)

    def test_no_weights_are_baked_in(self):
        for target in SERVICES | {"cli", "load-weights"}:
            for stage in [*self.lineage(target), *self.lineage("build")]:
                for word, rest in stage.steps:
                    self.assertFalse(word in ("COPY", "ADD") and
                                     re.search(r"models|checkpoint|(^|\s)\.\s", rest), rest)

    def test_what_the_build_copies_is_let_in(self):
        ignored = (SOURCE / ".dockerignore").read_text().splitlines()
        self.assertIn("*", ignored)
        allowed = [pathlib.PurePosixPath(line[1:]) for line in ignored if line.startswith("!")]
        for stage in self.stages.values():
            for word, rest in stage.steps:
                if word != "COPY" or "--from=" in rest:
                    continue
                for path in map(pathlib.PurePosixPath, rest.split()[:-1]):
                    self.assertTrue((SOURCE / path).exists(), path)
                    self.assertTrue({path, *path.parents} & set(allowed), path)

    def test_the_build_copies_every_folder_that_the_programs_need(self):
        text = (SOURCE / "CMakeLists.txt").read_text().split("if(STAGEBEAM_TESTS)")[0]
        folders = re.findall(r"^add_subdirectory\((\w+)\)", text, flags=re.MULTILINE)
        self.assertIn("services", folders)
        copied = " ".join(self.steps("build", "COPY")).split()
        self.assertLessEqual({*folders, "cmake"}, set(copied))

    def test_the_small_checkpoint_comes_with_its_list(self):
        self.assertEqual(self.stages["reference-checkpoint"].base, "load-weights")
        self.assertRegex(" ".join(self.steps("checkpoint", "RUN")), "sha256sum .*SHA256SUMS")


if __name__ == "__main__":
    unittest.main(verbosity=2)
