"""One judge or several: whom a check asks, and how their votes become a finding."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from evalkit.checks.contract import BuiltInCheck, argument, require_share
from evalkit.errors import JudgeFailed
from evalkit.types import Finding, Opinion

__all__ = ["ASKS", "FALLS_BACK", "Jury", "Vote"]

ASKS = "asks"
"""In the metadata of a field: its value names models. `judge`: those that are asked; `rival`: one that is under test
too, whose answer is looked at."""
FALLS_BACK = "falls_back"
"""In the metadata of a field, `expected`: where all such are left out, the case's expected answer is needed."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one judge came to."""

    judge: str
    value: float
    """From 0 to 1."""
    reason: str
    opinions: tuple[Opinion, ...]


@dataclass(frozen=True, kw_only=True)
class Jury(BuiltInCheck):
    """The arguments that all checks graded by models share."""

    questions: ClassVar[int] = 1
    """To each judge, if its verdict is well-formed."""

    model: str | None = field(
        default=None,
        metadata={"description": "The judge: a model of the suite, or any that a preset knows.", ASKS: "judge"},
    )
    models: list[str] | None = field(
        default=None, metadata={"description": "Several judges, in place of `model`.", ASKS: "judge"}
    )
    combine: Literal["majority", "mean"] = argument(
        "Of several judges: more than half of them pass it; or the mean of their values does.", default="majority"
    )
    threshold: float | None = argument("The lowest value that passes, from 0 to 1.", default=None)
    allow_self: bool = argument("Whether a model may judge its own answers.", default=False)

    def __post_init__(self) -> None:
        if self.model is not None and self.models is not None:
            raise ValueError("name one judge as 'model' or several as 'models', not both")
        if self.models is not None and not self.models:
            raise ValueError("'models' is empty; name at least one judge, or leave it out")
        if len(set(self._panel)) < len(self._panel):
            raise ValueError("a judge stands in 'models' twice; ask another model for another opinion")
        if "" in (self.model, *(self.models or ())):
            raise ValueError("the name of a judge is empty")
        if self.threshold is not None:
            require_share("threshold", self.threshold)

    @property
    def _panel(self) -> Sequence[str]:
        """Whom to ask; "" is the judge that the suite has."""
        return self.models if self.models is not None else (self.model or "",)

    @property
    def _passes_from(self) -> float:
        return 0.5 if self.threshold is None else self.threshold

    async def _decide(self, hear: Callable[[str], Awaitable[Vote]]) -> Finding:
        """Hears one judge after another. Raises JudgeFailed where one gives no verdict, with what all have said."""
        votes: list[Vote] = []
        for judge in self._panel:
            try:
                votes.append(await hear(judge))
            except JudgeFailed as error:
                raise JudgeFailed(str(error), opinions=(*_opinions(votes), *error.opinions)) from error
        if len(votes) == 1:
            return self._found(votes, votes[0].value, f"{votes[0].judge} {votes[0].value:.3g}: {votes[0].reason}")
        passes = [self._passes(vote.value) for vote in votes]
        told = "; ".join(f"{vote.judge} {vote.value:.3g}: {vote.reason}" for vote in votes)
        mean = sum(vote.value for vote in votes) / len(votes)
        if self.combine == "mean":
            return self._found(votes, mean, f"mean {mean:.3g} of {len(votes)} judges: {told}")
        share = sum(passes) / len(votes)
        reason = f"{sum(passes)} of {len(votes)} judges pass it{', no majority' if share == 0.5 else ''}: {told}"
        return Finding(passed=share > 0.5, value=share, reason=reason, opinions=_opinions(votes))

    def _found(self, votes: Sequence[Vote], value: float, reason: str) -> Finding:
        return Finding(passed=self._passes(value), value=value, reason=reason, opinions=_opinions(votes))

    def _passes(self, value: float) -> bool:
        return value >= self._passes_from - _ROUNDING


def _opinions(votes: Sequence[Vote]) -> tuple[Opinion, ...]:
    return tuple(opinion for vote in votes for opinion in vote.opinions)
