"""Criteria that an answer meets or not, each with a weight, as a judge ticks them off."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.checks.contract import shown, visible
from evalkit.checks.judging import Malformed

__all__ = ["CriteriaForm", "Criterion", "Tick", "weighed"]

_REASON_COLUMNS = 120


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One thing that is demanded of an answer."""

    criterion: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Tick:
    """Whether a criterion is met."""

    met: bool
    reason: str


@dataclass(frozen=True, slots=True)
class CriteriaForm:
    """A verdict on each criterion, by its number."""

    criteria: Sequence[Criterion]
    name: str = "criteria"

    @property
    def properties(self) -> Mapping[str, Any]:
        """A list with one item for each criterion."""
        item = {
            "number": {"type": "integer", "description": "Of the criterion, from 1."},
            "reason": {"type": "string", "description": "One sentence."},
            "met": {"type": "boolean"},
        }
        items = {"type": "object", "properties": item, "required": list(item), "additionalProperties": False}
        return {"verdicts": {"type": "array", "description": "One for each criterion.", "items": items}}

    def spelt(self, rubric: str | None) -> str:
        """The criteria as the judge reads them; `rubric` is what holds for all of them."""
        lines = [f"{number}. {each.criterion}" for number, each in enumerate(self.criteria, start=1)]
        return "\n".join([*([rubric, ""] if rubric else []), "Criteria:", *lines])

    def read(self, fields: Mapping[str, Any]) -> tuple[Tick, ...]:
        """The verdicts in the order of the criteria. Raises Malformed where one is missing, or stands there twice."""
        given = fields.get("verdicts")
        if not isinstance(given, list):
            raise Malformed(f"'verdicts' is {'missing' if 'verdicts' not in fields else 'no list'}")
        ticks: dict[int, Tick] = {}
        for item in given:
            number, tick = _tick(item)
            if number in ticks or not 1 <= number <= len(self.criteria):
                raise Malformed(f"there is {'a second' if number in ticks else 'no'} criterion {number}")
            ticks[number] = tick
        missing = [number for number in range(1, len(self.criteria) + 1) if number not in ticks]
        if missing:
            raise Malformed(f"criterion {missing[0]} is missing")
        return tuple(ticks[number] for number in sorted(ticks))

    def worth(self, ticks: Sequence[Tick]) -> tuple[float, str]:
        """The share of the weights that is met, and why it is no more."""
        met = math.fsum(each.weight for each, tick in zip(self.criteria, ticks, strict=True) if tick.met)
        value = min(1.0, met / math.fsum(each.weight for each in self.criteria))
        unmet = [
            f"not met: {shown(each.criterion)} ({tick.reason})"
            for each, tick in zip(self.criteria, ticks, strict=True)
            if not tick.met
        ]
        return value, "; ".join([f"{sum(tick.met for tick in ticks)} of {len(ticks)} criteria met", *unmet])


def weighed(criteria: Sequence[str | Criterion]) -> list[Criterion]:
    """Criteria as they are written, each with its weight. Raises ValueError."""
    if not criteria:
        raise ValueError("the list of criteria is empty; name at least one")
    read = [Criterion(criterion=each) if isinstance(each, str) else each for each in criteria]
    for each in read:
        if not each.criterion.strip():
            raise ValueError("a criterion is empty")
        if not 0 < each.weight < math.inf:
            raise ValueError(f"the weight of a criterion is a number above 0, not {each.weight:g}")
    return read


def _tick(item: Any) -> tuple[int, Tick]:
    if not isinstance(item, dict):
        raise Malformed("an item of 'verdicts' is no object")
    number, met, reason = item.get("number"), item.get("met"), item.get("reason")
    if isinstance(number, bool) or not isinstance(number, int):
        raise Malformed("the 'number' of a criterion is no whole number")
    if not isinstance(met, bool):
        raise Malformed(f"'met' of criterion {number} is neither true nor false")
    if not isinstance(reason, str):
        raise Malformed(f"'reason' of criterion {number} is no text")
    return number, Tick(met, visible(" ".join(reason.split()), _REASON_COLUMNS))
