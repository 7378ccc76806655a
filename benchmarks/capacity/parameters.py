"""Every number that the model of a cluster stands on, with its unit, where it comes from, and why.

`source` is one of
  measured    a row of docs/performance.md, taken on a CPU; that it holds on a GPU is assumed
  data sheet  what the vendor states
  setting     a flag or default of ours
  assumed     nobody measured it: change it to what you see
"""

import dataclasses

SOURCES = ("measured", "data sheet", "setting", "assumed")


def parameter(default, unit, source, why):
    if source not in SOURCES:
        raise ValueError(f"source: must be one of {SOURCES}, is {source!r}")
    return dataclasses.field(default=default,
                             metadata={"unit": unit, "source": source, "why": why})


@dataclasses.dataclass(frozen=True)
class Gpu:
    """One accelerator, as its data sheet has it: dense bfloat16, no sparsity."""

    name: str
    memory_gb: float
    bandwidth_gb_s: float
    bfloat16_tflop_s: float


GPUS = {gpu.name: gpu for gpu in (
    Gpu("L40S", 48, 864, 362),
    Gpu("A100-80GB", 80, 2039, 312),
    Gpu("H100-80GB", 80, 3350, 989),
)}


@dataclasses.dataclass(frozen=True)
class Efficiency:
    """What of the hardware's limits the engine reaches."""

    decode: float = parameter(
        0.79, "of the bandwidth", "measured",
        "decode, mid, bfloat16: the least of 1, 2 and 4 branches")
    prefill: float = parameter(
        0.87, "of the peak", "measured", "prefill, mid, 512 tokens")
    encoder: float = parameter(
        0.77, "of the peak", "measured", "encoder, mid, 4 tiles")
    launch_s: float = parameter(
        5e-6, "s", "assumed", "the processor's time to launch one operation on a GPU")
    launches_a_layer: float = parameter(
        24, "", "assumed", "attention's twenty and what is around it, with --cuda_graphs "
        "(docs/gpu.md); without them about fifty")
    sampling_s: float = parameter(
        50e-6, "s a branch", "assumed", "logits copied to the processor and a token drawn there, "
        "after each step")
    attention: float = parameter(
        0.5, "of the bandwidth", "assumed", "reading keys and values, in many small products")


@dataclasses.dataclass(frozen=True)
class Request:
    """What one question asks of the cluster: stage beam over four stages, one survivor."""

    candidates: int = parameter(4, "", "setting", "N of the stage beam")
    summary_tokens: float = parameter(45, "tokens", "assumed", "mean length of a candidate")
    caption_tokens: float = parameter(120, "tokens", "assumed", "the same")
    reasoning_tokens: float = parameter(220, "tokens", "assumed", "the same")
    conclusion_tokens: float = parameter(35, "tokens", "assumed", "the same")
    length_spread: float = parameter(
        0.4, "", "assumed", "standard deviation of a candidate's length over its mean")
    max_candidate_tokens: int = parameter(
        1024, "tokens", "setting", "search.max_candidate_tokens; a call's place in memory is "
        "reserved for it")
    question_tokens: float = parameter(70, "tokens", "assumed", "question and chat format")
    verdict_tokens: float = parameter(
        170, "tokens", "assumed", "the judge's wording in front of the first response")
    duel_share: float = parameter(
        0.9, "", "assumed", "duels fought over N - 1 a stage: equal texts need none")
    orders: int = parameter(2, "", "setting", "score_both_orders, the default")
    new_pictures: float = parameter(
        0.8, "", "assumed", "share of requests with a picture that no tier holds")
    moved: float = parameter(
        0.05, "", "assumed", "share of stages that continue on another replica than the last")

    @property
    def stages(self):
        return (self.summary_tokens, self.caption_tokens, self.reasoning_tokens,
                self.conclusion_tokens)


@dataclasses.dataclass(frozen=True)
class Provision:
    """How full things may be, and what else takes room."""

    busy: float = parameter(
        0.7, "", "assumed", "share of a worker's time or places in use at the given load; the rest "
        "is for a minute's chance")
    least_replicas: int = parameter(2, "", "setting", "of each service: one may fail or drain")
    max_running_branches: int = parameter(
        64, "", "setting", "--max_running_branches: bounds how slow a full generator decodes; a "
        "call holds its N places until its longest candidate ends")
    prefill_chunk: int = parameter(
        1024, "tokens", "setting", "--prefill_chunk of the judge: prompt tokens for one reading "
        "of the weights")
    workspace_gb: float = parameter(
        5, "10^9 bytes", "assumed", "CUDA context, activations, holes of the allocator")
    kept_prefixes: float = parameter(
        0.5, "of the running calls' bytes", "assumed",
        "room for prefixes that no call holds, to be continued by the next stage")
    image_s: float = parameter(
        60, "s", "assumed", "how long Redis is to hold a picture's features: requests in flight "
        "and their retries")
    redis_gb_s: float = parameter(
        1.2, "10^9 bytes/s", "assumed", "what one single-threaded Redis moves of 52 MB values")
    redis_memory_gb: float = parameter(48, "10^9 bytes", "setting", "maxmemory of one Redis")
    feature_reads: float = parameter(
        2, "", "assumed", "readers of a new picture's features: one generator, one judge")
    orchestrator_cpu_s: float = parameter(
        0.02, "s", "assumed", "an orchestrator's processor time for a request")
    orchestrator_cores: float = parameter(2, "", "setting", "cores of an orchestrator")
    rpc_s: float = parameter(0.003, "s", "assumed", "one call beyond its work: gRPC, network")


@dataclasses.dataclass(frozen=True)
class Assumptions:
    """All of them."""

    efficiency: Efficiency = Efficiency()
    request: Request = Request()
    provision: Provision = Provision()

    def rows(self):
        """(group, name, value, unit, source, why) of every parameter."""
        for group in dataclasses.fields(self):
            part = getattr(self, group.name)
            for field in dataclasses.fields(part):
                yield {"group": group.name, "name": field.name,
                       "value": getattr(part, field.name), **field.metadata}

    def changed(self, group, **values):
        """A copy with other values in one group."""
        part = dataclasses.replace(getattr(self, group), **values)
        return dataclasses.replace(self, **{group: part})
