"""A number of tokens that is known within limits, and how well."""

from __future__ import annotations

import math
from typing import Literal, Self

import msgspec

Source = Literal["exact", "stand-in", "estimated"]
"""How tokens were counted: by the model's own tokenizer, by the nearest one there is, or by rule of thumb."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens: probably from `low` to `high`, and at the very most `worst`."""

    low: int
    expected: int
    high: int
    worst: int
    """A bound that holds whatever the tokenizer: what a budget reserves."""

    def __add__(self, other: Self) -> Self:
        """The sum, as if both erred in the same direction: wide rather than wrong."""
        return type(self)(
            low=self.low + other.low,
            expected=self.expected + other.expected,
            high=self.high + other.high,
            worst=self.worst + other.worst,
        )

    def __mul__(self, times: int) -> Self:
        """So many of the same."""
        return type(self)(
            low=self.low * times, expected=self.expected * times, high=self.high * times, worst=self.worst * times
        )

    @property
    def is_exact(self) -> bool:
        """Whether nothing about it is in doubt but the very worst."""
        return self.low == self.high


ZERO = Span(low=0, expected=0, high=0, worst=0)


def exactly(tokens: int, *, worst: int | None = None) -> Span:
    """A number that is known."""
    return Span(low=tokens, expected=tokens, high=tokens, worst=tokens if worst is None else worst)


def within(low: float, expected: float, high: float, worst: float | None = None) -> Span:
    """A number that is known within limits; rounded outwards."""
    top = math.ceil(high)
    return Span(
        low=math.floor(low),
        expected=round(expected),
        high=top,
        worst=top if worst is None else max(top, math.ceil(worst)),
    )
