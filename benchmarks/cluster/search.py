"""Whole stage-beam searches through the cluster, in turns with the Python peer.

Every run does the same work, checked to the token: one new picture, one
question, four stages of N candidates of exactly --stage-tokens, N - 1 duels a
stage. The peer always writes its verdicts, of --verdict-tokens, and also checks
each reasoning once; its rows give the time without these checks, too.

All sides stay loaded, and take turns at going first. A side that waits must
leave the processors alone: each row says what the others took of them. The peer
runs once for each of --peer-waits, and the faster one is compared with ours:
spinning threads win on a quiet machine, and lose by far on a busy one.

  search.py --checkpoint DIR --candidates 1,2,4 --peer --repeat 5
"""

import argparse
import contextlib
import dataclasses
import os

import machine_limits
import work as works
from json_lines import emit
from local_cluster import LocalCluster, add_arguments, options_of
from peer_process import PeerProcess
from peer_process import add_arguments as add_peer_arguments
from pictures import Pictures
from process_stat import cpu_seconds
from search_summary import summarize
from sides import Ours, Peer

BENCHMARK = "search"


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser, BENCHMARK)
    works.add_arguments(parser, stage_tokens=48, candidates=False)
    add_peer_arguments(parser)
    machine_limits.add_argument(parser)
    parser.add_argument("--candidates", default="1,2,4,8", help="N, one after another")
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    args.candidates = [int(n) for n in args.candidates.split(",")]
    if args.stage_tokens < 1:
        parser.error("--stage-tokens: must be at least 1, so that all do the same work")
    return parser, args


class Turns:
    """Runs the sides one after another, each with a picture that is new."""

    def __init__(self, sides, image):
        self.sides = sides
        self.pictures = Pictures(image)

    def run(self, side, work, repeat):
        picture = self.pictures.new()
        before = self.processor_times()
        row = side.run(work, repeat, picture)
        cpu = {name: after - before[name] for name, after in self.processor_times().items()}
        own = cpu.pop(side.name)
        return {"side": side.name, "candidates": work.candidates, "repeat": repeat, **row,
                "cpu_s": own, "other_cpu_s": sum(cpu.values()), "load": os.getloadavg()[0]}

    def processor_times(self):
        return {side.name: sum(map(cpu_seconds, side.pids)) for side in self.sides}

    def round(self, work, repeat):
        """One run of each side; who goes first changes from round to round."""
        first = repeat % len(self.sides)
        order = self.sides[first:] + self.sides[:first]
        return [self.run(side, work, repeat) for side in order]


def measure(turns, work, args):
    """All rows, printed as they come."""
    turns.round(dataclasses.replace(work, candidates=args.candidates[0]), 0)  # Warms both up.
    rows = []
    for repeat in range(args.repeat):
        for candidates in args.candidates:
            for row in turns.round(dataclasses.replace(work, candidates=candidates), repeat):
                emit(BENCHMARK, "run", method=work.method, stage_tokens=work.stage_tokens,
                     verdict_tokens=work.verdict_tokens, **row)
                rows.append(row)
    return rows


def main():
    parser, args = parse()
    work = works.Work(max(args.candidates), args.stage_tokens, args.method, args.verdict_tokens)
    options = options_of(parser, args, works.cluster_flags(work))
    machine_limits.print_limits(BENCHMARK, args)
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(LocalCluster(options))
        sides = [Ours(cluster, cluster.caller())]
        for waits in args.peer_waits.split(",") if args.peer else []:
            sides.append(Peer(stack.enter_context(PeerProcess(args, work, waits))))
        rows = measure(Turns(sides, work.subject[0]), work, args)
    for candidates in args.candidates:
        emit(BENCHMARK, "summary", checkpoint=args.checkpoint.name, method=work.method,
             **summarize(rows, candidates, args.candidates[0]))


if __name__ == "__main__":
    main()
