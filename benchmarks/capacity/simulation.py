"""Requests of a stage beam through generators and judges over a time of changing load."""

import dataclasses
import random

from day import arrivals
from events import Events
from model import Model
from replica import Call
from service import PodSettings, Service

SHORTEST_TOKENS = 8  # Of a candidate: its tags.


@dataclasses.dataclass(frozen=True)
class Setting:
    """What is simulated, policies aside."""

    load: object  # With rate(second).
    seconds: float
    seed: int = 1
    generator_start_s: float = 75.0
    judge_start_s: float = 75.0
    queue_target_s: float = 2.0  # Of all of a request's calls together.


class Request:
    """One request on its way through its stages."""

    __slots__ = ("arrived", "queued_s", "stage", "round", "generator", "judge")

    def __init__(self, arrived):
        self.arrived = arrived
        self.queued_s = 0.0
        self.stage = self.round = 0
        self.generator = self.judge = None


class Simulation:
    """One run. Encoders and orchestrators have enough replicas; their times are the model's."""

    def __init__(self, gpu, assumptions, setting, policies, replicas):
        """`policies` and `replicas` (at the start): {"generator": ..., "judge": ...}."""
        self.setting = setting
        self.events = Events()
        self.model = Model(gpu, assumptions)
        self.times = self.model.times
        self.request = assumptions.request
        self.rpc_s = assumptions.provision.rpc_s
        self.rng = random.Random(setting.seed + 1)
        steps = [self.times.step_s(branches)
                 for branches in range(self.model.branch_places() + 1)]
        generators = PodSettings(self.model.branch_places(), steps.__getitem__,
                                 setting.generator_start_s)
        # Judging calls share a step's prompt tokens: n of them are n times as slow.
        judges = PodSettings(self.model.judge_places(), float, setting.judge_start_s)
        self.generator = Service(self.events, generators, replicas["generator"],
                                 policies["generator"], setting.seed + 2)
        self.judge = Service(self.events, judges, replicas["judge"], policies["judge"],
                             setting.seed + 3)
        stages = range(len(self.request.stages))
        self._rounds = len(self.times.duels(0))
        self._judging = {
            (stage, number, new): max(self.times.duels_s(duels, new),
                                      self.times.least_judge_call_s)
            for stage in stages for number, duels in enumerate(self.times.duels(stage))
            for new in (False, True)}
        self._prefill = {(stage, moved): self.times.stage_prefill_s(stage, moved)
                         for stage in stages for moved in (False, True)}
        self.finished = []  # (arrived, queued seconds, seconds in all).
        self.call_queues = {"generator": [], "judge": []}
        self.in_system = self.in_system_s = self._changed = 0.0

    def run(self):
        for at in arrivals(self.setting.load, self.setting.seconds, self.setting.seed):
            self.events.at(at, self._arrive)
        self.events.run(until=self.setting.seconds)
        self._count(0)
        self.generator.finish()
        self.judge.finish()
        return self

    # A request's course.

    def _count(self, change):
        now = self.events.now
        self.in_system_s += self.in_system * (now - self._changed)
        self.in_system, self._changed = self.in_system + change, now

    def _arrive(self):
        self._count(1)
        request = Request(self.events.now)
        new = self.rng.random() < self.request.new_pictures
        encode_s = self.times.encode_s if new else 0.0
        self.events.after(encode_s + 2 * self.rpc_s, self._sample, request)

    def _tokens(self, mean):
        length = self.rng.gauss(mean, self.request.length_spread * mean)
        return min(max(length, SHORTEST_TOKENS), self.request.max_candidate_tokens)

    def _sample(self, request):
        """The generator's call of a stage; another replica than the last computes the prefix."""
        mean = self.request.stages[request.stage]
        parts = [self._tokens(mean) for _ in range(self.request.candidates)]
        call = Call(parts, self.request.candidates, 0.0,
                    lambda call: self._sampled(request, call))
        chosen = self.generator.route(call, request.generator)
        call.first_s = self._prefill[request.stage, chosen is not request.generator]
        request.generator = chosen
        chosen.enter(call)

    def _sampled(self, request, call):
        self._queued("generator", request, call)
        request.round = 0
        self.events.after(self.rpc_s, self._judge, request)

    def _judge(self, request):
        """The next round of the stage's knock-out, or the next stage."""
        if request.round == self._rounds:
            self._next_stage(request)
            return
        call = Call([0.0], 1, 0.0, lambda call: self._judged(request, call))
        chosen = self.judge.route(call, request.judge)
        new = chosen is not request.judge
        call.parts = [self._judging[request.stage, request.round, new]]
        request.judge = chosen
        chosen.enter(call)

    def _judged(self, request, call):
        self._queued("judge", request, call)
        request.round += 1
        self.events.after(self.rpc_s, self._judge, request)

    def _next_stage(self, request):
        request.stage += 1
        if request.stage < len(self.request.stages):
            self.events.after(self.rpc_s, self._sample, request)
            return
        self._count(-1)
        self.finished.append((request.arrived, request.queued_s,
                              self.events.now - request.arrived))

    def _queued(self, service, request, call):
        request.queued_s += call.queued_s
        self.call_queues[service].append(call.queued_s)
