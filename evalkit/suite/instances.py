"""A case filled in: its variables for one combination of the matrix, and the messages that a prompt makes of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from evalkit.errors import EvalkitError, Problem, did_you_mean
from evalkit.suite.checking import CheckSpec
from evalkit.suite.parts import Case, MessageTemplate
from evalkit.suite.templates import TemplateInvalid, render, render_all, resolve, unknown_names, write
from evalkit.types import Message, Transform


@dataclass(frozen=True, slots=True)
class Instance:
    """A case with one combination of the matrix."""

    case: Case
    id: str
    """The case's id; with a matrix, its values in brackets: `capital[language=中文]`."""
    variables: Mapping[str, Any]
    """Vars, matrix values, `expected` and `case`."""

    @property
    def expected(self) -> str | None:
        """The expected answer as text."""
        value = self.variables["expected"]
        return None if value is None else write(value)


def instances(case: Case, matrix: Mapping[str, tuple[Any, ...]]) -> Iterator[Instance]:
    """The case once for every combination of the matrix. Raises TemplateInvalid."""
    for values in itertools.product(*matrix.values()):
        combination = dict(zip(matrix, values, strict=True))
        words = ",".join(f"{name}={write(value)}" for name, value in combination.items())
        case_id = f"{case.id}[{words}]" if combination else case.id
        variables = resolve({**case.vars, **combination, "case": {"id": case_id}})
        variables["expected"] = render_all(case.expected, variables)
        yield Instance(case, case_id, variables)


def messages(words: tuple[MessageTemplate, ...], instance: Instance) -> tuple[Message, ...]:
    """A prompt's messages, rendered, the case's media with the last one of the user. Raises TemplateInvalid."""
    made = [Message(role=word.role, content=render(word.content, instance.variables), name=word.name) for word in words]
    case = instance.case
    if case.images or case.files:
        last = max((index for index, message in enumerate(made) if message.role == "user"), default=None)
        if last is None:
            noun = "pictures" if case.images else "files"
            raise TemplateInvalid(f"{noun} go with the last user message, and this prompt has none")
        made[last] = replace(made[last], images=case.images, files=case.files)
    return tuple(made)


def transform(instance: Instance) -> Transform | None:
    """What rewrites an answer before it is checked."""
    text = instance.case.transform
    if text is None:
        return None
    return lambda output: render(text, {**instance.variables, "output": output})


def examine(instance: Instance) -> list[Problem]:
    """What is wrong with an instance's checks and transform, as far as that shows before there is an answer."""
    case = instance.case
    problems = [problem for spec in case.checks for problem in _examine_check(spec, instance)]
    if case.transform is not None:
        try:
            _demand_names([case.transform], instance)
        except EvalkitError as error:
            problems.append(case.places.problem(f"case '{instance.id}': transform: {error}", case.origin))
    return problems


def _examine_check(spec: CheckSpec, instance: Instance) -> Iterator[Problem]:
    if spec.made is not None:
        return
    try:
        if spec.speaks_of("output"):
            _demand_names(spec.templates, instance)
        else:
            spec.make(instance.variables)
    except EvalkitError as error:
        message = f"case '{instance.id}': check '{spec.name}': {error}"
        places = instance.case.places
        problem = places.problem(message, spec.place, spec.name)
        yield problem if problem.line is not None else places.problem(message, instance.case.origin)


def _demand_names(templates: Iterable[str], instance: Instance) -> None:
    known = {*instance.variables, "output"}
    for name in (name for text in templates for name in unknown_names(text, known)):
        raise TemplateInvalid(f"no variable '{name}'{did_you_mean(name, known)}")
