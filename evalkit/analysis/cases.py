"""Which trials speak of the same case, and which cases depend on each other: the units that intervals count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.analysis.intervals import Codes, Floats

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Cases", "Grouping"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Cases:
    """Some trials, sorted into cases, and those into clusters. Where several models or prompts are looked at together,
    each case with each of them is one by itself, and these depend on each other as a cluster."""

    of_row: Codes
    """For each trial, the number of its case."""
    cluster_of_case: Codes
    """For each case, the number of its cluster; its own where it shares nothing."""

    @property
    def n(self) -> int:
        """Cases."""
        return len(self.cluster_of_case)

    @property
    def units(self) -> int:
        """Clusters, those of a single case among them."""
        return int(self.cluster_of_case.max()) + 1 if self.n else 0

    @property
    def clusters(self) -> Codes | None:
        """For each case, the number of its cluster; None where no case shares anything."""
        return self.cluster_of_case if self.units < self.n else None

    @property
    def clusters_of_rows(self) -> Codes | None:
        """For each trial, the number of its cluster; None where no trial shares anything, not even its case."""
        return self.cluster_of_case[self.of_row] if self.units < len(self.of_row) else None

    def sums(self, values: Floats) -> Floats:
        """Of one value a trial, the sum of each case."""
        return np.bincount(self.of_row, weights=values, minlength=self.n).astype(float)

    def means(self, values: Floats) -> Floats:
        """Of one value a trial, the mean of each case."""
        return self.sums(values) / self.sums(np.ones(len(values)))

    def by_unit(self, values: Floats) -> Floats:
        """Of one value a case, the sum of each cluster."""
        return np.bincount(self.cluster_of_case, weights=values, minlength=self.units).astype(float)


class Grouping:
    """The cases and clusters of a frame of trials, for any of its rows."""

    def __init__(self, records: pd.DataFrame) -> None:
        cases, _ = _codes(records["case_id"])
        models, n_models = _codes(records["model"])
        prompts, n_prompts = _codes(records["prompt"])
        clusters, n_clusters = _codes(records["cluster"])
        self._case = (cases * max(1, n_models) + models) * max(1, n_prompts) + prompts
        self._cluster = np.where(clusters >= 0, clusters, n_clusters + cases)

    def of(self, rows: NDArray[np.bool_]) -> Cases:
        """The cases of the rows that a mask lets through."""
        _, first, of_row = np.unique(self._case[rows], return_index=True, return_inverse=True)
        _, cluster_of_case = np.unique(self._cluster[rows][first], return_inverse=True)
        return Cases(of_row=of_row, cluster_of_case=cluster_of_case)


def _codes(names: pd.Series[Any]) -> tuple[Codes, int]:
    """Names as numbers from 0, -1 where there is none, and how many there are."""
    import pandas as pd

    codes, known = pd.factorize(names)
    return codes, len(known)
