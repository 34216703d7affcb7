"""A check inside another, passed or not by a threshold of its own in place of its own verdict."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

from evalkit.types import Check, Context, Finding


def reaching(check: Check, threshold: float | None) -> Check:
    """`check`, passed where its value reaches `threshold`; itself where there is none."""
    return check if threshold is None else _Reaching(check, threshold)


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

    def find(self, context: Context) -> Finding | Awaitable[Finding]:
        found = self.check.find(context)
        return found.judged_at(self.threshold) if isinstance(found, Finding) else self._later(found)

    async def _later(self, found: Awaitable[Finding]) -> Finding:
        return (await found).judged_at(self.threshold)
