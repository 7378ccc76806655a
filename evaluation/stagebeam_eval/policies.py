"""A run's settings as the policy of a question."""

from stagebeam.judge.v1 import judge_pb2
from stagebeam.orchestrator.v1 import orchestrator_pb2 as pb

JUDGES = {"score": judge_pb2.METHOD_SCORE, "both-orders": judge_pb2.METHOD_SCORE_BOTH_ORDERS,
          "write": judge_pb2.METHOD_WRITE}
DECIDERS = {"judge": pb.DECIDER_JUDGE, "log-probability": pb.DECIDER_LOG_PROBABILITY,
            "judge-and-likelihood": pb.DECIDER_JUDGE_AND_LIKELIHOOD, "chance": pb.DECIDER_CHANCE}


def set_adaptive(settings, beam):
    beam.candidate_count = settings["candidates"]
    beam.initial_candidate_count = settings["initial_candidates"]
    beam.sufficient_probability = settings["sufficient_probability"]
    beam.sufficient_confidence = settings["sufficient_confidence"]


def policy(settings, seed):
    """The SearchPolicy of one question."""
    result = pb.SearchPolicy(max_candidate_tokens=settings["max_candidate_tokens"])
    count = settings.get("candidates")
    if settings["strategy"] == "single":
        result.single_pass.SetInParent()
    elif settings["strategy"] == "best-of-n":
        result.best_of_n.candidate_count = count
    elif settings["strategy"] == "sentence-beam":
        result.sentence_beam.candidate_count = count
    elif settings["strategy"] == "adaptive":
        set_adaptive(settings, result.adaptive_beam)
    else:
        result.stage_beam.candidate_count = count
        result.stage_beam.survivor_count = settings["survivors"]
    if settings.get("decide"):
        result.decider = DECIDERS[settings["decide"]]
    if settings["judge"]:
        result.judge_method = JUDGES[settings["judge"]]
    if settings["temperature"] is not None:
        result.sampling.temperature = settings["temperature"]
    result.sampling.seed = seed
    return result
