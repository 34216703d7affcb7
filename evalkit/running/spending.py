"""What requests may cost and did cost: each is reserved in the budget before it goes, and settled when it is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from evalkit.costs.prices import price_for
from evalkit.costs.request_tokens import most_tokens, request_tokens
from evalkit.costs.spans import exactly
from evalkit.costs.worst_case import worst_case_usd, worst_output_tokens
from evalkit.pacing.budget import Budget, OutputForecast, Reservation
from evalkit.types import Asked, Price, Response

__all__ = ["Purse", "worst_case_of"]


def worst_case_of(asked: Asked, reservation: Reservation | None, price: Price | None) -> float | None:
    """USD that an attempt can cost at the most: what was reserved for it, else a bound that takes no time."""
    if reservation is not None:
        return reservation.usd
    if price is None:
        return None
    model, request = asked.model, asked.request
    return worst_case_usd(model, request, price=price, tokens=exactly(most_tokens(request, model)))


class Purse:
    """One run's hand in the budget of its command."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._forecasts: dict[str, OutputForecast] = defaultdict(OutputForecast)
        """By model name."""

    def __str__(self) -> str:
        return str(self._budget)

    async def reserve(self, asked: Asked, *, begun: bool) -> Reservation:
        """Waits until a request fits. Raises OverBudget.

        `begun`: it belongs to a trial that has been asked something before.
        """
        return await self._budget.reserve(self._price(asked), begun=begun)

    def settle(self, asked: Asked, reservation: Reservation, response: Response, usd: float | None) -> None:
        """A request was answered. Where nobody can say what that cost, it is taken at its worst case."""
        if response.usage.output_tokens is not None:
            self._forecasts[asked.model.name].learn(response.usage.output_tokens)
        if usd is None:
            self._budget.doubt(reservation)
        else:
            self._budget.settle(reservation, usd)

    def doubt(self, reservation: Reservation) -> None:
        """An attempt may have been charged, and its answer never came: it is taken at its worst case."""
        self._budget.doubt(reservation)

    def release(self, reservation: Reservation) -> None:
        """The request was not sent, or not charged."""
        self._budget.settle(reservation, 0.0)

    def close(self) -> None:
        """Nothing more is sent."""
        self._budget.close()

    def _price(self, asked: Asked) -> Callable[[], float]:
        """What a request may cost at most by what is known when it is asked."""
        model, request = asked.model, asked.request
        price, tokens = price_for(model), request_tokens(request, model)
        worst = worst_output_tokens(model, request)
        forecast = self._forecasts[model.name]

        def usd() -> float:
            most = forecast.most(worst)
            cost = worst_case_usd(model, request, price=price, tokens=tokens, output_tokens=most)
            assert cost is not None  # noqa: S101  (with a budget, no run begins with an unpriced model)
            return cost

        return usd
