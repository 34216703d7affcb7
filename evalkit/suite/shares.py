"""Shares of a case's repeats: `2/3`, `0.5`, `all`, `any`."""

from __future__ import annotations

import re
from typing import Any

_FRACTION = re.compile(r"\s*(?P<part>[0-9]{1,9}(\.[0-9]{1,9})?)\s*(/\s*(?P<whole>[0-9]{1,9})\s*)?")
_WORDS = {"all": 1.0, "any": 0.0}
FORMS = "write 2/3, 0.5, `all` or `any`"


def parse_share(value: Any) -> float:
    """The share that must be reached: more than 0 and at most 1, or 0 for `any`, which one of however many reaches.

    Raises ValueError with what is wrong and what would be right.
    """
    if isinstance(value, str):
        if value.strip() in _WORDS:
            return _WORDS[value.strip()]
        share = _fraction(value)
    else:
        share = value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if share is None:
        raise ValueError(f"a share of the repeats is a fraction; {FORMS}")
    if not 0 < share <= 1:
        raise ValueError(f"a share of the repeats is more than 0 and at most 1, found '{value}'; {FORMS}")
    return float(share)


def _fraction(text: str) -> float | None:
    found = _FRACTION.fullmatch(text)
    if found is None:
        return None
    whole = int(found["whole"] or 1)
    return float(found["part"]) / whole if whole else None
