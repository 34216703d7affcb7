"""A model's way through a run: the slots that bound its requests under way, and the times of each trial on it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import anyio

from evalkit.costs.prices import price_of
from evalkit.gateway.pace import Pace
from evalkit.types import Fault, Model, Timing

_NOT_STREAMED = Pace()


class Slots:
    """A model's places for requests under way, each of them one of the run's as well."""

    def __init__(self, own: int, total: anyio.Semaphore) -> None:
        self._own = anyio.Semaphore(own)
        self._total = total

    async def take(self) -> float:
        """Waits for a place; the seconds that took."""
        began = time.monotonic()
        await self._own.acquire()
        try:
            await self._total.acquire()
        except BaseException:
            self._own.release()
            raise
        return time.monotonic() - began

    def give_back(self) -> None:
        """Frees a place."""
        self._total.release()
        self._own.release()


class Lane:
    """One model's way through a run."""

    def __init__(self, model: Model, slots: Slots) -> None:
        self.model = model
        self.slots = slots
        self.price = price_of(model.id, model.price)
        self.heard = False
        """Whether any trial of this model has ended."""
        self._closing = anyio.Event()

    @property
    def closed(self) -> bool:
        """Nothing more is sent to this model."""
        return self._closing.is_set()

    def close(self) -> None:
        """Sends nothing more; requests that sleep before their next attempt wake up and give up."""
        self._closing.set()

    async def sleep(self, seconds: float) -> None:
        """Sleeps, but not beyond the lane's closing."""
        with anyio.move_on_after(seconds):
            await self._closing.wait()


class Turn:
    """One trial under way: its slot, and its times on a monotonic clock."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._scheduled = time.monotonic()
        self._holds_slot = False
        self._queue_s = 0.0
        self._backoff_s = 0.0
        self.started_at = ""
        self.attempts = 0
        self.last_fault: Fault | None = None

    async def take_slot(self) -> None:
        """Waits for a slot of the lane."""
        self._queue_s += await self._lane.slots.take()
        self._holds_slot = True
        if not self.started_at:
            self.started_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def give_slot_back(self) -> None:
        """Frees the slot, if one is held."""
        if self._holds_slot:
            self._holds_slot = False
            self._lane.slots.give_back()

    async def pause(self, seconds: float) -> None:
        """Sleeps between two attempts, without a slot. Raises GivenUp where the lane closes meanwhile."""
        self.give_slot_back()
        began = time.monotonic()
        try:
            await self._lane.sleep(seconds)
        finally:
            self._backoff_s += time.monotonic() - began
        if self._lane.closed:
            raise GivenUp
        await self.take_slot()

    def timing(self, latency_s: float | None, pace: Pace = _NOT_STREAMED) -> Timing:
        """The times so far; `latency_s` and `pace` are the successful attempt's."""
        e2e_s = time.monotonic() - self._scheduled
        return Timing(
            queue_s=self._queue_s, backoff_s=self._backoff_s, latency_s=latency_s, e2e_s=e2e_s, **pace._asdict()
        )


class GivenUp(Exception):
    """A trial that was to be sent again, and its lane closed before that."""
