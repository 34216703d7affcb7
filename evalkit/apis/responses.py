"""The responses API: `POST responses`, whose answers come in three forms behind one gateway.

`output` is a plain text, or the official list of items, or the whole body is a chat completion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from evalkit.apis.chat import CHAT
from evalkit.apis.outcome import outcome_of
from evalkit.apis.reading import Function, Part, read, refuse_error
from evalkit.apis.responses_stream import ResponsesAssembler
from evalkit.apis.usage import read_usage
from evalkit.errors import ErrorReply, Undecodable
from evalkit.registry import APIS
from evalkit.types import Document, Image, ImageURL, Message, Request, Response, ToolCall


class _Incomplete(msgspec.Struct, frozen=True):
    reason: str | None = None


class _Body(msgspec.Struct, frozen=True):
    output: str | list[dict[str, Any]] | msgspec.UnsetType | None = msgspec.UNSET
    status: str | None = None
    incomplete_details: _Incomplete | None = None
    model: str | None = None
    usage: Any = None


class _MessageItem(msgspec.Struct, frozen=True):
    content: str | list[Part] | None = None


class _CallItem(Function, frozen=True):
    call_id: str | None = None


class ResponsesApi:
    """Bodies of `responses`."""

    path: str = "responses"
    headers: Mapping[str, str] = {}

    def encode(self, request: Request, image_url: ImageURL) -> dict[str, Any]:
        """The body: only what was set is in it; `extra_body` is laid over it last. A message's `name` has no place."""
        body: dict[str, Any] = {
            "model": request.model,
            "input": [_encode_message(message, image_url) for message in request.messages],
        }
        for name, value in request.params.items():
            if name != "extra_body":
                body |= _SPELLINGS[name](value) if name in _SPELLINGS else {name: value}
        if request.stream is not None:
            body["stream"] = request.stream
        body.update(request.params.get("extra_body", {}))
        return body

    def decode(self, body: Any) -> Response:
        """The answer, whichever of the three forms it has; its finish reason in the chat API's words."""
        refuse_error(body)
        if isinstance(body, dict) and "choices" in body and "output" not in body:
            return CHAT.decode(body)
        answer = read(body, _Body)
        text, refusal = _said(answer.output)
        calls = _called(answer.output)
        finish_reason = _finish_reason(answer, calls=bool(calls))
        return Response(
            text=refusal or text,
            model=answer.model,
            finish_reason=finish_reason,
            outcome=outcome_of(finish_reason, text=text, refusal=refusal, calls=bool(calls)),
            usage=read_usage(answer.usage),
            tool_calls=calls,
            raw=body,
        )

    def assembler(self) -> ResponsesAssembler:
        """For one streamed response."""
        return ResponsesAssembler()


RESPONSES = APIS.register("responses")(ResponsesApi())


def _encode_message(message: Message, image_url: ImageURL) -> dict[str, Any]:
    kind = "output_text" if message.role == "assistant" else "input_text"
    text = [{"type": kind, "text": message.content}] if message.content or not message.media else []
    pictures = [_encode_image(image, image_url) for image in message.images]
    files = [_encode_file(file, image_url) for file in message.files]
    return {"role": message.role, "content": [*text, *pictures, *files]}


def _encode_image(image: Image, image_url: ImageURL) -> dict[str, Any]:
    part = {"type": "input_image", "image_url": image_url(image)}
    if image.detail is not None:
        part["detail"] = image.detail
    return part


def _encode_file(file: Document, image_url: ImageURL) -> dict[str, Any]:
    if file.url is not None:
        return {"type": "input_file", "file_url": image_url(file)}
    return {"type": "input_file", "filename": file.name, "file_data": image_url(file)}


def _encode_tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Without a word this API takes a function's schema as strict, the chat API does not: so it is always said."""
    function = tool["function"]
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    return {"type": "function", "strict": False, **function, "parameters": schema}


def _encode_choice(choice: Any) -> Any:
    return choice if isinstance(choice, str) else {"type": "function", "name": choice["function"]["name"]}


def _encode_format(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": wanted["type"], **(wanted.get("json_schema") or {})}


_SPELLINGS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "reasoning_effort": lambda effort: {"reasoning": {"effort": effort}},
    "response_format": lambda wanted: {"text": {"format": _encode_format(wanted)}},
    "tools": lambda tools: {"tools": [_encode_tool(tool) for tool in tools]},
    "tool_choice": lambda choice: {"tool_choice": _encode_choice(choice)},
}
"""The neutral parameters that are spelt otherwise here."""


def _finish_reason(answer: _Body, *, calls: bool) -> str | None:
    """`status` in the chat API's words, so that one check reads both; None where the gateway gives none."""
    if answer.status is None:
        return None
    if answer.status == "completed":
        return "tool_calls" if calls else "stop"
    if answer.status == "incomplete":
        reason = answer.incomplete_details.reason if answer.incomplete_details else None
        return "content_filter" if reason == "content_filter" else "length"
    if answer.status == "failed":
        raise ErrorReply("the response failed, and its `error` does not say why")
    raise Undecodable("protocol", f"the response is not finished: its status is '{answer.status}'")


def _said(output: str | list[dict[str, Any]] | msgspec.UnsetType | None) -> tuple[str, str]:
    """The text and the refusal in `output`; "" for each that is absent."""
    if isinstance(output, msgspec.UnsetType):
        raise Undecodable("protocol", "the answer's body has neither `output` nor `choices`: this is no response")
    if not isinstance(output, list):
        return output or "", ""
    parts = [part for item in output if item.get("type", "message") == "message" for part in _parts(item)]
    return "".join(part.visible_text for part in parts), "".join(part.refusal or "" for part in parts)


def _called(output: Any) -> tuple[ToolCall, ...]:
    items = output if isinstance(output, list) else []
    calls = [read(item, _CallItem) for item in items if item.get("type") == "function_call"]
    return tuple(ToolCall(id=call.call_id, name=call.name or "", arguments=call.written) for call in calls)


def _parts(item: dict[str, Any]) -> list[Part]:
    content = read(item, _MessageItem).content
    return [Part(text=content)] if isinstance(content, str) else content or []
