"""An estimate beside what the run really took: per model the actual figures, the bias, and whether it lay inside."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from evalkit.types import Actual, CostEstimate, ModelEstimate, ModelSummary, Spread

__all__ = ["with_actual"]

ENOUGH = 0.9
"""Of the planned trials must have known tokens, to say whether the cost lay inside the interval."""


def with_actual(estimate: CostEstimate, rows: Iterable[ModelSummary]) -> CostEstimate:
    """The estimate of a run with what its models took; questions to judges have no part in it."""
    rows = list(rows)
    models = tuple(
        replace(model, actual=_actual(model, [row for row in rows if row.model == model.model]))
        for model in estimate.models
    )
    return replace(estimate, models=models)


def _actual(expected: ModelEstimate, rows: list[ModelSummary]) -> Actual | None:
    answered = sum(row.known["output_tokens"] for row in rows)
    if not answered or not expected.trials:
        return None
    priced = sum(row.known["cost_usd"] for row in rows)
    cost = sum(row.cost_usd for row in rows if row.cost_usd is not None) if priced == answered else None
    bias, inside = _judged(cost, expected.cost_usd, answered / expected.trials)
    return Actual(
        trials=answered,
        input_tokens=_sum([row.input_tokens for row in rows]),
        output_tokens=_sum([row.output_tokens for row in rows]),
        reasoning_tokens=_sum([row.reasoning_tokens for row in rows]),
        cost_usd=cost,
        bias=bias,
        inside=inside,
    )


def _judged(cost: float | None, expected: Spread | None, share: float) -> tuple[float | None, bool | None]:
    """Bias, and whether the cost of a share of the trials lies inside the interval."""
    if cost is None or expected is None or not expected.median:
        return None, None
    inside = share * expected.low <= cost <= share * expected.high
    return cost / (share * expected.median) - 1, inside if share >= ENOUGH else None


def _sum(parts: list[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    return sum(known) if known else None
