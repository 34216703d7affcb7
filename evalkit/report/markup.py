"""Text from suites and answers in Markdown, where nothing in it is markup."""

from __future__ import annotations

import re

from evalkit.display import clip
from evalkit.report import cells

__all__ = ["code", "plain"]

_LONGEST_CELL = 300
_MARKUP = re.compile(r"[\\`*_\[\]<>&|~#@!$]|:(?=\S)|(?<=www)\.|^[-+]")
_ENUMERATION = re.compile(r"^(\d+)([.)]\s)")


def code(text: str) -> str:
    """`text` on one line as a code span for a table, cut where it is long; "–" where it is empty."""
    shown = clip(cells.one_line(text), _LONGEST_CELL)
    if not shown:
        return cells.UNKNOWN
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    # A table takes \\| for a backslash and the end of the cell, hence the blank.
    shown = shown.replace("\\|", "\\ |").replace("|", "\\|")
    return f"{fence} {shown} {fence}" if len(fence) > 1 else f"{fence}{shown}{fence}"


def plain(text: str) -> str:
    """`text` on one line with all that could be markup, a link or a mention escaped."""
    escaped = _MARKUP.sub(lambda found: f"\\{found[0]}", clip(cells.one_line(text), 4 * _LONGEST_CELL))
    return _ENUMERATION.sub(r"\1\\\2", escaped).replace("\\@", "\\@\u200b")
