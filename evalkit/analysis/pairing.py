"""Trials of two sides, paired by case, prompt, model and repeat, and made into units that statistics count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evalkit.analysis.cases import Cases, Grouping
from evalkit.analysis.order import natural
from evalkit.analysis.paired import PairedUnits
from evalkit.analysis.sides import Side

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Paired", "pair_sides"]

Rows = NDArray[np.bool_]
Floats = NDArray[np.float64]
SCORED = ("passed", "failed")


@dataclass(frozen=True, eq=False)
class Paired:
    """All trials of both sides, those that only one side has among them; a row a trial."""

    rows: pd.DataFrame
    """`case_id`, `model`, `prompt`, `repeat` and `cluster`; of everything else two columns, `…_base` and `…_new`."""

    def of(self, column: str, name: str) -> Paired:
        """The trials of one model or prompt."""
        return Paired(self.rows[self.rows[column] == name])

    def groups(self) -> Iterator[tuple[str, str, Paired]]:
        """Each model with each prompt that both sides have trials of."""
        for (model, prompt), rows in self.rows.groupby(["model", "prompt"], sort=False):
            group = Paired(rows)
            if not group.has("base").any() or not group.has("new").any():
                continue
            yield str(model), str(prompt), group

    def has(self, side: str) -> Rows:
        """Which trials a side has."""
        present: Rows = self.rows[f"key_{side}"].notna().to_numpy()
        return present

    @cached_property
    def both(self) -> Rows:
        """Which trials both sides have, of cases that neither expects to fail."""
        return self.has("base") & self.has("new") & ~self.xfail

    @cached_property
    def xfail(self) -> Rows:
        """Trials of cases that one side expects to fail."""
        return self._of_cases((self.rows["xfail_base"].notna() | self.rows["xfail_new"].notna()).to_numpy())

    def is_status(self, side: str, *statuses: str) -> Rows:
        """Which trials stand so on a side."""
        found: Rows = self.rows[f"status_{side}"].isin(statuses).to_numpy()
        return found

    @cached_property
    def scored(self) -> Rows:
        """Which trials both sides have a verdict of."""
        return self.both & self.is_status("base", *SCORED) & self.is_status("new", *SCORED)

    @cached_property
    def same_answer(self) -> Rows:
        """Which trials were asked once for both sides: one question, one moment, and one side has it from a store."""
        rows = self.rows
        same = (rows["key_base"] == rows["key_new"]) & (rows["started_at_base"] == rows["started_at_new"])
        stored = rows["cached_base"] | rows["cached_new"]
        found: Rows = (same & stored).fillna(value=False).to_numpy(dtype=bool)
        return found & self.both

    def values(self, column: str, side: str) -> Floats:
        """A figure of every trial; NaN where it is unknown."""
        found: Floats = self.rows[f"{column}_{side}"].to_numpy(dtype=np.float64, na_value=np.nan)
        return found

    def passed(self, side: str) -> Floats:
        """1 where a trial passed, else 0."""
        return self.is_status(side, "passed").astype(float)

    def cases(self, rows: Rows) -> Cases:
        """The cases of some trials, and their clusters."""
        return self._grouping.of(rows)

    def units(self, base: Floats, new: Floats, rows: Rows) -> PairedUnits | None:
        """A figure as units, over these trials; None where there are none. A certain difference is a unit by itself."""
        if not rows.any():
            return None
        cases = self.cases(rows)
        before, after = cases.means(base[rows]), cases.means(new[rows])
        certain = (cases.means(self.same_answer[rows].astype(float)) == 1) & (before == after)
        _, units = np.unique(cases.cluster_of_case * 2 + certain, return_inverse=True)
        n = int(units.max()) + 1
        return PairedUnits(
            base=np.bincount(units, weights=before, minlength=n).astype(float),
            new=np.bincount(units, weights=after, minlength=n).astype(float),
            cases=np.bincount(units, minlength=n).astype(float),
            certain=np.bincount(units, weights=certain, minlength=n) > 0,
        )

    def case_ids(self, rows: Rows) -> tuple[str, ...]:
        """The cases of some trials, in natural order."""
        return tuple(sorted(set(self.rows["case_id"][rows]), key=natural))

    def only_in(self, side: str) -> tuple[str, ...]:
        """The cases of which the other side has no trial at all."""
        return self.case_ids(self._alone(side))

    @property
    def unpaired(self) -> int:
        """Trials of cases that both sides have, without a counterpart."""
        single = self.has("base") != self.has("new")
        return int((single & ~self._alone("base") & ~self._alone("new")).sum())

    def _alone(self, side: str) -> Rows:
        """Trials of cases of which the other side has none."""
        return ~self._of_cases(self.has({"base": "new", "new": "base"}[side]))

    def _of_cases(self, rows: Rows) -> Rows:
        """All trials of the cases that some trials belong to."""
        found: Rows = np.isin(self._case_numbers, self._case_numbers[rows])
        return found

    @cached_property
    def _case_numbers(self) -> NDArray[np.intp]:
        import pandas as pd

        return pd.factorize(self.rows["case_id"])[0]

    @cached_property
    def _grouping(self) -> Grouping:
        return Grouping(self.rows)


def pair_sides(base: Side, new: Side, *, apart: str | None = None) -> Paired:
    """Pairs two sides. `apart`: `model` or `prompt`, where the sides are two of these; both are then called "".

    Repeats are paired by their number; where the newer side says which cases depend on each other, that counts.
    """
    keys = ["case_id", "prompt", "model", "repeat"]
    sides = [_keyed(side.trials, apart) for side in (base, new)]
    merged = sides[0].merge(sides[1], on=keys, how="outer", suffixes=("_base", "_new"), sort=False)
    merged["cluster"] = merged["cluster_new"].fillna(merged["cluster_base"])
    return Paired(merged)


def _keyed(trials: pd.DataFrame, apart: str | None) -> pd.DataFrame:
    if apart is None:
        return trials
    blank: Any = ""
    return trials.assign(**{apart: _column_of(blank, trials)})


def _column_of(value: str, like: pd.DataFrame) -> pd.Series[Any]:
    import pandas as pd

    return pd.Series(pd.array([value] * len(like), dtype="string"), index=like.index)
