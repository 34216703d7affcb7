"""What a feature will cost in production: the suite's cases, or logged requests, as often as the traffic has them.

Every case counts once, whatever repeats, judges and stored answers the evaluation has. The cases are taken for a sample
of what production sends, so that few and unlike cases make the interval wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from evalkit.estimate.estimating import DRAWS, FROZEN_DRAWS, uncertainty_of
from evalkit.estimate.history import Past
from evalkit.estimate.known import Known
from evalkit.estimate.measured import Measured
from evalkit.estimate.request_log import Log
from evalkit.estimate.requests import Asked, AskedRequest, Floats, tabulate
from evalkit.estimate.simulation import SOURCES, Billing, Sums, levels_of, random_for, simulate
from evalkit.estimate.spreads import spread_of, tokens_of
from evalkit.suite.traffic import DAYS_A_MONTH, Traffic
from evalkit.types import Rollout, RolloutModel, RolloutMonth, Spread, UncertaintyShare

__all__ = ["CASES", "roll_out"]

CASES = "which cases come"
UNLIKE = "production requests unlike those that were counted are not in the interval"
_MOST_CASES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feature:
    """One model with all of the first month's traffic."""

    asked: Asked
    lengths: Mapping[str, Measured]
    billing: Billing
    inputs: tuple[Floats, Floats]
    """Input tokens of each case, and how often it comes."""

    @property
    def name(self) -> str:
        return self.asked.model.name

    def draw(self, draws: int, seed: int, frozen: str | None = None) -> Sums:
        """What a month takes."""
        return simulate(
            self.asked, self.lengths, self.billing, levels_of(draws, seed), seed=seed, frozen=frozen,
            stretch=1.0 if frozen == CASES else self._stretch(draws, seed),
        )  # fmt: skip

    def _stretch(self, draws: int, seed: int) -> Floats:
        """How much longer the prompts to come are than those counted: a Bayesian bootstrap over the cases."""
        tokens, often = self.inputs
        middle = float(np.average(tokens, weights=often))
        if len(tokens) < 2 or not middle:
            return np.ones(draws)
        kept = np.linspace(0, len(tokens) - 1, min(len(tokens), _MOST_CASES)).round().astype(int)
        weights = random_for(seed, CASES).gamma(len(tokens) / len(kept), 1.0, (draws, len(kept))) * often[kept]
        mean = weights @ tokens[kept] / weights.sum(axis=1)
        return np.asarray(mean / float(np.average(tokens[kept], weights=often[kept])), dtype=float)


def roll_out(
    known: Mapping[str, Known], traffic: Traffic, *, mix: Mapping[str, float], log: Log | None = None, seed: int = 0
) -> Rollout:
    """Every month of a rollout. `mix`: model → share; empty where nothing is said of who answers."""
    features = [_feature(each, traffic, log) for each in known.values()]
    drawn = {feature.name: feature.draw(DRAWS, seed) for feature in features}
    what_if = tuple(_model(name, sums, traffic, 1.0) for name, sums in drawn.items())
    models = tuple(_model(name, drawn[name], traffic, share) for name, share in mix.items()) if mix else what_if
    whole = _mixed(drawn, mix) if mix else None
    notes = list(log.notes) if log is not None else []
    if any(row.turn for each in known.values() for row in each.asked.requests):
        notes.append("a request of the traffic is a whole conversation, with all of its turns")
    prompts = {row.prompt for each in known.values() for row in each.asked.requests}
    if log is None and len(prompts) > 1:
        notes.append(f"averaged over {len(prompts)} prompts: choose the one of the rollout with -p")
    growth = 1 + traffic.growth_per_month
    over_all = sum(growth**month for month in range(traffic.months))
    cost = whole.cost_usd if whole is not None else None
    return Rollout(
        requests_per_day=traffic.requests_per_day,
        growth_per_month=traffic.growth_per_month,
        months=tuple(_month(number, traffic, whole) for number in range(traffic.months)),
        days_per_month=DAYS_A_MONTH,
        mix=dict(mix),
        cached_input_share=traffic.cached_input_share,
        retry_rate=traffic.retry_rate,
        requests_from=log.name if log is not None else "cases",
        models=models,
        what_if=what_if,
        cost_per_day_usd=None if cost is None else spread_of(cost / DAYS_A_MONTH),
        cost_per_month_usd=None if cost is None else spread_of(cost),
        total_cost_usd=None if cost is None else spread_of(cost * over_all),
        uncertainty=_uncertainty(features, mix, seed),
        notes=(*notes, UNLIKE),
    )


# --- the features ------------------------------------------------------------------------------------------------


def _feature(known: Known, traffic: Traffic, log: Log | None) -> _Feature:
    month = traffic.requests_per_day * DAYS_A_MONTH
    requests = list(known.asked.requests) if log is None else log.requests(known.asked)
    often = [_often(row, traffic) if log is None else row.repeats for row in requests]
    asks = sum(share for row, share in zip(requests, often, strict=True) if row.turn == 0)
    rows = [replace(row, repeats=share / asks * month) for row, share in zip(requests, often, strict=True)]
    return _Feature(
        asked=tabulate(known.asked.model, rows, trials=month, method=known.asked.method),
        lengths=_lengths(known, traffic, log),
        billing=Billing(
            price=known.billing.price,
            cached_share=traffic.cached_input_share or 0.0,  # what repeats found cached says nothing of production
            retry_rate=traffic.retry_rate,
        ),
        inputs=_inputs(rows),
    )


def _often(row: AskedRequest, traffic: Traffic) -> float:
    return traffic.weight(row.case_id, row.tags)


def _lengths(known: Known, traffic: Traffic, log: Log | None) -> Mapping[str, Measured]:
    """What was measured, each case weighing as much as it does in production."""
    past: Past | None = known.past
    if log is not None:
        measured = log.lengths or (past.lengths(None) if past is not None else None)
        return {} if measured is None else {"": measured}
    if past is None:
        return {}
    found = {
        prompt: past.lengths(prompt, traffic.weight) or past.lengths(None, traffic.weight) for prompt in known.lengths
    }
    return {prompt: lengths for prompt, lengths in found.items() if lengths is not None}


def _inputs(rows: list[AskedRequest]) -> tuple[Floats, Floats]:
    """Input tokens of each case, over its turns, and how often it comes."""
    tokens: dict[str, float] = {}
    often: dict[str, float] = {}
    for row in rows:
        tokens[row.case_id] = tokens.get(row.case_id, 0.0) + row.repeats * row.input.expected
        often[row.case_id] = often.get(row.case_id, 0.0) + (row.repeats if row.turn == 0 else 0.0)
    shares = np.array(list(often.values()), dtype=float)
    return np.array(list(tokens.values()), dtype=float) / shares, shares


# --- the figures -------------------------------------------------------------------------------------------------


def _model(name: str, sums: Sums, traffic: Traffic, share: float) -> RolloutModel:
    month = traffic.requests_per_day * DAYS_A_MONTH
    cost = sums.cost_usd
    growth = 1 + traffic.growth_per_month
    over_all = sum(growth**number for number in range(traffic.months))
    return RolloutModel(
        model=name,
        share=share,
        requests_per_day=share * traffic.requests_per_day,
        input_tokens_per_request=spread_of(sums.input_tokens / month),
        output_tokens_per_request=spread_of(sums.output_tokens / month),
        cost_per_request_usd=None if cost is None else spread_of(cost / month),
        input_tokens_per_month=tokens_of(share * sums.input_tokens),
        output_tokens_per_month=tokens_of(share * sums.output_tokens),
        cost_per_day_usd=None if cost is None else spread_of(share * cost / DAYS_A_MONTH),
        cost_per_month_usd=None if cost is None else spread_of(share * cost),
        cost_usd=None if cost is None else spread_of(share * cost * over_all),
    )


def _mixed(drawn: Mapping[str, Sums], mix: Mapping[str, float]) -> Sums:
    """The first month over all models of the mix."""

    def over(figure: str) -> Floats:
        parts = [share * getattr(drawn[name], figure) for name, share in mix.items()]
        return np.asarray(np.sum(parts, axis=0), dtype=float)

    unpriced = any(drawn[name].cost_usd is None for name in mix)
    return Sums(
        input_tokens=over("input_tokens"), visible=over("visible"), reasoning=over("reasoning"),
        cost_usd=None if unpriced else over("cost_usd"),
    )  # fmt: skip


def _month(number: int, traffic: Traffic, whole: Sums | None) -> RolloutMonth:
    grown = (1 + traffic.growth_per_month) ** number
    cost: Spread | None = None
    if whole is not None and whole.cost_usd is not None:
        cost = spread_of(grown * whole.cost_usd)
    return RolloutMonth(
        month=number + 1,
        requests=grown * traffic.requests_per_day * DAYS_A_MONTH,
        input_tokens=None if whole is None else tokens_of(grown * whole.input_tokens),
        output_tokens=None if whole is None else tokens_of(grown * whole.output_tokens),
        cost_usd=cost,
    )


def _uncertainty(features: list[_Feature], mix: Mapping[str, float], seed: int) -> tuple[UncertaintyShare, ...]:
    """Of the whole; () where there is none."""

    def cost(frozen: str | None = None) -> Floats:
        sums = {each.name: each.draw(FROZEN_DRAWS, seed, frozen) for each in features if each.name in mix}
        return np.asarray(_mixed(sums, mix).cost_usd, dtype=float)

    if not mix or any(each.billing.price is None for each in features if each.name in mix):
        return ()
    return uncertainty_of(cost(), {source: cost(source) for source in (*SOURCES, CASES)})
