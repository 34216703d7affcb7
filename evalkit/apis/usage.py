"""Reads the tokens of an answer as billed, under any API's names."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

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


def read_messages_usage(usage: Any) -> Usage:
    """The usage of the messages API, whose `input_tokens` leave out what was read from a cache or written to one.

    Here the input is all that was read, as in the other APIs: input + cache reads + cache writes.
    """
    read = read_usage(usage)
    cached, written = _count(usage, "cache_read_input_tokens"), _count(usage, "cache_creation_input_tokens")
    if cached is not None:
        read = replace(read, cached_input_tokens=cached)
    if read.input_tokens is None or not (cached or written):
        return read
    whole = read.input_tokens + (cached or 0) + (written or 0)
    rule = "input = input + cache reads + cache writes"
    return replace(read, input_tokens=whole, total_tokens=None, rule=rule, raw=usage)


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
