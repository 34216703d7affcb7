"""What a gate says of a value, of a range of values, and what came of it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from evalkit.types import Gate

__all__ = ["Judged", "Result", "holds", "splits"]

Result = Literal["pass", "fail", "inconclusive"]

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


class Judged(NamedTuple):
    """What became of a gate."""

    result: Result
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    """What stands behind the value: trials, answers or cases."""
    reasons: tuple[str, ...] = ()
    """What value and limit alone do not say."""
    in_doubt: bool = False
    """Whether the trials with errors could have changed the result."""

    def adding(self, reasons: Iterable[str]) -> Judged:
        """The same with more to say."""
        return self._replace(reasons=(*self.reasons, *reasons))


def holds(gate: Gate, value: float) -> bool:
    """Whether a value satisfies a gate."""
    return _OPERATORS[gate.op](value, gate.limit)


def splits(gate: Gate, low: float, high: float) -> bool:
    """Whether a gate holds for some values from `low` to `high` and for others not."""
    met_inside = gate.op in ("==", "!=") and low < high and low <= gate.limit <= high
    return met_inside or holds(gate, low) != holds(gate, high)
