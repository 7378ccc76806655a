"""What a benchmark prints: one JSON object a line."""

import json


def rounded(value):
    """`value` with every float in it cut to a microsecond's digits."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return value


def emit(benchmark, what, **fields):
    print(json.dumps({"benchmark": benchmark, "what": what, **rounded(fields)}), flush=True)
