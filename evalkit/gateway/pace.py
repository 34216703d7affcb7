"""When the tokens of a stream came; docs/metrics.md defines each figure."""

from __future__ import annotations

from typing import NamedTuple

from evalkit.registry import TokenKind
from evalkit.types import Usage

BUFFERED_S = 0.005
"""Tokens that all came within this time came in one piece."""
THINK_UNSEEN = frozenset({"reasoning", "gemini", "grok"})
"""Families that think without showing it: the usage alone can tell how many of their tokens were visible."""


class Pace(NamedTuple):
    """The times of a stream, in seconds, as `types.Timing` has them; all None where nothing was streamed."""

    ttft_s: float | None = None
    ttfo_s: float | None = None
    tpot_s: float | None = None
    buffered: bool | None = None


class TokenTimes:
    """Notes when tokens came, on the clock of whoever calls."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._first_of_answer: float | None = None
        self._last = 0.0
        self._thought = False

    def note(self, kind: TokenKind, at: float) -> None:
        """A token came."""
        self._first = at if self._first is None else self._first
        self._last = at
        if kind == "reasoning":
            self._thought = True
        elif self._first_of_answer is None:
            self._first_of_answer = at

    def pace(self, started: float, usage: Usage, family: str) -> Pace:
        """The figures, counted from `started`. An answer whose tokens never came by themselves was buffered too."""
        if self._first is None:
            return Pace(buffered=True)
        buffered = self._last - self._first <= BUFFERED_S
        return Pace(
            ttft_s=self._first - started,
            ttfo_s=None if self._first_of_answer is None else self._first_of_answer - started,
            tpot_s=None if buffered else self._tpot_s(usage, family),
            buffered=buffered,
        )

    def _tpot_s(self, usage: Usage, family: str) -> float | None:
        tokens = self._seen_tokens(usage, family)
        if self._first is None or tokens is None or tokens < 2:
            return None
        return (self._last - self._first) / (tokens - 1)

    def _seen_tokens(self, usage: Usage, family: str) -> int | None:
        """The tokens that were streamed: without the thinking where that was not; None where that is not known."""
        if self._thought or usage.output_tokens is None:
            return usage.output_tokens
        if usage.reasoning_tokens is None:
            return None if family in THINK_UNSEEN else usage.output_tokens
        return usage.output_tokens - usage.reasoning_tokens
