"""The most that one call can cost: what a budget sets aside before it is sent."""

from __future__ import annotations

from evalkit.costs.limits import SENT_CAPS, answers_to, cap_of, limits_of, most_output_tokens
from evalkit.costs.prices import price_for
from evalkit.costs.request_tokens import request_tokens
from evalkit.costs.spans import Span
from evalkit.types import Model, Price, PriceTier, Request

__all__ = ["worst_case_usd", "worst_input_tokens", "worst_output_tokens"]


def worst_case_usd(
    model: Model,
    request: Request,
    cap: int | None = None,
    *,
    price: Price | None = None,
    tokens: Span | None = None,
    output_tokens: int | None = None,
) -> float | None:
    """USD that one attempt can cost at the very most; None where the model is unpriced.

    `cap`: the output tokens that are sent as the limit; None: the request's own (`limits.cap_of`), else the longest
    answer that the model is documented to give. `price` and `tokens` save looking them up again; `output_tokens` stands
    in for the longest answer, where better is known.
    """
    price = price or price_for(model)
    if price is None:
        return None
    used = worst_input_tokens(model, tokens or request_tokens(request, model))
    output = worst_output_tokens(model, request, cap) if output_tokens is None else output_tokens
    reachable: list[Price | PriceTier] = [price]
    reachable += [tier for tier in price.tiers if used > tier.above_input_tokens]
    input_rate = max(max(rates.input, rates.cached_input or 0.0) for rates in reachable)
    output_rate = max(rates.output for rates in reachable)
    return (used * input_rate + output * output_rate) / 1_000_000


def worst_input_tokens(model: Model, tokens: Span) -> int:
    """The most input tokens: the bound of the count, but no more than the model takes, unless more seems likely."""
    return min(tokens.worst, max(limits_of(model.id).context, tokens.high))


def worst_output_tokens(model: Model, request: Request, cap: int | None = None) -> int:
    """The most output tokens of all answers that a request asks for."""
    cap = cap or cap_of(request) or SENT_CAPS.get(model.api)
    return answers_to(request) * most_output_tokens(model.id, cap)
