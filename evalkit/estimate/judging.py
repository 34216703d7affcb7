"""What the questions to a judge will probably take: the frame of a question, what is judged, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evalkit.costs.limits import cap_of, limits_of, most_output_tokens
from evalkit.costs.priors import Length, output_prior
from evalkit.costs.spans import Span, within
from evalkit.costs.worst_case import worst_case_usd
from evalkit.estimate.history import Past
from evalkit.estimate.measured import Measured
from evalkit.estimate.outputs import Levels
from evalkit.estimate.requests import PARTS, Asked, AskedRequest, Floats, tabulate
from evalkit.estimate.simulation import Billing, Sums, simulate
from evalkit.types import Message, Model, Price, Request

__all__ = ["JUDGES", "Judged", "Jury", "jury_of", "simulate_jury", "worst_of_jury"]

JUDGES = "questions to judges"
FRAME = within(250, 450, 1200, 6000)
"""Input tokens of a question besides the task and the answer: what the judge is told, the rubric, the reply's form."""
VERDICT = Length(median=70, suite_sigma=0.5, trial_sigma=0.5)
"""A score with its reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a model under test hands to its judges: the mean of its questions, and what it answers."""

    task: Span
    visible: Floats
    """Mean length of an answer, a draw each."""
    longest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Jury:
    """All questions to one judge."""

    judge: Model
    asked: Asked
    questions: int
    carried: Floats
    """Input tokens that come from the answers judged, over all questions, a draw each."""
    longest: int
    """Tokens of the longest answer that may have to be read."""


def jury_of(
    judge: Model,
    calls: Mapping[str, int],
    judged: Mapping[str, Judged],
    params: Mapping[str, object],
    past: Past | None,
) -> Jury:
    """The questions to a judge about the answers of several models (`calls`: model → questions)."""
    request = Request(model=judge.id, messages=(Message(role="user", content=""),), params=params)
    prior = output_prior(judge, request)
    rows = [
        AskedRequest(
            prompt="",
            case_id=subject,
            tags=(),
            key="",
            turn=0,
            later=0,
            parts=_parts(judged[subject], past),
            worst_input=FRAME.worst + judged[subject].task.worst,
            most_output=most_output_tokens(judge.id, cap_of(request)),
            answers=1,
            capped=cap_of(request) is not None,
            prior=type(prior)(visible=VERDICT, reasoning=prior.reasoning, basis="a prior for verdicts"),
            repeats=float(number),
        )
        for subject, number in calls.items()
    ]
    carried = np.sum([number * judged[subject].visible for subject, number in calls.items()], axis=0)
    questions = sum(calls.values())
    asked = tabulate(judge, rows, trials=questions, method="a guess at the judge's instructions")
    longest = max(judged[subject].longest for subject in calls)
    measured = past is not None
    return Jury(
        judge=judge,
        asked=asked,
        questions=questions,
        carried=np.zeros_like(carried) if measured else np.asarray(carried, dtype=float),
        longest=longest,
    )


def _parts(judged: Judged, past: Past | None) -> dict[str, Span]:
    """Input of a question: as measured, its mean within two standard errors; else a guess."""
    name = next(iter(PARTS))
    parts = {part: within(0, 0, 0) for part in PARTS}
    if past is None:
        return {**parts, name: FRAME + judged.task}
    known = np.array([sample.input_tokens for sample in past.samples], dtype=float)
    error = 2 * known.std() / np.sqrt(len(known))
    middle = float(known.mean())
    return {**parts, name: within(max(0.0, middle - error), middle, middle + error)}


def simulate_jury(
    jury: Jury,
    lengths: Mapping[str, Measured],
    billing: Billing,
    levels: Levels,
    *,
    seed: int,
    frozen: str | None,
) -> Sums:
    """What all questions to a judge take; `lengths` has those of its verdicts under ""."""
    sums = simulate(jury.asked, lengths, billing, levels, seed=seed, frozen=frozen)
    cost = sums.cost_usd
    if cost is not None and billing.price is not None:
        cost = cost + jury.carried * billing.price.input / 1_000_000
    return Sums(
        input_tokens=sums.input_tokens + jury.carried, visible=sums.visible, reasoning=sums.reasoning, cost_usd=cost
    )


def worst_of_jury(jury: Jury, price: Price | None) -> tuple[float, float, float | None]:
    """Input tokens, output tokens and USD at the most; a malformed verdict is asked for once more."""
    tokens_in = tokens_out = usd = 0.0
    for row in jury.asked.requests:
        most = min(row.worst_input + jury.longest, limits_of(jury.judge.id).context)
        span = within(most, most, most)
        cost = worst_case_usd(
            jury.judge, Request(model=jury.judge.id, messages=()), price=price, tokens=span,
            output_tokens=row.most_output,
        )  # fmt: skip
        tokens_in += 2 * row.repeats * most
        tokens_out += 2 * row.repeats * row.most_output
        usd += 2 * row.repeats * (cost or 0.0)
    return tokens_in, tokens_out, None if price is None else usd
