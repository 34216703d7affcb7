"""A rough count of tokens, good enough to bill plausibly and to cut at a cap."""

from __future__ import annotations

import re
from itertools import islice, pairwise

from evalkit.simulator.question import Question

_TOKEN = re.compile(r"[A-Za-zÀ-ɏͰ-῿]{1,8}|[0-9]{1,3}|\S")
_PER_MESSAGE = 4
_PRIMING = 3
"""4 a message, its role included, and 3 for the answer: as OpenAI's cookbook counts them."""
_PER_DOCUMENT = 1500
"""As for one page: nobody counts them here."""


def count(text: str) -> int:
    """One for up to 8 letters of a word or 3 digits of a number, and for any other visible character."""
    return sum(1 for _ in _TOKEN.finditer(text))


def cut(text: str, limit: int) -> str:
    """The beginning of `text` that takes `limit` tokens; `limit` ≥ 1."""
    last = next(islice(_TOKEN.finditer(text), limit - 1, None), None)
    return text if last is None else text[: last.end()]


def pieces(text: str) -> list[str]:
    """The tokens of `text`, blanks included: joined, they are `text`."""
    ends = [token.end() for token in _TOKEN.finditer(text)]
    borders = [0, *ends[:-1], len(text)]
    return [text[start:end] for start, end in pairwise(borders)] if text else []


def prompt_tokens(question: Question) -> int:
    """The whole conversation with its frame, its pictures and its documents."""
    texts = sum(_PER_MESSAGE + count(turn.text) for turn in question.turns)
    pictures = (picture for turn in question.turns for picture in turn.pictures)
    seen = sum(question.profile.pictures(picture.width, picture.height, picture.detail) for picture in pictures)
    return _PRIMING + texts + seen + sum(_PER_DOCUMENT * len(turn.documents) for turn in question.turns)
