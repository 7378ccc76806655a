"""How long a caller waits for its picture: new, still in memory, and from Redis.

Each picture is sent three times: to a cluster that has never seen it (cold), to
the same again (memory), and to a second pair of orchestrator and encoder whose
memory lacks it but which share the Redis (redis). The time is the caller's own,
until the event that says the picture is encoded. What the encoders did is
checked on their metrics pages.
"""

import argparse

import machine_limits
from caller import usage_row
from json_lines import emit
from local_cluster import LocalCluster, add_arguments, options_of
from metrics_page import Page
from pictures import Pictures, fixed_subject
from summaries import median
from work import require

BENCHMARK = "cache"
TIERS = ("cold", "memory", "redis")
# What a picture of the tier adds to the counts of the encoder that is asked.
EXPECTED = {"cold": {"encodings": 1, "memory": 0, "redis": 0},
            "memory": {"encodings": 0, "memory": 1, "redis": 0},
            "redis": {"encodings": 0, "memory": 0, "redis": 1}}


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser, BENCHMARK)
    machine_limits.add_argument(parser)
    parser.add_argument("--pictures", type=int, default=9)
    return parser, parser.parse_args()


class Front:
    """An encoder and the orchestrator that asks it."""

    def __init__(self, cluster, encoder, orchestrator):
        self.caller = cluster.caller(orchestrator)
        self.metrics_url = cluster.metrics_url(encoder)

    def counts(self):
        page = Page(self.metrics_url)
        hits = "stagebeam_feature_store_gets_total"
        return {"encodings": page.total("stagebeam_encoder_encodings_total"),
                **{tier: page.total(hits, tier=tier, outcome="hit")
                   for tier in ("memory", "redis")}}

    def ask(self, picture):
        """One request's row; all but the encoding is as short as can be."""
        before = self.counts()
        request = self.caller.pb.ReasonRequest(image=picture, question=fixed_subject()[1])
        request.search.single_pass.SetInParent()
        request.search.max_candidate_tokens = 1
        steps = self.caller.steps(request)
        added = {name: now - before[name] for name, now in self.counts().items()}
        at, encoded = steps[0]
        usage = usage_row(steps[-1][1].finished.usage)
        return {"wall_s": at, "encode_s": usage["encode_s"],
                "cached": encoded.image_encoded.cached, "counts": added}


def measure(first, second, count):
    """Rows by tier; the first picture warms up."""
    pictures, rows = Pictures(fixed_subject()[0]), {tier: [] for tier in TIERS}
    for number in range(count + 1):
        picture = pictures.new()
        for tier in TIERS:
            row = (second if tier == "redis" else first).ask(picture)
            require(row["cached"], tier != "cold", f"{tier}: cached")
            require(row.pop("counts"), EXPECTED[tier], f"{tier}: what the encoder did")
            if number > 0:
                emit(BENCHMARK, "run", tier=tier, picture=number, **row)
                rows[tier].append(row)
    return rows


def main():
    parser, args = parse()
    options = options_of(parser, args)
    machine_limits.print_limits(BENCHMARK, args)
    with LocalCluster(options) as cluster:
        cluster.add_replica("encoder", "encoder-2")
        cluster.add_replica("orchestrator", "orchestrator-2",
                            f"--encoders={cluster.address('encoder-2')}")
        rows = measure(Front(cluster, "encoder", "orchestrator"),
                       Front(cluster, "encoder-2", "orchestrator-2"), args.pictures)
    wall = {tier: median(row["wall_s"] for row in rows[tier]) for tier in TIERS}
    call = {tier: median(row["encode_s"] for row in rows[tier]) for tier in TIERS}
    emit(BENCHMARK, "summary", checkpoint=args.checkpoint.name, pictures=args.pictures,
         wall_s=wall, encode_s=call,
         cold_over_memory=wall["cold"] / wall["memory"],
         cold_over_redis=wall["cold"] / wall["redis"])


if __name__ == "__main__":
    main()
