"""An estimate for pull requests and job summaries, as GitHub-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from evalkit.report import cells
from evalkit.report.estimate_words import (
    STAND_IN,
    duration,
    headline,
    judged,
    remarks,
    rollout_headline,
    sources,
    uncertain,
)
from evalkit.report.markdown import code, plain
from evalkit.types import CostEstimate, ModelEstimate, Rollout, RolloutModel, Spread

__all__ = ["as_markdown"]


def as_markdown(estimate: CostEstimate) -> str:
    """For pull requests: the sum first, then the models, then what it rests on."""
    blocks = [f"## Estimate: {plain(estimate.suite)}", f"{plain(headline(estimate))}."]
    blocks += [f"**{STAND_IN}**"] if estimate.stand_in else []
    blocks.append(
        "\n".join(_table(_MODEL_HEADS, [_model(row, estimate) for row in (*estimate.models, *estimate.judges)]))
    )
    told = [*sources(estimate), uncertain(estimate.uncertainty)]
    if estimate.rollout is not None:
        blocks += ["### Rollout", plain(rollout_headline(estimate.rollout)), *_rollout(estimate.rollout)]
        told.append(uncertain(estimate.rollout.uncertainty))
    blocks.append("\n".join(f"- {plain(line)}" for line in [*told, *remarks(estimate)] if line))
    return "\n\n".join(blocks) + "\n"


_MODEL_HEADS = [
    "model", "trials", "input tokens", "visible output", "reasoning", "USD", "95 %", "at most", "USD a trial",
    "USD a 1,000 trials", "time",
]  # fmt: skip


def _model(row: ModelEstimate, estimate: CostEstimate) -> list[str]:
    cost = row.cost_usd
    return [
        code(judged(row, estimate)),
        f"{row.trials:,}",
        _tokens(row.input_tokens),
        _tokens(row.visible_tokens),
        _tokens(row.reasoning_tokens),
        _middle(cost, cells.usd_in_short),
        _between(cost),
        cells.UNKNOWN if cost is None or cost.worst is None else cells.usd_in_short(cost.worst),
        _middle(row.cost_per_trial_usd, cells.usd_in_short),
        _middle(row.cost_per_1k_trials_usd, cells.usd_in_short),
        _middle(row.time_s, duration),
    ]


def _tokens(spread: Spread | None) -> str:
    if spread is None:
        return cells.UNKNOWN
    low, middle, high = (cells.tokens(round(end)) for end in (spread.low, spread.median, spread.high))
    return f"{middle} ({low}–{high})"


def _middle(spread: Spread | None, spell: Callable[[float], str]) -> str:
    return cells.UNKNOWN if spread is None else spell(spread.median)


def _between(spread: Spread | None) -> str:
    if spread is None:
        return cells.UNKNOWN
    return f"{cells.usd_in_short(spread.low)}–{cells.usd_in_short(spread.high)}"


def _rollout(rollout: Rollout) -> Iterator[str]:
    heads = ["model", "share", "USD a day", "95 %", "USD a month", "95 %"]
    if rollout.mix:
        yield "\n".join(_table(heads, [_production(row) for row in rollout.models]))
    if len(rollout.months) > 1 and rollout.mix:
        rows = [
            [str(month.month), cells.tokens(round(month.requests)), _tokens(month.input_tokens),
             _tokens(month.output_tokens), _middle(month.cost_usd, cells.usd_in_short), _between(month.cost_usd)]
            for month in rollout.months
        ]  # fmt: skip
        yield "\n".join(_table(["month", "requests", "tokens in", "tokens out", "USD", "95 %"], rows))
    if not rollout.mix or len(rollout.what_if) > 1:
        yield "What if one model answered all of it:"
        yield "\n".join(_table(heads, [_production(row) for row in rollout.what_if]))


def _production(row: RolloutModel) -> list[str]:
    day, month = row.cost_per_day_usd, row.cost_per_month_usd
    return [
        code(row.model),
        f"{100 * row.share:.3g} %",
        _middle(day, cells.usd_in_short),
        _between(day),
        _middle(month, cells.usd_in_short),
        _between(month),
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    marks = ["---", *["--:"] * (len(heads) - 1)]
    return [f"| {' | '.join(row)} |" for row in (heads, marks, *rows)]
