"""The trials that a suite means: case × matrix × prompt × repeat, for each model, made one at a time.

`prepare` goes through all of them once before anything is sent: every template is rendered and every check made, so
that nothing can be wrong later, and the trials are counted. `trials` makes them again, lazily, for the runner.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from evalkit.errors import EvalkitError, Problem, SuiteInvalid
from evalkit.suite.code_uses import CodeUse, note_code
from evalkit.suite.datasets import draw
from evalkit.suite.instances import Instance, examine, instances, transform
from evalkit.suite.judges import Judges
from evalkit.suite.params import settle
from evalkit.suite.parts import Case, Prompt, Suite
from evalkit.suite.presets import NOT_IN_API, preset_for
from evalkit.suite.scripts import Script, script, scripted_turns
from evalkit.suite.selection import Selection, choose
from evalkit.suite.targets import hand_over_of, handed, rehearse
from evalkit.types import Message, Model, PlannedTrials, Request, Trial

MAX_PROBLEMS = 100
"""After so many problems the plan is given up."""


@dataclass(slots=True, kw_only=True)
class Census:
    """What `prepare` counted."""

    planned: tuple[PlannedTrials, ...] = ()
    cases: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    """Case id → why."""
    code: dict[CodeUse, None] = field(default_factory=dict)
    """What its checks run, which needs leave: a set in the order of the suite."""

    @property
    def trials(self) -> int:
        """Over all models and prompts."""
        return sum(planned.trials for planned in self.planned)


class Plan:
    """A suite and what of it is run."""

    def __init__(self, suite: Suite, selection: Selection | None = None) -> None:
        self.suite = suite
        self.selection = selection or Selection()
        self.models = choose("model", suite.models, self.selection.models)
        self.prompts = choose("prompt", suite.prompts, self.selection.prompts)
        only = self.selection.only
        if only is not None:
            self.models = tuple(model for model in self.models if model.name in only.models)
            self.prompts = tuple(prompt for prompt in self.prompts if prompt.name in only.prompts)
        self.judging = Judges(suite, self.models)
        """Who is asked about the answers; known once it is prepared."""
        self._drawn: frozenset[str] | None = None

    @property
    def judges(self) -> tuple[Model, ...]:
        """The models that are asked about answers, each once, under test or not; known once it is prepared."""
        return self.judging.used

    @property
    def asked(self) -> tuple[Model, ...]:
        """All models that something is sent to: those under test, then the judges that are not."""
        return (*self.models, *(judge for judge in self.judges if judge not in self.models))

    def prepare(self) -> Census:
        """Makes everything once and keeps nothing. Raises SuiteInvalid with what cannot be rendered or checked."""
        census = Census()
        problems: list[Problem] = []
        counts = {(model.name, prompt.name): 0 for model in self.models for prompt in self.prompts}
        seen: set[bytes] = set()
        self.judging.forget()
        self._draw(problems)
        for case in self.cases(census, problems):
            problems += _examine_case(case, self.suite.matrix, seen) or self._count(case, counts)
            note_code(case, census.code)
            if len(problems) >= MAX_PROBLEMS:
                break
        if problems:
            raise SuiteInvalid([*dict.fromkeys(problems)])
        census.planned = tuple(PlannedTrials(model=m, prompt=p, trials=n) for (m, p), n in counts.items())
        return census

    def cases(self, census: Census | None = None, problems: list[Problem] | None = None) -> Iterator[Case]:
        """The selected cases that are not skipped; what is skipped goes into the census, what is wrong to `problems`.

        Without `problems`, SuiteInvalid is raised before any case that stands behind a wrong one.
        """
        census = census if census is not None else Census()
        found: list[Problem] = [] if problems is None else problems
        for case in self._selected(found):
            if found and problems is None:
                break
            if case.skip is not None:
                census.skipped[case.id] = case.skip
            elif self._drawn is None or case.id in self._drawn:
                census.cases += 1
                yield case
                if census.cases == self.selection.limit:
                    break
        if found and problems is None:
            raise SuiteInvalid(found)

    def _selected(self, problems: list[Problem]) -> Iterator[Case]:
        return (case for case in self.suite.cases(problems) if self.selection.takes(case))

    def trials(self, model: Model) -> Iterator[Trial]:
        """The trials of one model, in the suite's order."""
        for case in self.cases():
            if case.models is not None and model.name not in case.models:
                continue
            params, _ = self.params(model, case.params)
            for instance in instances(case, self.suite.matrix):
                for prompt in self._prompts_of(case):
                    if self.selection.wants(instance.id, prompt.name, model.name):
                        yield from self._repeats(instance, prompt, model, params)

    def params(self, model: Model, case: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What a model is sent with a case that sets `case`, and the names of defaults that are left out for it.

        Nothing for a target: parameters are a model's.
        """
        if model.provider.target is not None:
            return {}, ()
        preset = preset_for(model.id)
        return settle(
            defaults=self.suite.default_params,
            model=self.suite.model_params[model.name],
            case=case or {},
            rejected=preset.rejected(model.api) if preset else NOT_IN_API.get(model.api, frozenset()),
        )

    def _draw(self, problems: list[Problem]) -> None:
        """Settles which cases a sample has: those whose hash with the seed is smallest."""
        if self.selection.sample is None:
            return
        seed = self.selection.seed
        ids = (case.id for case in self._selected(problems) if case.skip is None)
        self._drawn = frozenset(heapq.nsmallest(self.selection.sample, ids, key=lambda case_id: draw(seed, case_id)))

    def _prompts_of(self, case: Case) -> tuple[Prompt, ...]:
        return tuple(prompt for prompt in self.prompts if case.prompts is None or prompt.name in case.prompts)

    def _repeats(self, instance: Instance, prompt: Prompt, model: Model, params: Mapping[str, Any]) -> Iterator[Trial]:
        case = instance.case
        said = script(prompt.for_model(model.name), instance)
        payload, headers = handed(model, said.opening, instance)
        request = Request(
            model=model.id,
            messages=said.opening,
            params=params,
            cap_field=model.cap_field,
            family=model.family,
            stream=self.streams(model),
            payload=payload,
            headers=headers,
        )
        checks = tuple(spec.bind(instance.variables) for spec in case.checks)
        question = _question(instance.id, prompt.name, model, request, said)
        first, *later = scripted_turns(said, instance)
        repeats = self.selection.repeat or case.repeat
        for repeat in range(repeats):
            yield Trial(
                key=_key(question, repeat),
                case_id=instance.id,
                prompt=prompt.name,
                model=model,
                repeat=repeat,
                request=request,
                checks=checks,
                expected=instance.expected,
                transform=transform(instance),
                accept=case.accept,
                threshold=case.threshold,
                turns=tuple(later),
                first_turn_checks=first.checks,
                first_turn_expected=first.expected,
                hand_over=hand_over_of(model, instance) if later else None,
                tags=case.tags,
                cluster=case.cluster,
                xfail=case.xfail,
                pass_if=None if case.pass_if is None else max(case.pass_if, 1 / repeats),
            )

    def streams(self, model: Model) -> bool | None:
        """Whether a model is asked for streams; None where that is left to it."""
        if model.provider.target is not None:
            return None
        return model.stream if model.stream is not None else self.suite.stream

    def _count(self, case: Case, counts: dict[tuple[str, str], int]) -> list[Problem]:
        """Renders what the case means and counts its trials."""
        models = [model for model in self.models if case.models is None or model.name in case.models]
        repeat = self.selection.repeat or case.repeat
        problems: list[Problem] = []
        prompt: Prompt | None = None
        try:
            for instance in instances(case, self.suite.matrix):
                problems += examine(instance)
                times = repeat * len(self._prompts_of(case))
                problems += self.judging.examine(instance, models, times=times)
                for prompt in self._prompts_of(case):
                    words = {prompt.for_model(model.name) for model in models}
                    said = {each: script(each, instance) for each in words}
                    for model in models:
                        rehearse(model, *said[prompt.for_model(model.name)], instance)
                        counts[model.name, prompt.name] += repeat * self.selection.wants(
                            instance.id, prompt.name, model.name
                        )
        except EvalkitError as error:
            where = f"case '{case.id}', prompt '{prompt.name}'" if prompt else f"case '{case.id}'"
            problems.append(case.places.problem(f"{where}: {error}", case.origin))
        return problems


def _examine_case(case: Case, matrix: Mapping[str, Any], seen: set[bytes]) -> list[Problem]:
    """What is wrong with a case among its fellows. `seen` holds a short hash of every id so far."""
    clash = next((name for name in matrix if name in case.vars), None)
    if clash is not None:
        message = f"'{clash}' is a var of case '{case.id}' and a dimension of the matrix"
        return [case.places.problem(message, case.origin)]
    mark = draw(0, case.id)
    if mark in seen:
        message = f"two cases have the id '{case.id}'"
        if "id" in case.origin:
            return [case.places.problem(message, case.origin, "id")]
        return [case.places.problem(f"{message}: give this one an `id`", case.origin)]
    seen.add(mark)
    return []


_canonical = msgspec.json.Encoder(order="sorted", enc_hook=str)


def _question(case_id: str, prompt: str, model: Model, request: Request, said: Script) -> bytes:
    """All that makes a question this question, in one spelling: no position, no host, no key.

    Of a target, what it is handed: its headers, which may hold a key, are left out.
    """
    asked = request.payload if model.provider.target is not None else _spelt(request.messages)
    parts = (case_id, prompt, model.name, model.id, model.api, asked, request.params, request.stream)
    return _canonical.encode((*parts, _spelt(said.later)) if said.later else parts)


def _spelt(messages: tuple[Message, ...]) -> list[tuple[Any, ...]]:
    return [(message.role, message.name, message.content, _media(message)) for message in messages]


def _media(message: Message) -> list[tuple[str | None, ...]]:
    pictures = [(image.url or image.sha256, image.detail) for image in message.images]
    return [*pictures, *((file.url or file.sha256, file.name) for file in message.files)]


def _key(question: bytes, repeat: int) -> str:
    return hashlib.sha256(question + f"#{repeat}".encode()).hexdigest()[:32]
