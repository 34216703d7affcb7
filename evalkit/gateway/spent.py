"""Reads from the headers of an answer whether the gateway's allowance is spent, and when it is filled again."""

from __future__ import annotations

import re
from collections.abc import Mapping

UNSAID_S = 1.0
"""Where the allowance is spent and no time is given."""
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")


def spent_for_s(headers: Mapping[str, str]) -> float | None:
    """Seconds until `x-ratelimit-remaining-requests` or `-tokens` is above 0 again; None where neither is 0."""
    waits = [_reset_s(headers, kind) for kind in ("requests", "tokens") if _is_spent(headers, kind)]
    return max(waits, default=None)


def _is_spent(headers: Mapping[str, str], kind: str) -> bool:
    remaining = headers.get(f"x-ratelimit-remaining-{kind}", "").strip()
    return bool(remaining) and remaining.strip("0") == ""


def _reset_s(headers: Mapping[str, str], kind: str) -> float:
    """`6m0s`, `1.5s`, `20ms`, or bare seconds."""
    text = headers.get(f"x-ratelimit-reset-{kind}", "").strip()
    match = _DURATION.fullmatch(f"{text}s" if re.fullmatch(r"\d+(\.\d+)?", text) else text)
    if not text or match is None:
        return UNSAID_S
    hours, minutes, seconds, milliseconds = (float(part) if part else 0.0 for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
