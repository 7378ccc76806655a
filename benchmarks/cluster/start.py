"""Seconds from starting a generator's program until it says SERVING.

In turns for each way to hold the weights, once more beforehand for each so that
the files are in the system's page cache. What the program's log says about
packing comes along.
"""

import argparse
import json
import sys
import time

import machine_limits
from health import becomes_serving
from json_lines import emit
from local_cluster import add_arguments, options_of, plan, processes
from summaries import median

BENCHMARK = "start"
START_SECONDS = 600
CHECK_SECONDS = 2  # Until the next look at whether the program still runs.


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser, BENCHMARK)
    machine_limits.add_argument(parser)
    parser.add_argument("--weights", default="mapped,packed", help="how the weights are held")
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    args.weights = args.weights.split(",")
    return parser, args


def generator(options, weights):
    """A generator that needs no other process."""
    ports = plan.Ports(0)
    process = plan.service(
        "generator", f"generator-{weights}", ports, options, f"--checkpoint={options.checkpoint}",
        f"--threads={options.threads}", f"--weights={weights}")
    ports.release()
    return process


def packing(log):
    """The log lines, JSON objects, that speak of packing."""
    lines = (line for line in log.read_text().splitlines() if "pack" in line)
    return [json.loads(line) for line in lines if line.startswith("{")]


def start_once(options, weights):
    """(seconds, log lines about packing); the process is gone afterwards."""
    process, running = generator(options, weights), processes.Running(options)
    start = time.perf_counter()
    running.launch(process)
    child = running.children[0][1]
    try:
        while not becomes_serving(process.address, CHECK_SECONDS):
            if child.poll() is not None or time.perf_counter() - start > START_SECONDS:
                sys.exit(f"{process.name} does not serve:\n{processes.tail(running.log(process))}")
        return time.perf_counter() - start, packing(running.log(process))
    finally:
        running.stop()


def main():
    parser, args = parse()
    options = options_of(parser, args)
    machine_limits.print_limits(BENCHMARK, args)
    took = {weights: [] for weights in args.weights}
    for repeat in range(-1, args.repeat):
        for weights in args.weights:
            seconds, log = start_once(options, weights)
            emit(BENCHMARK, "warm_up" if repeat < 0 else "run", weights=weights, repeat=repeat,
                 seconds=seconds, packing=log)
            if repeat >= 0:
                took[weights].append(seconds)
    for weights, seconds in took.items():
        emit(BENCHMARK, "summary", checkpoint=args.checkpoint.name, weights=weights,
             seconds=median(seconds), shortest=min(seconds), longest=max(seconds))


if __name__ == "__main__":
    main()
