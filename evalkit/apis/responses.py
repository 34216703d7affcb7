"""The responses API: `POST responses`, whose answers come in three forms behind one gateway.

`output` is a plain text, or the official list of items, or the whole body is a chat completion.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from evalkit.apis.chat import CHAT
from evalkit.apis.outcome import outcome_of
from evalkit.apis.reading import Function, Part, read, refuse_error
from evalkit.apis.responses_stream import ResponsesAssembler
from evalkit.apis.usage import read_usage
from evalkit.errors import ErrorReply, Undecodable
from evalkit.registry import APIS
from evalkit.types import Image, ImageURL, Message, Request, Response, ToolCall


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
            if name == "reasoning_effort":
                body["reasoning"] = {"effort": value}
            elif name != "extra_body":
                body[name] = value
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
        finish_reason = _finish_reason(answer)
        text, refusal = _said(answer.output)
        calls = _called(answer.output)
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
    text = [{"type": kind, "text": message.content}] if message.content or not message.images else []
    return {"role": message.role, "content": text + [_encode_image(image, image_url) for image in message.images]}


def _encode_image(image: Image, image_url: ImageURL) -> dict[str, Any]:
    part = {"type": "input_image", "image_url": image_url(image)}
    if image.detail is not None:
        part["detail"] = image.detail
    return part


def _finish_reason(answer: _Body) -> str | None:
    """`status` in the chat API's words, so that one check reads both; None where the gateway gives none."""
    if answer.status is None:
        return None
    if answer.status == "completed":
        return "stop"
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
