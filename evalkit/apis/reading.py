"""Reads decoded JSON into declared shapes, so that a wrong type anywhere is one kind of error."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

from evalkit.errors import ErrorReply, Undecodable

Shape = TypeVar("Shape")


class Part(msgspec.Struct, frozen=True):
    """One piece of a message's content, in either API's spelling."""

    type: str | None = None
    text: str | None = None
    refusal: str | None = None

    @property
    def visible_text(self) -> str:
        """Its share of the answer: none where it holds reasoning, a refusal or a tool's doings."""
        return (self.text or "") if self.type in (None, "text", "output_text") else ""


def read(value: Any, shape: type[Shape]) -> Shape:
    """`value` as a `shape`; keys that the shape does not name are ignored. Raises `Undecodable`."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise Undecodable("protocol", f"the answer's body has an unexpected shape: {error}") from error


def refuse_error(body: Any) -> None:
    """Raises `ErrorReply` where `body` holds an error in place of an answer, whatever else it holds."""
    error = body.get("error") if isinstance(body, dict) else None
    words = error if isinstance(error, dict) else {"message": error}
    if not any(words.values()):  # some gateways put an error with nothing in it beside each good answer
        return
    message = _as_text(words.get("message"))
    raise ErrorReply(
        json.dumps(error) if message is None else message,
        code=_as_text(words.get("code")),
        error_type=_as_text(words.get("type")),
    )


def _as_text(value: Any) -> str | None:
    """Codes come as numbers and as texts; both mean the same."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
