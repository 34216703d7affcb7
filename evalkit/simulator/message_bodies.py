"""Spells an answer as the messages API does: as one body, and as a stream of events, each at its time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from evalkit.simulator.answers import Answer
from evalkit.simulator.bodies import Body
from evalkit.simulator.question import Question
from evalkit.simulator.streams import Timed, data, tokens_of

_DELTAS = {
    "reasoning_content": ("thinking_delta", "thinking"),
    "content": ("text_delta", "text"),
    "refusal": ("text_delta", "text"),
    "arguments": ("input_json_delta", "partial_json"),
}
"""By the field of a chat message that a token is part of: its delta, and where the text lies in it."""


def message(question: Question, answer: Answer) -> Body:
    """A `message`."""
    return {
        "id": f"msg_{answer.id}",
        "type": "message",
        "role": "assistant",
        "model": question.profile.answers_as,
        "content": _content(answer),
        "stop_reason": _stop_reason(answer),
        "stop_sequence": None,
        "usage": _usage(answer, answer.completion_tokens),
    }


def events(question: Question, answer: Answer) -> Iterator[Timed]:
    """The events of a streamed message."""
    for at_s, kind, fields in _told(question, answer):
        yield at_s, f"event: {kind}\n".encode() + data({"type": kind, **fields})


def _told(question: Question, answer: Answer) -> Iterator[tuple[float, str, dict[str, Any]]]:
    whole = message(question, answer)
    begun = {**whole, "content": [], "stop_reason": None, "usage": _usage(answer, 1)}
    yield answer.start_s / 2, "message_start", {"message": begun}
    yield answer.start_s / 2, "ping", {}
    pieces = groupby(tokens_of(question, answer, thoughts=True), key=lambda token: token[1])
    for index, ((field, tokens), block) in enumerate(zip(pieces, whole["content"], strict=True)):
        yield from _block(index, field, list(tokens), block)
    end = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield answer.latency_s, "message_delta", {"delta": end, "usage": {"output_tokens": answer.completion_tokens}}
    yield answer.latency_s, "message_stop", {}


def _block(
    index: int, field: str, tokens: list[tuple[float, str, str]], block: Body
) -> Iterator[tuple[float, str, dict[str, Any]]]:
    kind, name = _DELTAS[field]
    hollow = {**block, "input": {}} if field == "arguments" else {**block, name: ""}
    yield tokens[0][0], "content_block_start", {"index": index, "content_block": hollow}
    for at_s, _, piece in tokens:
        yield at_s, "content_block_delta", {"index": index, "delta": {"type": kind, name: piece}}
    yield tokens[-1][0], "content_block_stop", {"index": index}


def _content(answer: Answer) -> list[Body]:
    thought = [{"type": "thinking", "thinking": answer.thoughts, "signature": ""}] if answer.thoughts else []
    if answer.call is not None:
        tool = {"id": f"toolu_{answer.id}", "name": answer.call.name, "input": _parsed(answer.call.arguments)}
        return [*thought, {"type": "tool_use", **tool}]
    said = answer.text or answer.refusal
    return [*thought, {"type": "text", "text": said}] if said else thought


def _parsed(arguments: str) -> Any:
    """In one body, an input that the cap cut off has nothing in it: half of a JSON text is no JSON."""
    try:
        return json.loads(arguments)
    except json.JSONDecodeError:
        return {}


def _stop_reason(answer: Answer) -> str:
    if answer.refusal is not None:
        return "refusal"
    return {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}[answer.finish_reason]


def _usage(answer: Answer, output_tokens: int) -> Body:
    return {
        "input_tokens": answer.prompt_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output_tokens,
    }
