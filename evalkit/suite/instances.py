"""A case filled in: its variables for one combination of the matrix, and what its checks make of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evalkit.errors import EvalkitError, Problem, did_you_mean
from evalkit.suite.checking import CheckSpec
from evalkit.suite.parts import Case, CaseTurn
from evalkit.suite.templates import RESERVED, TemplateInvalid, render, render_all, resolve, unknown_names, write
from evalkit.types import Transform


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
        """The expected answer as text; of a conversation, the last one."""
        value = self.variables["expected"]
        return None if value is None else write(value)

    @property
    def own(self) -> dict[str, Any]:
        """The case's vars and its place in the matrix, without what is for checks."""
        return {name: value for name, value in self.variables.items() if name not in RESERVED}

    def within(self, turn: CaseTurn) -> Instance:
        """The same as one turn of it sees it: with that turn's own `expected`, if it has one."""
        expected = self.case.expected if turn.expected is None else turn.expected
        return replace(self, variables={**self.variables, "expected": render_all(expected, self.variables)})


def instances(case: Case, matrix: Mapping[str, tuple[Any, ...]]) -> Iterator[Instance]:
    """The case once for every combination of the matrix. Raises TemplateInvalid."""
    for values in itertools.product(*matrix.values()):
        combination = dict(zip(matrix, values, strict=True))
        words = ",".join(f"{name}={write(value)}" for name, value in combination.items())
        case_id = f"{case.id}[{words}]" if combination else case.id
        variables = resolve({**case.vars, **combination, "case": {"id": case_id}})
        at_last = case.turns[-1].expected if case.turns and case.expected is None else case.expected
        variables["expected"] = render_all(at_last, variables)
        yield Instance(case, case_id, variables)


def transform(instance: Instance) -> Transform | None:
    """What rewrites an answer before it is checked."""
    text = instance.case.transform
    if text is None:
        return None
    return lambda output: render(text, {**instance.variables, "output": output})


def examine(instance: Instance) -> list[Problem]:
    """What is wrong with an instance's checks and transform, as far as that shows before there is an answer."""
    case = instance.case
    problems = [problem for spec in case.checks for problem in _examine_check(spec, instance, f"case '{instance.id}'")]
    for number, turn in enumerate(case.turns, start=1):
        within, where = instance.within(turn), f"case '{instance.id}', turn {number}"
        problems += [problem for spec in turn.checks for problem in _examine_check(spec, within, where)]
    if case.transform is not None:
        try:
            _demand_names([case.transform], instance)
        except EvalkitError as error:
            problems.append(case.places.problem(f"case '{instance.id}': transform: {error}", case.origin))
    return problems


def _examine_check(spec: CheckSpec, instance: Instance, where: str) -> Iterator[Problem]:
    try:
        spec.examine(instance.variables)
    except EvalkitError as error:
        message = f"{where}: check '{spec.name}': {error}"
        places = instance.case.places
        problem = places.problem(message, spec.place, spec.name)
        yield problem if problem.line is not None else places.problem(message, instance.case.origin)


def _demand_names(templates: Iterable[str], instance: Instance) -> None:
    known = {*instance.variables, "output"}
    for name in (name for text in templates for name in unknown_names(text, known)):
        raise TemplateInvalid(f"no variable '{name}'{did_you_mean(name, known)}")
