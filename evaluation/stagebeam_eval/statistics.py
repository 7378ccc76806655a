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
    changes = numpy.asarray(other, dtype=int) - numpy.asarray(base, dtype=int)
    return of_changes(changes, seed, resamples)


def of_counts(gained, lost, questions, seed=1, resamples=9999):
    """As `compare`, of so many questions of which these changed: nothing else of them matters."""
    counts = [gained, lost, questions - gained - lost]
    return of_changes(numpy.repeat([1, -1, 0], counts), seed, resamples)


def of_changes(changes, seed, resamples):
    """`changes`: for every question 1 where only the other is right, -1 where only the base is."""
    gained, lost = int((changes > 0).sum()), int((changes < 0).sum())
    low, high = difference_interval(changes, seed, resamples)
    # Questions that did not change have no say in McNemar's test.
    return Comparison(gained, lost, float(changes.mean()), low, high,
                      float(min(1.0, mcnemar([[0, lost], [gained, 0]], exact=True).pvalue)))


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
