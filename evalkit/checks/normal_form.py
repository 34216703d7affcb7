"""How two texts are made comparable: NFC, and case folding where case is ignored.

Text is compared in Unicode normalisation form C, so that `é` is the same whether it came as one code point or as two,
and no `e` stands in it. Ignoring case means full case folding: `ß` equals `ss`, and the Turkish `İ` is `i` with a dot
above, which is not `i`.
"""

from __future__ import annotations

import unicodedata

_SHORT = 1000
"""Characters up to which marks in any order are sorted within a millisecond."""


def comparable(text: str, *, ignore_case: bool = False) -> str:
    """`text` in the form that every check of text compares."""
    composed = _compose(text)
    return _compose(composed.casefold()) if ignore_case else composed


def _compose(text: str) -> str:
    return text if _is_flooded(text) else unicodedata.normalize("NFC", text)


def _is_flooded(text: str) -> bool:
    """True where more than 30 marks stand on one letter, as in no language (UAX #15, section 13).

    Normalising sorts marks in quadratic time: a megabyte of them would hold everything up for minutes.
    """
    if text.isascii() or len(text) <= _SHORT:
        return False
    import regex

    # A run of 31 leaves a mark in every 31st character; most texts have none there and need no second look.
    return bool(regex.search(r"\p{M}", text[::31]) and regex.search(r"\p{M}{31}", text))
