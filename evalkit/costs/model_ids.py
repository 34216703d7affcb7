"""Model ids as the tables of this room spell them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def plain_id(model_id: str) -> str:
    """An id in lower case, without the name of its maker before it: `OpenAI/GPT-4o` is gpt-4o."""
    return model_id.lower().rpartition("/")[2]


def first_match(table: Iterable[tuple[str, T]], model_id: str) -> T | None:
    """The entry of the first pattern that fits the whole of a plain id; None where none does."""
    plain = plain_id(model_id)
    return next((entry for pattern, entry in table if re.fullmatch(pattern, plain, re.DOTALL)), None)
