"""The machine's own limits, measured in the same run as what they are compared with."""

import json
import subprocess
import sys

from json_lines import emit

PROGRAM = "stagebeam-machine-limits"


def add_argument(parser):
    parser.add_argument("--skip-limits", action="store_true",
                        help="do not measure the machine's limits first")


def print_limits(benchmark, args):
    """Runs the C++ program and prints its lines as this benchmark's."""
    if args.skip_limits:
        return
    program = args.binaries / PROGRAM
    if not program.exists():
        sys.exit(f"no {PROGRAM} in {args.binaries}; build it, or give --skip-limits")
    run = subprocess.run([program, f"--threads={args.threads}"], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{PROGRAM} ended with code {run.returncode}:\n{run.stderr}")
    for line in run.stdout.splitlines():
        emit(benchmark, **json.loads(line))
