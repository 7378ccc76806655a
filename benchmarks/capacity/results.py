"""Figures of a simulated run."""

import bisect


def percentile(ordered, share):
    """Of numbers in ascending order, by the nearest rank; 0 where there are none."""
    if not ordered:
        return 0.0
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def percentiles(numbers):
    ordered = sorted(numbers)
    return {f"p{share}": percentile(ordered, share / 100) for share in (50, 95, 99)}


def pods(service):
    """What a service took: pod-hours (draining included), most pods, changes of their number."""
    asked = [count for _, count, _ in service.timeline]
    changes = sum(one != other for one, other in zip(asked, asked[1:], strict=False))
    return {"pod_hours": service.pod_seconds / 3600, "most_pods": max(asked), "changes": changes}


def summary(simulation):
    """Of one run. Queue seconds are of all of a request's calls together."""
    queued = [queued for _, queued, _ in simulation.finished]
    target = simulation.setting.queue_target_s
    return {
        "finished": len(queued),
        "queue_s": percentiles(queued),
        "queue_target_s": target,
        "over_target": sum(one > target for one in queued) / max(1, len(queued)),
        "latency_s": percentiles(seconds for _, _, seconds in simulation.finished),
        "calls_queue_s": {name: percentiles(calls)
                          for name, calls in simulation.call_queues.items()},
        "generator": pods(simulation.generator),
        "judge": pods(simulation.judge),
    }


def minutes(simulation):
    """One row a minute: the load, the pods, and what requests that arrived in it queued."""
    by_minute = {}
    for arrived, queued, _ in simulation.finished:
        by_minute.setdefault(int(arrived / 60), []).append(queued)
    for minute in range(int(simulation.setting.seconds / 60)):
        queued = sorted(by_minute.get(minute, []))
        row = {"minute": minute,
               "requests_per_minute": 60 * simulation.setting.load.rate(60.0 * minute),
               "finished": len(queued), "queue_p95_s": percentile(queued, 0.95)}
        for name in ("generator", "judge"):
            timeline = getattr(simulation, name).timeline
            # The last look before the minute's end; the first one comes after some seconds.
            at = bisect.bisect_left(timeline, (60.0 * (minute + 1),)) - 1
            _, row[f"{name}s"], row[f"{name}s_serving"] = timeline[max(at, 0)]
        yield row
