"""Accuracy on held-out questions of the reference sets, through the public API.

Asks every question once with each strategy, compares the answer with the known
one, prints a table, and writes one JSON line for each answer.
"""

import argparse
import concurrent.futures
import io
import json
import math
import os
import pathlib
import random
import sys
import time

import grpc
import stubs

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "training" / "reference"))
from tasks import Mixture  # noqa: E402

QUESTION_SEED = 12345


def held_out(count):
    """The first `count` questions that the seed draws from the held-out sets."""
    mixture, rng = Mixture("test"), random.Random(QUESTION_SEED)
    return [mixture.sample(rng) for _ in range(count)]


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def strategies(pb, candidates):
    """Name of each strategy, and its policy without sampling."""
    return {
        "single pass": pb.SearchPolicy(single_pass=pb.SinglePass()),
        f"best of {candidates}": pb.SearchPolicy(
            best_of_n=pb.BestOfN(candidate_count=candidates)),
        f"stage beam N = {candidates}": pb.SearchPolicy(
            stage_beam=pb.StageBeam(candidate_count=candidates, survivor_count=1)),
    }


class Asker:
    """Asks one question with one strategy, and says what came of it."""

    def __init__(self, pb, stub, temperature):
        self.pb = pb
        self.stub = stub
        self.temperature = temperature

    def ask(self, name, policy, index, sample):
        request = self.pb.ReasonRequest(image=png(sample.image), question=sample.question)
        request.search.CopyFrom(policy)
        request.search.sampling.seed = index
        if self.temperature is not None:
            request.search.sampling.temperature = self.temperature
        start = time.monotonic()
        response = self.stub.Reason(request, timeout=300)
        return {
            "strategy": name, "question": index, "source": sample.source,
            "answer": response.answer, "known": sample.conclusion,
            "right": response.answer.strip().lower() == sample.conclusion.lower(),
            "seconds": round(time.monotonic() - start, 4),
            "sampled_tokens": response.usage.generated_token_count,
            "duels": response.usage.duel_count,
            "degradations": [self.pb.DegradationKind.Name(d.kind) for d in response.degradations],
        }


def percent(rows):
    """"59 +- 3 %": the share that is right, and its standard error."""
    if not rows:
        return "-"
    share = sum(row["right"] for row in rows) / len(rows)
    error = math.sqrt(share * (1 - share) / len(rows))
    return f"{100 * share:.1f} +- {100 * error:.1f}"


def print_table(rows, names):
    sources = sorted({row["source"] for row in rows})
    count = {s: sum(r["source"] == s for r in rows) // len(names) for s in sources}
    heads = ["right, %", *(f"{s} ({count[s]})" for s in sources), "s an answer", "tokens"]
    print(f"| {'strategy':17} | " + " | ".join(f"{h:>14}" for h in heads) + " |")
    print("|---" * (len(heads) + 1) + "|")
    for name in names:
        mine = [row for row in rows if row["strategy"] == name]
        cells = [percent(mine), *(percent([r for r in mine if r["source"] == s]) for s in sources),
                 f"{sum(r['seconds'] for r in mine) / len(mine):.2f}",
                 f"{sum(r['sampled_tokens'] for r in mine) / len(mine):.0f}"]
        print(f"| {name:17} | " + " | ".join(f"{c:>14}" for c in cells) + " |")


def print_changes(rows, names):
    """How many answers each strategy lost and gained against the first, with a sign test."""
    right = {name: {r["question"]: r["right"] for r in rows if r["strategy"] == name}
             for name in names}
    base = right[names[0]]
    for name in names[1:]:
        lost = sum(base[q] and not right[name][q] for q in base)
        gained = sum(right[name][q] and not base[q] for q in base)
        tail = sum(math.comb(lost + gained, k) for k in range(min(lost, gained) + 1))
        p = min(1.0, 2 * tail / 2 ** (lost + gained))
        print(f"{name} against {names[0]}: {gained} gained, {lost} lost, p = {p:.2f} (sign test)")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default=os.environ.get("STAGEBEAM_SERVER", "127.0.0.1:50051"))
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--only", help="one strategy by its name in the table, e.g. 'single pass'")
    parser.add_argument("--temperature", type=float, help="default: the server's")
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--out", type=pathlib.Path, default=SOURCE / "out" / "accuracy.jsonl")
    args = parser.parse_args()

    pb, services = stubs.load()
    channel = grpc.insecure_channel(args.server)
    asker = Asker(pb, services.OrchestratorServiceStub(channel), args.temperature)
    samples = held_out(args.questions)
    policies = strategies(pb, args.candidates)
    if args.only and args.only not in policies:
        parser.error("--only: must be one of " + ", ".join(policies))
    policies = {name: policies[name] for name in policies if args.only in (None, name)}
    rows = []
    with concurrent.futures.ThreadPoolExecutor(args.concurrency) as pool:
        for name, policy in policies.items():
            print(f"asking {len(samples)} questions: {name}", file=sys.stderr, flush=True)
            rows += pool.map(asker.ask, [name] * len(samples), [policy] * len(samples),
                             range(len(samples)), samples)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text("".join(json.dumps(row) + "\n" for row in rows))
    print_table(rows, list(policies))
    print()
    print_changes(rows, list(policies))
    print(f"\none line for each answer: {args.out}")


if __name__ == "__main__":
    main()
