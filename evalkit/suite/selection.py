"""What of a suite is run: models, prompts and cases by name, tag, number or lot."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator
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


class TrialSet:
    """Certain trials, each by its case (filled in), prompt and model."""

    def __init__(self, trials: Iterable[tuple[str, str, str]]) -> None:
        self.trials = frozenset(trials)
        self.cases = frozenset(case for case_id, _, _ in self.trials for case in _cases_behind(case_id))
        """What their cases may be called in the suite, without the values of a matrix."""
        self.prompts = frozenset(prompt for _, prompt, _ in self.trials)
        self.models = frozenset(model for _, _, model in self.trials)

    def __len__(self) -> int:
        return len(self.trials)

    def __or__(self, more: TrialSet) -> TrialSet:
        return TrialSet(self.trials | more.trials)


def _cases_behind(case_id: str) -> Iterator[str]:
    """`a[b=c]` may be the case `a` with a matrix, or a case of that very name."""
    yield case_id
    yield from (case_id[: match.start()] for match in re.finditer(r"\[", case_id))


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
    only: TrialSet | None = None
    """None: all."""

    def wants(self, case_id: str, prompt: str, model: str) -> bool:
        """Whether a case, filled in, is asked for with this prompt and model."""
        return self.only is None or (case_id, prompt, model) in self.only.trials

    def takes(self, case: Case) -> bool:
        """Whether a case is asked for by id and tag."""
        if self.only is not None and case.id not in self.only.cases:
            return False
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
