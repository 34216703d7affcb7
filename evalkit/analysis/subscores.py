"""Named sub-scores: what the checks with the same `metric` say together of each model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from evalkit.analysis.cases import Grouping
from evalkit.analysis.estimates import of_trials
from evalkit.types import Estimate

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["metric_estimates"]


def metric_estimates(records: pd.DataFrame, scores: pd.DataFrame) -> Mapping[str, Estimate]:
    """Of each metric, the mean over the trials of the weighted mean of its checks; trials that passed or failed count.

    `scores` may speak of other trials too. Checks that were skipped or have no weight have no part in it.
    """
    asked = scores[scores["metric"].notna() & scores["value"].notna() & (scores["weight"] > 0)]
    if asked.empty:
        return {}
    trials = records[records["status"].isin(["passed", "failed"])].set_index("key")
    asked = asked[asked["key"].isin(trials.index)]
    found = {}
    for name, checks in asked.groupby("metric", sort=True):
        parts = checks.assign(points=checks["value"] * checks["weight"]).groupby("key", sort=False)
        sums = parts[["points", "weight"]].sum()
        values = (sums["points"] / sums["weight"]).to_numpy(dtype=float)
        whose = trials.loc[sums.index].reset_index()
        found[str(name)] = of_trials(values, Grouping(whose).of(np.ones(len(whose), dtype=bool)))
    return found
