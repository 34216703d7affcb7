"""The check that has a model say which of two answers is better, with both orders tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from evalkit.checks.contract import argument, require_some
from evalkit.checks.judge import reason_in
from evalkit.checks.judging import Brief, Malformed, Part, Ruling, ask, demand_others, said, task_of
from evalkit.checks.jury import ASKS, FALLS_BACK, Jury, Vote
from evalkit.errors import CheckFailedToRun, JudgeFailed
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding, Others

Side = Literal["first", "second", "tie"]
_SIDES: tuple[Side, ...] = ("first", "second", "tie")
_INSTRUCTIONS = (
    "You compare two answers to the same task, named first and second, and say which is better, or that it is a tie. "
    "Neither their order nor their length is a reason to prefer one."
)
_RUBRIC = "The better answer is more correct and does more of what was asked, without saying more than it must."


@dataclass(frozen=True, slots=True)
class PreferenceForm:
    """Which of two, after the reason for it."""

    name: str = "preference"

    @property
    def properties(self) -> Mapping[str, Any]:
        """Reason and side."""
        return {
            "reason": {"type": "string", "description": "One or two sentences."},
            "better": {"type": "string", "enum": list(_SIDES)},
        }

    def read(self, fields: Mapping[str, Any]) -> tuple[Side, str]:
        """Side and reason. Raises Malformed."""
        better = fields.get("better")
        for side in _SIDES:
            if better == side:
                return side, reason_in(fields)
        raise Malformed(f"'better' is {'missing' if 'better' not in fields else 'none of first, second, tie'}")


@dataclass(frozen=True, kw_only=True)
class _Against:
    """What is compared with. Its fields are the first of the check, because those of the last base come first."""

    against: str | None = field(
        default=None,
        metadata={
            "description": "The model of the suite whose answer to the same question it is compared with.",
            ASKS: "rival",
            FALLS_BACK: "expected",
        },
    )
    against_text: str | None = field(
        default=None,
        metadata={
            "description": "The text that it is compared with; by default, without a model, the case's `expected`.",
            FALLS_BACK: "expected",
        },
    )
    rubric: str = argument("What makes one answer better than another.", default=_RUBRIC)


@CHECKS.register("preference")
@dataclass(frozen=True, kw_only=True)
class Preference(Jury, _Against):
    """A model finds the answer better than another one, or no worse: than another model's, or than a text.

    The judge is asked twice, with the answers swapped; where the two verdicts do not agree it is a tie. The value is 1
    where the answer is better, 0.5 for a tie, 0 where it is worse; without `threshold` a tie passes. A model compared
    with itself ties without being judged.
    """

    questions: ClassVar[int] = 2
    """To each judge."""

    def __post_init__(self) -> None:
        Jury.__post_init__(self)
        if self.against is not None and self.against_text is not None:
            raise ValueError("compare with a model ('against') or with a text ('against_text'), not both")
        if self.against_text is not None:
            require_some(self.against_text.strip())
        require_some(self.rubric.strip())

    async def find(self, context: Context) -> Finding:
        """Asks. Raises JudgeFailed; CheckFailedToRun where there is nothing to compare with."""
        others, own = demand_others(context), said(context)
        other = await self._other(others, context)
        if own.strip() == other.strip():
            return Finding(passed=self._passes(0.5), value=0.5, reason="a tie: the answers are the same")
        apart_from = () if self.against is None else (self.against,)
        task = task_of(context)

        async def hear(judge: str) -> Vote:
            straight = await ask(others, self._brief(task, own, other), model=judge, apart_from=apart_from)
            try:
                swapped = await ask(others, self._brief(task, other, own), model=judge, apart_from=apart_from)
            except JudgeFailed as error:
                raise JudgeFailed(str(error), opinions=(*straight.opinions, *error.opinions)) from error
            return _vote(straight, swapped)

        return await self._decide(hear)

    async def _other(self, others: Others, context: Context) -> str:
        if self.against is not None:
            return await others.answer_of(self.against)
        text = self.against_text or context.expected
        if not text:
            raise CheckFailedToRun("there is nothing to compare with: name `against`, or give the case an `expected`")
        return text

    def _brief(self, task: str, first: str, second: str) -> Brief[tuple[Side, str]]:
        return Brief(
            instructions=_INSTRUCTIONS,
            parts=(Part("task", task), Part("first", first), Part("second", second)),
            wanted=f"Rubric:\n{self.rubric}",
            form=PreferenceForm(),
            purpose="preference",
        )


def _vote(straight: Ruling[tuple[Side, str]], swapped: Ruling[tuple[Side, str]]) -> Vote:
    """Of a judge who saw the answer first, then second."""
    (side, reason), (mirrored, _) = straight.verdict, swapped.verdict
    opinions = (*straight.opinions, *swapped.opinions)
    if (side, mirrored) == ("first", "second"):
        value, reason = 1.0, f"better: {reason}"
    elif (side, mirrored) == ("second", "first"):
        value, reason = 0.0, f"worse: {reason}"
    elif side == mirrored == "tie":
        value, reason = 0.5, f"a tie: {reason}"
    else:
        value, reason = 0.5, f"a tie: '{side}' when shown first, '{mirrored}' when shown second"
    return Vote(judge=straight.judge, value=value, reason=reason, opinions=opinions)
