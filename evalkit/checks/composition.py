"""Checks made of others: all of them, any of them, at least so many of them.

The parts that need not wait are looked at first, every one; those that wait for a model or for code are asked after
them, one after another, and only while they can still change the verdict. So a judge inside `any_of` costs nothing
where a plain check has passed.

The parts are ranked: those that pass before those that do not, then by value. A composition that needs n of them has
the verdict and the value of the n-th: the best part for `any_of` (the maximum), the worst for `all_of` (the minimum).
Hence `not: {any_of: …}` finds the same as `all_of` over the parts turned round.

A part that errors leaves the composition without verdict, unless the others decide it whatever that part would have
found; it then counts as unknown, like a part that was not asked: the value is that of the part that decides.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from evalkit.checks.contract import argument
from evalkit.errors import CheckFailedToRun, EvalkitError, JudgeFailed
from evalkit.findings import Found, Later, drop, look
from evalkit.registry import CHECKS
from evalkit.types import Check, Context, Finding, Opinion

_SHOWN = 5
"""Reasons of so many parts stand in that of the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Composition:
    """What all compositions share: how many of their parts are needed is what they differ in."""

    checks: list[Check]

    def __post_init__(self) -> None:
        if not self.checks:
            raise ValueError("the list of checks is empty; name at least one")

    @property
    def operational(self) -> bool:
        """Where all its parts are."""
        return all(check.operational for check in self.checks)

    @property
    def blocking(self) -> bool:
        """Where one of its parts is."""
        return any(check.blocking for check in self.checks)

    def find(self, context: Context) -> Found:
        """Looks at the parts. Raises CheckFailedToRun where errors leave the verdict open."""
        tally = _Tally(parts=len(self.checks), needed=self._needed())
        waiting = []
        for check in self.checks:
            with tally.errors_kept():
                found = look(check, context)
                if inspect.isawaitable(found):
                    waiting.append(found)
                else:
                    tally.add(found)
        if tally.passed is None and waiting:
            return Later(partial(_ask, tally, waiting), waiting)
        drop(waiting)
        return tally.finding()

    def _needed(self) -> int:
        raise NotImplementedError


@CHECKS.register("all_of")
@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf(_Composition):
    """Every one of these checks passes. Its value is that of the worst."""

    checks: list[Check] = argument("The checks that must all pass.")

    def _needed(self) -> int:
        return len(self.checks)


@CHECKS.register("any_of")
@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf(_Composition):
    """One of these checks passes, or several. Its value is that of the best."""

    checks: list[Check] = argument("The checks of which one must pass.")

    def _needed(self) -> int:
        return 1


@CHECKS.register("at_least")
@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast(_Composition):
    """So many of these checks pass, or more. Its value is that of the n-th best."""

    checks: list[Check] = argument("The checks of which so many must pass.")
    n: int = argument("How many must pass.")

    def __post_init__(self) -> None:
        _Composition.__post_init__(self)
        if not 1 <= self.n <= len(self.checks):
            raise ValueError(f"n must lie between 1 and the number of checks, {len(self.checks)}; it is {self.n}")

    def _needed(self) -> int:
        return self.n


async def _ask(tally: _Tally, waiting: list[Awaitable[Finding]]) -> Finding:
    """Waits for one after another until the verdict stands."""
    while waiting and tally.passed is None:
        with tally.errors_kept():
            tally.add(await waiting.pop(0))
    drop(waiting)
    return tally.finding()


@dataclass(slots=True, kw_only=True)
class _Tally:
    """How the parts stand so far."""

    parts: int
    needed: int
    findings: list[Finding] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    @contextmanager
    def errors_kept(self) -> Iterator[None]:
        """What a part raises is noted: the others may decide without it."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 a check may raise anything
            self.errors.append(error)

    def add(self, found: Finding) -> None:
        """Counts in a part. Raises CheckFailedToRun where it found what cannot be ranked."""
        if not isinstance(found, Finding):  # of somebody else's check, whose types nobody looked at
            raise CheckFailedToRun(f"a part found a {type(found).__name__}, which is no Finding")
        if not 0 <= found.value <= 1:
            raise CheckFailedToRun(f"a part's value {found.value} does not lie between 0 and 1")
        self.findings.append(found)

    @property
    def passed(self) -> bool | None:
        """The verdict; None as long as the parts that are unknown could change it."""
        passes = sum(found.passed for found in self.findings)
        if passes >= self.needed:
            return True
        return False if len(self.findings) - passes > self.parts - self.needed else None

    def finding(self) -> Finding:
        """What the parts come to. Raises CheckFailedToRun where that is unknown."""
        passed = self.passed
        if passed is None:
            kind = JudgeFailed if any(isinstance(error, JudgeFailed) for error in self.errors) else CheckFailedToRun
            raise kind(self._why_unknown(), opinions=self._opinions())
        ranked = sorted(self.findings, key=lambda found: (found.passed, found.value), reverse=True)
        unknown = self.parts - len(ranked)  # they rank last where it passes without them, and first where it fails
        deciding = ranked[self.needed - 1 - (0 if passed else unknown)]
        reason = self._reason(passed=passed)
        return Finding(passed=passed, value=deciding.value, reason=reason, opinions=self._opinions())

    def _opinions(self) -> tuple[Opinion, ...]:
        """All that was paid for, by parts that failed to run as well."""
        failed = (opinion for error in self.errors for opinion in getattr(error, "opinions", ()))
        return (*(opinion for found in self.findings for opinion in found.opinions), *failed)

    def _reason(self, *, passed: bool) -> str:
        passes = sum(found.passed for found in self.findings)
        deciding = [found.reason for found in self.findings if found.passed is passed]
        more = f"; and {len(deciding) - _SHOWN} more" if len(deciding) > _SHOWN else ""
        asked = len(self.findings) + len(self.errors)
        left = f"; {self.parts - asked} not asked" if asked < self.parts else ""
        failed = f"; {len(self.errors)} could not be checked" if self.errors else ""
        return (
            f"{passes} of {self.parts} passed, {self.needed} needed: {'; '.join(deciding[:_SHOWN])}{more}{left}{failed}"
        )

    def _why_unknown(self) -> str:
        first = self.errors[0]
        told = str(first) if isinstance(first, EvalkitError) else f"{type(first).__name__}: {first}"
        return f"{len(self.errors)} of {self.parts} could not be checked: {told}"
