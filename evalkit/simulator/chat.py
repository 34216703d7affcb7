"""Reads a request to `/v1/chat/completions`, and turns down what the real API would."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from evalkit.simulator import conversation, parameters, tools
from evalkit.simulator.documents import is_named_pdf, named
from evalkit.simulator.errors import invalid, missing, wrong_type
from evalkit.simulator.parameters import Body
from evalkit.simulator.pictures import picture
from evalkit.simulator.profiles import Profile
from evalkit.simulator.question import Document, Picture, Question, Turn

_KNOWN = frozenset({
    "model", "messages", "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens",
    "metadata", "n", "parallel_tool_calls", "presence_penalty", "prompt_cache_key", "reasoning_effort",
    "response_format", "safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options",
    "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user",
})  # fmt: skip


def read(body: Body) -> Question:
    """The question in a body. Raises `ApiError`."""
    _only_known(body)
    body = {name: value for name, value in body.items() if value is not None}
    profile = parameters.profile_of(body)
    turns = _turns(body, profile)
    stream = parameters.streamed(body)
    parameters.supported(body, profile)
    _check_settings(body)
    offered, demanded = tools.nested(body)
    return Question(
        profile=profile,
        turns=turns,
        cap=_cap(body),
        effort=parameters.effort(body.get("reasoning_effort"), "reasoning_effort", profile),
        as_json=parameters.as_json(body.get("response_format"), "response_format", turns, schema_in="json_schema"),
        stop=parameters.stops(body),
        tools=offered,
        demanded=demanded,
        stream=stream,
        stream_usage=_stream_usage(body, stream=stream),
    )


def _only_known(body: Body) -> None:
    unknown = [name for name in body if name not in _KNOWN]
    if unknown:
        noun = "argument" if len(unknown) == 1 else "arguments"
        raise invalid(f"Unrecognized request {noun} supplied: {', '.join(unknown)}")


def _check_settings(body: Body) -> None:
    parameters.decimal(body, "temperature", 0, 2)
    parameters.decimal(body, "top_p", 0, 1)
    parameters.decimal(body, "frequency_penalty", -2, 2)
    parameters.decimal(body, "presence_penalty", -2, 2)
    parameters.integer(body, "seed")
    parameters.integer(body, "top_logprobs", 0, 20)
    parameters.shaped(body, logit_bias=dict, logprobs=bool, metadata=dict, parallel_tool_calls=bool, store=bool)
    parameters.shaped(body, prompt_cache_key=str, safety_identifier=str, service_tier=str, user=str)
    if (parameters.integer(body, "n", 1, 128) or 1) > 1:
        raise invalid("The stand-in gateway gives one choice: leave 'n' out.", param="n", code="unsupported_value")


def _stream_usage(body: Body, *, stream: bool) -> bool:
    parameters.shaped(body, stream_options=dict)
    options = body.get("stream_options", {})
    if options and not stream:
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise invalid(message, param="stream_options")
    conversation.only(options, "stream_options", "include_usage", "include_obfuscation")
    parameters.shaped(options, include_usage=bool, include_obfuscation=bool)
    return bool(options.get("include_usage"))


def _cap(body: Body) -> int | None:
    if "max_tokens" in body and "max_completion_tokens" in body:
        message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        raise invalid(message, param="max_tokens", code="invalid_parameter_combination")
    return parameters.integer(body, "max_tokens", 1) or parameters.integer(body, "max_completion_tokens", 1)


def _turns(body: Body, profile: Profile) -> tuple[Turn, ...]:
    if "messages" not in body:
        raise missing("messages")
    return conversation.turns(body["messages"], "messages", partial(_turn, profile=profile))


def _turn(message: Mapping[str, Any], place: str, profile: Profile) -> Turn:
    conversation.only(message, place, "role", "content", "name")
    role = conversation.role(message, place)
    if message.get("name") is not None:
        conversation.text(message, "name", place)
    if "content" not in message:
        raise missing(f"{place}.content")
    if message["content"] is None:
        raise invalid("Invalid value for 'content': expected a string, got null.", param=f"{place}.content")
    return conversation.turn(role, message["content"], f"{place}.content", partial(_part, profile=profile))


def _part(part: Mapping[str, Any], role: str, place: str, profile: Profile) -> str | Picture | Document:
    kind = conversation.choice(part, "type", place, ("text", "image_url", "file"))
    conversation.only(part, place, "type", kind)
    if kind == "text":
        return conversation.text(part, "text", place)
    return _document(part, role, place) if kind == "file" else _picture(part, role, place, profile)


def _document(part: Mapping[str, Any], role: str, place: str) -> Document:
    owner, param = part.get("file"), f"{place}.file"
    if role != "user":
        message = f"Invalid '{place}'. Files are only allowed for messages with role 'user'."
        raise invalid(message, param=place, code="invalid_value")
    if not isinstance(owner, dict):
        raise wrong_type(param, "an object", owner)
    conversation.only(owner, param, "filename", "file_data")
    conversation.text(owner, "filename", param)
    return named(owner.get("file_data"), f"{param}.file_data")


def _picture(part: Mapping[str, Any], role: str, place: str, profile: Profile) -> Picture | Document:
    if role != "user":
        message = (
            f"Invalid '{place}'. Image URLs are only allowed for messages with role 'user', but this message "
            f"with role '{role}' contains an image URL."
        )
        raise invalid(message, param=place, code="invalid_value")
    owner = part.get("image_url")
    if not isinstance(owner, dict):
        raise wrong_type(f"{place}.image_url", "an object", owner)
    if profile.sees_pdfs and is_named_pdf(owner.get("url")):
        return named(owner["url"], f"{place}.image_url.url")
    return picture(owner, "url", f"{place}.image_url")
