"""Poisson arrivals that do not wait for answers, as callers that know nothing of each other."""

import asyncio
import collections
import random
import time

import grpc
from json_lines import emit
from summaries import percentiles


def arrivals(rate, seconds, seed):
    """Seconds from the start at which requests are due; the same seed gives the same ones."""
    rng, at, due = random.Random(seed), 0.0, []
    while (at := at + rng.expovariate(rate)) < seconds:
        due.append(at)
    return due


async def ask_when_due(stub, request, due, start):
    """One request's row. Its latency counts from `due`, whenever it could be sent."""
    await asyncio.sleep(max(0.0, start + due - time.perf_counter()))
    sent = time.perf_counter() - start
    row = {"due_s": due, "sent_late_s": sent - due}
    try:
        response = await stub.Reason(request)
    except grpc.aio.AioRpcError as error:
        return {**row, "error": error.code().name, "latency_s": time.perf_counter() - start - due}
    return {**row, "error": None, "latency_s": time.perf_counter() - start - due,
            "tokens": response.usage.generated_token_count,
            "degradations": len(response.degradations)}


def summary(rows, args):
    """What callers got: percentiles of the answers' latency, and answers in time a second."""
    answered = [row for row in rows if row["error"] is None]
    good = [row for row in answered if row["latency_s"] <= args.slo and not row["degradations"]]
    end = max(row["due_s"] + row["latency_s"] for row in rows)
    return {
        "rate": args.rate, "seconds": args.seconds, "seed": args.seed, "slo_s": args.slo,
        "arrivals": len(rows), "answered": len(answered),
        "errors": collections.Counter(row["error"] for row in rows if row["error"]),
        "degraded": sum(row["degradations"] > 0 for row in answered),
        "latency_s": percentiles(row["latency_s"] for row in answered),
        "good": len(good), "goodput_per_s": len(good) / args.seconds,
        "tokens_per_s": sum(row["tokens"] for row in answered) / end,
        "most_late_sending_s": max(row["sent_late_s"] for row in rows)}


async def run(benchmark, caller, requests, args):
    due = arrivals(args.rate, args.seconds, args.seed)
    if not due:
        raise SystemExit("--rate, --seconds: so few that nothing arrives")
    made = requests.make(len(due))  # Beforehand: drawing pictures takes processor time.
    async with caller.many() as stub:
        start = time.perf_counter()
        rows = await asyncio.gather(*(ask_when_due(stub, request, at, start)
                                      for request, at in zip(made, due, strict=True)))
    for row in rows:
        emit(benchmark, "request", **row)
    emit(benchmark, "summary", loop="open", checkpoint=args.checkpoint.name,
         candidates=args.candidates, method=args.method, **summary(rows, args))
