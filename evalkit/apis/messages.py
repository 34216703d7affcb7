"""The messages API of Anthropic: `POST messages`, with words of its own for roles, caps, tools and endings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from evalkit.apis.messages_stream import MessagesAssembler
from evalkit.apis.outcome import outcome_of
from evalkit.apis.reading import Function, read, refuse_error
from evalkit.apis.usage import read_messages_usage
from evalkit.errors import Undecodable
from evalkit.registry import APIS
from evalkit.types import ImageURL, Media, Message, Request, Response, ToolCall

DEFAULT_CAP = 4096
"""Output tokens: this API demands a cap, and this one is sent where nobody set another."""

_FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
}
"""This API's words in those of the chat API; `refusal`, `pause_turn` and what is still unknown stay as they are."""


class _Block(msgspec.Struct, frozen=True):
    type: str | None = None
    text: str | None = None
    id: str | None = None
    name: str | None = None
    input: Any = None


class _Body(msgspec.Struct, frozen=True):
    content: str | list[_Block] | msgspec.UnsetType | None = msgspec.UNSET
    stop_reason: str | None = None
    model: str | None = None
    usage: Any = None


class MessagesApi:
    """Bodies of `messages`."""

    path: str = "messages"
    headers: Mapping[str, str] = {"anthropic-version": "2023-06-01"}

    def encode(self, request: Request, image_url: ImageURL) -> dict[str, Any]:
        """The body; `extra_body` is laid over it last.

        What system and developer messages say becomes the one `system` text, wherever they stand. A message's `name`
        has no place.
        """
        system = "\n\n".join(message.content for message in request.messages if _is_system(message))
        turns = [_encode_turn(message, image_url) for message in request.messages if not _is_system(message)]
        body: dict[str, Any] = {"model": request.model, "max_tokens": DEFAULT_CAP, "messages": turns}
        if system:
            body["system"] = system
        for name, value in request.params.items():
            if name != "extra_body":
                body |= _SPELLINGS[name](value) if name in _SPELLINGS else {name: value}
        if request.stream is not None:
            body["stream"] = request.stream
        body.update(request.params.get("extra_body", {}))
        return body

    def decode(self, body: Any) -> Response:
        """The answer in a message; its finish reason in the chat API's words."""
        refuse_error(body)
        answer = read(body, _Body)
        if isinstance(answer.content, msgspec.UnsetType):
            raise Undecodable("protocol", "the answer's body has no `content`: this is no message")
        text, calls = _said(answer.content), _called(answer.content)
        finish_reason = _FINISH_REASONS.get(answer.stop_reason or "", answer.stop_reason)
        return Response(
            text=text,
            model=answer.model,
            finish_reason=finish_reason,
            outcome=outcome_of(finish_reason, text=text, refusal="", calls=bool(calls)),
            usage=read_messages_usage(answer.usage),
            tool_calls=calls,
            raw=body,
        )

    def assembler(self) -> MessagesAssembler:
        """For one streamed message."""
        return MessagesAssembler()


MESSAGES = APIS.register("messages")(MessagesApi())


def _is_system(message: Message) -> bool:
    return message.role in ("system", "developer")


def _encode_turn(message: Message, image_url: ImageURL) -> dict[str, Any]:
    if not message.media:
        return {"role": message.role, "content": message.content}
    text = [{"type": "text", "text": message.content}] if message.content else []
    pictures = [{"type": "image", "source": _source(image, image_url)} for image in message.images]
    files = [{"type": "document", "source": _source(file, image_url)} for file in message.files]
    return {"role": message.role, "content": [*text, *pictures, *files]}


def _source(medium: Media, image_url: ImageURL) -> dict[str, Any]:
    if medium.url is not None:
        return {"type": "url", "url": medium.url}
    data = image_url(medium).rpartition("base64,")[2]  # of a data URL; what stands for it in a record is left whole
    return {"type": "base64", "media_type": medium.media_type, "data": data}


def _encode_tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = dict(tool["function"])
    schema = function.pop("parameters", None) or {"type": "object", "properties": {}}
    return {**function, "input_schema": schema}


def _encode_choice(choice: Any) -> dict[str, Any]:
    if isinstance(choice, str):
        return {"type": "any" if choice == "required" else choice}
    return {"type": "tool", "name": choice["function"]["name"]}


_SPELLINGS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "max_output_tokens": lambda cap: {"max_tokens": cap},
    "stop": lambda stop: {"stop_sequences": [stop] if isinstance(stop, str) else stop},
    "tools": lambda tools: {"tools": [_encode_tool(tool) for tool in tools]},
    "tool_choice": lambda choice: {"tool_choice": _encode_choice(choice)},
}
"""The neutral parameters that are called otherwise here."""


def _said(content: str | list[_Block] | None) -> str:
    """The text in `content`, without what was thought."""
    if not isinstance(content, list):
        return content or ""
    return "".join(block.text or "" for block in content if block.type == "text")


def _called(content: str | list[_Block] | None) -> tuple[ToolCall, ...]:
    blocks = content if isinstance(content, list) else []
    return tuple(
        ToolCall(id=block.id, name=block.name or "", arguments=Function(arguments=block.input).written)
        for block in blocks
        if block.type == "tool_use"
    )
