"""What repeats of a case say together: its verdict, pass@k, pass^k, and how many cases are flaky."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evalkit.analysis.cases import Cases, Grouping
from evalkit.analysis.estimates import of_cases
from evalkit.analysis.intervals import Floats
from evalkit.types import Estimate

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Verdicts", "case_verdicts", "chances", "flake_rate", "pass_at_k", "pass_hat_k"]

_MOST_KS = 10
_ROUND_KS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
_ROUNDING = 1e-9


class Verdicts(NamedTuple):
    """How many cases passed, failed, or are left open by errors."""

    passed: int
    failed: int
    undecided: int


def case_verdicts(records: pd.DataFrame, grouping: Grouping) -> Verdicts:
    """A case passes when the share `pass_if` of its repeats passed; all of them where it is not set.

    Repeats that ended in errors count as what they could have been: where that would decide, the case is open.
    """
    status = records["status"]
    expected = records["xfail"].isna()
    rows = (status.isin(["passed", "failed", "error"]) & expected).to_numpy(dtype=bool)
    cases = grouping.of(rows)
    if not cases.n:
        return Verdicts(0, 0, 0)
    ended = status[rows].to_numpy(dtype=object)
    passed, errors = (cases.sums(np.where(ended == each, 1.0, 0.0)) for each in ("passed", "error"))
    asked = cases.sums(np.ones(len(cases.of_row)))
    needed = cases.means(records["pass_if"][rows].fillna(1.0).to_numpy(dtype=float))
    surely = passed / asked >= needed - _ROUNDING
    never = (passed + errors) / asked < needed - _ROUNDING
    return Verdicts(int(surely.sum()), int(never.sum()), int((~surely & ~never).sum()))


def pass_at_k(n: int, passed: int, k: int) -> float:
    """The chance that of k answers, drawn from `n` of which `passed` passed, at least one did.

    1 − C(n−c, k)/C(n, k) (Chen et al. 2021, arXiv:2107.03374).
    """
    return 1 - math.comb(n - passed, k) / math.comb(n, k)


def pass_hat_k(n: int, passed: int, k: int) -> float:
    """The chance that all of k answers, drawn from `n` of which `passed` passed, did.

    C(c, k)/C(n, k) (Yao et al. 2024, arXiv:2406.12045).
    """
    return math.comb(passed, k) / math.comb(n, k)


def chances(formula: Callable[[int, int, int], float], passed: Floats, cases: Cases) -> Mapping[int, Estimate]:
    """pass@k or pass^k for the k up to the most repeats: per case, then the mean over those with k scored repeats.

    `passed` has 1 or 0 for each scored trial. Empty where no case was asked twice.
    """
    asked, right = _counts(passed, cases)
    most = int(asked.max(initial=0))
    if most < 2:
        return {}
    ks = range(1, most + 1) if most <= _MOST_KS else sorted({k for k in _ROUND_KS if k < most} | {most})
    pairs, which = np.unique(np.column_stack([asked, right]), axis=0, return_inverse=True)
    found = {}
    for k in ks:
        enough = asked >= k
        values = np.array([formula(int(n), int(c), k) if n >= k else 0.0 for n, c in pairs])[which]
        found[k] = of_cases(values[enough], cases.cluster_of_case[enough])
    return found


def flake_rate(passed: Floats, cases: Cases) -> Estimate | None:
    """The share of cases that some repeats passed and others failed, of those with two scored repeats or more."""
    asked, right = _counts(passed, cases)
    twice = asked >= 2
    if not twice.any():
        return None
    flaky = ((right > 0) & (right < asked)).astype(float)
    return of_cases(flaky[twice], cases.cluster_of_case[twice])


def _counts(passed: Floats, cases: Cases) -> tuple[NDArray[Any], NDArray[Any]]:
    asked = cases.sums(np.ones(len(passed))).astype(int)
    return asked, cases.sums(passed).round().astype(int)
