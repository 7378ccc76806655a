"""A run's settings as the policy of a question."""

from stagebeam.judge.v1 import judge_pb2
from stagebeam.orchestrator.v1 import orchestrator_pb2 as pb

JUDGES = {"score": judge_pb2.METHOD_SCORE, "both-orders": judge_pb2.METHOD_SCORE_BOTH_ORDERS,
          "write": judge_pb2.METHOD_WRITE}


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
    else:
        result.stage_beam.candidate_count = count
        result.stage_beam.survivor_count = settings["survivors"]
    if settings["judge"]:
        result.judge_method = JUDGES[settings["judge"]]
    if settings["temperature"] is not None:
        result.sampling.temperature = settings["temperature"]
    result.sampling.seed = seed
    return result
