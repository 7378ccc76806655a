"""Asks held-out questions of the reference sets with every search, and writes what came of it.

  PYTHONPATH=evaluation python -m experiments [--questions 2000] [--temperature 1.0]

The same command goes on where an interrupted one was.
"""

import argparse
import os
import pathlib
import signal
import sys

import reference_table
import stubs

from experiments import asking, configurations, document, figures, matching
from experiments.clusters import SOURCE, ClusterFailed

REFERENCE = configurations.REFERENCE


def names():
    """What --only may name."""
    counts = dict.fromkeys(configurations.MATCHED, 1)
    return list(dict.fromkeys(run.family or run.name for section in configurations.sections(counts)
                              for run in section.runs))


def parse():
    parser = argparse.ArgumentParser(prog="experiments", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--confirm", type=int, default=6000,
                        help="further questions, for the stage beam, a single pass and the best "
                             "cheap searches only")
    parser.add_argument("--pilot", type=int, default=100,
                        help="questions that say how many candidates cost the same")
    parser.add_argument("--temperature", type=float, default=1.0, help="of every run")
    parser.add_argument("--only", nargs="+", metavar="RUN", choices=names(),
                        help="default: every run")
    parser.add_argument("--checkpoint", type=pathlib.Path, default=SOURCE / "models" / "reference")
    parser.add_argument("--trained", type=pathlib.Path,
                        default=SOURCE / "out" / "checkpoints" / "forms",
                        help="folder of the checkpoints " + ", ".join(configurations.TRAINED))
    parser.add_argument("--binaries", type=pathlib.Path,
                        default=SOURCE / "build" / "release" / "bin")
    parser.add_argument("--out", type=pathlib.Path, default=SOURCE / "out" / "experiments",
                        help="folder of the answers")
    parser.add_argument("--docs", type=pathlib.Path, default=SOURCE / "docs")
    parser.add_argument("--concurrency", type=int, default=32, help="questions at a time, of a run")
    parser.add_argument("--clusters", type=int, default=len(os.sched_getaffinity(0)),
                        help="runs at a time; default: as many as cores")
    args = parser.parse_args()
    for name in ("questions", "pilot", "concurrency", "clusters"):
        if getattr(args, name) < 1:
            parser.error(f"--{name}: must be at least 1")
    if args.confirm < 0:
        parser.error("--confirm: must not be negative")
    return args


def questions(args, start, count):
    """The table of the held-out questions [start, start + count)."""
    path = args.out / f"questions-{start}-{start + count}.tsv"
    if not path.exists():
        draft = path.with_suffix(".draft")
        reference_table.write(draft, count, start)
        draft.replace(path)
    return path


def checkpoints(args):
    """{name: directory} of those that are there."""
    found = {REFERENCE: args.checkpoint,
             **{name: args.trained / name for name in configurations.TRAINED}}
    return {name: folder for name, folder in found.items()
            if (folder / "model.safetensors").exists()}


def equal_tokens(setting, args):
    """{strategy: candidates} that cost what the stage beam's do."""
    table, (base, *others) = questions(args, 0, args.pilot), configurations.pilots()
    others = [run for run in others if wanted(args, run)]
    asking.ask(setting, table, [base, *others] if others else [])
    return {run.options["strategy"]: matching.candidates(
        setting.folder(table, base), setting.folder(table, run), base.candidates)
        for run in others}


def wanted(args, run):
    return args.only is None or (run.family or run.name) in args.only


def sections(setting, args):
    """Those with a base and something to hold against it."""
    for section in configurations.sections(equal_tokens(setting, args)):
        runs = tuple(run for run in section.runs
                     if run.checkpoint in setting.checkpoints and wanted(args, run))
        if len(runs) > 1 and runs[0] is section.runs[0]:
            yield configurations.Section(section.name, runs)
        else:
            print(f"left out: {section.name}", flush=True)


def confirm(setting, args, sections):
    """{name: figures} of sections, on further questions, which had no say in anything."""
    table = questions(args, args.pilot + args.questions, args.confirm)
    asking.ask(setting, table, [run for section in sections for run in section.runs])
    return {section.name: figures.of_section(setting, table, section) for section in sections}


def to_confirm(chosen, found):
    """The claim of the search, and the best cheap runs with their base; of what was asked."""
    asked = [run for section in chosen.values() for run in section.runs]
    if all(run in asked for run in configurations.SEARCHED.runs):
        yield configurations.SEARCHED
    if "adaptive" in chosen and (names := figures.worth_confirming(found["adaptive"])):
        base, *others = chosen["adaptive"].runs
        yield configurations.Section(
            "confirmation", (base, *(run for run in others if run.name in names)))


def collect(setting, args):
    """All figures, once all questions are answered."""
    chosen = {section.name: section for section in sections(setting, args)}
    runs = {run.name: run for section in chosen.values() for run in section.runs}
    table = questions(args, args.pilot, args.questions)
    asking.ask(setting, table, list(runs.values()))
    found = {name: figures.of_section(setting, table, section) for name, section in chosen.items()}
    confirmed = confirm(setting, args, [*to_confirm(chosen, found)]) if args.confirm else {}
    confirmation = confirmed.pop("confirmation", None)
    return {"questions": args.questions, "temperature": args.temperature,
            "models": figures.models(setting, table, runs.values()),
            "sections": {**found, **confirmed},
            "duels": figures.of_duels(setting, table, judged(chosen)),
            "signals": (figures.of_signals(setting, table, configurations.BEAM)
                        if configurations.BEAM.name in runs else []),
            "confirmed": args.confirm, "confirmation": confirmation,
            "together": (figures.together(found["adaptive"], confirmation) if confirmation
                         else None)}


def judged(chosen):
    """Runs whose duels are looked at: every way to decide them, and those of whole responses."""
    runs = [run for name in ("judges", "strategies") if name in chosen
            for run in chosen[name].runs if run.options["strategy"] != "sentence-beam"]
    return list({run.name: run for run in runs}.values())


def main():
    args = parse()
    setting = asking.Setting(args.out, args.binaries, checkpoints(args), args.temperature,
                             args.concurrency, args.clusters)
    if REFERENCE not in setting.checkpoints:
        sys.exit(f"--checkpoint: no model.safetensors in {args.checkpoint}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    stubs.generate(setting.stubs)
    try:
        found = collect(setting, args)
    except (asking.AskingFailed, ClusterFailed) as error:
        sys.exit(f"stopped: {error}\nThe answers so far are in {args.out}, and the same command "
                 "goes on from there.")
    document.write(args.docs, found)
    print(f"written: {args.docs / 'experiments.md'}")


if __name__ == "__main__":
    main()
