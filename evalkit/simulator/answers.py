"""Draws an answer: right or wrong, how long it is thought about, how long it takes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from random import Random
from statistics import NormalDist
from typing import Literal

from evalkit.simulator import tokens
from evalkit.simulator.judging import Case, verdict
from evalkit.simulator.memory import remembered
from evalkit.simulator.profiles import Lognormal
from evalkit.simulator.question import Question
from evalkit.simulator.talk import talk, think
from evalkit.simulator.tools import fitting
from evalkit.simulator.wrong import wrong

FinishReason = Literal["stop", "length", "tool_calls"]

_REFUSAL = "I'm sorry, but I can't help with that request."
_EFFORT = {"minimal": 0.1, "low": 0.4, "medium": 1.0, "high": 2.5}

# Shares of the variance of "how hard was that": the case for everybody, the case for this model, the single try.
_CASE, _MODEL, _TRY = 0.5, 0.3, 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool called."""

    name: str
    arguments: str
    """JSON, unless the cap cut it off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What comes back, before an API spells it."""

    id: str
    """Hexadecimal; the same for the same answer."""
    text: str | None
    """None where there is no content."""
    refusal: str | None
    thoughts: str | None
    """The thinking, where the model shows it."""
    call: Call | None
    """The tool that it calls in place of a text."""
    finish_reason: FinishReason
    prompt_tokens: int
    reasoning_tokens: int
    visible_tokens: int
    start_s: float
    """Until the first token, hidden or not, before any scaling."""
    latency_s: float
    """Until the last one."""

    @property
    def completion_tokens(self) -> int:
        """All output tokens."""
        return self.reasoning_tokens + self.visible_tokens

    @property
    def total_tokens(self) -> int:
        """Input and output."""
        return self.prompt_tokens + self.completion_tokens


def answer(question: Question, *, seed: int, expected: str | None = None, repeat: int = 0) -> Answer:
    """The answer to a question; the same for the same arguments, whatever was asked before."""
    draw = _source(seed, question.digest, expected, repeat)
    said, declined = _words(question, seed, expected, repeat, draw)
    thought = _reasoning_tokens(question, draw)
    said, finish_reason, thought = _within_cap(said, thought, question.cap)
    tool = question.called
    if tool is not None and finish_reason == "stop":
        finish_reason = "tool_calls"
    visible = tokens.count(said)
    profile = question.profile
    answer_id = f"{draw.getrandbits(96):024x}"
    start_s = _lognormal(profile.start_s, draw)
    return Answer(
        id=answer_id,
        text=None if declined or tool else said or None,
        refusal=said or None if declined else None,
        thoughts=think(thought) if profile.shows_thinking and thought else None,
        call=Call(name=tool.name, arguments=said) if tool and said else None,
        finish_reason=finish_reason,
        prompt_tokens=tokens.prompt_tokens(question),
        reasoning_tokens=thought,
        visible_tokens=visible,
        start_s=start_s,
        latency_s=start_s + (thought + visible) / profile.tokens_per_s,
    )


def is_right(question: Question, *, seed: int, expected: str, repeat: int) -> bool:
    """True with a probability of the model's skill over all cases; what is hard for one model is hard for all.

    A probit model: the parts of the hardness add up to a standard normal variable, and the skill is its quantile.
    """
    case = _source(seed, "case", expected, question.asked).gauss(0, 1)
    model = _source(seed, "model", expected, question.digest).gauss(0, 1)
    single = _source(seed, "try", expected, question.digest, repeat).gauss(0, 1)
    hardness = math.sqrt(_CASE) * case + math.sqrt(_MODEL) * model + math.sqrt(_TRY) * single
    return hardness < NormalDist().inv_cdf(question.profile.skill)


def _words(question: Question, seed: int, expected: str | None, repeat: int, draw: Random) -> tuple[str, bool]:
    """What is said, and whether that is a refusal."""
    if question.called is not None:
        return json.dumps(fitting(question.called.parameters), ensure_ascii=False), False
    if question.says("[[refusal]]"):
        return _REFUSAL, True
    if question.says("[[empty]]"):
        return "", False
    if question.to_judge is not None:
        return _verdict(question, question.to_judge, seed, expected, repeat, draw)
    if not question.as_json:
        expected = expected or remembered(question)
    if not expected or not expected.strip():
        text = talk(question.asked, draw)
        text = json.dumps({"answer": text}, ensure_ascii=False) if question.as_json else text
    elif is_right(question, seed=seed, expected=expected, repeat=repeat):
        text = expected
    else:
        text = wrong(expected, draw)
    return _stopped(text, question.stop), False


def _verdict(
    question: Question, case: Case, seed: int, expected: str | None, repeat: int, draw: Random
) -> tuple[str, bool]:
    if case.provoked("refusal"):
        return _REFUSAL, True
    right = is_right(question, seed=seed, expected=expected or "", repeat=repeat)
    return verdict(case, expected=expected, right=right, model=question.profile.id, draw=draw), False


def _reasoning_tokens(question: Question, draw: Random) -> int:
    drawn = question.profile.reasoning_tokens
    return 0 if drawn is None else round(_lognormal(drawn, draw) * _EFFORT[question.effort])


def _within_cap(text: str, thought: int, cap: int | None) -> tuple[str, FinishReason, int]:
    """The text and the reasoning that fit into the cap; no text at all where reasoning takes it up."""
    if cap is None or thought + tokens.count(text) <= cap:
        return text, "stop", thought
    if thought >= cap:
        return "", "length", cap
    return tokens.cut(text, cap - thought), "length", thought


def _stopped(text: str, stops: tuple[str, ...]) -> str:
    """The text up to the first of the stop texts."""
    ends = [text.find(stop) for stop in stops if stop and stop in text]
    return text[: min(ends)] if ends else text


def _lognormal(drawn: Lognormal, draw: Random) -> float:
    return drawn.median * math.exp(draw.gauss(0, drawn.sigma))


def _source(*parts: object) -> Random:
    """Chance that depends on `parts` alone: a string seeds through SHA-512, alike in every process."""
    return Random(json.dumps(parts))  # noqa: S311
