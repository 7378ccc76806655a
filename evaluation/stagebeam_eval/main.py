"""stagebeam-eval: asks a cluster the questions of a benchmark, scores and compares the answers."""

import argparse
import os
import pathlib
import sys

from stagebeam_eval import answers, comparison, journals, reports, results, settings, tables

COMPARE = """Prints a Markdown table: share of right answers with Wilson's 95 % interval, by source
too, and what an answer took; then every strategy against the first: answers gained and lost, the
difference with a bootstrap interval, and an exact McNemar test with Holm's correction."""
RUN = """Asks a cluster every question of a table in VLMEvalKit's format, and writes the answers
into a folder. The same command goes on where an interrupted one was: nothing is asked twice."""

REPORT = """Scores finished runs over one table and writes report.md, report.json and pictures:
accuracy by category, every run against the first, and what a question cost."""


def compare_command(args):
    try:
        print("\n".join(comparison.lines(args.answers, args.seed)).rstrip())
    except (OSError, answers.BadAnswers) as error:
        sys.exit(f"error: {error}")


def start_run(args):
    # Needs the contract's modules, which the others do without.
    from stagebeam_eval import run_command
    run_command.main(args)


def report_command(args):
    try:
        reports.write(args.out, results.collect(args.table, args.runs, args.tolerance, args.seed))
    except (OSError, tables.BadTable, journals.BadJournal, results.BadRun) as error:
        sys.exit(f"error: {error}")
    print((args.out / "report.md").read_text(), end="")


def add_compare(commands):
    compare = commands.add_parser("compare", help="strategies over the same questions",
                                  description=COMPARE)
    compare.add_argument("answers", type=pathlib.Path, help="JSON lines, as make accuracy writes")
    compare.add_argument("--seed", type=int, default=1, help="of the bootstrap")
    compare.set_defaults(command=compare_command)


def add_run(commands):
    run = commands.add_parser("run", help="ask a cluster the questions of a table",
                              description=RUN)
    run.add_argument("table", type=pathlib.Path, help="TSV file")
    run.add_argument("--out", type=pathlib.Path, required=True, help="folder of this run")
    run.add_argument("--server", default=os.environ.get("STAGEBEAM_SERVER", "127.0.0.1:50051"),
                     help="the orchestrator's host:port")
    run.add_argument("--concurrency", type=int, default=8, help="questions at a time")
    run.add_argument("--timeout", type=float, default=300, help="seconds of one attempt")
    run.add_argument("--patience", type=float, default=300,
                     help="seconds of refusals after which the run gives up")
    settings.add_options(run)
    settings.add_table_options(run)
    run.set_defaults(command=start_run)


def add_report(commands):
    report = commands.add_parser("report", help="score runs over a table", description=REPORT)
    report.add_argument("table", type=pathlib.Path, help="TSV file, as it was asked")
    report.add_argument("runs", type=pathlib.Path, nargs="+", help="folders; the first is the base")
    report.add_argument("--out", type=pathlib.Path, required=True, help="folder of the report")
    report.add_argument("--tolerance", type=float, default=0.0,
                        help="share by which a number may be off, e.g. 0.05 for charts")
    report.add_argument("--seed", type=int, default=1, help="of the bootstrap")
    report.set_defaults(command=report_command)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="stagebeam-eval", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_compare(commands)
    add_run(commands)
    add_report(commands)
    args = parser.parse_args(arguments)
    args.command(args)


if __name__ == "__main__":
    main()
