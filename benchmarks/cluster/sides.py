"""The implementations that search.py runs in turns, each as one run's row."""

from caller import usage_row
from work import STAGES, require


class Ours:
    """A cluster asked over gRPC. It is warm; each picture is new to it."""

    name = "ours"

    def __init__(self, cluster, caller):
        self.caller = caller
        self.pids = cluster.pids()

    def run(self, work, seed, picture):
        steps = self.caller.steps(self.caller.request(work, picture, work.subject[1], seed))
        wall, last = steps[-1]
        response = last.finished
        work.check(response)
        require(response.usage.image_cached, False, "image_cached")
        return {
            "wall_s": wall, "usage": usage_row(response.usage), "degradations": [],
            "stages": self.stage_times(steps), "duels": response.usage.duel_count,
            "tokens": response.usage.generated_token_count}

    def stage_times(self, steps):
        """Per stage, the seconds of sampling and of duels, by when their events came."""
        names, times, before = self.caller.pb.Stage, {}, 0.0
        for at, event in steps:
            kind = event.WhichOneof("event")
            if kind == "candidates_sampled":
                times[names.Name(event.candidates_sampled.stage)] = {"sample_s": at - before}
            elif kind == "stage_chosen":
                stage = names.Name(event.stage_chosen.stage_text.stage)
                times[stage]["duels_s"] = at - before
            elif kind == "duel_decided":
                continue  # They come together, and the stage's choice right after.
            before = at
        return times


class Peer:
    """The Python peer, loaded once; it encodes the picture in every run."""

    def __init__(self, process):
        self.name = f"peer, {process.waits} waits"
        self.process = process
        self.pids = process.pids

    def run(self, work, seed, picture):
        row = self.process.run(work.candidates, seed, picture)
        checks = work.candidates if work.candidates > 1 else 0
        require(row["calls"], {"stage": STAGES * work.candidates, "judge": work.duels,
                               "verify": checks}, "the peer's calls")
        written = (work.duels + checks) * work.verdict_tokens
        require(row["new_tokens"], STAGES * work.candidates * work.stage_tokens + written,
                "the peer's tokens")
        require(row["image_encodes"], 1, "the peer's encodings")
        return {"wall_s": row["wall_s"], "duels": work.duels, "tokens": row["new_tokens"],
                "without_checks_s": row["wall_s"] - row["call_s"]["verify"], "own": row}
