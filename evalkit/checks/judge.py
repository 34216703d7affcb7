"""The check that has a model grade the answer by a rubric, or by a list of criteria."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.checks.contract import argument, visible
from evalkit.checks.criteria import CriteriaForm, Criterion, weighed
from evalkit.checks.judging import Brief, Malformed, Part, ask, demand_others, number_in, said, task_of
from evalkit.checks.jury import Jury, Vote
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding

_GRADE = "You grade an answer by a rubric, strictly and by nothing else."
_TICK = "You look at an answer and decide of each of several criteria whether it is met, by nothing else."
_REASON_COLUMNS = 300


@dataclass(frozen=True, slots=True)
class Grade:
    """By a rubric."""

    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class GradeForm:
    """A grade from 0 to 1, after its reason: what is written first is thought of first."""

    name: str = "grade"

    @property
    def properties(self) -> Mapping[str, Any]:
        """Reason and score."""
        return {
            "reason": {"type": "string", "description": "One or two sentences."},
            "score": {"type": "number", "description": "From 0, does not fit the rubric at all, to 1, fits it fully."},
        }

    def read(self, fields: Mapping[str, Any]) -> Grade:
        """Raises Malformed."""
        return Grade(number_in(fields, "score"), reason_in(fields))

    def worth(self, verdict: Grade) -> tuple[float, str]:
        """Its value, and why."""
        return verdict.score, verdict.reason


def reason_in(fields: Mapping[str, Any]) -> str:
    """The reason that a verdict gives, on one line. Raises Malformed."""
    reason = fields.get("reason")
    if not isinstance(reason, str):
        raise Malformed(f"'reason' is {'missing' if 'reason' not in fields else 'no text'}")
    return visible(" ".join(reason.split()), _REASON_COLUMNS)


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """What is graded by. Its fields are the first of the check, because those of the last base come first."""

    rubric: str | None = argument("What a good answer is like; the judge gives a score from 0 to 1.", default=None)
    criteria: list[str | Criterion] | None = argument(
        "Criteria that are met or not, each a text, or {criterion: …, weight: …}; the value is the share of the "
        "weights that is met.",
        default=None,
    )
    show_task: bool = argument("Whether the judge is shown what was asked.", default=True)
    show_media: bool = argument("Whether the judge is shown its pictures and files, too.", default=False)


@CHECKS.register("judge")
@dataclass(frozen=True, kw_only=True)
class Judge(Jury, _Wanted):
    """A model grades the answer by a rubric or by criteria; needs a judge that is not the model under test.

    Without `threshold` a rubric is passed from 0.5, and criteria are where all are met. A judge that gives no verdict,
    asked twice, is an error of the check, never a pass.
    """

    def __post_init__(self) -> None:
        Jury.__post_init__(self)
        if not (self.rubric or "").strip() and self.criteria is None:
            raise ValueError("say what the answer is judged by: a 'rubric', or a list of 'criteria'")
        if self.criteria is not None:
            weighed(self.criteria)

    @property
    def _passes_from(self) -> float:
        if self.threshold is not None:
            return self.threshold
        return 0.5 if self.criteria is None else 1.0

    async def find(self, context: Context) -> Finding:
        """Asks. Raises JudgeFailed."""
        others, (form, wanted) = demand_others(context), self._graded_by()
        brief = self._brief(context, form, wanted)

        async def hear(judge: str) -> Vote:
            ruling = await ask(others, brief, model=judge)
            value, reason = form.worth(ruling.verdict)
            return Vote(judge=ruling.judge, value=value, reason=reason, opinions=ruling.opinions)

        return await self._decide(hear)

    def _graded_by(self) -> tuple[GradeForm | CriteriaForm, str]:
        """The shape of the verdict, and what the judge is told to grade by."""
        if self.criteria is None:
            return GradeForm(), f"Rubric:\n{self.rubric}"
        ticks = CriteriaForm(weighed(self.criteria))
        return ticks, ticks.spelt(self.rubric)

    def _brief(self, context: Context, form: GradeForm | CriteriaForm, wanted: str) -> Brief[Any]:
        task = (Part("task", task_of(context)),) if self.show_task else ()
        shown = context.messages if self.show_task and self.show_media else ()
        return Brief(
            instructions=_GRADE if self.criteria is None else _TICK,
            parts=(*task, Part("answer", said(context))),
            wanted=wanted,
            form=form,
            purpose="judge",
            images=tuple(image for message in shown for image in message.images),
            files=tuple(file for message in shown for file in message.files),
        )
