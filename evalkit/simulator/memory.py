"""What the user said of themselves in a conversation: `My name is Ada.` is remembered when the name is asked for."""

from __future__ import annotations

import re

from evalkit.simulator.question import Question

_SAID = (
    re.compile(r"\bmy (?P<what>[\w -]{1,40}?) is (?P<value>[^.,;:!?\n]{1,80})", re.IGNORECASE),
    re.compile(r"我的(?P<what>\w{1,8}?)(?:是|叫)(?!什么)(?P<value>[^，。；：！？,.!?\s]{1,40})"),
)
_ASKED = (
    re.compile(r"\bwhat(?:'s|’s| is| was) my (?P<what>[\w -]{1,40}?)\s*(?:[.,;:!?]|$)", re.IGNORECASE),
    re.compile(r"我的(?P<what>\w{1,8}?)(?:是什么|叫什么)"),
)


def remembered(question: Question) -> str | None:
    """What the last message of the user asks to be told again, or has just told; None where it does neither."""
    said = [turn.text for turn in question.turns if turn.role == "user"]
    if not said:
        return None
    for pattern, telling in zip(_ASKED, _SAID, strict=True):
        asked = pattern.search(said[-1])
        if asked is not None:
            return _told(said, asked["what"], telling)
    for telling in _SAID:
        told = telling.search(said[-1])
        if told is not None:
            return told["value"].strip()
    return None


def _told(said: list[str], what: str, telling: re.Pattern[str]) -> str | None:
    """The latest word on `what`."""
    for text in reversed(said):
        for told in telling.finditer(text):
            if told["what"].strip().casefold() == what.strip().casefold():
                return told["value"].strip()
    return None
