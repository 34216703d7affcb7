"""Who judges the answers of a suite: which models its checks ask, and whether they may.

A judge is found by the name that a check gives: among the suite's models, then its `judges`, by name and then by id,
then as a model that a preset knows. Where a check names none, it is the first of `judges`, or else of the models, that
has no share in what is judged.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from evalkit.errors import EvalkitError, Problem, did_you_mean
from evalkit.registry import CHECKS
from evalkit.suite.checking import CheckSpec
from evalkit.suite.instances import Instance
from evalkit.suite.models import model_of_preset, unknown_model
from evalkit.suite.parts import Suite
from evalkit.suite.templates import names_in, render_all, templates_in, write
from evalkit.types import Model

__all__ = ["JudgeInvalid", "Judges"]

_NOT_A_JUDGES = frozenset({"tools", "tool_choice", "response_format", "stop"})
"""Parameters of a model that would keep it from giving a verdict."""


class JudgeInvalid(EvalkitError):
    """A model that cannot be asked about an answer."""


class _Roles(NamedTuple):
    """The arguments of a check that name models, by what these are to it (the metadata of its fields says so)."""

    judges: tuple[str, ...]
    rivals: tuple[str, ...]
    falls_back: tuple[str, ...]
    """Where none of these is given, the case must have an `expected`."""


class _Use(NamedTuple):
    """One check of one case that asks models."""

    spec: CheckSpec
    instance: Instance
    """As that check sees it: within its turn."""
    where: str
    roles: _Roles

    def named(self, argument: str) -> list[str]:
        """The models that an argument names. Raises JudgeInvalid and TemplateInvalid."""
        value = self.spec.arguments.get(argument)
        if any("output" in names_in(text) for text in templates_in(value)):
            raise JudgeInvalid(f"'{argument}' cannot hang on the answer")
        value = render_all(value, self.instance.variables)
        return [] if value is None else [write(each) for each in (value if isinstance(value, list) else [value])]

    @property
    def lacks_expected(self) -> bool:
        falls_back = self.roles.falls_back
        if not falls_back or any(self.spec.arguments.get(name) is not None for name in falls_back):
            return False
        expected = self.instance.variables["expected"]
        return expected is None or not write(expected).strip()

    @property
    def allows_self(self) -> bool:
        return str(self.spec.arguments.get("allow_self", False)).lower() == "true"

    def problem(self, message: str, argument: str | None = None) -> Problem:
        places, given = self.instance.case.places, self.spec.place
        given = given.get(self.spec.name) if isinstance(given, dict) else None
        place = (
            (given, argument) if isinstance(given, dict) and argument in given else (self.spec.place, self.spec.name)
        )
        message = f"{self.where}: check '{self.spec.name}': {message}"
        problem = places.problem(message, *place)
        return problem if problem.line is not None else places.problem(message, self.instance.case.origin)


class Judges:
    """The models that a plan's checks ask about the answers of `subjects`."""

    def __init__(self, suite: Suite, subjects: Sequence[Model]) -> None:
        self._suite = suite
        self._subjects = {model.name: model for model in subjects}
        self._used: dict[str, Model] = {}
        self.rivals: set[str] = set()
        """Models under test whose answers others are compared with."""
        self.calls: Counter[tuple[str, str]] = Counter()
        """(model under test, judge) → questions, if every check is asked and every verdict is well-formed."""
        self._chosen: dict[str, set[str]] = {}
        """Model under test → the judges it was given because a check names none."""

    @property
    def used(self) -> tuple[Model, ...]:
        """All that are asked, each once."""
        return tuple(self._used.values())

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence where the models under test are judged by different ones, which makes them hard to compare."""
        chosen = {subject: ", ".join(sorted(judges)) for subject, judges in self._chosen.items()}
        if len(set(chosen.values())) < 2:
            return ()
        told = "; ".join(f"{subject} by {judges}" for subject, judges in chosen.items())
        return (f"no judge is named, so models are judged by different ones ({told}): to compare them, name one",)

    def forget(self) -> None:
        """As before anything was examined."""
        self._used.clear()
        self.rivals.clear()
        self.calls.clear()
        self._chosen.clear()

    def find(self, name: str, subject: Model, apart_from: Collection[str] = ()) -> Model:
        """The judge of that name; for "" the one that the suite has for `subject`. Raises JudgeInvalid.

        `apart_from` names further models that the suite's own judge must not be.
        """
        return self._named(name) if name else self._default(subject, apart_from)

    def params(self, judge: Model) -> dict[str, Any]:
        """What a judge is sent besides the question: what is set on the model itself, none of the suite's defaults."""
        own = self._suite.model_params.get(judge.name, {})
        return {name: value for name, value in own.items() if value is not None and name not in _NOT_A_JUDGES}

    def examine(self, instance: Instance, subjects: Sequence[Model], *, times: int) -> list[Problem]:
        """Finds the judges of a case, filled in; what is wrong with them. Each subject answers it `times` times."""
        return [problem for use in _uses(instance) for problem in self._examine(use, subjects, times)]

    def _examine(self, use: _Use, subjects: Sequence[Model], times: int) -> Iterator[Problem]:
        if use.lacks_expected:
            instead = use.roles.falls_back[-1]
            yield use.problem(f"the case has no `expected` to compare with; give it one, or say '{instead}'")
        try:
            rivals = [(argument, name) for argument in use.roles.rivals for name in use.named(argument)]
            judges = [(argument, name) for argument in use.roles.judges for name in use.named(argument)]
        except EvalkitError as error:
            yield use.problem(str(error))
            return
        for argument, rival in rivals:
            wrong = self._wrong_with_rival(rival, use.instance)
            if wrong:
                yield use.problem(wrong, argument)
                return
            self.rivals.add(rival)
        apart_from = [name for _, name in rivals]
        judged = [model for model in subjects if model.name not in apart_from]
        asked: list[tuple[str | None, str]] = [*judges] if judges or not use.roles.judges else [(None, "")]
        for at, judge in asked:
            wrong = self._note(judge, use, judged, apart_from, times)
            if wrong:
                yield use.problem(wrong, at)

    def _note(
        self, name: str, use: _Use, subjects: Sequence[Model], apart_from: Sequence[str], times: int
    ) -> str | None:
        """Takes a judge down for the answers of `subjects`; why it cannot judge them, if that is so."""
        questions = getattr(CHECKS[use.spec.name], "questions", 1)
        for subject in subjects:
            try:
                judge = self.find(name, subject, apart_from)
            except JudgeInvalid as error:
                return str(error)
            judged = [subject, *(self._subjects[other] for other in apart_from)]
            if not use.allows_self and any(judge.id == model.id for model in judged):
                return _judges_itself(judge, subject)
            self._used[judge.name] = judge
            self.calls[subject.name, judge.name] += questions * times
            if not name:
                self._chosen.setdefault(subject.name, set()).add(judge.name)
        return None

    def _wrong_with_rival(self, name: str, instance: Instance) -> str | None:
        if name not in self._subjects:
            known = [model.name for model in self._suite.models]
            if name in known:
                return f"'{name}' is not asked in this run, so there is nothing to compare with"
            return f"no model of this suite is called '{name}'{did_you_mean(name, known)}"
        case = instance.case
        if case.models is not None and name not in case.models:
            return f"'{name}' is not asked this case: its `models` leave it out"
        return None

    def _named(self, name: str) -> Model:
        known = (*self._suite.models, *self._suite.judges)
        found = next((model for model in known if model.name == name), None)
        found = found or next((model for model in known if model.id == name), None)
        found = found or model_of_preset(name, self._suite.gateway)
        if found is None:
            raise JudgeInvalid(unknown_model(name, [model.name for model in known], of="judges"))
        if found.provider.target is not None:
            raise JudgeInvalid(f"'{name}' is a target of its own, and no model that could judge")
        return found

    def _default(self, subject: Model, apart_from: Collection[str]) -> Model:
        known: Mapping[str, Model] = {model.name: model for model in self._suite.models}
        taken = {subject.id, *(known[name].id for name in apart_from if name in known)}
        for model in (*self._suite.judges, *self._suite.models):
            if model.id not in taken and model.provider.target is None:
                return model
        who = " and ".join([subject.name, *apart_from])
        raise JudgeInvalid(f"no judge is named, and the suite has no other model than {who}: name one as 'model'")


def _judges_itself(judge: Model, subject: Model) -> str:
    what = "its own answers" if judge.id == subject.id else "answers that are compared with its own"
    return (
        f"'{judge.name}' would judge {what}; name another judge, leave the model out by the case's `models`, "
        "or say `allow_self: true`"
    )


def _uses(instance: Instance) -> Iterator[_Use]:
    """The checks of a case that ask models, those inside others included."""
    case = instance.case
    seen = [(spec, instance, f"case '{instance.id}'") for spec in case.checks]
    for number, turn in enumerate(case.turns, start=1):
        if turn.checks:
            within = instance.within(turn)
            seen += [(spec, within, f"case '{instance.id}', turn {number}") for spec in turn.checks]
    for outermost, within, where in seen:
        for spec in _all(outermost):
            roles = _roles(spec.name)
            if any(roles):
                yield _Use(spec, within, where, roles)


def _all(spec: CheckSpec) -> Iterator[CheckSpec]:
    yield spec
    for inner in spec.nested:
        yield from _all(inner)


@lru_cache(maxsize=256)
def _roles(name: str) -> _Roles:
    fields = dataclasses.fields(CHECKS[name])  # type: ignore[arg-type]

    def having(key: str, value: str) -> tuple[str, ...]:
        return tuple(field.name for field in fields if field.metadata.get(key) == value)

    return _Roles(having("asks", "judge"), having("asks", "rival"), having("falls_back", "expected"))
