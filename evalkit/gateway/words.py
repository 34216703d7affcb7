"""What an error body says, in whichever of the gateways' many shapes it says it."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

LONGEST = 2048
"""Bytes of a body that a message may repeat."""


class Words(NamedTuple):
    """An error in its own words; None for what it does not say."""

    message: str
    code: str | None = None
    type: str | None = None
    is_page: bool = False
    """A web page, which some proxy wrote: whatever it speaks of, it is not the request."""

    @property
    def names(self) -> str:
        """Its code and its type together: gateways do not agree on which of the two says what is wrong."""
        return f"{self.code or ''} {self.type or ''}"

    @property
    def status(self) -> int | None:
        """The HTTP status that the body itself gives as type or code ("401", 503)."""
        named = (name for name in (self.type, self.code) if name and re.fullmatch(r"[45]\d\d", name))
        return int(next(named, 0)) or None


def words_of(body: Any) -> Words:
    """The words of an error body: parsed JSON, or text where it was none."""
    if isinstance(body, str):
        return Words(_title(body), is_page=True) if is_html(body) else Words(one_line(body))
    if not isinstance(body, dict):
        return Words(_as_line(body))
    error = body.get("error") or body
    if not isinstance(error, dict):
        return Words(_as_line(error))
    message = error.get("message") or error.get("msg") or error.get("detail") or error
    return Words(_as_line(message), _as_name(error.get("code")), _as_name(error.get("type")))


def is_html(text: str) -> bool:
    """Whether a body is a web page, as proxies and login walls send it."""
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def one_line(text: str) -> str:
    """`text` on one line, without control characters (a terminal would obey them), cut to `LONGEST` bytes."""
    head = "".join(char if char.isprintable() else " " for char in text[:LONGEST])
    return " ".join(head.split()).encode()[:LONGEST].decode(errors="ignore")


def _title(page: str) -> str:
    title = re.search(r"<title[^>]*>(.*?)</title>", page[:LONGEST], re.IGNORECASE | re.DOTALL)
    return f"a web page titled '{one_line(title[1])}'" if title else f"a web page: {one_line(page[:80])}"


def _as_line(value: Any) -> str:
    return one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _as_name(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
