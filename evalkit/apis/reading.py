"""Reads decoded JSON into declared shapes, so that a wrong type anywhere is one kind of error."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

from evalkit.errors import ErrorReply, Undecodable
from evalkit.types import ToolCall

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


class Function(msgspec.Struct, frozen=True):
    """What a tool call names and hands over."""

    name: str | None = None
    arguments: Any = None

    @property
    def written(self) -> str:
        """The arguments as text: a few gateways have parsed them already."""
        if self.arguments is None:
            return ""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments, ensure_ascii=False)


class Call(msgspec.Struct, frozen=True):
    """A tool call of a chat message, or a piece of one in a stream."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None

    @property
    def asked(self) -> Function:
        """What is to be called; nothing where it is no function."""
        return self.function or Function()


class Words(msgspec.Struct, frozen=True):
    """What a chat message says, or what a piece of a stream adds to it."""

    content: str | list[Part] | None = None
    refusal: str | None = None
    tool_calls: list[Call] | None = None

    def said(self) -> tuple[str, str]:
        """Its text and its refusal; "" for each that is absent."""
        if not isinstance(self.content, list):
            return self.content or "", self.refusal or ""
        text = "".join(part.visible_text for part in self.content)
        refusal = "".join(part.refusal or "" for part in self.content)
        return text, self.refusal or refusal

    def called(self) -> tuple[ToolCall, ...]:
        """Its tool calls."""
        return tuple(
            ToolCall(id=call.id, name=call.asked.name or "", arguments=call.asked.written)
            for call in self.tool_calls or ()
        )


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


def refuse_error_event(event: str, data: Any) -> None:
    """Raises `ErrorReply` where an event of a stream reports an error, in any of the ways in which they do."""
    flat = data if isinstance(data, dict) else {"message": data}
    if event == "error" or "error" in (flat.get("type"), flat.get("object")):
        refuse_error({"error": flat.get("error") or flat})
        raise ErrorReply("it does not say why")
    refuse_error(data)


def _as_text(value: Any) -> str | None:
    """Codes come as numbers and as texts; both mean the same."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
