"""Reads a request to `/v1/messages`, and turns down what the real API would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.simulator import conversation, parameters, tools
from evalkit.simulator.documents import encoded, named
from evalkit.simulator.errors import invalid, unknown_value, wrong_type
from evalkit.simulator.parameters import Body
from evalkit.simulator.pictures import picture
from evalkit.simulator.question import Document, Picture, Question, Turn

_KNOWN = frozenset({
    "model", "messages", "max_tokens", "metadata", "service_tier", "stop_sequences", "stream", "system",
    "temperature", "thinking", "tool_choice", "tools", "top_k", "top_p",
})  # fmt: skip
_PICTURE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")


def read(body: Body) -> Question:
    """The question in a body. Raises `ApiError`."""
    for name in body:
        if name not in _KNOWN:
            raise invalid(f"{name}: Extra inputs are not permitted", param=name)
    body = {name: value for name, value in body.items() if value is not None}
    for name in ("model", "max_tokens", "messages"):
        if name not in body:
            raise invalid(f"{name}: Field required", param=name)
    profile = parameters.profile_of(body)
    parameters.decimal(body, "temperature", 0, 1)
    parameters.decimal(body, "top_p", 0, 1)
    parameters.integer(body, "top_k", 0)
    parameters.shaped(body, metadata=dict, service_tier=str, stop_sequences=list, thinking=dict)
    offered, demanded = tools.messages(body)
    return Question(
        profile=profile,
        turns=(*_system(body), *conversation.turns(body["messages"], "messages", _turn)),
        cap=parameters.integer(body, "max_tokens", 1),
        stop=_stops(body),
        tools=offered,
        demanded=demanded,
        stream=parameters.streamed(body),
    )


def demand_version(header: str | None) -> None:
    """The version of the API that a request must name."""
    if header is None:
        raise invalid("anthropic-version: header is required", param="anthropic-version")
    if header != "2023-06-01":
        raise invalid(f'anthropic-version: "{header}" is not a valid version', param="anthropic-version")


def _stops(body: Body) -> tuple[str, ...]:
    stops = body.get("stop_sequences", [])
    if not all(isinstance(stop, str) and stop.strip() for stop in stops):
        raise invalid("stop_sequences: each stop sequence must contain non-whitespace", param="stop_sequences")
    return tuple(stops)


def _system(body: Body) -> tuple[Turn, ...]:
    if "system" not in body:
        return ()
    return (conversation.turn("system", body["system"], "system", _text_only),)


def _text_only(part: Mapping[str, Any], _: str, place: str) -> str:
    conversation.choice(part, "type", place, ("text",))
    return _text(part, place)


def _turn(message: Mapping[str, Any], place: str) -> Turn:
    conversation.only(message, place, "role", "content")
    role = message.get("role")
    if role == "system":
        raise invalid(
            'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not '
            '"system" as an input message role.',
            param=place,
        )
    if role not in ("user", "assistant"):
        raise unknown_value(f"{place}.role", role, ("user", "assistant"))
    if not message.get("content"):
        raise invalid(f"{place}: messages must have non-empty content", param=place)
    return conversation.turn(role, message["content"], f"{place}.content", _part)


def _part(part: Mapping[str, Any], role: str, place: str) -> str | Picture | Document:
    kinds = ("text", "image", "document") if role == "user" else ("text",)
    kind = conversation.choice(part, "type", place, kinds)
    if kind == "text":
        return _text(part, place)
    conversation.only(part, place, "type", "source", "cache_control", "title", "context", "citations")
    source, param = part.get("source"), f"{place}.source"
    if not isinstance(source, dict):
        raise wrong_type(param, "an object", source)
    return _picture(source, param) if kind == "image" else _document(source, param)


def _text(part: Mapping[str, Any], place: str) -> str:
    conversation.only(part, place, "type", "text", "cache_control", "citations")
    said = conversation.text(part, "text", place)
    if not said:
        raise invalid("messages: text content blocks must be non-empty", param=place)
    return said


def _picture(source: Mapping[str, Any], place: str) -> Picture:
    if conversation.choice(source, "type", place, ("base64", "url")) == "url":
        return picture(source, "url", place)
    kind = conversation.choice(source, "media_type", place, _PICTURE_TYPES)
    url = f"data:{kind};base64,{conversation.text(source, 'data', place)}"
    return picture({"data": url}, "data", place)


def _document(source: Mapping[str, Any], place: str) -> Document:
    if conversation.choice(source, "type", place, ("base64", "url")) == "url":
        return named(source.get("url"), f"{place}.url")
    conversation.choice(source, "media_type", place, ("application/pdf",))
    return encoded(source.get("data"), f"{place}.data")
