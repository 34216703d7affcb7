"""Reads a request to `/v1/responses`, and turns down what the real API would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.simulator import conversation, parameters, tools
from evalkit.simulator.documents import named
from evalkit.simulator.errors import ApiError, invalid, missing, unknown_parameter
from evalkit.simulator.parameters import Body
from evalkit.simulator.pictures import picture
from evalkit.simulator.profiles import Profile
from evalkit.simulator.question import Document, Picture, Question, Turn

_KNOWN = frozenset({
    "model", "input", "include", "instructions", "max_output_tokens", "metadata", "parallel_tool_calls",
    "prompt_cache_key", "reasoning", "safety_identifier", "service_tier", "store", "stream", "temperature", "text",
    "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "user",
})  # fmt: skip
_MOVED = {
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
}
_SMALLEST_CAP = 16


def read(body: Body) -> Question:
    """The question in a body. Raises `ApiError`."""
    _only_known(body)
    body = {name: value for name, value in body.items() if value is not None}
    profile = parameters.profile_of(body)
    turns = _turns(body)
    stream = parameters.streamed(body)
    parameters.supported(body, profile)
    _check_settings(body)
    offered, demanded = tools.flat(body)
    return Question(
        profile=profile,
        turns=turns,
        cap=parameters.integer(body, "max_output_tokens", _SMALLEST_CAP),
        effort=_effort(body, profile),
        as_json=_as_json(body, turns),
        tools=offered,
        demanded=demanded,
        stream=stream,
    )


def _only_known(body: Body) -> None:
    for name in body:
        if name in _MOVED:
            raise _moved(name)
        if name not in _KNOWN:
            raise unknown_parameter(name)


def _moved(name: str) -> ApiError:
    message = (
        f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{_MOVED[name]}'. "
        "Try again with the new parameter."
    )
    return invalid(message, param=name, code="unsupported_parameter")


def _check_settings(body: Body) -> None:
    parameters.decimal(body, "temperature", 0, 2)
    parameters.decimal(body, "top_p", 0, 1)
    parameters.integer(body, "top_logprobs", 0, 20)
    parameters.shaped(body, include=list, metadata=dict, parallel_tool_calls=bool, prompt_cache_key=str, store=bool)
    parameters.shaped(body, safety_identifier=str, service_tier=str, truncation=str, user=str)


def _effort(body: Body, profile: Profile) -> str:
    parameters.shaped(body, reasoning=dict)
    reasoning = body.get("reasoning", {})
    conversation.only(reasoning, "reasoning", "effort", "summary")
    return parameters.effort(reasoning.get("effort"), "reasoning.effort", profile)


def _as_json(body: Body, turns: tuple[Turn, ...]) -> bool:
    parameters.shaped(body, text=dict)
    conversation.only(body.get("text", {}), "text", "format", "verbosity")
    return parameters.as_json(body.get("text", {}).get("format"), "text.format", turns, schema_in=None)


def _turns(body: Body) -> tuple[Turn, ...]:
    asked = body.get("input", "")
    if asked == "":
        raise missing("input")
    if isinstance(asked, str):
        turns: tuple[Turn, ...] = (Turn(role="user", text=asked),)
    else:
        turns = conversation.turns(asked, "input", _turn)
    parameters.shaped(body, instructions=str)
    return (Turn(role="system", text=body["instructions"]), *turns) if "instructions" in body else turns


def _turn(item: Mapping[str, Any], place: str) -> Turn:
    if "type" in item:
        conversation.choice(item, "type", place, ["message"])
    conversation.only(item, place, "type", "role", "content", "id", "status")
    role = conversation.role(item, place)
    if item.get("content") is None:
        raise missing(f"{place}.content")
    return conversation.turn(role, item["content"], f"{place}.content", _part)


def _part(part: Mapping[str, Any], role: str, place: str) -> str | Picture | Document:
    kinds = ("output_text", "refusal") if role == "assistant" else ("input_text", "input_image", "input_file")
    kind = conversation.choice(part, "type", place, kinds)
    if kind == "input_file":
        return _document(part, place)
    if kind == "input_image":
        conversation.only(part, place, "type", "image_url", "detail")
        return picture(part, "image_url", place)
    return conversation.text(part, "refusal" if kind == "refusal" else "text", place)


def _document(part: Mapping[str, Any], place: str) -> Document:
    conversation.only(part, place, "type", "filename", "file_data", "file_url")
    if "file_url" in part:
        return named(part["file_url"], f"{place}.file_url")
    conversation.text(part, "filename", place)
    return named(part.get("file_data"), f"{place}.file_data")
