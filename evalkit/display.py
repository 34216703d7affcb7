"""How much room text takes on a terminal, where a Chinese character is two columns wide."""

from __future__ import annotations

from wcwidth import wcswidth, wcwidth


def width(text: str) -> int:
    """Columns that `text` takes; a control character counts as one."""
    columns: int = wcswidth(text)
    return columns if columns >= 0 else sum(max(wcwidth(char), 1 if wcwidth(char) < 0 else 0) for char in text)


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """`text` filled up with blanks to `columns`; on its left where `right`-aligned."""
    blanks = " " * max(0, columns - width(text))
    return blanks + text if right else text + blanks


def clip(text: str, columns: int) -> str:
    """`text` cut to at most `columns`, with an ellipsis where something is missing."""
    if width(text) <= columns:
        return text
    kept, used = [], 1
    for char in text:
        used += max(0, wcwidth(char))
        if used > columns:
            break
        kept.append(char)
    return "".join(kept) + "…"
