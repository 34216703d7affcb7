"""The tokenizers of the `tokens` extra, loaded when first used."""

from __future__ import annotations

import functools
import importlib.util
import re
from collections.abc import Callable
from typing import Literal

Vocabulary = Literal["o200k_base", "cl100k_base", "gemma3", "qwen3", "deepseek_v3"]

_PIECE = 8_192
_BORDER = re.compile(r"(?<=[^\s]) (?=[^\s])")
"""A single blank between two words: no token of Gemma's reaches over it to the left."""


def is_installed() -> bool:
    """Whether the extra is there."""
    return importlib.util.find_spec("splintr") is not None


@functools.cache
def encoder(vocabulary: Vocabulary) -> Callable[[str], int]:
    """Counts the tokens of a text, whatever is in it: special tokens that are spelt out in it are ordinary text.

    Raises ImportError where the extra is missing.
    """
    from splintr import Tokenizer

    encode = Tokenizer.from_pretrained(vocabulary).encode_ordinary
    if vocabulary == "gemma3":
        return lambda text: sum(len(encode(piece)) for piece in _pieces(_encodable(text)))
    return lambda text: len(encode(_encodable(text)))


def _encodable(text: str) -> str:
    """Without lone surrogates, which are no text in UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _pieces(text: str) -> list[str]:
    """A long text cut where no token is cut: Gemma's tokenizer takes more than twice as long for twice the text.

    Where there is no such place, as in a million blanks, it is cut all the same: a token too many in 10,000 letters.
    """
    pieces, start = [], 0
    while len(text) - start > 2 * _PIECE:
        border = _BORDER.search(text, start + _PIECE, start + 2 * _PIECE)
        end = border.start() if border is not None else start + 2 * _PIECE
        pieces.append(text[start:end])
        start = end
    return [*pieces, text[start:]]
