"""Regular expressions that stop: no pattern, however it backtracks, runs longer than a second in one check."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING

from evalkit.checks.contract import written
from evalkit.errors import CheckFailedToRun

if TYPE_CHECKING:
    import regex

TIME_LIMIT_S = 1.0
"""For all matching that one check does on one answer."""

_deadline: ContextVar[float] = ContextVar("_deadline")


@lru_cache(maxsize=1024)
def compiled(pattern: str, *, ignore_case: bool = False) -> regex.Pattern[str]:
    """`pattern` ready to use. Raises ValueError where it is no regular expression."""
    import regex

    try:
        return regex.compile(pattern, regex.IGNORECASE if ignore_case else 0)
    except regex.error as error:
        raise ValueError(f"{written(pattern)} is no regular expression: {error}") from error


@contextmanager
def time_limit(seconds: float = TIME_LIMIT_S) -> Iterator[None]:
    """Every `search` inside ends within `seconds`, all together."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def search(pattern: regex.Pattern[str], text: str, *, full_match: bool = False) -> regex.Match[str] | None:
    """The first match in `text`, inside a `time_limit`. Raises CheckFailedToRun where the time is over."""
    match = pattern.fullmatch if full_match else pattern.search
    left_s = max(0.0, _deadline.get() - time.monotonic())
    try:
        return match(text, timeout=left_s)
    except TimeoutError as error:
        raise CheckFailedToRun(
            f"ran out of time in the pattern {written(pattern.pattern)}; "
            "a pattern that backtracks less, without nested repetition such as (a+)+, will do"
        ) from error
