"""Lengths of answers that were measured, and two readings of what they say of answers still to come.

The first takes lengths for lognormal, with the uncertainty of both parameters: alone it holds what it promises where
they are, and not for gamma-like or two-humped ones. The second believes the lengths as they are (a Bayesian bootstrap),
with one more that was not seen, drawn wide around the others: alone it is too sure of itself after few answers. Half of
all draws follow each, and the interval is the widest of both (`spreads.ends`); docs/estimate.md tells what that covers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.estimate.requests import Floats, Ints

__all__ = ["Measured", "draw_measured"]

LONE_SIGMA = 0.9
"""Of the logarithm, where there is one answer alone."""
MOST_SIGMA = 3.0
UNSEEN_STRETCH = 2.0
UNSEEN_SIGMA = 0.8
"""The answer not seen lies around the middle with the sigma of the others, stretched so far, and this added."""
MOST_KEPT = 500
_FEW = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Answers to one prompt: n of them, with as many weights (1 on average)."""

    visible: Floats
    """All output tokens, where thinking is not told apart."""
    reasoning: Floats | None
    weights: Floats

    @property
    def n(self) -> int:
        """Answers."""
        return len(self.visible)


def measured(visible: Floats, reasoning: Floats | None, weights: Floats | None = None) -> Measured:
    """Answers, their weights made 1 on average; those of no weight left out."""
    weights = np.ones(len(visible)) if weights is None else weights
    kept = weights > 0
    weights = weights[kept]
    return Measured(
        visible=visible[kept],
        reasoning=None if reasoning is None else reasoning[kept],
        weights=weights / weights.mean() if len(weights) else weights,
    )


def draw_measured(
    known: Measured, draws: int, columns: int, rng: np.random.Generator, *, even: bool
) -> tuple[Floats, Floats]:
    """Visible and reasoning tokens of so many answers to come, draws × columns: one reading in each half of the rows.

    `even`: the answers of a draw stand for many more, so that they are spread evenly over their distribution.
    """
    half = draws // 2
    parametric = _lognormal(known, half, columns, rng, even=even)
    empirical = _bootstrap(known, draws - half, columns, rng, even=even)
    return tuple(np.concatenate(pair) for pair in zip(parametric, empirical, strict=True))  # type: ignore[return-value]


def scores(draws: int, columns: int, rng: np.random.Generator, *, even: bool) -> Floats:
    """Standard normal values; `even`: each row the same quantiles in an order of its own."""
    if not even:
        return rng.standard_normal((draws, columns))
    row = _quantiles(columns)
    return rng.permuted(np.broadcast_to(row, (draws, columns)), axis=1)


def _quantiles(number: int) -> Floats:
    from statistics import NormalDist

    inverse = NormalDist().inv_cdf
    return np.array([inverse((place + 0.5) / number) for place in range(number)])


def _lognormal(
    known: Measured, draws: int, columns: int, rng: np.random.Generator, *, even: bool
) -> tuple[Floats, Floats]:
    """Answers of lognormals whose parameters are drawn as what was measured leaves them open (Jeffreys' prior)."""
    z = scores(draws, columns, rng, even=even)
    mean, sigma = _parameters(known.visible, known.weights, draws, rng)
    visible = np.expm1(mean[:, None] + sigma[:, None] * z)
    if known.reasoning is None:
        return visible, np.zeros_like(visible)
    together = _correlation(known)
    other = scores(draws, columns, rng, even=even)
    mean, sigma = _parameters(known.reasoning, known.weights, draws, rng)
    mixed = together * z + np.sqrt(1 - together**2) * other
    return visible, np.expm1(mean[:, None] + sigma[:, None] * mixed)


def _parameters(values: Floats, weights: Floats, draws: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Mean and sigma of log(1 + tokens), a pair a draw: σ² ~ (n−1)s²/χ²(n−1), μ ~ N(m, σ²/n)."""
    logs = np.log1p(values)
    middle = float(np.average(logs, weights=weights))
    n = float(weights.sum() ** 2 / (weights**2).sum())
    if n < _FEW:
        sigma = np.full(draws, LONE_SIGMA)
        return middle + sigma * rng.standard_normal(draws), sigma
    variance = float(np.average((logs - middle) ** 2, weights=weights)) * n / (n - 1)
    sigma = np.minimum(np.sqrt(variance * (n - 1) / rng.chisquare(n - 1, draws)), MOST_SIGMA)
    return middle + sigma / np.sqrt(n) * rng.standard_normal(draws), sigma


def _correlation(known: Measured) -> float:
    """Of the logarithms of visible and reasoning tokens; 0 where they cannot tell."""
    assert known.reasoning is not None  # noqa: S101  (the caller has just looked)
    logs = np.log1p(np.stack([known.visible, known.reasoning]))
    covariance = np.cov(logs, aweights=known.weights) if known.n > 2 else np.zeros((2, 2))
    scale = np.sqrt(covariance[0, 0] * covariance[1, 1])
    return float(np.clip(covariance[0, 1] / scale, -1, 1)) if scale > 0 else 0.0


def _bootstrap(
    known: Measured, draws: int, columns: int, rng: np.random.Generator, *, even: bool
) -> tuple[Floats, Floats]:
    """Answers as they were measured, each as likely as a Dirichlet draw has it, and the one that was not seen."""
    kept, shape = _at_most(known)
    weights = np.concatenate(
        [rng.gamma(shape, 1.0, (draws, kept.n)) * kept.weights, rng.gamma(1.0, 1.0, (draws, 1))], axis=1
    )
    chosen = _choose(weights, columns, rng, even=even)
    unseen = rng.standard_normal(draws)
    visible = _taken(kept.visible, kept.weights, unseen, chosen)
    if kept.reasoning is None:
        return visible, np.zeros_like(visible)
    return visible, _taken(kept.reasoning, kept.weights, unseen, chosen)


def _at_most(known: Measured) -> tuple[Measured, float]:
    """Of very many answers an even selection, and how many each of them stands for."""
    if known.n <= MOST_KEPT:
        return known, 1.0
    order = np.argsort(known.visible, kind="stable")
    places = order[np.linspace(0, known.n - 1, MOST_KEPT).round().astype(int)]
    reasoning = None if known.reasoning is None else known.reasoning[places]
    return measured(known.visible[places], reasoning, known.weights[places]), known.n / MOST_KEPT


def _choose(weights: Floats, columns: int, rng: np.random.Generator, *, even: bool) -> Ints:
    """For each draw, which of the weighted answers stand in its columns."""
    draws = len(weights)
    if even:
        row = (np.arange(columns) + 0.5) / columns
        places = rng.permuted(np.broadcast_to(row, (draws, columns)), axis=1)
    else:
        places = rng.random((draws, columns))
    borders = np.cumsum(weights, axis=1)
    borders /= borders[:, -1:]
    return np.stack([np.searchsorted(*pair) for pair in zip(borders, places, strict=True)])


def _taken(values: Floats, weights: Floats, unseen: Floats, chosen: Ints) -> Floats:
    logs = np.log1p(values)
    middle = float(np.average(logs, weights=weights))
    spread = float(np.sqrt(np.average((logs - middle) ** 2, weights=weights)))
    extra = np.expm1(middle + (UNSEEN_STRETCH * spread + UNSEEN_SIGMA) * unseen)
    pool = np.concatenate([np.broadcast_to(values, (len(unseen), len(values))), extra[:, None]], axis=1)
    return np.take_along_axis(pool, chosen, axis=1)
