"""How long a run will probably take, at the concurrency and the limits that its models have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.estimate.requests import Floats
from evalkit.estimate.simulation import Sums, random_for
from evalkit.types import Model

__all__ = ["PRIOR_BASIS", "Work", "seconds_of", "together"]

FIRST_TOKEN_S = 1.0
TOKENS_PER_S = 60.0
_SIGMA = 0.5
"""Of the logarithm: models are between a third and three times as fast."""
PRIOR_BASIS = f"a prior: {FIRST_TOKEN_S:g} s and {TOKENS_PER_S:g} output tokens a second, to a factor of 3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Seconds that all requests to a model take one after the other (`busy_s`), and side by side (`span_s`)."""

    busy_s: Floats
    span_s: Floats


def seconds_of(model: Model, sent: float, sums: Sums, latencies: Floats, *, concurrency: int | None, seed: int) -> Work:
    """The time of one model's requests; `latencies` are those measured, in seconds."""
    draws = len(sums.input_tokens)
    rng = random_for(seed, model.name, "time")
    if len(latencies):
        spread = latencies.std() / np.sqrt(len(latencies)) + 0.1 * latencies.mean()
        each = np.maximum(latencies.mean() + spread * rng.standard_normal(draws), latencies.min())
        busy = each * sent
    else:
        pace = np.exp(_SIGMA * rng.standard_normal(draws))
        busy = pace * (FIRST_TOKEN_S * sent + sums.output_tokens / TOKENS_PER_S)
    at_once = max(1.0, min(float(concurrency or model.max_concurrency), sent))
    span = busy / at_once + (busy / sent if at_once > 1 else 0.0)
    if model.rpm is not None:
        span = np.maximum(span, 60 * sent / model.rpm)
    if model.tpm is not None:
        span = np.maximum(span, 60 * (sums.input_tokens + sums.output_tokens) / model.tpm)
    return Work(busy_s=np.asarray(busy, dtype=float), span_s=np.asarray(span, dtype=float))


def together(works: list[Work], limit: int) -> Floats:
    """The time of a run whose models are asked side by side, with so many requests under way over all of them."""
    slowest = np.max([work.span_s for work in works], axis=0)
    return np.asarray(np.maximum(slowest, np.sum([work.busy_s for work in works], axis=0) / limit), dtype=float)
