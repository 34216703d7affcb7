"""What the stand-in gateway would answer to a plan under any seed, without sockets: for backtests of the estimate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from evalkit.costs.prices import cost_usd, price_for
from evalkit.registry import APIS
from evalkit.simulator import chat, messages, responses
from evalkit.simulator.answers import Answer, answer
from evalkit.simulator.question import Question
from evalkit.suite.plan import Plan
from evalkit.types import Message, Request, Trial, Usage

READ: Mapping[str, Callable[[Mapping[str, Any]], Question]] = {
    "chat": chat.read,
    "responses": responses.read,
    "messages": messages.read,
}


@dataclass(frozen=True)
class Life:
    """One trial as the stand-in would answer it."""

    trial: Trial
    input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_usd: float


class PastLives:
    """All trials of a plan, to be lived through under many seeds."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._trials = [trial for model in plan.models for trial in plan.trials(model)]
        self._questions: dict[int, Question] = {}

    def live(self, seed: int) -> Iterator[Life]:
        """Every trial, once."""
        for number, trial in enumerate(self._trials):
            yield self._lived(number, trial, seed)

    def _lived(self, number: int, trial: Trial, seed: int) -> Life:
        request, given = trial.request, []
        for turn in range(len(trial.turns) + 1):
            question = self._question(number, trial, request, turn)
            said = answer(question, seed=seed, expected=trial.expected_at(turn), repeat=trial.repeat)
            given.append(said)
            if turn < len(trial.turns):
                if not said.text:
                    break
                reply = Message(role="assistant", content=said.text)
                request = replace(request, messages=(*request.messages, reply, trial.turns[turn].message))
        return _life(trial, given)

    def _question(self, number: int, trial: Trial, request: Request, turn: int) -> Question:
        if turn or number not in self._questions:
            body = APIS[trial.model.api].encode(request, self._plan.suite.media.data_url)
            question = READ[trial.model.api](body)
            if turn:
                return question
            self._questions[number] = question
        return self._questions[number]


def _life(trial: Trial, given: list[Answer]) -> Life:
    costs = [
        cost_usd(Usage(input_tokens=said.prompt_tokens, output_tokens=said.completion_tokens), price_for(trial.model))
        for said in given
    ]
    assert None not in costs
    return Life(
        trial=trial,
        input_tokens=sum(said.prompt_tokens for said in given),
        output_tokens=sum(said.completion_tokens for said in given),
        reasoning_tokens=sum(said.reasoning_tokens for said in given),
        cost_usd=sum(filter(None, costs)),
    )
