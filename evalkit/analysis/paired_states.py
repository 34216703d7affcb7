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
    """Those of which any repeat came out otherwise."""
    rows = paired.rows[paired.scored].sort_values("repeat", kind="stable")
    before, now = (rows[f"status_{side}"].eq("passed").to_numpy(dtype=bool) for side in ("base", "new"))
    columns = (rows[name].tolist() for name in ("case_id", "key_base", "key_new"))
    trials: dict[str, list[tuple[bool, bool, str, str]]] = {}
    for case_id, base_key, new_key, was, is_ in zip(*columns, before.tolist(), now.tolist(), strict=True):
        trials.setdefault(case_id, []).append((was, is_, base_key, new_key))
    for case_id, made in trials.items():
        differing = next((trial for trial in made if trial[0] != trial[1]), None)
        if differing is None:
            continue
        yield ChangedCase(
            case_id=case_id,
            base=(sum(trial[0] for trial in made), len(made)),
            new=(sum(trial[1] for trial in made), len(made)),
            base_key=differing[2],
            new_key=differing[3],
        )


def _state(passed: int, scored: int) -> CaseState:
    return "pass" if passed == scored else "flaky" if passed else "fail"


def _drift(case: ChangedCase) -> int:
    """Worse ones first."""
    return case.new[0] - case.base[0]
