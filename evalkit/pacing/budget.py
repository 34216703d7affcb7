"""A budget in USD over all that a command sends: no request goes whose worst case does not fit beside those under way.

What a request may cost is reserved before it is sent and settled when its cost is known. One that does not fit waits
for settlements; only where nothing is under way any more, and it still does not fit, is the budget at its end.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio

__all__ = ["Budget", "OutputForecast", "OverBudget", "Reservation"]

KNOWN_ANSWERS = 20
"""So many answers of a model must be known before its own outputs are believed, in place of the worst case."""
MARGIN = 1.2
"""On the 99th percentile of the outputs so far."""
_ROUNDING_USD = 1e-9
"""Sums of floats may lie so far beside what they would be on paper."""


class OverBudget(Exception):
    """A request was to be sent, and the budget does not allow it, or was closed."""


@dataclass(slots=True)
class Reservation:
    """What is set aside for one request."""

    usd: float
    settled: bool = False


@dataclass(order=True, slots=True)
class _Waiter:
    rank: int
    number: int
    price: Callable[[], float] = field(compare=False)
    woken: anyio.Event = field(default_factory=anyio.Event, compare=False)
    granted: Reservation | None = field(default=None, compare=False)


class Budget:
    """One for all models and suites of a command. `limit_usd` is never exceeded while worst cases hold.

    A request of a trial that has begun (a later turn, a question to a judge) goes before those of new trials, so that
    what was paid for is brought to its end.
    """

    def __init__(self, limit_usd: float) -> None:
        self.limit_usd = limit_usd
        self.spent_usd = 0.0
        """What answers have cost, and in the worst case attempts whose answer never came."""
        self.in_doubt_usd = 0.0
        """The part of it that is in doubt."""
        self.reserved_usd = 0.0
        self.refused_usd: float | None = None
        """What the request would have needed at which the budget ended; None while it lasts."""
        self._under_way = 0
        self._closed = False
        self._waiters: list[_Waiter] = []
        self._numbers = itertools.count()

    def __str__(self) -> str:
        spent = f"${self.spent_usd:.4f} of ${self.limit_usd:.4f} spent"
        if self.in_doubt_usd:
            spent += f" (${self.in_doubt_usd:.4f} of it in doubt, taken at its worst)"
        if self.refused_usd is not None:
            spent += f"; the next request could have cost up to ${self.refused_usd:.4f}"
        return spent

    async def reserve(self, price: Callable[[], float], *, begun: bool) -> Reservation:
        """Waits until a request fits. `price` tells, whenever it is asked, what it may cost at most by now.

        Raises OverBudget where nothing is under way and it does not fit, or the budget is closed.
        """
        waiter = _Waiter(rank=0 if begun else 1, number=next(self._numbers), price=price)
        heapq.heappush(self._waiters, waiter)
        self._serve()
        try:
            await waiter.woken.wait()
        except BaseException:
            self._withdraw(waiter)
            raise
        if waiter.granted is None:
            raise OverBudget
        return waiter.granted

    def settle(self, reservation: Reservation, cost_usd: float) -> None:
        """The request is over and cost this much; once, however often it is called."""
        if reservation.settled:
            return
        reservation.settled = True
        self._under_way -= 1
        self.reserved_usd -= reservation.usd
        self.spent_usd += cost_usd
        self._serve()

    def doubt(self, reservation: Reservation) -> None:
        """The request was sent and its answer never came: it may have been charged at its worst case."""
        if not reservation.settled:
            self.in_doubt_usd += reservation.usd
            self.settle(reservation, reservation.usd)

    def close(self) -> None:
        """Nothing more is sent: whoever waits is refused."""
        self._closed = True
        self._serve()

    def _serve(self) -> None:
        """Grants what fits, in order; refuses all where nothing more will ever fit."""
        while self._waiters:
            waiter = self._waiters[0]
            if not self._closed:
                usd = waiter.price()
                if self.spent_usd + self.reserved_usd + usd <= self.limit_usd + _ROUNDING_USD:
                    waiter.granted = Reservation(usd)
                    self.reserved_usd += usd
                    self._under_way += 1
                elif self._under_way:
                    return
                else:
                    self.refused_usd = usd
                    self._closed = True
            heapq.heappop(self._waiters)
            waiter.woken.set()

    def _withdraw(self, waiter: _Waiter) -> None:
        """Somebody who waited was cancelled."""
        if waiter.granted is not None:
            self.settle(waiter.granted, 0.0)
            return
        if waiter in self._waiters:
            self._waiters.remove(waiter)
            heapq.heapify(self._waiters)
        self._serve()


class OutputForecast:
    """The most output tokens that a model's next answer will probably have."""

    def __init__(self) -> None:
        self._known: list[int] = []

    def learn(self, output_tokens: int) -> None:
        """Takes in one answer."""
        bisect.insort(self._known, output_tokens)

    def most(self, worst: int) -> int:
        """`worst` until enough answers are known, then their 99th percentile and 20 %, at most `worst`."""
        n = len(self._known)
        if n < KNOWN_ANSWERS:
            return worst
        p99 = self._known[math.ceil(0.99 * n) - 1]
        return min(worst, math.ceil(p99 * MARGIN))
