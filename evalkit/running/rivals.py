"""What models under test have answered, for the checks that compare others with them.

An answer is told as soon as it is there, before it is judged: two models whose answers are compared with each other
must not wait for each other's verdicts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import anyio

from evalkit.errors import CheckFailedToRun
from evalkit.types import Model, Response, Trial

__all__ = ["Rivals"]

Question = tuple[str, str, int]
"""Case, prompt and repeat: what several models are asked."""


@dataclass(slots=True)
class _Asked:
    """One question, and what became of it."""

    answers: dict[str, str | CheckFailedToRun] = field(default_factory=dict)
    """Model → what it answered, or why there is nothing to compare with."""
    news: anyio.Event = field(default_factory=anyio.Event)
    done: int = 0
    """Models whose trials of it are over."""


class Rivals:
    """The answers of `names`, in one job over several models."""

    def __init__(self, names: Collection[str], *, models: int) -> None:
        self._names = names
        self._models = models
        self._asked: dict[Question, _Asked] = {}
        self._under_way: Counter[str] = Counter()
        """Model → trials that will still tell their answers."""
        self._fed: set[str] = set()
        """Models of which no more trials will come."""

    def expect(self, trial: Trial) -> None:
        """A trial will tell its answer."""
        self._under_way[trial.model.name] += 1

    def tell(self, trial: Trial, response: Response | None) -> None:
        """What became of a trial's question; None: it has no answer."""
        name = trial.model.name
        self._under_way[name] -= 1
        if name in self._names:
            asked = self._of(trial)
            asked.answers[name] = _comparable(trial, response)
            _announce(asked)
            self._give_up_if_last(name)

    def leave(self, trial: Trial) -> None:
        """A trial is over: where that of every model is, nobody will ask for these answers any more."""
        if not self._names:
            return
        asked = self._of(trial)
        asked.done += 1
        if asked.done >= self._models:
            del self._asked[_question(trial)]

    def fed(self, model: Model) -> None:
        """No more trials of a model will come."""
        self._fed.add(model.name)
        self._give_up_if_last(model.name)

    async def answer(self, trial: Trial, name: str) -> str:
        """What the model `name` answered to the question of `trial`, once it has. Raises CheckFailedToRun."""
        asked = self._of(trial)
        while name not in asked.answers and not self._has_told_all(name):
            await asked.news.wait()
        answer = asked.answers.get(name) or CheckFailedToRun(f"'{name}' was not asked the same, or did not answer")
        if isinstance(answer, str):
            return answer
        raise answer

    def _has_told_all(self, name: str) -> bool:
        return name in self._fed and not self._under_way[name]

    def _give_up_if_last(self, name: str) -> None:
        """Wakes those who wait for an answer that will not come."""
        if name in self._names and self._has_told_all(name):
            for asked in self._asked.values():
                _announce(asked)

    def _of(self, trial: Trial) -> _Asked:
        return self._asked.setdefault(_question(trial), _Asked())


def _question(trial: Trial) -> Question:
    return trial.case_id, trial.prompt, trial.repeat


def _announce(asked: _Asked) -> None:
    asked.news.set()
    asked.news = anyio.Event()


def _comparable(trial: Trial, response: Response | None) -> str | CheckFailedToRun:
    """The answer as its checks see it; why there is nothing to compare with."""
    name = trial.model.name
    if response is None:
        return CheckFailedToRun(f"'{name}' gave no answer to compare with")
    try:
        text = trial.transform(response.text) if trial.transform else response.text
    except Exception as error:  # noqa: BLE001 a template of the suite may raise anything
        return CheckFailedToRun(f"the transform of the answer of '{name}' failed: {error}")
    if not text.strip():
        return CheckFailedToRun(f"the answer of '{name}' has no text to compare with")
    return text
