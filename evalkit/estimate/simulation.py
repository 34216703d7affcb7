"""A Monte Carlo of what the requests to one model will take: tokens, and dollars at its price."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evalkit.costs.prices import rates_at
from evalkit.estimate.measured import Measured
from evalkit.estimate.outputs import ANSWERS, THINKING, Levels, Outputs, draw_outputs
from evalkit.estimate.requests import PARTS, Asked, Floats
from evalkit.types import Price

__all__ = [
    "CACHE", "RETRIES", "SOURCES", "Billing", "Sums", "levels_of", "random_for", "simulate", "sources_of",
    "within_limits",
]  # fmt: skip

RETRIES = "billed retries"
CACHE = "cached input"
SOURCES = (ANSWERS, THINKING, *PARTS, CACHE, RETRIES)
"""All that can make the cost of a model uncertain."""

BILLED_TWICE = 0.005
"""How many requests are billed and fail, as after a timeout: a guess, from almost none to 1 in 40."""
_BILLED_TWICE_SHAPE = 0.5
_MOST_CELLS = 8_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """D draws of what all requests to a model take."""

    input_tokens: Floats
    visible: Floats
    reasoning: Floats
    cost_usd: Floats | None
    """None where the model is unpriced."""

    @property
    def output_tokens(self) -> Floats:
        """Visible and reasoning tokens."""
        return self.visible + self.reasoning


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """How a model's tokens are charged."""

    price: Price | None
    cached: tuple[Floats, Floats] | None = None
    """Cached and all input tokens of requests that were measured."""
    cached_share: float | None = None
    """In place of what was measured."""
    retry_rate: float | None = None
    """Requests billed once more, as a share; None: a guess with its uncertainty."""


def random_for(seed: int, *names: str) -> np.random.Generator:
    """Chance of its own for each purpose, so that freezing one leaves the others as they are."""
    return np.random.default_rng([seed, *(zlib.crc32(name.encode()) for name in names)])


def levels_of(draws: int, seed: int) -> Levels:
    """What the suite's answers have in common, over all models."""
    return Levels(
        random_for(seed, "level", ANSWERS).standard_normal(draws),
        random_for(seed, "level", THINKING).standard_normal(draws),
    )


def sources_of(asked: Asked, billing: Billing) -> set[str]:
    """What of `SOURCES` can make the cost of these requests uncertain at all."""
    found = {ANSWERS, RETRIES} | {part for part, limits in asked.parts.items() if (limits[:, 0] < limits[:, 2]).any()}
    found |= {THINKING} if asked.reasoning[:, 0].any() else set()
    return found | ({CACHE} if billing.cached is not None else set())


def within_limits(limits: Floats, at: Floats) -> Floats:
    """Figures between `limits` (…, low, expected, high) for uniform `at`: the ends are those of the 95 % interval."""
    low, expected, high = limits
    found = np.interp(at, (0.0, 0.05, 0.5, 0.95, 1.0), (low, low, expected, high, high))
    return np.asarray(found, dtype=float)


def simulate(
    asked: Asked,
    known: Mapping[str, Measured],
    billing: Billing,
    levels: Levels,
    *,
    seed: int,
    frozen: str | None = None,
    stretch: Floats | float = 1.0,
) -> Sums:
    """What all requests take, a draw a row; what is `frozen` is taken for certain.

    `stretch`: how much longer than those counted the prompts to come are, a draw each.
    """
    name = asked.model.name
    if asked.sampling_error:
        chance = random_for(seed, name, "sample").standard_normal(levels.draws)
        stretch = stretch * np.maximum(1 + asked.sampling_error * chance, 0.0)
    outputs = draw_outputs(asked, known, levels, random_for(seed, name, "outputs"), frozen=frozen)
    at = {
        part: np.full(levels.draws, 0.5) if part == frozen else random_for(seed, name, part).random(levels.draws)
        for part in PARTS
    }
    counted = sum(
        within_limits((limits * asked.repeats[:, None]).sum(axis=0), at[part]) for part, limits in asked.parts.items()
    )
    ones = np.ones(len(asked.requests))
    return Sums(
        input_tokens=np.asarray(counted) * stretch + outputs.sum_visible(asked.later),
        visible=outputs.sum_visible(ones),
        reasoning=outputs.sum_reasoning(ones),
        cost_usd=None if billing.price is None else _cost(asked, outputs, billing, at, seed, frozen, stretch),
    )


def _cost(
    asked: Asked,
    outputs: Outputs,
    billing: Billing,
    at: Mapping[str, Floats],
    seed: int,
    frozen: str | None,
    stretch: Floats | float,
) -> Floats:
    """USD, each request at the rates of the tier that its input is in."""
    price, draws, name = billing.price, len(outputs.visible), asked.model.name
    assert price is not None  # noqa: S101  (the caller has just looked)
    cached = _cached_share(billing, draws, random_for(seed, name, CACHE), frozen=frozen)
    saved = 0.0 if price.cached_input is None or not price.input else 1 - price.cached_input / price.input
    input_rates, output_rates = _rates(asked, price, at)
    fresh = _fresh_input_cost(asked, input_rates, at) * stretch + outputs.sum_visible(asked.later * input_rates)
    answers = outputs.sum_visible(output_rates) + outputs.sum_reasoning(output_rates)
    again = _billed_again(billing, asked.sent, draws, random_for(seed, name, RETRIES), frozen=frozen)
    return np.asarray((fresh * (1 - cached * saved) + answers) * (1 + again) / 1_000_000)


def _rates(asked: Asked, price: Price, at: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """Input and output rate of each request: R of each, or D × R where it hangs on a draw which tier one is in."""
    tokens = np.sum([limits[:, 1] for limits in asked.parts.values()], axis=0)
    if price.tiers and tokens.size * len(at["tokenizer"]) <= _MOST_CELLS:
        tokens = np.sum([_by_row(limits, at[part]) for part, limits in asked.parts.items()], axis=0)
    borders = sorted(tier.above_input_tokens for tier in price.tiers)
    tiers = [rates_at(price, border) for border in [0, *(border + 1 for border in borders)]]
    which = np.searchsorted(borders, tokens, side="left") if borders else np.zeros(tokens.shape, dtype=int)
    return _rate([tier.input for tier in tiers], which), _rate([tier.output for tier in tiers], which)


def _rate(by_tier: list[float], which: Any) -> Floats:
    return np.asarray(np.array(by_tier)[which], dtype=float)


def _fresh_input_cost(asked: Asked, rates: Floats, at: Mapping[str, Floats]) -> Floats:
    """Millionths of a dollar for all input at the rate for what is not cached, without earlier answers."""
    if rates.ndim == 1:
        charged = (asked.repeats * rates)[:, None]
        parts = [within_limits((limits * charged).sum(axis=0), at[part]) for part, limits in asked.parts.items()]
        return np.asarray(np.sum(parts, axis=0), dtype=float)
    tokens = np.sum([_by_row(limits, at[part]) for part, limits in asked.parts.items()], axis=0)
    cost: Floats = np.matmul(tokens * rates, asked.repeats)
    return cost


def _by_row(limits: Floats, at: Floats) -> Floats:
    """D × R: the figures of each request, all of them erring alike."""
    if not limits.any():
        return np.zeros((len(at), len(limits)))
    return np.asarray(np.stack([within_limits(row, at) for row in limits], axis=1), dtype=float)


def _cached_share(billing: Billing, draws: int, rng: np.random.Generator, *, frozen: str | None) -> Floats:
    """Of the input, what is billed as cached: as given, as measured (a Bayesian bootstrap of the share), or none."""
    if billing.cached_share is not None or billing.cached is None:
        return np.full(draws, billing.cached_share or 0.0)
    cached, whole = billing.cached
    if frozen == CACHE:
        return np.full(draws, cached.sum() / whole.sum())
    kept = np.linspace(0, len(whole) - 1, min(len(whole), 500)).round().astype(int)
    weights = rng.gamma(len(whole) / len(kept), 1.0, (draws, len(kept)))
    return np.asarray((weights @ cached[kept]) / np.maximum(weights @ whole[kept], 1.0), dtype=float)


def _billed_again(billing: Billing, sent: float, draws: int, rng: np.random.Generator, *, frozen: str | None) -> Floats:
    """Requests that are billed and fail, as a share of all."""
    if billing.retry_rate is not None or frozen == RETRIES:
        return np.full(draws, BILLED_TWICE if billing.retry_rate is None else billing.retry_rate)
    rate = rng.gamma(_BILLED_TWICE_SHAPE, BILLED_TWICE / _BILLED_TWICE_SHAPE, draws)
    return np.asarray(rng.poisson(rate * sent) / sent, dtype=float)
