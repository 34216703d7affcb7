"""The check that turns another one round."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from evalkit.checks.contract import argument, verdict
from evalkit.findings import Found, look, then
from evalkit.registry import CHECKS
from evalkit.types import Check, Context, Finding


@CHECKS.register("not")
@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The inner check does not pass; where it cannot be run, neither can this. Its value is 1 − the inner one's."""

    check: Check = argument("The check that must fail.")

    @property
    def operational(self) -> bool:
        """As the inner check."""
        return self.check.operational

    @property
    def blocking(self) -> bool:
        """As the inner check."""
        return self.check.blocking

    def find(self, context: Context) -> Found:
        """The inner check's finding, turned round."""
        return then(look(self.check, context), _turned_round)


def _turned_round(found: Finding) -> Finding:
    turned = verdict(passed=not found.passed, reason=f"not wanted: {found.reason}", value=1 - found.value)
    return replace(turned, opinions=found.opinions)
