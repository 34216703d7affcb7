"""What of a suite is run: models, prompts and cases by name, tag, number or lot."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from evalkit.errors import UsageError, did_you_mean
from evalkit.suite.parts import Case


class Named(Protocol):
    """Anything that a suite gives a name."""

    @property
    def name(self) -> str:
        """Unique among its kind."""
        ...


N = TypeVar("N", bound=Named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What of a suite is run; empty means all."""

    models: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    """Parts of case ids, or patterns with * and ?; a case fits if any of them does."""
    tags: tuple[str, ...] = ()
    limit: int | None = None
    """The first so many cases."""
    sample: int | None = None
    """So many cases, drawn by `seed`."""
    seed: int = 0
    repeat: int | None = None
    """In place of every `repeat` of the suite."""

    def takes(self, case: Case) -> bool:
        """Whether a case is asked for by id and tag."""
        fits = not self.cases or any(_fits(case.id, pattern) for pattern in self.cases)
        return fits and (not self.tags or not set(self.tags).isdisjoint(case.tags))


def choose(noun: str, items: tuple[N, ...], names: Iterable[str]) -> tuple[N, ...]:
    """The items of these names (patterns allowed), in the suite's order. Raises UsageError for a name nobody has."""
    wanted: set[str] = set()
    known = [item.name for item in items]
    for name in names:
        found = [item for item in known if item == name or fnmatch.fnmatchcase(item, name)]
        if not found:
            hint = did_you_mean(name, known) or f"; it has {', '.join(known)}"
            raise UsageError(f"no {noun} of this suite is called '{name}'{hint}")
        wanted.update(found)
    return tuple(item for item in items if not wanted or item.name in wanted)


def _fits(case_id: str, pattern: str) -> bool:
    if any(char in pattern for char in "*?"):
        return fnmatch.fnmatchcase(case_id.casefold(), pattern.casefold())
    return pattern.casefold() in case_id.casefold()
