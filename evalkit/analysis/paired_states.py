"""Cases that came out otherwise: how many of a case's repeats passed on each side, and which trial shows the change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from evalkit.analysis.order import natural
from evalkit.analysis.pairing import Paired
from evalkit.types import CaseState

__all__ = ["ChangedCase", "changed_cases"]

Kind = Literal["broken", "fixed", "flaky"]
_ORDER: tuple[Kind, ...] = ("broken", "flaky", "fixed")


class ChangedCase(NamedTuple):
    """A case whose state is another than before."""

    case_id: str
    base: tuple[int, int]
    """Repeats that passed, and all that were scored."""
    new: tuple[int, int]
    base_key: str
    """Of the first repeat that came out otherwise."""
    new_key: str

    @property
    def states(self) -> tuple[CaseState, CaseState]:
        """Before and now."""
        return _state(*self.base), _state(*self.new)

    @property
    def kind(self) -> Kind:
        """What became of it."""
        states = self.states
        return "flaky" if "flaky" in states else "broken" if states == ("pass", "fail") else "fixed"


def changed_cases(paired: Paired) -> list[ChangedCase]:
    """The cases of one model with one prompt that changed, over the trials that are scored on both sides.

    First those that always passed and now always fail, then those that passed or pass sometimes, the worse ones before
    the better ones; by case id within.
    """
    found = [case for case in _cases(paired) if case.states[0] != case.states[1]]
    return sorted(found, key=lambda case: (_ORDER.index(case.kind), _drift(case), natural(case.case_id)))


def _cases(paired: Paired) -> Iterator[ChangedCase]:
    rows = paired.rows[paired.scored]
    passed = {side: rows[f"status_{side}"] == "passed" for side in ("base", "new")}
    differs = passed["base"] != passed["new"]
    touched = rows["case_id"].isin(rows["case_id"][differs].unique())
    table = rows[touched].assign(base_passed=passed["base"], new_passed=passed["new"], differs=differs)
    for case_id, trials in table.groupby("case_id", sort=False):
        shown = trials[trials["differs"]].sort_values("repeat").iloc[0]
        n = len(trials)
        yield ChangedCase(
            case_id=str(case_id),
            base=(int(trials["base_passed"].sum()), n),
            new=(int(trials["new_passed"].sum()), n),
            base_key=str(shown["key_base"]),
            new_key=str(shown["key_new"]),
        )


def _state(passed: int, scored: int) -> CaseState:
    return "pass" if passed == scored else "flaky" if passed else "fail"


def _drift(case: ChangedCase) -> int:
    """Worse ones first."""
    return case.new[0] - case.base[0]
