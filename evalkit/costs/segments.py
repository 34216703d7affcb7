"""Counts tokens by rule of thumb, where no tokenizer is installed: so many for each run of characters of a kind.

The rates were fitted to o200k_base; docs/tokens-and-prices.md says how far they are off.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habits:
    """In what a tokenizer differs from o200k_base."""

    per_ideograph: float = 0.70
    """Tokens for a character of Chinese, Japanese or Korean."""
    digits_together: int = 3
    """Digits that one token may hold."""
    others: float = 1.0
    """A factor on the tokens of all other characters."""


GPT = Habits()
GEMINI = Habits(per_ideograph=0.62, digits_together=1, others=1.12)
DOUBAO = Habits(per_ideograph=0.61, digits_together=1)
QWEN = DOUBAO

_LATIN = "A-Za-zÀ-ɏḀ-ỿ"
_ACCENTED = "À-ÖØ-öø-ɏ"
_IDEOGRAPHS = "\u1100-\u11ff\u2e80-\u2fff\u3040-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc"
_WIDE_MARKS = "\u3001-\u303f\uff00-\uff65\uffe0-\uffef"
"""The punctuation of Chinese and Japanese."""
_CYRILLIC = "\u0400-\u052f"
_OTHER_LETTERS = "\u0250-\u03ff\u0530-\u10ff"
"""From the phonetic alphabet and Greek to Georgian: Hebrew, Arabic, the scripts of India, Thai."""
_PUNCTUATION = "!-/:-@\\[-`{-~\u00a1-\u00bf\u2010-\u205e"

_Cost = Callable[[int], float]
"""Tokens of a run of so many characters."""


def _marks(length: int) -> float:
    if length == 1:
        return 0.95
    return 1 if length <= 3 else length / 3


def _each(rate: float) -> _Cost:
    return lambda length: rate * length


def _lines(length: int) -> float:
    return max(1, length / 16)


def _blanks(length: int) -> float:
    return max(1, length / 80)


_WORD = re.compile(rf"[{_LATIN}]+")
_ACCENT = re.compile(rf"[{_ACCENTED}]")
_FOREIGN = 0.005
"""The share of accented letters from which a text is no English one: vocabularies hold fewer of its words whole."""
_DIGITS = re.compile(r"[0-9]+")
_WIDE = re.compile(rf"[{_IDEOGRAPHS}]+")
_KINDS: tuple[tuple[re.Pattern[str], _Cost], ...] = (
    (re.compile(rf"[{_WIDE_MARKS}]+"), _each(0.95)),
    (re.compile(rf"[{_CYRILLIC}]+"), _each(0.27)),
    (re.compile(rf"[{_OTHER_LETTERS}]+"), _each(0.45)),
    (re.compile(rf"[{_PUNCTUATION}]+"), _marks),
    (re.compile(rf"(?<![{_PUNCTUATION}])[{_PUNCTUATION}](?=[{_LATIN}])"), _each(-0.33)),  # .car is often one token
    (re.compile(r"[\r\n]+"), _lines),
    (re.compile(r"(?<![\r\n \t])[ \t]{2,}"), _blanks),  # those that indent a line belong to its break
    (re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]+"), _each(0.9)),
    (re.compile(r"[\U00010000-\U0010ffff]+"), _each(1.9)),
    (
        re.compile(
            r"[\u1200-\u1dff\u1f00-\u200f\u205f-\u2e7f\u3000\ua000-\ua95f\ua980-\uabff\ud7fc-\uf8ff\ufb00-\ufeff]+"
        ),
        _each(0.9),
    ),
)


def count(text: str, habits: Habits = GPT) -> int:
    """Tokens of a text, probably within ±25 %; 0 for no text, in time proportional to its length."""
    tokens = sum(_cost(pattern, cost, text) for pattern, cost in _KINDS) * habits.others
    tokens += _words(text) * habits.others
    tokens += _cost(_WIDE, _each(habits.per_ideograph), text)
    tokens += _cost(_DIGITS, lambda length: -(-length // habits.digits_together), text)
    return max(round(tokens), 1 if text else 0)


def _words(text: str) -> float:
    """1 for a word, more for one of over 8 letters, or over 4 in other languages than English, and for each accent."""
    lengths = Tally(map(len, _WORD.findall(text)))
    letters = sum(length * times for length, times in lengths.items())
    accents = len(_ACCENT.findall(text))
    whole = 8 if accents < _FOREIGN * letters else 4
    return 0.45 * accents + sum(times * (1 + max(0, length - whole) / 6) for length, times in lengths.items())


def _cost(pattern: re.Pattern[str], cost: _Cost, text: str) -> float:
    lengths = Tally(map(len, pattern.findall(text)))
    return sum(times * cost(length) for length, times in lengths.items())
