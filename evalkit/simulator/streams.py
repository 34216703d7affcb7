"""Spells an answer as a stream of server-sent events, each at its time, in the forms of `bodies`."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import count

import anyio

from evalkit.simulator import bodies, tokens
from evalkit.simulator.answers import Answer
from evalkit.simulator.bodies import Body, ResponsesForm
from evalkit.simulator.question import Question

Timed = tuple[float, bytes]
"""Seconds after the request, before any scaling, and an event as it is sent."""

_TOGETHER_S = 0.001
_DONE = b"data: [DONE]\n\n"


def chat(question: Question, answer: Answer, created: int) -> Iterator[Timed]:
    """Chunks of a chat completion: the role first, without a token, and the usage where it was asked for."""
    for at_s, chunk in _chunks(question, answer, created, usage=question.stream_usage):
        yield at_s, data(chunk)
    yield answer.latency_s, _DONE


def responses(form: ResponsesForm, question: Question, answer: Answer, created: int) -> Iterator[Timed]:
    """Events of a response: the official ones, or what a gateway makes of them that has its own forms."""
    if form == "chat":
        for at_s, chunk in _chunks(question, answer, created, usage=True):
            yield at_s, data(chunk)
    else:
        body = bodies.responses(form, question, answer, created)
        events = (_official if isinstance(body["output"], list) else _terse)(body, question, answer)
        for number, (at_s, kind, event) in enumerate(events):
            yield at_s, f"event: {kind}\n".encode() + data({"type": kind, "sequence_number": number, **event})
    if form != "list":
        yield answer.latency_s, _DONE


async def paced(events: Iterable[Timed], scale: float) -> AsyncIterator[bytes]:
    """Sends each event at its time; those due within a millisecond go out together, as they do on a busy line."""
    began, due = time.monotonic(), b""
    for at_s, event in events:
        wait_s = began + at_s * scale - time.monotonic()
        if wait_s > _TOGETHER_S:
            if due:
                yield due
            due = b""
            await anyio.sleep(wait_s)
        due += event
    yield due


def _chunks(question: Question, answer: Answer, created: int, *, usage: bool) -> Iterator[tuple[float, Body]]:
    body = bodies.chat(question, answer, created)
    head = {name: value for name, value in body.items() if name not in ("choices", "usage")}
    head["object"] = "chat.completion.chunk"
    beside = usage and question.profile.dialect == "sorted"  # Gemini's usage comes with the last choice

    def chunk(delta: Body, finish_reason: str | None = None) -> Body:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}

    yield answer.start_s / 2, chunk({"role": "assistant", "content": ""})
    if answer.call is not None:
        function = {"name": answer.call.name, "arguments": ""}
        call = {"index": 0, "id": f"call_{answer.id}", "type": "function", "function": function}
        yield _speaks_at_s(question, answer), chunk({"tool_calls": [call]})
    for at_s, field, piece in tokens_of(question, answer, thoughts=True):
        called = {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
        yield at_s, chunk(called if field == "arguments" else {field: piece})
    last = chunk({}, answer.finish_reason)
    yield answer.latency_s, {**last, "usage": body["usage"]} if beside else last
    if usage and not beside:
        yield answer.latency_s, {**head, "choices": [], "usage": body["usage"]}


def _official(body: Body, question: Question, answer: Answer) -> Iterator[tuple[float, str, Body]]:
    begun = {**body, "status": "in_progress", "incomplete_details": None, "output": [], "usage": None}
    yield 0, "response.created", {"response": begun}
    yield 0, "response.in_progress", {"response": begun}
    for index, item in enumerate(body["output"]):
        if item["type"] == "message":
            yield from _message(index, item, question, answer)
        elif item["type"] == "function_call":
            yield from _call(index, item, question, answer)
        else:
            yield answer.start_s, "response.output_item.added", {"output_index": index, "item": item}
            yield _speaks_at_s(question, answer), "response.output_item.done", {"output_index": index, "item": item}
    yield answer.latency_s, f"response.{body['status']}", {"response": body}


def _message(index: int, item: Body, question: Question, answer: Answer) -> Iterator[tuple[float, str, Body]]:
    begins_s, ends_s = _speaks_at_s(question, answer), answer.latency_s
    [part] = item["content"]
    kind, field = part["type"], "refusal" if part["type"] == "refusal" else "text"
    logs: Body = {} if kind == "refusal" else {"logprobs": []}
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    begun = {**item, "status": "in_progress", "content": []}
    yield begins_s, "response.output_item.added", {"output_index": index, "item": begun}
    yield begins_s, "response.content_part.added", {**place, "part": {**part, field: ""}}
    for at_s, _, piece in tokens_of(question, answer):
        yield at_s, f"response.{kind}.delta", {**place, "delta": piece, **logs}
    yield ends_s, f"response.{kind}.done", {**place, field: part[field], **logs}
    yield ends_s, "response.content_part.done", {**place, "part": part}
    yield ends_s, "response.output_item.done", {"output_index": index, "item": item}


def _call(index: int, item: Body, question: Question, answer: Answer) -> Iterator[tuple[float, str, Body]]:
    place = {"item_id": item["id"], "output_index": index}
    begun = {**item, "status": "in_progress", "arguments": ""}
    yield _speaks_at_s(question, answer), "response.output_item.added", {"output_index": index, "item": begun}
    for at_s, _, piece in tokens_of(question, answer):
        yield at_s, "response.function_call_arguments.delta", {**place, "delta": piece}
    ends_s, whole = answer.latency_s, {"arguments": item["arguments"]}
    yield ends_s, "response.function_call_arguments.done", {**place, **whole}
    yield ends_s, "response.output_item.done", {"output_index": index, "item": item}


def _terse(body: Body, question: Question, answer: Answer) -> Iterator[tuple[float, str, Body]]:
    """Deltas and the whole: the documented form has no items that more could be said of."""
    for at_s, _, piece in tokens_of(question, answer):
        yield at_s, "response.output_text.delta", {"output_index": 0, "content_index": 0, "delta": piece}
    yield answer.latency_s, f"response.{body.get('status', 'completed')}", {"response": body}


def tokens_of(question: Question, answer: Answer, *, thoughts: bool = False) -> Iterator[tuple[float, str, str]]:
    """Each visible token with its time and the field that it is part of: of a chat message, or `arguments`."""
    field, words = _said(answer)
    said = [(field, piece) for piece in tokens.pieces(words)]
    shown = [("reasoning_content", piece) for piece in tokens.pieces(answer.thoughts or "")] if thoughts else []
    first = 0 if shown else answer.reasoning_tokens
    for number, (field, piece) in zip(count(first), shown + said, strict=False):
        yield answer.start_s + number / question.profile.tokens_per_s, field, piece


def _speaks_at_s(question: Question, answer: Answer) -> float:
    return answer.start_s + answer.reasoning_tokens / question.profile.tokens_per_s


def _said(answer: Answer) -> tuple[str, str]:
    """The field that holds what is said, and that."""
    if answer.call is not None:
        return "arguments", answer.call.arguments
    return ("refusal", answer.refusal) if answer.refusal else ("content", answer.text or "")


def data(event: Body) -> bytes:
    """An event's data as it is sent."""
    return b"data: " + json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
