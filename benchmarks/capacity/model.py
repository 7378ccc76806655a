"""Replicas, GPU memory and Redis that LLaVA-o1 11B needs for a number of requests a minute.

Computed from the sizes of the model, the vendors' data sheets and the ratios of
docs/performance.md; no figure was measured on a GPU. Prints one JSON object a line, or with
--markdown the tables that docs/scaling.md holds.
"""

import argparse
import dataclasses
import math

import lines
from parameters import GPUS, Assumptions
from service_times import GIGA, ServiceTimes

LOADS = (10, 1_000, 100_000)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What one load needs on one kind of GPU."""

    requests_per_minute: float
    gpu: str
    generators: int
    judges: int
    encoders: int
    orchestrators: int
    gpus: int
    branches: float  # Decoded together in a generator, on average.
    places: float  # That their calls hold, of branch_places.
    branch_places: int
    generator_gb: float  # Of its GPU's memory, at that load.
    judge_gb: float
    redis_gb: float
    redis_gb_s: float
    redis_servers: int
    wall_s: float  # Of a request that waits in no queue.


class Model:
    """The sums; immutable."""

    def __init__(self, gpu, assumptions=None):
        self.assumptions = assumptions or Assumptions()
        self.gpu = gpu
        self.times = ServiceTimes(gpu, self.assumptions)

    # Memory of a worker.

    def call_bytes(self):
        """What a running call holds: its picture, its prompt, and room for every candidate."""
        request, shape = self.assumptions.request, self.times.shape
        prompt = request.question_tokens + sum(request.stages) / 2
        reserved = request.candidates * request.max_candidate_tokens
        kept = self.assumptions.provision.kept_prefixes * (prompt + sum(request.stages))
        return shape.image_bytes + (prompt + reserved + kept) * shape.token_bytes

    def _fixed_bytes(self):
        return (self.times.shape.text_bytes
                + self.assumptions.provision.workspace_gb * GIGA)

    def branch_places(self):
        """Candidates that a generator decodes at once, as set and as memory allows."""
        room = self.gpu.memory_gb * GIGA - self._fixed_bytes()
        candidates = self.assumptions.request.candidates
        fit = max(0, math.floor(room / self.call_bytes())) * candidates
        return min(fit, self.assumptions.provision.max_running_branches)

    def judge_bytes(self):
        """Weights, and one call of the longest stage: pictures and prompts of two rounds."""
        shape = self.times.shape
        stages = range(len(self.assumptions.request.stages))
        tokens = max((duels.head_context + duels.pairs * duels.pair_tokens
                      for stage in stages for duels in self.times.duels(stage)), default=0)
        return self._fixed_bytes() + 2 * (shape.image_bytes + tokens * shape.token_bytes)

    def judge_places(self):
        """Judging calls computed at once, as memory allows."""
        call = (self.judge_bytes() - self._fixed_bytes()) / 2
        return math.floor((self.gpu.memory_gb * GIGA - self._fixed_bytes()) / call)

    # Replicas.

    def _at_least(self, work_s, rate):
        """Replicas that are busy for the given share of their time; none for no work at all."""
        if work_s == 0:
            return 0
        provision = self.assumptions.provision
        return max(provision.least_replicas, math.ceil(rate * work_s / provision.busy))

    def generators(self, rate):
        """A generator full to `busy` of its places is as busy as it should be."""
        provision = self.assumptions.provision
        full = provision.busy * self.branch_places() / self.times.longest
        return max(provision.least_replicas, math.ceil(rate * self.times.generator_s(full)))

    def running_branches(self, rate_each):
        """Little's law at one generator: branches = tokens a second x seconds a token."""
        tokens = rate_each * self.times.sampled_tokens
        free = 1 - rate_each * self.times.request_prefill_s
        branches = 0.0
        for _ in range(1000):
            new = tokens * self.times.step_s(branches) / free
            if abs(new - branches) < 1e-9:
                break
            branches = new
        return branches

    def orchestrators(self, rate):
        provision = self.assumptions.provision
        cores = rate * provision.orchestrator_cpu_s / provision.busy
        return max(provision.least_replicas, math.ceil(cores / provision.orchestrator_cores))

    # Redis.

    def redis(self, rate):
        """(bytes held, bytes a second, servers): each new picture is written once and read."""
        provision = self.assumptions.provision
        new = rate * self.assumptions.request.new_pictures
        features = self.times.shape.feature_bytes
        held = new * provision.image_s * features
        # A picture that a tier holds is still read by the workers that lack it.
        moved = features * (new + rate * provision.feature_reads)
        servers = max(1, math.ceil(held / (provision.redis_memory_gb * GIGA)),
                      math.ceil(moved / (provision.busy * provision.redis_gb_s * GIGA)))
        return held, moved, servers

    def plan(self, requests_per_minute):
        rate = requests_per_minute / 60
        if self.branch_places() == 0:
            raise ValueError(f"gpu: {self.gpu.name} has no room for weights and one call")
        generators = self.generators(rate)
        judges = self._at_least(self.times.judge_s, rate)
        encoders = self._at_least(
            self.times.encode_s, rate * self.assumptions.request.new_pictures)
        branches = self.running_branches(rate / generators)
        calls = branches * self.times.longest / self.assumptions.request.candidates
        held, moved, servers = self.redis(rate)
        return Plan(
            requests_per_minute=requests_per_minute, gpu=self.gpu.name, generators=generators,
            judges=judges, encoders=encoders, orchestrators=self.orchestrators(rate),
            gpus=generators + judges + encoders, branches=branches,
            places=branches * self.times.longest, branch_places=self.branch_places(),
            generator_gb=(self._fixed_bytes() + calls * self.call_bytes()) / GIGA,
            judge_gb=self.judge_bytes() / GIGA, redis_gb=held / GIGA, redis_gb_s=moved / GIGA,
            redis_servers=servers,
            wall_s=self.times.wall_s(branches,
                                     rate / generators * self.times.request_prefill_s))


def table(rows):
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def markdown(plans):
    """The table of docs/scaling.md."""
    heads = ("requests a minute", "GPU", "generators", "judges", "encoders", "orchestrators",
             "places of a generator", "GB a generator / judge", "Redis: GB held", "GB/s", "servers",
             "seconds a request")
    rows = [heads, ("---",) * len(heads)]
    for plan in plans:
        rows.append((f"{plan.requests_per_minute:,}", plan.gpu, f"{plan.generators:,}",
                     f"{plan.judges:,}", f"{plan.encoders:,}", f"{plan.orchestrators:,}",
                     f"{plan.places:.0f} of {plan.branch_places}",
                     f"{plan.generator_gb:.0f} / {plan.judge_gb:.0f}", f"{plan.redis_gb:,.1f}",
                     f"{plan.redis_gb_s:,.2f}", f"{plan.redis_servers:,}", f"{plan.wall_s:.1f}"))
    return table(rows)


def plans(assumptions=None):
    return [Model(gpu, assumptions).plan(load) for load in LOADS for gpu in GPUS.values()]


# One thing changed at a time: (what, group, values).
CHANGES = (
    ("as above", "request", {}),
    ("one candidate, no duels", "request", {"candidates": 1}),
    ("N = 2", "request", {"candidates": 2}),
    ("N = 8", "request", {"candidates": 8}),
    ("scored in one order", "request", {"orders": 1}),
    ("candidates twice as long", "request",
     {"summary_tokens": 90, "caption_tokens": 240, "reasoning_tokens": 440,
      "conclusion_tokens": 70}),
    ("every stage on another replica", "request", {"moved": 1}),
    ("max_candidate_tokens 4096", "request", {"max_candidate_tokens": 4096}),
    ("max_running_branches 128", "provision", {"max_running_branches": 128}),
    ("decode at half of the measured share", "efficiency", {"decode": 0.395}),
    ("prefill at half of the measured share", "efficiency", {"prefill": 0.435}),
    ("no CUDA graphs: 50 launches a layer", "efficiency", {"launches_a_layer": 50}),
    ("prefill_chunk 256, the default", "provision", {"prefill_chunk": 256}),
    ("sampling on the GPU", "efficiency", {"sampling_s": 0.0}),
    ("every picture known to Redis", "request", {"new_pictures": 0.0}),
)


def sensitivity(gpu="H100-80GB", load=100_000):
    """(what was changed, plan) for each of CHANGES."""
    return [(what, Model(GPUS[gpu], Assumptions().changed(group, **values)).plan(load))
            for what, group, values in CHANGES]


def sensitivity_markdown(changed):
    """The second table of docs/scaling.md."""
    rows = [("changed", "generators", "judges", "encoders", "Redis", "seconds a request"),
            ("---",) * 6]
    for what, plan in changed:
        rows.append((what, f"{plan.generators:,}", f"{plan.judges:,}", f"{plan.encoders:,}",
                     f"{plan.redis_servers}", f"{plan.wall_s:.1f}"))
    return table(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markdown", action="store_true", help="the tables only")
    args = parser.parse_args()
    if args.markdown:
        print(markdown(plans()), sensitivity_markdown(sensitivity()), sep="\n\n")
        return
    for row in Assumptions().rows():
        lines.emit("assumption", **row)
    for gpu in GPUS.values():
        lines.emit("gpu", source="data sheet", **dataclasses.asdict(gpu))
    for plan in plans():
        lines.emit("plan", **dataclasses.asdict(plan))
    for what, plan in sensitivity():
        lines.emit("sensitivity", changed=what, **dataclasses.asdict(plan))


if __name__ == "__main__":
    main()
