"""The check that has a model compare the facts in the answer with those in a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalkit.checks.contract import require_some
from evalkit.checks.judge import reason_in
from evalkit.checks.judging import Brief, Malformed, Part, ask, demand_others, objects_of, said, task_of
from evalkit.checks.jury import FALLS_BACK, Jury, Vote
from evalkit.errors import CheckFailedToRun
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding, Opinion

CLASSES: Mapping[str, tuple[float, str]] = {
    "equal": (1.0, "the answer states the same facts as the reference"),
    "immaterial": (1.0, "they differ only in what does not matter for the facts, such as wording or layout"),
    "superset": (1.0, "the answer states all that the reference states, and more that does not conflict with it"),
    "subset": (0.5, "the answer states part of what the reference states, and nothing that conflicts with it"),
    "conflict": (0.0, "some of what the answer states conflicts with the reference"),
}
"""How an answer may relate to the reference: its value, and what it means. The five of OpenAI's evals (`fact`)."""

_INSTRUCTIONS = (
    "You compare the facts that an answer states with those of a reference, which is right. Style, grammar and order "
    "do not matter."
)


@dataclass(frozen=True, slots=True)
class ChoiceForm:
    """One of several classes, after the reason for it."""

    classes: Mapping[str, str]
    """Class → what it means."""
    name: str = "choice"

    @property
    def properties(self) -> Mapping[str, Any]:
        """Reason and class."""
        return {
            "reason": {"type": "string", "description": "One or two sentences."},
            "choice": {"type": "string", "enum": list(self.classes)},
        }

    @property
    def spelt(self) -> str:
        """The classes as the judge reads them."""
        lines = [f"- {name}: {meaning}" if meaning else f"- {name}" for name, meaning in self.classes.items()]
        return "\n".join(["Choose one:", *lines])

    def read(self, fields: Mapping[str, Any]) -> tuple[str, str]:
        """Class and reason. Raises Malformed."""
        choice = fields.get("choice")
        if not isinstance(choice, str):
            raise Malformed(f"'choice' is {'missing' if 'choice' not in fields else 'no text'}")
        if choice not in self.classes:
            raise Malformed(f"'choice' is none of {', '.join(self.classes)}")
        return choice, reason_in(fields)


def chosen(opinions: Sequence[Opinion]) -> str:
    """The class that a judge chose, in the opinions of a finding of `factuality`."""
    objects = objects_of(opinions[-1].response.text)
    return next(str(each["choice"]) for each in objects if each.get("choice") in CLASSES)


_FORM = ChoiceForm({name: meaning for name, (_, meaning) in CLASSES.items()}, name="facts")


@dataclass(frozen=True, kw_only=True)
class _Reference:
    """What is compared with. Its fields are the first of the check, because those of the last base come first."""

    expected: str | None = field(
        default=None,
        metadata={"description": "The reference; by default the case's `expected`.", FALLS_BACK: "expected"},
    )


@CHECKS.register("factuality")
@dataclass(frozen=True, kw_only=True)
class Factuality(Jury, _Reference):
    """A model finds no conflict between the facts in the answer and those expected, and none of these missing.

    It chooses one of five classes: equal, immaterial and superset have the value 1, subset 0.5, conflict 0. Without
    `threshold` only 1 passes.
    """

    def __post_init__(self) -> None:
        Jury.__post_init__(self)
        if self.expected is not None:
            require_some(self.expected.strip())

    @property
    def _passes_from(self) -> float:
        return 1.0 if self.threshold is None else self.threshold

    async def find(self, context: Context) -> Finding:
        """Asks. Raises JudgeFailed; CheckFailedToRun where nothing is expected."""
        others, reference = demand_others(context), self.expected or context.expected
        if not reference:
            raise CheckFailedToRun("there is nothing to compare with: the case has no `expected`")
        brief = Brief(
            instructions=_INSTRUCTIONS,
            parts=(Part("task", task_of(context)), Part("reference", reference), Part("answer", said(context))),
            wanted=_FORM.spelt,
            form=_FORM,
            purpose="factuality",
        )

        async def hear(judge: str) -> Vote:
            ruling = await ask(others, brief, model=judge)
            choice, reason = ruling.verdict
            value, _ = CLASSES[choice]
            return Vote(judge=ruling.judge, value=value, reason=f"{choice}: {reason}", opinions=ruling.opinions)

        return await self._decide(hear)
