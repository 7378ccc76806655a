"""A day of changing load on the chosen autoscaling policy (policy.json), or on another.

Prints JSON lines: what was run, one row a minute, and a summary. Same arguments, same lines.
"""

import argparse
import dataclasses
import gc
import json
import pathlib

import lines
from autoscaler import policy_of
from day import DAY, HOUR, Day
from model import Model
from parameters import GPUS, Assumptions
from results import minutes, summary
from simulation import Setting, Simulation

SERVICES = ("generator", "judge")
CHOSEN = pathlib.Path(__file__).with_name("policy.json")


def load_policies(path=CHOSEN):
    """The JSON form of both services' policies."""
    return json.loads(path.read_text())


def run_policies(gpu, setting, policies):
    """A run that starts with the least replicas. `policies`: the JSON form."""
    least = {name: policies[name]["min_replicas"] for name in SERVICES}
    return _run(gpu, setting, {name: policy_of(policies[name]) for name in SERVICES}, least)


def run_fixed(gpu, setting, replicas):
    """A run without autoscaling."""
    return _run(gpu, setting, dict.fromkeys(SERVICES), replicas)


def _run(gpu, setting, policies, replicas):
    gc.disable()  # Millions of small objects, and hardly a cycle among them.
    try:
        return Simulation(GPUS[gpu], Assumptions(), setting, policies, replicas).run()
    finally:
        gc.enable()


def fixed_for(gpu, requests_per_minute):
    """The model's replicas for a load."""
    plan = Model(GPUS[gpu]).plan(requests_per_minute)
    return {"generator": plan.generators, "judge": plan.judges}


def add_arguments(parser):
    parser.add_argument("--gpu", choices=sorted(GPUS), default="L40S")
    parser.add_argument("--peak", type=float, default=100,
                        help="requests a minute at the busiest hour, spikes left out")
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--seed", type=int, default=1)


def setting_of(parser, args):
    if args.peak <= 0 or not 0 < args.hours <= 24:
        parser.error("--peak: must be over 0; --hours: must be over 0 and at most 24")
    return Setting(Day(args.peak), min(args.hours * HOUR, DAY), args.seed)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--policy", type=pathlib.Path, default=CHOSEN)
    args = parser.parse_args()
    setting = setting_of(parser, args)
    policies = load_policies(args.policy)
    lines.emit("run", gpu=args.gpu, policies=policies, **dataclasses.asdict(setting))
    simulation = run_policies(args.gpu, setting, policies)
    for row in minutes(simulation):
        lines.emit("minute", **row)
    lines.emit("summary", **summary(simulation))


if __name__ == "__main__":
    main()
