"""How long workers take for their parts of a request, on one GPU.

The model and the simulation both compute with these.
"""

import dataclasses
import math
import statistics

from parameters import Assumptions, Gpu
from shape import LLAVA_O1, Shape

GIGA = 1e9
DUEL_WORDS = 20  # Tokens between and behind the two responses of a duel.


def longest_over_mean(count, spread):
    """Expected longest of `count` normal lengths over their mean (Blom's approximation)."""
    if count == 1:
        return 1.0
    at = (count - 0.375) / (count + 0.25)
    return 1 + spread * statistics.NormalDist().inv_cdf(at)


@dataclasses.dataclass(frozen=True)
class Duels:
    """One judging call: tokens of the shared head that no call computed yet, and of the pairs."""

    head: float
    head_context: float
    pairs: float
    pair_tokens: float


class ServiceTimes:
    """Seconds and bytes; immutable."""

    def __init__(self, gpu: Gpu, assumptions: Assumptions, shape: Shape = LLAVA_O1):
        self.gpu = gpu
        self.assumptions = assumptions
        self.shape = shape
        self.peak = gpu.bfloat16_tflop_s * 1e12
        self.bandwidth = gpu.bandwidth_gb_s * GIGA

    # The engine.

    @property
    def launches_s(self):
        """A step cannot be shorter than its launches."""
        efficiency = self.assumptions.efficiency
        return self.shape.layers * efficiency.launches_a_layer * efficiency.launch_s

    @property
    def read_weights_s(self):
        return self.shape.step_bytes / (self.bandwidth * self.assumptions.efficiency.decode)

    def step_s(self, branches):
        """One token for each of `branches`; the N candidates of a call share prefix and picture."""
        efficiency = self.assumptions.efficiency
        calls = branches / self.assumptions.request.candidates
        products = 2 * branches * (self.shape.layer_weights + self.shape.head_weights)
        linear = max(self.read_weights_s, products / (self.peak * efficiency.prefill))
        kept = calls * self._call_read_bytes() / (self.bandwidth * efficiency.attention)
        return max(linear + kept, self.launches_s) + branches * efficiency.sampling_s

    def prefill_s(self, tokens, context=0.0):
        operations = self.shape.prefill_operations(tokens, context)
        return operations / (self.peak * self.assumptions.efficiency.prefill)

    @property
    def image_s(self):
        """A picture's features to keys and values."""
        return self.shape.image_operations / (self.peak * self.assumptions.efficiency.prefill)

    def _call_read_bytes(self):
        """Keys and values that one step reads for one call, at its mean course."""
        request = self.assumptions.request
        shared = own = 0.0
        before = request.question_tokens
        for tokens in request.stages:
            shared += tokens * before
            own += tokens * request.candidates * tokens / 2
            before += tokens
        read = (shared + own) / sum(request.stages)
        return self.shape.image_bytes + read * self.shape.token_bytes

    # The generator's part of a request.

    @property
    def longest(self):
        """A call's longest candidate over the mean one: its places are held that much longer."""
        request = self.assumptions.request
        return longest_over_mean(request.candidates, request.length_spread)

    @property
    def sampled_tokens(self):
        request = self.assumptions.request
        return request.candidates * sum(request.stages)

    def stage_prefill_s(self, stage, moved):
        """What a stage's call computes before it samples; all of it where the replica changed."""
        request = self.assumptions.request
        before = sum(request.stages[:stage])
        if stage == 0 or moved:
            return self.prefill_s(request.question_tokens + before) + self.image_s
        return self.prefill_s(1, request.question_tokens + before)

    @property
    def request_prefill_s(self):
        moved = self.assumptions.request.moved
        stages = range(len(self.assumptions.request.stages))
        return sum((1 - moved) * self.stage_prefill_s(stage, False)
                   + moved * self.stage_prefill_s(stage, True) for stage in stages)

    def generator_s(self, branches):
        """A generator's time for a request while it decodes `branches`."""
        return (self.sampled_tokens * self.step_s(branches) / branches
                + self.request_prefill_s)

    # The judge's part.

    def duels(self, stage):
        """The judging calls of a stage, one a round of the knock-out."""
        request = self.assumptions.request
        tokens = request.stages[stage]
        hint = {2: request.caption_tokens,
                3: request.caption_tokens + request.reasoning_tokens}.get(stage, 0)
        head = request.verdict_tokens + request.question_tokens + hint
        calls, left = [], request.candidates
        while left > 1:
            pairs = left // 2
            calls.append(Duels(head=head if not calls else 0, head_context=head,
                               pairs=pairs * request.duel_share * request.orders,
                               pair_tokens=2 * tokens + DUEL_WORDS))
            left -= pairs
        return calls

    def duels_s(self, duels, new_picture=False):
        """One judging call's share of an engine that computes many; alone it takes no less than
        one step."""
        prefill, pairs = self.shape.prefill_operations, duels.pairs
        operations = (prefill(duels.head) + pairs * self.shape.head_operations
                      + pairs * prefill(duels.pair_tokens, duels.head_context))
        tokens = duels.head + pairs * duels.pair_tokens
        steps = tokens / self.assumptions.provision.prefill_chunk
        arithmetic = operations / (self.peak * self.assumptions.efficiency.prefill)
        seconds = max(arithmetic, steps * max(self.read_weights_s, self.launches_s))
        return seconds + (self.image_s if new_picture else 0.0)

    @property
    def least_judge_call_s(self):
        """Below this a call is as long as reading the weights, or launching, takes."""
        return max(self.read_weights_s, self.launches_s)

    @property
    def judge_s(self):
        """A judge's time for a request, its calls one behind the other."""
        return sum(max(self.duels_s(duels, stage == 0 and first == 0), self.least_judge_call_s)
                   for stage in range(len(self.assumptions.request.stages))
                   for first, duels in enumerate(self.duels(stage)))

    # The encoder's part.

    @property
    def encode_s(self):
        return self.shape.encode_operations / (self.peak * self.assumptions.efficiency.encoder)

    def wall_s(self, branches, prefill_share):
        """A request with a new picture from end to end where nothing waits in a queue."""
        request, provision = self.assumptions.request, self.assumptions.provision
        longest = sum(request.stages) * self.longest
        rounds = math.ceil(math.log2(request.candidates)) if request.candidates > 1 else 0
        calls = 1 + len(request.stages) * (1 + rounds)
        return (self.encode_s + longest * self.step_s(branches) / (1 - prefill_share)
                + self.request_prefill_s + self.judge_s + calls * provision.rpc_s)
