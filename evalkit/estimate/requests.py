"""The requests that a plan will send to one model, as columns of figures: input tokens, bounds, what is expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evalkit.costs.limits import answers_to, cap_of
from evalkit.costs.priors import UNTOLD, Length, OutputPrior, output_prior
from evalkit.costs.request_tokens import Tokens, message_tokens, request_tokens
from evalkit.costs.spans import ZERO, Span
from evalkit.costs.tokens import counter_for
from evalkit.costs.worst_case import worst_output_tokens
from evalkit.types import Message, Model, Request, Trial

__all__ = ["PARTS", "Asked", "AskedRequest", "Floats", "Ints", "request_like", "requests_of", "tabulate"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PARTS: Mapping[str, tuple[str, ...]] = {
    "tokenizer": ("text", "frame", "tools", "response_format"),
    "pictures": ("images",),
    "documents": ("documents",),
}
"""What makes input tokens uncertain → the parts of a request that it concerns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRequest:
    """One request that will be sent: a trial, or a turn of one."""

    prompt: str
    case_id: str
    tags: tuple[str, ...]
    key: str
    """Of its trial, at the first repeat."""
    turn: int
    later: int
    """Turns of the same conversation that will carry its answer."""
    parts: Mapping[str, Span]
    """`PARTS` → tokens, without the answers of earlier turns."""
    worst_input: int
    """With the longest answers of earlier turns."""
    most_output: int
    answers: int
    """Asked for at once."""
    capped: bool
    prior: OutputPrior
    repeats: float = 1.0
    """Trials that send it alike."""

    @property
    def input(self) -> Span:
        """All parts together."""
        return sum(self.parts.values(), start=ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """All requests to one model, as columns; R of them."""

    model: Model
    requests: tuple[AskedRequest, ...]
    trials: float
    parts: Mapping[str, Floats]
    """`PARTS` → R × 3: low, expected, high."""
    repeats: Floats
    later: Floats
    answers: Floats
    most_output: Floats
    visible: Floats
    """R × 3: median and the two sigmas of the prior."""
    reasoning: Floats
    """The same; the median is 0 where the model does not think first."""
    method: str
    """How texts were counted."""
    notes: tuple[str, ...] = ()
    sampling_error: float = 0.0
    """Where only some cases were counted: the standard error of the mean input, as a share of it."""

    @property
    def sent(self) -> float:
        """The number of requests."""
        return float(self.repeats.sum())


def requests_of(trial: Trial, *, by_tokenizer: bool | None = None) -> tuple[list[AskedRequest], Tokens]:
    """What a trial sends, turn by turn, and how its first request was counted; `by_tokenizer` as in `counter_for`."""
    model, counter = trial.model, counter_for(trial.model.id, by_tokenizer=by_tokenizer)
    first = request_tokens(trial.request, model, counter=counter)
    turns = [(first, trial.expected_at(0))]
    for number, turn in enumerate(trial.turns, start=1):
        reply = Message(role="assistant", content="")
        turns.append((message_tokens((reply, turn.message), model, counter=counter), trial.expected_at(number)))
    most = worst_output_tokens(model, trial.request)
    made: list[AskedRequest] = []
    parts: dict[str, Span] = {}
    worst_input = 0
    for turn_number, (tokens, expected) in enumerate(turns):
        parts = _added(parts, tokens)
        worst_input += tokens.worst + (most if turn_number else 0)
        expected_tokens = None if expected is None else counter.count(expected)
        request = AskedRequest(
            prompt=trial.prompt,
            case_id=trial.case_id,
            tags=trial.tags,
            key=trial.key,
            turn=turn_number,
            later=len(turns) - 1 - turn_number,
            parts=parts,
            worst_input=worst_input,
            most_output=most,
            answers=answers_to(trial.request),
            capped=cap_of(trial.request) is not None,
            prior=output_prior(model, trial.request, expected_tokens=expected_tokens),
        )
        made.append(request)
    return made, first


def request_like(messages: tuple[Message, ...], model: Model, like: AskedRequest, name: str) -> AskedRequest:
    """A request of production, answered as one of the suite would be."""
    tokens = request_tokens(Request(model=model.id, messages=messages), model)
    return replace(
        like,
        prompt="",
        case_id=name,
        tags=(),
        key="",
        turn=0,
        later=0,
        parts=_added({}, tokens),
        worst_input=tokens.worst,
        prior=_untold(like.prior),
        repeats=1.0,
    )


def _untold(prior: OutputPrior) -> OutputPrior:
    """The prior of an answer of which nothing is expected."""
    return type(prior)(visible=UNTOLD, reasoning=prior.reasoning, basis="a prior for any answer")


def tabulate(
    model: Model,
    requests: Iterable[AskedRequest],
    *,
    trials: float,
    method: str,
    notes: Iterable[str] = (),
    sampling_error: float = 0.0,
) -> Asked:
    """Requests as columns."""
    rows = tuple(requests)
    return Asked(
        model=model,
        requests=rows,
        trials=trials,
        parts={name: _columns([_limits(row.parts[name]) for row in rows]) for name in PARTS},
        repeats=np.array([row.repeats for row in rows], dtype=float),
        later=np.array([row.later for row in rows], dtype=float),
        answers=np.array([row.answers for row in rows], dtype=float),
        most_output=np.array([row.most_output for row in rows], dtype=float),
        visible=_columns([_length(row.prior.visible) for row in rows]),
        reasoning=_columns([_length(row.prior.reasoning) for row in rows]),
        method=method,
        notes=tuple(dict.fromkeys(notes)),
        sampling_error=sampling_error,
    )


def _added(parts: Mapping[str, Span], tokens: Tokens) -> dict[str, Span]:
    """Parts of a conversation so far and those of its next message."""
    return {
        name: sum((tokens.parts.get(part, ZERO) for part in members), start=parts.get(name, ZERO))
        for name, members in PARTS.items()
    }


def _columns(rows: list[tuple[float, float, float]]) -> Floats:
    return np.array(rows, dtype=float).reshape(-1, 3)


def _limits(span: Span) -> tuple[float, float, float]:
    return span.low, span.expected, span.high


def _length(length: Length | None) -> tuple[float, float, float]:
    return (length.median, length.suite_sigma, length.trial_sigma) if length is not None else (0.0, 0.0, 0.0)
