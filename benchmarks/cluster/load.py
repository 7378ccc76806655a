"""A cluster under load, with arrivals that do not wait for answers or with callers that do.

  load.py --rate 0.5 --seconds 60 --slo 10    open loop: Poisson arrivals, drawn by --seed.
      Latency counts from when a request was due, not from when it was sent.
  load.py --closed 1,4                        closed loop: so many callers at once, each asks
      again when it has its answer; blocks of --block requests, in turns.

Starts a cluster, or asks the one at --server.
"""

import argparse
import asyncio
import contextlib

import closed_loop
import machine_limits
import open_loop
import work as works
from caller import Caller
from local_cluster import LocalCluster, add_arguments, options_of
from pictures import Pictures

BENCHMARK = "load"


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser, BENCHMARK)
    works.add_arguments(parser, stage_tokens=48)
    machine_limits.add_argument(parser)
    parser.add_argument("--server", help="orchestrator of a running cluster, host:port; one of "
                        "random weights needs --close_at_limit at its generators")
    parser.add_argument("--pictures", type=int, default=0,
                        help="different pictures, taken in turn; 0: a new one for every request")
    parser.add_argument("--seed", type=int, default=1, help="of arrivals and of sampling")
    parser.add_argument("--rate", type=float, default=1, help="arrivals a second")
    parser.add_argument("--seconds", type=float, default=60, help="of arrivals")
    parser.add_argument("--slo", type=float, default=10, help="seconds in which an answer is good")
    parser.add_argument("--closed", help="callers at once, e.g. 1,4")
    parser.add_argument("--block", type=int, default=8, help="requests between turns")
    parser.add_argument("--repeat", type=int, default=3, help="blocks of each")
    args = parser.parse_args()
    args.closed = [int(n) for n in (args.closed or "").split(",") if n]
    if args.rate <= 0 or args.seconds <= 0:
        parser.error("--rate, --seconds: must be over 0")
    return parser, args


class Requests:
    """Makes requests that differ in their seeds, and in their pictures as asked."""

    def __init__(self, caller, work, args):
        self.caller = caller
        self.work = work
        self.next_seed = args.seed * 1_000_000
        image, self.question = work.subject
        self.source = Pictures(image)
        self.pool = [self.source.new() for _ in range(args.pictures)]

    def make(self, count):
        return [self.one() for _ in range(count)]

    def one(self):
        self.next_seed += 1
        picture = (self.pool[self.next_seed % len(self.pool)] if self.pool
                   else self.source.new())
        return self.caller.request(self.work, picture, self.question, self.next_seed)


def measure(caller, work, args):
    requests = Requests(caller, work, args)
    for request in requests.make(max(1, args.pictures)):  # Warms up, and the pictures with it.
        work.check(caller.ask(request)[1])
    run = closed_loop.run if args.closed else open_loop.run
    asyncio.run(run(BENCHMARK, caller, requests, args))


def main():
    parser, args = parse()
    work = works.Work(args.candidates, args.stage_tokens, args.method, args.verdict_tokens)
    options = options_of(parser, args, works.cluster_flags(work))
    machine_limits.print_limits(BENCHMARK, args)
    with contextlib.ExitStack() as stack:
        if args.server:
            caller = stack.enter_context(contextlib.closing(Caller(args.server, options.state)))
        else:
            caller = stack.enter_context(LocalCluster(options)).caller()
        measure(caller, work, args)


if __name__ == "__main__":
    main()
