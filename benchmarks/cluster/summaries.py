"""Figures that stand for many."""

import statistics


def median(values):
    """The median, or None of nothing."""
    values = list(values)
    return statistics.median(values) if values else None


def percentiles(values, wanted=(50, 95, 99)):
    """{"p50": ...}, linear between neighbours; empty of nothing."""
    values = list(values)
    if not values:
        return {}
    if len(values) == 1:
        values *= 2
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {f"p{p}": cuts[p - 1] for p in wanted}
