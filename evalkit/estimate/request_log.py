"""Production requests from a JSONL file: what was sent, what was billed, or both, one request a line.

A line has `messages` (as in the chat API), or a text under `prompt` or `input`; and `usage`, or its `input_tokens` and
`output_tokens` alone, where the answer was billed. Both may stand below `request`, `body` and `response`, as in logs
and in evalkit's own records. `count` says how often a request came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from evalkit.costs.spans import exactly
from evalkit.errors import Problem, SuiteInvalid
from evalkit.estimate.measured import Measured, measured
from evalkit.estimate.requests import PARTS, Asked, AskedRequest, request_like
from evalkit.types import Image, Message

__all__ = ["MOST_REQUESTS", "Log", "read_log"]

MOST_REQUESTS = 2_000
"""Of a longer file so many are taken, evenly from all of it."""
_MOST_PROBLEMS = 10
_INPUT = ("input_tokens", "prompt_tokens")
_OUTPUT = ("output_tokens", "completion_tokens")
_ROLES = ("system", "developer", "user", "assistant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One line."""

    name: str
    messages: tuple[Message, ...] = ()
    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    count: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A file of production requests."""

    name: str
    lines: tuple[Logged, ...]
    notes: tuple[str, ...] = ()

    @property
    def lengths(self) -> Measured | None:
        """The answers that were billed; None where no line tells."""
        told = [line for line in self.lines if line.output_tokens is not None]
        if not told:
            return None
        output = np.array([line.output_tokens for line in told], dtype=float)
        thinking = np.array([line.reasoning_tokens or 0 for line in told], dtype=float)
        thinks = bool(thinking.any()) and all(line.reasoning_tokens is not None for line in told)
        weights = np.array([line.count for line in told], dtype=float)
        return measured(np.maximum(output - thinking, 0) if thinks else output, thinking if thinks else None, weights)

    def requests(self, asked: Asked) -> list[AskedRequest]:
        """The lines as requests to one model, with what the suite asks of its answers."""
        return [replace(_request(line, asked), repeats=line.count) for line in self.lines]


def read_log(path: Path, shown: str) -> Log:
    """Reads a file. Raises SuiteInvalid with the lines that are wrong, or for a file without any."""
    problems: list[Problem] = []
    found: list[Logged] = []
    try:
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            if line.strip() and len(problems) < _MOST_PROBLEMS:
                try:
                    found.append(_logged(line, f"line {number}"))
                except ValueError as error:
                    problems.append(Problem(file=shown, line=number, message=str(error)))
    except OSError as error:
        problems.append(Problem(file=shown, message=f"cannot be read: {error.strerror}"))
    if not found and not problems:
        problems.append(Problem(file=shown, message="has no request: one JSON object a line is expected"))
    if problems:
        raise SuiteInvalid(problems)
    notes = []
    if len(found) > MOST_REQUESTS:
        notes.append(f"{MOST_REQUESTS:,} of the {len(found):,} requests of {shown} are counted, evenly taken")
        found = [found[place] for place in np.linspace(0, len(found) - 1, MOST_REQUESTS).round().astype(int)]
    return Log(name=shown, lines=tuple(found), notes=tuple(notes))


def _request(line: Logged, asked: Asked) -> AskedRequest:
    like = asked.requests[0]
    if line.input_tokens is None:
        return request_like(line.messages, asked.model, like, line.name)
    first, *others = PARTS
    return replace(
        like,
        prompt="",
        case_id=line.name,
        tags=(),
        key="",
        turn=0,
        later=0,
        parts={first: exactly(line.input_tokens), **dict.fromkeys(others, exactly(0))},
        worst_input=line.input_tokens,
    )


def _logged(text: bytes, name: str) -> Logged:
    """Raises ValueError with what is wrong with a line."""
    try:
        line = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(line, dict):
        raise ValueError("a request is a JSON object")  # noqa: TRY004  (of the file, not of this program)
    body = next((line[key] for key in ("request", "body") if isinstance(line.get(key), dict)), line)
    answer = line["response"] if isinstance(line.get("response"), dict) else {}
    usage = next((each["usage"] for each in (line, answer) if isinstance(each.get("usage"), dict)), line)
    messages = _messages(body)
    billed_in, billed_out = _tokens(usage, _INPUT), _tokens(usage, _OUTPUT)
    if not messages and billed_in is None:
        raise ValueError("has neither `messages`, `prompt` or `input`, nor the input_tokens that were billed")
    return Logged(
        name=name,
        messages=messages,
        input_tokens=billed_in,
        output_tokens=billed_out,
        reasoning_tokens=_tokens(usage, ("reasoning_tokens",)),
        count=_count(line),
    )


def _tokens(usage: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    value = next((usage[name] for name in names if usage.get(name) is not None), None)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{names[0]} is a whole number from 0 on; found {value!r}")
    return value


def _count(line: Mapping[str, Any]) -> float:
    value = line.get("count", 1)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < float("inf"):
        raise ValueError(f"count is a number above 0; found {value!r}")
    return float(value)


def _messages(body: Mapping[str, Any]) -> tuple[Message, ...]:
    given = body.get("messages")
    if given is None:
        text = next((body[key] for key in ("prompt", "input") if isinstance(body.get(key), str)), None)
        given = body["input"] if text is None and isinstance(body.get("input"), list) else given
        if given is None:
            return () if text is None else (Message(role="user", content=text),)
    if not isinstance(given, list) or not given:
        raise ValueError("`messages` is a list of messages")
    return tuple(map(_message, given))


def _message(given: Any) -> Message:
    if not isinstance(given, dict) or given.get("role", "user") not in _ROLES:
        raise ValueError(f"a message has a role ({', '.join(_ROLES)}) and content")
    content = given.get("content")
    if isinstance(content, str) or content is None:
        return Message(role=given.get("role", "user"), content=content or "")
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise ValueError("the content of a message is a text or a list of parts")
    texts = [part["text"] for part in content if isinstance(part.get("text"), str)]
    return Message(role=given.get("role", "user"), content="\n".join(texts), images=tuple(_images(content)))


def _images(parts: list[dict[str, Any]]) -> Iterator[Image]:
    for part in parts:
        given = part.get("image_url")
        if given is not None:
            detail = given.get("detail") if isinstance(given, dict) else None
            yield Image(url="a picture", detail=detail if detail in ("low", "high", "auto") else None)
