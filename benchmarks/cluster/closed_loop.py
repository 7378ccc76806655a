"""A fixed number of callers, each of which asks again when it has its answer."""

import asyncio
import time

from json_lines import emit
from summaries import median, percentiles


async def ask_all(stub, requests, work):
    """One caller: asks what is left of the shared requests. [(seconds, tokens)]."""
    took = []
    for request in requests:
        start = time.perf_counter()
        response = await stub.Reason(request)
        took.append((time.perf_counter() - start, response.usage.generated_token_count))
        work.check(response)
    return took


async def block(stub, requests, callers, count):
    """The row of `count` requests by so many callers."""
    shared = iter(requests.make(count))
    start = time.perf_counter()
    took = sum(await asyncio.gather(*(ask_all(stub, shared, requests.work)
                                      for _ in range(callers))), [])
    wall = time.perf_counter() - start
    tokens = sum(tokens for _, tokens in took)
    return {"callers": callers, "requests": len(took), "wall_s": wall, "tokens": tokens,
            "tokens_per_s": tokens / wall, "latency_s": percentiles(s for s, _ in took)}


async def run(benchmark, caller, requests, args):
    rows = []
    async with caller.many() as stub:
        for repeat in range(args.repeat):
            # The order turns round, so that neither always comes first.
            for callers in args.closed if repeat % 2 == 0 else args.closed[::-1]:
                row = await block(stub, requests, callers, args.block)
                emit(benchmark, "block", repeat=repeat, **row)
                rows.append({"repeat": repeat, **row})
    by = {(row["callers"], row["repeat"]): row["tokens_per_s"] for row in rows}
    first = args.closed[0]
    for callers in args.closed:
        emit(benchmark, "summary", loop="closed", checkpoint=args.checkpoint.name,
             candidates=args.candidates, method=args.method, callers=callers,
             tokens_per_s=median(by[callers, r] for r in range(args.repeat)),
             compared_with=first,
             ratio=median(by[callers, r] / by[first, r] for r in range(args.repeat)))
