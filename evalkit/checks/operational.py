"""Checks of how the answer came about: what ended it, how long it took, what it cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from evalkit.checks.contract import BuiltInCheck, argument, listed, shown, verdict
from evalkit.errors import CheckFailedToRun
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding


@CHECKS.register("finish_reason")
@dataclass(frozen=True, slots=True, kw_only=True)
class FinishReason(BuiltInCheck):
    """The answer ended for this reason, or one of these, as the API spells it: `stop`, `length`, `completed`, …"""

    operational: ClassVar[bool] = True

    reasons: list[str] | str = argument("One finish reason, or a list of those that are right.")

    def __post_init__(self) -> None:
        if not self.reasons or "" in self._allowed():
            raise ValueError("name at least one finish reason, such as 'stop'")

    def find(self, context: Context) -> Finding:
        """Looks at the response. Raises CheckFailedToRun where it came without a finish reason."""
        reason = context.response.finish_reason
        if reason is None:
            raise CheckFailedToRun("finish reason unknown: the response names none")
        passed = reason in self._allowed()
        allowed = "" if passed else f", not {listed(self._allowed())}"
        return verdict(passed=passed, reason=f"finished by {shown(reason)}{allowed}")

    def _allowed(self) -> list[str]:
        return [self.reasons] if isinstance(self.reasons, str) else self.reasons


@CHECKS.register("max_latency_s")
@dataclass(frozen=True, slots=True, kw_only=True)
class MaxLatency(BuiltInCheck):
    """The successful attempt took at most so many seconds; waiting and failed attempts do not count."""

    operational: ClassVar[bool] = True

    seconds: float = argument("The longest latency that passes, in seconds.")

    def __post_init__(self) -> None:
        _require_limit("seconds", self.seconds)

    def find(self, context: Context) -> Finding:
        """Compares. Raises CheckFailedToRun where the latency is unknown."""
        if context.latency_s is None:
            raise CheckFailedToRun("latency unknown: it was not measured for this answer")
        passed = context.latency_s <= self.seconds
        reason = _compared(f"{context.latency_s:.3g} s", f"{self.seconds:g} s", passed=passed)
        return verdict(passed=passed, reason=reason)


@CHECKS.register("max_cost_usd")
@dataclass(frozen=True, slots=True, kw_only=True)
class MaxCost(BuiltInCheck):
    """The answer cost at most so many US dollars."""

    operational: ClassVar[bool] = True

    usd: float = argument("The highest cost of one answer that passes, in US dollars.")

    def __post_init__(self) -> None:
        _require_limit("usd", self.usd)

    def find(self, context: Context) -> Finding:
        """Compares. Raises CheckFailedToRun where the cost is unknown."""
        if context.cost_usd is None:
            raise CheckFailedToRun("cost unknown: the model has no price, or the answer no token counts")
        passed = context.cost_usd <= self.usd
        reason = _compared(f"{context.cost_usd:.3g} USD", f"{self.usd:g} USD", passed=passed)
        return verdict(passed=passed, reason=reason)


def _require_limit(name: str, limit: float) -> None:
    if not 0 <= limit < math.inf:
        raise ValueError(f"{name} must be a finite number of at least 0, not {limit}")


def _compared(measured: str, limit: str, *, passed: bool) -> str:
    return f"{measured}, {'within' if passed else 'over'} the limit of {limit}"
