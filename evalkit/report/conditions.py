"""How a gate's condition and what it met are spelt: with the units and the digits of the tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from evalkit.report import cells
from evalkit.types import GateResult

__all__ = ["condition", "found"]


class Unit(NamedTuple):
    """How values of a metric are shown."""

    spell: Callable[[float], str]
    sign: str = ""
    factor: float = 1.0
    """From the metric's own unit to the one that is shown."""


_UNITS = {
    "_rate": Unit(cells.percent, " %", 100),
    "_s": Unit(cells.seconds, " s"),
    "_usd": Unit(cells.usd, " USD"),
    "_tokens": Unit(lambda value: f"{value:,.0f}"),
}
"""By the end of a metric's name; `score`, which has none of them, is a bare number."""
_BARE = Unit(cells.score)
_COUNT = Unit(lambda value: f"{value:,.0f}")
_POINTS = Unit(lambda value: f"{100 * value:+.1f}", " points", 100)
_RELATIVE = Unit(lambda value: f"{100 * value:+.1f}", " %", 100)
_DELTA = "delta."


def condition(gate: GateResult) -> str:
    """`o3: pass_rate >= 85 %`, the limit with all digits that it was given; of changes as it was written."""
    if gate.metric.startswith(_DELTA):
        return cells.one_line(gate.gate)
    unit = _unit(gate)
    scope = f"{gate.model}: " if gate.model else ""
    return cells.one_line(f"{scope}{gate.metric} {gate.op} {_exact(gate.limit * unit.factor)}{unit.sign}")


def found(gate: GateResult) -> str:
    """`85.0 % (95 % CI 70–93 %, n = 40); 2 of 42 trials were not run`."""
    reason = cells.one_line(gate.reason)
    if gate.value is None:
        return f"unknown: {reason}"
    value = f"{_value(gate, gate.value)}{_unit(gate).sign} ({_spread(gate)}n = {gate.n:,})"
    return f"{value}; {reason}" if reason else value


def _unit(gate: GateResult) -> Unit:
    metric = gate.metric.removeprefix(_DELTA)
    if metric == "new_failures":
        return _COUNT
    unit = next((unit for end, unit in _UNITS.items() if metric.endswith(end)), _BARE)
    if metric == gate.metric:
        return unit
    if gate.unit == "%":
        return _RELATIVE
    return _POINTS if metric in ("pass_rate", "error_rate", "score") else _with_sign(unit)


def _with_sign(unit: Unit) -> Unit:
    """For differences."""
    return unit._replace(
        spell=lambda value: f"{'+' if value > 0 else '-' if value < 0 else ''}{unit.spell(abs(value))}"
    )


def _value(gate: GateResult, value: float) -> str:
    """Rounded, unless it would then stand on another side of the limit than it does."""
    unit = _unit(gate)
    shown = unit.spell(value)
    rounded, limit = float(shown.replace(",", "")), round(gate.limit * unit.factor, 9)
    if _side(rounded, limit) == _side(value, gate.limit):
        return shown
    return _exact(value * unit.factor)


def _exact(value: float) -> str:
    """Ten decimals at most, so that 100 × 0.07 is 7; never an exponent."""
    return f"{value:,.10f}".rstrip("0").rstrip(".")


def _side(value: float, limit: float) -> int:
    return (value > limit) - (value < limit)


def _spread(gate: GateResult) -> str:
    if gate.low is None or gate.high is None:
        return ""
    unit = _unit(gate)
    in_percent = unit.spell is cells.percent
    joint = " to " if gate.metric.startswith(_DELTA) else "–"
    ends = cells.interval(gate.low, gate.high) if in_percent else joint.join(map(unit.spell, (gate.low, gate.high)))
    return f"95 % CI {ends}{unit.sign}, "
