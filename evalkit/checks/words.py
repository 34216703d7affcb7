"""Where a text falls into words, in languages with and without blanks between them."""

from __future__ import annotations

import re

CJK = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
"""Han characters and kana, for a regular expression's brackets: what is written without blanks between words."""
_WORD = re.compile(rf"[{CJK}]|[^\W_{CJK}][^\s—…{CJK}]*")
_ONE = re.compile(f"[{CJK}]")


def words(text: str) -> list[str]:
    """The words of a text as word processors count them, without what stands before their first letter or digit.

    A word is a run without white space, `—` or `…` that holds a letter or a digit (`well-known`, `don't`, `1,234.5`);
    a Chinese character or a Japanese one is a word by itself. Languages that set no blanks in other scripts (Thai,
    Lao, Khmer) are not divided.
    """
    return _WORD.findall(text)


def characters_apart(text: str) -> str:
    """`text` with blanks around every Chinese or Japanese character, for scores that look at words."""
    return text if text.isascii() else _ONE.sub(r" \g<0> ", text)
