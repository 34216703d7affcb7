"""Where a suite runs code in its checks, so that it can be asked for leave, and the code be tried, before a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from evalkit.errors import Problem
from evalkit.suite.checking import CheckSpec
from evalkit.suite.parts import Case

MOST = 100
"""So many different pieces of code are noted; beyond, the first ones speak for the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeUse:
    """One piece of code, and where it stands."""

    check: str
    code: str
    """An expression, or `/whole/path.py:function`."""
    arguments: tuple[str, ...]
    """The names of what it is handed besides an answer's own facts."""
    memory_mb: int | None
    """What it may take, where the suite says so."""
    place: Problem = field(compare=False)

    def problem(self, what: str) -> Problem:
        """A Problem with it."""
        return replace(self.place, message=f"check '{self.check}': {what}")


def note_code(case: Case, uses: dict[CodeUse, None]) -> None:
    """Adds what a case runs to `uses`."""
    for use in _code_in(case):
        if len(uses) < MOST:
            uses.setdefault(use)


def _code_in(case: Case) -> Iterator[CodeUse]:
    for spec in (*case.checks, *(spec for turn in case.turns for spec in turn.checks)):
        for user, code in spec.code:
            arguments = user.arguments.get("arguments")
            names = tuple(sorted(arguments)) if isinstance(arguments, dict) else ()
            memory_mb = user.arguments.get("memory_mb")
            yield CodeUse(
                check=user.name,
                code=code,
                arguments=names,
                memory_mb=memory_mb if isinstance(memory_mb, int) else None,
                place=_place(user, case),
            )


def _place(spec: CheckSpec, case: Case) -> Problem:
    """Where it stands; a default check of a row stands in another file, so the row is named."""
    problem = case.places.problem("", spec.place, spec.name)
    return problem if problem.line is not None else case.places.problem("", case.origin)
