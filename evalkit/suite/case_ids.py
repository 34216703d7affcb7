"""Ids of cases that name none: made of what they ask, so that a row inserted above another changes no id."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

import msgspec

from evalkit.suite.schema import CaseFile
from evalkit.suite.templates import write

__all__ = ["CaseIds", "content_id"]

_LONGEST = 32
"""Characters of the words in an id."""
_DIGEST_BYTES = 4
_WORD = re.compile(r"[^\W_]+")
_canonical = msgspec.json.Encoder(order="sorted", enc_hook=str)


def content_id(given: CaseFile) -> str:
    """The words that tell a case best, and a hash of all it asks: `what-is-the-capital-of-france-3f9a1c04`.

    What is expected and how it is checked have no part in it: to mend a check makes no other case.
    """
    turns = given.turns or []
    asked = (
        given.vars,
        [image.url for image in given.images],
        given.files,
        [(turn.user, [image.url for image in turn.images], turn.files) for turn in turns],
    )
    digest = hashlib.blake2b(_canonical.encode(_spelt(asked)), digest_size=_DIGEST_BYTES).hexdigest()
    files = [PurePosixPath(name).stem for name in (*asked[1], *given.files)]
    words = (_words(text) for text in (*_texts(given.vars.values()), *(turn.user for turn in turns), *files))
    return f"{next(filter(None, words), 'case')}-{digest}"


class CaseIds:
    """Numbers equal ids: the second is `…-2`. Of the ids of a whole pass only those that repeat are remembered."""

    def __init__(self) -> None:
        self._repeated: frozenset[bytes] | None = None

    def new_pass(self) -> Pass:
        """For one way through all cases."""
        return Pass(self._repeated)

    def ended(self, whole: Pass) -> None:
        """Hears of a pass that went through all cases."""
        self._repeated = whole.repeated


class Pass:
    """One way through the cases of a suite, in their order."""

    def __init__(self, repeated: frozenset[bytes] | None) -> None:
        self._known = repeated
        self._counts: dict[bytes, int] = {}

    @property
    def repeated(self) -> frozenset[bytes]:
        """Marks of the ids that came more than once."""
        if self._known is not None:
            return self._known
        return frozenset(mark for mark, count in self._counts.items() if count > 1)

    def number(self, case_id: str) -> str:
        """The id, with a number where it came before."""
        mark = hashlib.blake2b(case_id.encode(), digest_size=8).digest()
        if self._known is not None and mark not in self._known:
            return case_id
        count = self._counts[mark] = self._counts.get(mark, 0) + 1
        return case_id if count == 1 else f"{case_id}-{count}"


def _texts(values: Iterable[Any]) -> list[str]:
    return [write(value) for value in values if isinstance(value, str | int | float)]


def _words(text: str) -> str:
    """The first words of a text, of any script, in lower case, with `-` between them."""
    kept = ""
    for word in _WORD.findall(unicodedata.normalize("NFC", text[: 8 * _LONGEST]).casefold()):
        joined = f"{kept}-{word}" if kept else word[:_LONGEST]
        if len(joined) > _LONGEST:
            break
        kept = joined
    return kept


def _spelt(value: Any) -> Any:
    """Numbers as they were spelt: `1.10` and `1.1` are two questions."""
    if isinstance(value, dict):
        return {str(name): _spelt(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_spelt(item) for item in value]
    return value if isinstance(value, str) else write(value)
