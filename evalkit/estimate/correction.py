"""Counts of input tokens held against bills: where they differ, requests that were not billed yet are corrected.

A gateway may add a hidden prompt to every request (a number of tokens) or cut texts otherwise (a share). Bills cannot
tell which, so both are taken as ends of what is possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evalkit.costs.spans import exactly, within
from evalkit.estimate.requests import PARTS, AskedRequest

__all__ = ["Correction", "correction_of"]

CLOSE = 0.02
"""A difference so small, as a share of what was billed, is left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """How bills differ from counts, over `n` requests."""

    n: int
    counted: float
    """Tokens of a request, on average."""
    billed: float

    def of(self, row: AskedRequest) -> AskedRequest:
        """A request as it will probably be billed; its limits span both explanations and its own."""
        span, share, more = row.input, self.billed / self.counted, self.billed - self.counted
        ends = [end for tokens in (span.low, span.high) for end in (tokens * share, tokens + more)]
        middle = (span.expected * share + span.expected + more) / 2
        corrected = within(max(0.0, min(ends)), max(0.0, middle), max(0.0, *ends), row.worst_input)
        first, *others = PARTS
        parts = {first: corrected, **{name: exactly(0) for name in others}}
        return replace(row, parts=parts, worst_input=max(row.worst_input, corrected.high))

    def __str__(self) -> str:
        return f"{self.billed:,.0f} input tokens a request were billed where {self.counted:,.0f} were counted"


def correction_of(pairs: Sequence[tuple[int, float]]) -> Correction | None:
    """From (counted, billed) input tokens of first requests; None where they agree, or nothing is known."""
    if not pairs:
        return None
    counted = sum(pair[0] for pair in pairs) / len(pairs)
    billed = sum(pair[1] for pair in pairs) / len(pairs)
    if counted <= 0 or abs(billed - counted) <= CLOSE * billed:
        return None
    return Correction(n=len(pairs), counted=counted, billed=billed)
