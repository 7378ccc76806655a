"""The work of one request, fixed to the token, and the check that it was done."""

import dataclasses
import importlib

from pictures import fixed_subject, natural_subject

METHODS = {"score": "METHOD_SCORE", "score_both_orders": "METHOD_SCORE_BOTH_ORDERS",
           "write": "METHOD_WRITE"}
STAGES = 4


class WrongWork(Exception):
    """A request did other work than was asked for: its time means nothing."""


@dataclasses.dataclass(frozen=True)
class Work:
    """A stage-beam search whose candidates and verdicts have fixed lengths."""

    candidates: int
    stage_tokens: int  # Of every candidate of every stage; 0: as the model ends them.
    method: str = "score"
    verdict_tokens: int = 32  # Of every written verdict.

    def fill(self, request):
        """Makes a ReasonRequest ask for this work."""
        search = request.search
        search.stage_beam.candidate_count = self.candidates
        search.max_candidate_tokens = self.stage_tokens
        search.min_candidate_tokens = self.stage_tokens
        if self.stage_tokens:
            # Equal candidates would not duel. Costs no more than any other temperature.
            search.sampling.temperature = 1.3
            search.sampling.top_p = 1.0
        judge = importlib.import_module("stagebeam.judge.v1.judge_pb2")
        search.judge_method = judge.Method.Value(METHODS[self.method])
        request.include_trace = True

    @property
    def subject(self):
        """(image, question): one that ends by itself needs a question that the model knows."""
        return fixed_subject() if self.stage_tokens else natural_subject()

    @property
    def duels(self):
        """Of a whole search: a knock-out of n takes n - 1."""
        return STAGES * (self.candidates - 1)

    @property
    def tokens(self):
        written = self.duels * self.verdict_tokens if self.method == "write" else 0
        return STAGES * self.candidates * self.stage_tokens + written

    def check(self, response):
        """Raises WrongWork unless the response took exactly this work, none of it degraded."""
        require(len(response.trace.expansions), STAGES, "expansions")
        if self.stage_tokens == 0:
            return
        require([d.detail for d in response.degradations], [], "degradations")
        for number, expansion in enumerate(response.trace.expansions):
            where = f"stage {number + 1}: "
            tokens = [candidate.token_count for candidate in expansion.candidates]
            require(tokens, [self.stage_tokens] * self.candidates, where + "tokens of candidates")
            require(len(expansion.duels), self.candidates - 1, where + "duels")
        require(response.usage.candidate_count, STAGES * self.candidates, "candidates")
        require(response.usage.duel_count, self.duels, "duels")
        require(response.usage.generated_token_count, self.tokens, "tokens sampled")


def require(got, wanted, what):
    if got != wanted:
        raise WrongWork(f"{what}: must be {wanted}, got {got}")


def cluster_flags(work):
    """Flags under which a cluster of any weights does the work, however long it takes."""
    if work.stage_tokens == 0:
        return ()
    return ("generator:--close_at_limit", f"judge:--min_verdict_tokens={work.verdict_tokens}",
            f"judge:--max_verdict_tokens={work.verdict_tokens}", "orchestrator:--judge_timeout=10m",
            "orchestrator:--max_answer_time=30m")


def add_arguments(parser, stage_tokens, candidates=True):
    """Arguments that describe the work; `candidates`: a single number of them, too."""
    if candidates:
        parser.add_argument("--candidates", type=int, default=4, help="of each stage")
    parser.add_argument("--stage-tokens", type=int, default=stage_tokens,
                        help="of every candidate; 0: as the model ends them")
    parser.add_argument("--method", choices=METHODS, default="score", help="how duels are decided")
    parser.add_argument("--verdict-tokens", type=int, default=32, help="of a written verdict")
