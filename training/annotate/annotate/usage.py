"""What a run cost, and what came of it."""

import dataclasses
import json
import os
import time


@dataclasses.dataclass
class Usage:
    """Counts of this run; tokens as the endpoint says them."""

    requests: int = 0  # tries included
    prompt_tokens: int = 0
    completion_tokens: int = 0
    start: float = dataclasses.field(default_factory=time.monotonic, repr=False)


def summary(total, journal, usage):
    """The whole directory's outcomes, and this run's cost."""
    outcomes = journal.reasons()
    accepted = outcomes.pop("accepted", 0)
    return {
        "records": total, "accepted": accepted, "refused": sum(outcomes.values()),
        "reasons": dict(sorted(outcomes.items())),
        "left": total - len(journal),
        "this_run": {
            "requests": usage.requests, "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "seconds": round(time.monotonic() - usage.start, 3)},
    }


def render(found, why):
    """The summary for a reader; `why` gives each reason's meaning."""
    run = found["this_run"]
    lines = [f"{found['records']} records: {found['accepted']} accepted, "
             f"{found['refused']} set aside, {found['left']} left"]
    lines += [f"  {count:6} {reason:10} {why.get(reason, '')}"
              for reason, count in found["reasons"].items()]
    lines.append(f"this run: {run['requests']} requests, {run['prompt_tokens']} prompt and "
                 f"{run['completion_tokens']} completion tokens, {run['seconds']:.1f} s")
    return "\n".join(lines)


def write_json(path, value):
    """Replaces the file, whole or not at all."""
    part = path.with_name(path.name + ".part")
    with open(part, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
