"""Code fences in an answer: ``` or ~~~ around lines, as CommonMark (0.31, section 4.5) reads them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})(?P<info>[^\n]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """One fenced block."""

    language: str
    """The first word after the opening mark, in lower case; "" where there is none."""
    code: str
    """The lines within, less the blanks that indent the opening mark."""


def fences(text: str) -> list[Fence]:
    """The fenced blocks of a text, in order. One that is not closed goes on to the end.

    An opening mark may be indented by any number of blanks, since blocks stand in lists.
    """
    if "```" not in text and "~~~" not in text:
        return []
    found: list[Fence] = []
    opened, lines = None, list[str]()
    for line in text.replace("\r\n", "\n").split("\n"):
        mark = _FENCE.fullmatch(line) if "```" in line or "~~~" in line else None
        if opened is None:
            opened = mark if mark and "`" not in mark["info"] else None
        elif mark and not mark["info"].strip() and mark["mark"].startswith(opened["mark"]):
            found.append(_block(opened, lines))
            opened, lines = None, []
        else:
            lines.append(line)
    return found if opened is None else [*found, _block(opened, lines)]


def _block(opened: re.Match[str], lines: list[str]) -> Fence:
    indent = len(opened["indent"])
    if indent:
        lines = [line[:indent].lstrip(" \t") + line[indent:] for line in lines]
    first_word = (opened["info"].split(maxsplit=1) or [""])[0]
    return Fence(language=first_word.lower().strip("{}."), code="\n".join(lines))


def complaint(judge: Callable[[str], str | None], text: str, *, in_fences: bool) -> str | None:
    """What `judge` finds wrong with the text; None where it finds nothing wrong, there or in a fenced block of it."""
    wrong = judge(text)
    if wrong is None or not in_fences:
        return wrong
    for fence in fences(text):
        in_fence = judge(fence.code)
        if in_fence is None:
            return None
        wrong = f"in the code fence: {in_fence}"
    return wrong
