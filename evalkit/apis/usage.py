"""Reads the tokens of an answer as billed, under either API's names."""

from __future__ import annotations

from typing import Any

from evalkit.types import Usage

_LARGEST = 2**53
"""Beyond it, a JSON number is no longer a count that every reader agrees on."""


def read_usage(usage: Any) -> Usage:
    """The usage; what is absent, or no count, is None and never 0."""
    return Usage(
        input_tokens=_count(usage, "prompt_tokens", "input_tokens"),
        output_tokens=_count(usage, "completion_tokens", "output_tokens"),
        reasoning_tokens=_count(_details(usage, "completion_tokens", "output_tokens"), "reasoning_tokens"),
        cached_input_tokens=_count(_details(usage, "prompt_tokens", "input_tokens"), "cached_tokens"),
        total_tokens=_count(usage, "total_tokens"),
    )


def _details(usage: Any, *names: str) -> dict[str, Any]:
    if not isinstance(usage, dict):
        return {}
    found = (usage.get(f"{name}_details") for name in names)
    return next((details for details in found if isinstance(details, dict)), {})


def _count(tokens: Any, *names: str) -> int | None:
    """The first of `names` that holds a count, one above 0 if there is any.

    Some gateways fill in both name pairs, the one they do not mean with zeros.
    """
    if not isinstance(tokens, dict):
        return None
    counts = [count for name in names if (count := _as_count(tokens.get(name))) is not None]
    return next(filter(None, counts), 0) if counts else None


def _as_count(value: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():  # JSON does not tell 12 from 12.0
        value = int(value)
    return value if type(value) is int and 0 <= value < _LARGEST else None
