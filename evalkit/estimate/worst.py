"""The most that all requests to a model can take: every one sent once, at its longest."""

from __future__ import annotations

from evalkit.costs.limits import limits_of
from evalkit.costs.spans import Span
from evalkit.costs.worst_case import worst_case_usd
from evalkit.estimate.requests import Asked, AskedRequest
from evalkit.types import Model, Price, Request

__all__ = ["worst_cost_usd", "worst_input", "worst_output"]


def worst_input(asked: Asked) -> float:
    """Input tokens."""
    return sum(row.repeats * _input(row, asked.model) for row in asked.requests)


def worst_output(asked: Asked) -> float:
    """Output tokens, thinking included."""
    return float((asked.repeats * asked.most_output).sum())


def worst_cost_usd(asked: Asked, price: Price) -> float:
    """USD, at the dearest rates that can be reached."""
    return sum(row.repeats * _cost(row, asked.model, price) for row in asked.requests)


def _input(row: AskedRequest, model: Model) -> int:
    return min(row.worst_input, max(limits_of(model.id).context, row.input.high))


def _cost(row: AskedRequest, model: Model, price: Price) -> float:
    most = _input(row, model)
    tokens = Span(low=most, expected=most, high=most, worst=most)
    request = Request(model=model.id, messages=())
    usd = worst_case_usd(model, request, price=price, tokens=tokens, output_tokens=row.most_output)
    assert usd is not None  # noqa: S101  (there is a price)
    return usd
