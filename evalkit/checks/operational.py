"""Checks of how the answer came about: what ended it, how long it took, what it cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from evalkit.checks.contract import BuiltInCheck, argument, listed, shown, verdict
from evalkit.errors import CheckFailedToRun
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding, Usage


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
    """The successful attempt took at most so many seconds; waiting and failed attempts do not count.

    A stored answer is judged by the latency it had when it was asked.
    """

    operational: ClassVar[bool] = True

    seconds: float = argument("The longest latency that passes, in seconds.")

    def __post_init__(self) -> None:
        _require_limit("seconds", self.seconds)

    def find(self, context: Context) -> Finding:
        """Compares. Raises CheckFailedToRun where the latency is unknown."""
        if context.latency_s is None:
            raise CheckFailedToRun("latency unknown: it was not measured for this answer")
        return _within(context.latency_s, self.seconds, "s", _of_stored(context))


@CHECKS.register("max_ttft_s")
@dataclass(frozen=True, slots=True, kw_only=True)
class MaxTimeToFirstToken(BuiltInCheck):
    """The first token of any kind, thinking included, came within so many seconds. The answer must be streamed."""

    operational: ClassVar[bool] = True

    seconds: float = argument("The longest time to the first token that passes, in seconds.")

    def __post_init__(self) -> None:
        _require_limit("seconds", self.seconds)

    def find(self, context: Context) -> Finding:
        """Compares. Raises CheckFailedToRun where the answer did not come as a stream."""
        timing = context.timing
        if timing is None or timing.ttft_s is None:
            raise CheckFailedToRun(
                "time to the first token unknown: the answer was not streamed; set `stream: true`, or run with --stream"
            )
        whole = ", the answer came in one piece" if timing.buffered else ""
        return _within(timing.ttft_s, self.seconds, "s", f"{whole}{_of_stored(context)}")


@CHECKS.register("max_cost_usd")
@dataclass(frozen=True, slots=True, kw_only=True)
class MaxCost(BuiltInCheck):
    """The answer cost at most so many US dollars; what judges of it cost does not count."""

    operational: ClassVar[bool] = True

    usd: float = argument("The highest cost of one answer that passes, in US dollars.")

    def __post_init__(self) -> None:
        _require_limit("usd", self.usd)

    def find(self, context: Context) -> Finding:
        """Compares. Raises CheckFailedToRun where the cost is unknown."""
        if context.cost_usd is None:
            raise CheckFailedToRun("cost unknown: the model has no price, or the answer no token counts")
        return _within(context.cost_usd, self.usd, "USD", _of_stored(context))


@CHECKS.register("max_output_tokens")
@dataclass(frozen=True, slots=True, kw_only=True)
class MaxOutputTokens(BuiltInCheck):
    """The answer took at most so many output tokens, thinking included, as the gateway counted them."""

    operational: ClassVar[bool] = True

    tokens: int = argument("The most output tokens that pass.")

    def __post_init__(self) -> None:
        _require_limit("tokens", self.tokens)

    def find(self, context: Context) -> Finding:
        """Compares. Raises CheckFailedToRun where the gateway told no output tokens."""
        tokens = context.response.usage.output_tokens
        if tokens is None:
            raise CheckFailedToRun("output tokens unknown: the gateway told none")
        return _within(tokens, self.tokens, "output tokens")


@CHECKS.register("max_reasoning_tokens")
@dataclass(frozen=True, slots=True, kw_only=True)
class MaxReasoningTokens(BuiltInCheck):
    """The model thought in at most so many tokens, as the gateway counted them.

    Where it tells no reasoning tokens but few enough others (output, or total less input), they are within the limit.
    """

    operational: ClassVar[bool] = True

    tokens: int = argument("The most reasoning tokens that pass.")

    def __post_init__(self) -> None:
        _require_limit("tokens", self.tokens)

    def find(self, context: Context) -> Finding:
        """Compares. Raises CheckFailedToRun where the number is unknown and may be over the limit."""
        usage = context.response.usage
        if usage.reasoning_tokens is not None:
            return _within(usage.reasoning_tokens, self.tokens, "reasoning tokens")
        most = _most_reasoning(usage)
        if most is None or most > self.tokens:
            raise CheckFailedToRun("reasoning tokens unknown: the gateway told none")
        return verdict(passed=True, reason=f"at most {most} reasoning tokens, all there is besides the input")


def _most_reasoning(usage: Usage) -> int | None:
    """An upper bound: what was put out, also where a gateway leaves thinking out of the output but not of the total."""
    if usage.output_tokens is None or usage.total_tokens is None or usage.input_tokens is None:
        return None
    return max(usage.output_tokens, usage.total_tokens - usage.input_tokens)


def _require_limit(name: str, limit: float) -> None:
    if not 0 <= limit < math.inf:
        raise ValueError(f"{name} must be a finite number of at least 0, not {limit}")


def _of_stored(context: Context) -> str:
    return ", when this stored answer was asked" if context.cached else ""


def _within(measured: float, limit: float, unit: str, remark: str = "") -> Finding:
    """Whether a limit was kept; both with their unit."""
    passed = measured <= limit
    found, most = _rounded(measured), f"{limit:,}" if isinstance(limit, int) else f"{limit:g}"
    if found == most and not passed:
        found = f"{measured:.9g}"  # 2.001 s, over the limit of 2 s
    return verdict(
        passed=passed,
        reason=f"{found} {unit}, {'within' if passed else 'over'} the limit of {most} {unit}{remark}",
    )


def _rounded(number: float) -> str:
    return f"{number:.3g}" if isinstance(number, float) and number < 1000 else f"{number:,.0f}"
