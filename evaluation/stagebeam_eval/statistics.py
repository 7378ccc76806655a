"""Intervals and tests for shares of right answers; scipy's and statsmodels', none by hand."""

import dataclasses

import numpy
import scipy.stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

CONFIDENCE = 0.95


def wilson(right, count):
    """Interval of a share by Wilson's method: (low, high)."""
    return proportion_confint(right, count, alpha=1 - CONFIDENCE, method="wilson")


@dataclasses.dataclass(frozen=True)
class Comparison:
    """One run against another over the same questions."""

    gained: int  # Right where the base was wrong.
    lost: int
    difference: float  # Of the shares of right answers.
    low: float  # Of the difference's interval.
    high: float
    p: float  # Exact McNemar, two-sided.


def compare(base, other, seed=1, resamples=9999):
    """`base`, `other`: right or wrong, question by question. The seed is the bootstrap's."""
    base, other = numpy.asarray(base, dtype=int), numpy.asarray(other, dtype=int)
    changes = other - base
    gained, lost = int((changes > 0).sum()), int((changes < 0).sum())
    table = [[int((base & other).sum()), lost], [gained, int(((1 - base) & (1 - other)).sum())]]
    low, high = difference_interval(changes, seed, resamples)
    return Comparison(gained, lost, float(changes.mean()), low, high,
                      float(min(1.0, mcnemar(table, exact=True).pvalue)))


def difference_interval(changes, seed, resamples):
    """Percentile bootstrap of the mean change: whole questions are drawn again, so pairs stay."""
    if (changes == changes[0]).all():
        return float(changes[0]), float(changes[0])
    result = scipy.stats.bootstrap(
        (changes,), numpy.mean, n_resamples=resamples, confidence_level=CONFIDENCE,
        batch=1000, method="percentile", random_state=numpy.random.default_rng(seed),
        vectorized=True)
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def holm(values):
    """p-values corrected for their number by Holm's method, in the same order."""
    return [float(value) for value in multipletests(values, method="holm")[1]] if values else []
