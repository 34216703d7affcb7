"""Findings that may still be to come: looked for without being begun, shaped before they are there."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from evalkit.types import Check, Context, Finding

Found = Finding | Awaitable[Finding]
"""What a check's `find` returns."""


@dataclass(frozen=True, slots=True)
class Later:
    """A finding that nobody works on until it is awaited, and that may be dropped before."""

    begin: Callable[[], Awaitable[Finding]]
    holds: Sequence[Awaitable[Finding]] = ()
    """What it would wait for."""

    def __await__(self) -> Generator[Any, Any, Finding]:
        """Begins, and waits."""
        return self.begin().__await__()

    def close(self) -> None:
        """It will not be awaited."""
        drop(self.holds)


def drop(found: Iterable[Awaitable[Finding]]) -> None:
    """Says of coroutines that nobody will await them; a check of somebody else's may have made one at once."""
    for each in found:
        if isinstance(each, (Coroutine, Later)):
            each.close()


def look(check: Check, context: Context) -> Found:
    """What `check` finds; where it must wait for others, it has not begun. Raises whatever the check does."""
    if inspect.iscoroutinefunction(check.find):
        return Later(partial(check.find, context))
    return check.find(context)


def then(found: Found, shape: Callable[[Finding], Finding]) -> Found:
    """`shape` of a finding, now or once it is there."""
    return shape(found) if isinstance(found, Finding) else Later(partial(_shaped, found, shape), (found,))


async def _shaped(found: Awaitable[Finding], shape: Callable[[Finding], Finding]) -> Finding:
    return shape(await found)


def reaching(check: Check, threshold: float) -> Check:
    """`check`, passed where its value reaches `threshold`, in place of its own verdict."""
    return _Reaching(check, threshold)


@dataclass(frozen=True, slots=True)
class _Reaching:
    check: Check
    threshold: float

    @property
    def operational(self) -> bool:
        return self.check.operational

    @property
    def blocking(self) -> bool:
        return self.check.blocking

    def find(self, context: Context) -> Found:
        return then(look(self.check, context), lambda found: found.judged_at(self.threshold))
