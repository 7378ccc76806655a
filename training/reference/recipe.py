"""Makes the reference checkpoint from nothing: every phase, one after the other.

  recipe.py WORK DIRECTORY [--forms] [--smoke]

WORK gets a folder a phase. A phase that has been finished there is not run again, so the same
command goes on where an interrupted one was. DIRECTORY gets the checkpoint as Hugging Face
publishes one. --forms makes a checkpoint of each form of answers instead, in a folder of its name.
--smoke runs every phase in small, to see that it runs: what comes of it knows nothing.
"""

import argparse
import dataclasses
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
# glibc gives large blocks back to the kernel at once, which would clear them anew each step: half
# of the time. Arenas of further threads do so whatever they are told.
KEEP_MEMORY = {"MALLOC_TOP_PAD_": str(500 << 20), "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
               "MALLOC_TRIM_THRESHOLD_": str(8 << 30), "MALLOC_ARENA_MAX": "1"}
SMOKE = {"--steps": "4", "--questions": "8", "--each": "2"}
SMOKE_STEP = ["--tokens", "512"]


@dataclasses.dataclass(frozen=True)
class Phase:
    """A program and its settings. `start` is the phase whose weights it goes on from or samples."""

    name: str
    program: str
    settings: str
    start: str = ""
    duels: tuple = ()

    def command(self, work, smoke):
        """The program's arguments; paths are below `work`."""
        settings = self.settings.split()
        if smoke:
            settings = [SMOKE.get(before, word) for before, word in
                        zip(["", *settings], settings, strict=False)]
            settings += SMOKE_STEP if self.program == "train.py" else []
        if self.program == "own_samples.py":
            paths = [work / self.start, work / self.name / "samples.jsonl"]
        else:
            paths = [work / self.name, *(["--from", work / self.start] if self.start else [])]
        files = [work / name / "samples.jsonl" for name in self.duels]
        return [*map(str, paths), *settings, *(["--duels", *map(str, files)] if files else [])]


# From scratch on whole answers a model takes several times longer to see anything, so captions come
# first. Options are looked up in answers only once that is learnt alone; and the judge starts with
# short texts: a verdict is learnt once errors are seen, and errors are seen where there is little
# to read. Its own errors then teach which ones to look for.
PHASES = (
    Phase("captions", "train.py", "--steps 2500 --tokens 3584 --rate 1.5e-3 --caption 1"),
    Phase("answers", "train.py",
          "--steps 3000 --rate 1.3e-3 --caption 0.1 --options 0.2 --seed 12", "captions"),
    Phase("decisions", "train.py",
          "--steps 900 --rate 1e-3 --caption 0.05 --options 0.15 --decided 8 --seed 13", "answers"),
    Phase("short-duels", "train.py",
          "--steps 900 --rate 1e-3 --drawn 0.9 --blind --seed 21"
          " --subjects SUMMARY CAPTION CONCLUSION", "decisions"),
    Phase("drawn-duels", "train.py",
          "--steps 1000 --rate 1e-3 --caption 0.1 --options 0.1 --drawn 0.4 --decided 8"
          " --seed 22", "short-duels"),
    Phase("own-samples", "own_samples.py", "--questions 4000 --each 6 --seed 5", "drawn-duels"),
    Phase("own-duels", "train.py",
          "--steps 1600 --rate 1e-3 --caption 0.08 --options 0.08 --drawn 0.1 --own 0.3 --blind"
          " --decided 8 --seed 51", "drawn-duels", ("own-samples",)),
)
# The same questions, steps and tokens for each form of answers, from the captions on; and the same
# again for the two that the comparison is about.
FORM_SETTINGS = "--steps 1000 --rate 1.3e-3 --caption 0.1 --options 0.1"
FORM_CHECKPOINTS = (
    *(Phase(f"{form}-1000", "train.py", f"{FORM_SETTINGS} --seed 31 --form {form}", "captions")
      for form in ("answers", "plain", "tags")),
    *(Phase(f"{form}-2000", "train.py", f"{FORM_SETTINGS} --seed 32 --form {form}", f"{form}-1000")
      for form in ("answers", "tags")))


def run(phase, work, smoke):
    """Runs a phase whose folder has no mark of having been finished."""
    folder = work / phase.name
    done = folder / "finished"
    if done.exists():
        print(f"{phase.name}: finished before", flush=True)
        return
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{phase.name}: {phase.program} {phase.settings}", flush=True)
    start = time.monotonic()
    subprocess.run([sys.executable, HERE / phase.program, *phase.command(work, smoke)], check=True,
                   env={**os.environ, **KEEP_MEMORY})
    done.touch()
    print(f"{phase.name}: took {(time.monotonic() - start) / 60:.1f} min", flush=True)


def export(trained, directory):
    subprocess.run([sys.executable, HERE / "export.py", trained, directory], check=True)
    print(f"the checkpoint: {directory}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--forms", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    args = parser.parse_args()
    for phase in (PHASES[0], *FORM_CHECKPOINTS) if args.forms else PHASES:
        run(phase, args.work, args.smoke)
    if args.forms:
        for phase in FORM_CHECKPOINTS:
            export(args.work / phase.name, args.directory / phase.name)
    else:
        export(args.work / PHASES[-1].name, args.directory)


if __name__ == "__main__":
    main()
