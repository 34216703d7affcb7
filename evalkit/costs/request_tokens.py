"""What a request costs in input tokens before it is sent: its texts, its frame, its tools, its pictures and files."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from evalkit.costs.document_tokens import document_tokens, pages_in
from evalkit.costs.image_tokens import image_tokens, is_unmeasured
from evalkit.costs.model_ids import first_match
from evalkit.costs.spans import ZERO, Source, Span, exactly, within
from evalkit.costs.tokens import BYTES, Counter, counter_for
from evalkit.costs.tool_tokens import compact, form_span, tools_span
from evalkit.types import Message, Model, Request

__all__ = ["Tokens", "message_tokens", "most_tokens", "request_tokens"]


TOLERANCE = 0.15
"""How far a bill may lie beyond the limits of a count."""


class Tokens(Span, frozen=True, kw_only=True):
    """The input tokens of one request."""

    source: Source
    """How its texts were counted."""
    method: str
    """The same in words, with the limits: "exact (o200k_base)", "stand-in (qwen3, −11…+19 %)"."""
    parts: Mapping[str, Span]
    """What they are made of: text, frame, images, documents, tools, response_format; only what there is."""
    notes: tuple[str, ...] = ()
    """What could not be known, such as the size of a remote picture."""

    def disagrees_with(self, billed: int) -> bool:
        """Whether a bill lies more than 15 % beyond the limits: another prompt was billed, or another model."""
        return not (1 - TOLERANCE) * self.low <= billed <= (1 + TOLERANCE) * self.high


class _Frame(msgspec.Struct, frozen=True):
    """What a family's chat template puts around messages."""

    message: Span
    request: Span


_OPENAI = _Frame(exactly(4, worst=8), within(1, 3, 6, 100))
"""3 for a message and 1 for its role, and 3 for the answer's beginning: OpenAI's cookbook, exact at OpenAI.
The documented bills of the gateway are up to 2 less and 3 more."""
_FRAMES: tuple[tuple[str, _Frame], ...] = (
    (r"(chatgpt-|gpt-|o[1-9]\b).*", _OPENAI),
    (r"gemini\b.*", _Frame(within(0, 0, 4, 8), within(0, 0, 4, 100))),  # "Who are you?" is billed 4: the text alone
    (r"doubao\b.*", _Frame(within(3, 5, 7, 9), within(3, 12, 20, 100))),  # 27 − 10 in the one bill that is known
    (r"(qwen|qvq|qwq).*", _Frame(exactly(5, worst=9), within(3, 3, 26, 100))),  # older ones add a system message of 20
    (r"claude\b.*", _Frame(within(2, 3, 5, 9), within(1, 3, 6, 100))),
)
_OTHER = _Frame(within(0, 4, 7, 9), within(0, 3, 10, 100))


def request_tokens(request: Request, model: Model, *, counter: Counter | None = None) -> Tokens:
    """The input tokens of a request to a model, with what they are made of and how well they are known.

    The limits of the parts are added as if all erred in the same direction. Of an application or a function, which
    has a template of its own, only what it is handed is counted. `counter` takes the place of the model's own.
    """
    counter = counter or counter_for(model.id)
    parts = dict(_parts(request, model, counter))
    return _whole(parts, counter, _notes(request.messages))


def most_tokens(request: Request, model: Model) -> int:
    """The worst case of `request_tokens` by bytes alone; of plain texts in a tenth of its time."""
    others = request.payload is not None or not request.params.keys().isdisjoint(("tools", "response_format"))
    if others or any(message.media or message.name is not None for message in request.messages):
        return request_tokens(request, model, counter=BYTES).worst
    frame = _frame_of(model.id)
    texts = sum(frame.message.worst + BYTES.count(message.content) for message in request.messages)
    return frame.request.worst + texts


def message_tokens(messages: Iterable[Message], model: Model, *, counter: Counter | None = None) -> Tokens:
    """What messages add to a request that is counted already, such as the next turn of a conversation."""
    counter = counter or counter_for(model.id)
    messages = tuple(messages)
    return _whole(dict(_message_parts(messages, model, counter)), counter, _notes(messages))


def _whole(parts: dict[str, Span], counter: Counter, notes: Iterable[str]) -> Tokens:
    there = {name: span for name, span in parts.items() if span != ZERO}
    total = sum(there.values(), start=ZERO)
    return Tokens(
        low=total.low,
        expected=total.expected,
        high=total.high,
        worst=total.worst,
        source=counter.source,
        method=str(counter),
        parts=there,
        notes=tuple(notes),
    )


def _parts(request: Request, model: Model, counter: Counter) -> Iterator[tuple[str, Span]]:
    if request.payload is not None:
        yield "text", counter.span(compact(request.payload))
        return
    parts = dict(_message_parts(request.messages, model, counter))
    parts["frame"] += _frame_of(model.id).request
    yield from parts.items()
    yield "tools", tools_span(request.params.get("tools"), model.id, counter)
    yield "response_format", form_span(request.params.get("response_format"), counter)


def _message_parts(messages: Iterable[Message], model: Model, counter: Counter) -> Iterator[tuple[str, Span]]:
    frame = _frame_of(model.id)
    text = frames = images = documents = ZERO
    for message in messages:
        text += counter.span(message.content)
        frames += frame.message + _name(message, counter)
        images = sum((image_tokens(image, model.id) for image in message.images), start=images)
        documents = sum((document_tokens(file, model.id) for file in message.files), start=documents)
    yield from {"text": text, "frame": frames, "images": images, "documents": documents}.items()


def _name(message: Message, counter: Counter) -> Span:
    """The speaker's name in a message's frame, with one more token around it."""
    return ZERO if message.name is None else exactly(1 + counter.count(message.name))


@functools.cache  # asked for every request
def _frame_of(model_id: str) -> _Frame:
    return first_match(_FRAMES, model_id) or _OTHER


def _notes(messages: Iterable[Message]) -> Iterator[str]:
    unmeasured = sum(is_unmeasured(image) for message in messages for image in message.images)
    if unmeasured:
        yield f"{_plural(unmeasured, 'remote picture')} of unknown size"
    for message in messages:
        for file in message.files:
            pages = pages_in(file)
            if not pages.is_exact:
                yield f"{file.name}: {pages.low} to {pages.high} pages assumed"


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
