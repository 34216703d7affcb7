"""Figures with their intervals and n, from one value a trial or a case."""

from __future__ import annotations

import numpy as np

from evalkit.analysis.cases import Cases
from evalkit.analysis.intervals import Codes, Floats, mean_interval, ratio_interval
from evalkit.types import Estimate

__all__ = ["of_cases", "of_trials", "per_case", "per_count"]


def of_trials(values: Floats, cases: Cases) -> Estimate:
    """The mean over trials of values from 0 to 1, with the interval of the mean over cases.

    The two means are the same where all cases have the same number of scored repeats; where they have not, the interval
    is widened to hold the mean over trials too.
    """
    value = float(values.mean())
    each = of_cases(cases.means(values), cases.cluster_of_case)
    low, high = (each.value if end is None else end for end in (each.low, each.high))
    return Estimate(value=value, low=min(low, value), high=max(high, value), n=cases.n)


def of_cases(values: Floats, clusters: Codes) -> Estimate:
    """The mean of one value a case, each from 0 to 1; at least one."""
    units, numbers = np.unique(clusters, return_inverse=True)
    low, high = mean_interval(values, numbers if len(units) < len(values) else None) or (None, None)
    return Estimate(value=float(values.mean()), low=low, high=high, n=len(values))


def per_case(amounts: Floats, cases: Cases) -> Estimate | None:
    """The mean over cases of what asking each once took, from one amount a trial; None without trials."""
    if not cases.n:
        return None
    means = cases.means(amounts)
    low, high = ratio_interval(cases.by_unit(means), cases.by_unit(np.ones(cases.n)))
    return Estimate(value=float(means.mean()), low=low, high=high, n=cases.n)


def per_count(amounts: Floats, counts: Floats, cases: Cases) -> Estimate | None:
    """Σ amounts / Σ counts, from one of each a trial, such as cost per pass; None where there is nothing to count."""
    if counts.sum() <= 0:
        return None
    low, high = ratio_interval(cases.by_unit(cases.sums(amounts)), cases.by_unit(cases.sums(counts)))
    return Estimate(value=float(amounts.sum() / counts.sum()), low=low, high=high, n=cases.n)
