"""A model's way through a run: it lets requests go when the gateway can bear them, and learns from what comes back."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Protocol

import anyio

from evalkit.costs.prices import price_for
from evalkit.costs.request_tokens import request_tokens
from evalkit.gateway.pace import Pace
from evalkit.pacing.budget import Reservation
from evalkit.pacing.concurrency import START, AdaptiveLimit, Change
from evalkit.pacing.outage import Outage
from evalkit.pacing.rates import Bucket, TokenForecast
from evalkit.types import Fault, FaultKind, Model, Request, Response, Timing

OUTAGE: frozenset[FaultKind] = frozenset({"server", "network", "timeout"})
"""Faults of the gateway's or the network's making."""
LOSING: frozenset[FaultKind] = OUTAGE | {"rate_limit"}
"""Faults of which there may be nothing else for `max_outage_s`, and no longer."""
WAITED_OUT: frozenset[FaultKind] = frozenset({"rate_limit", "server", "network"})
"""Faults after which a trial whose attempts are used up is queued again."""
PASSAGES_A_PLACE = 4
"""How many trials may be under way for each place: those that sleep between attempts have given theirs back."""
ROUNDS = 3
"""How often a trial is queued in all where the gateway answers others: the fault may be the trial's own."""
LIMITED_ROUNDS = 20
"""The same for rate limits, which are a trial's own far more rarely (a prompt larger than a minute's allowance)."""


class GivenUp(Exception):
    """A request was to be sent, and its lane closed before that."""


class Listener(Protocol):
    """Is told what a lane waits for."""

    def holding(self, model: Model, why: str, wait_s: float | None) -> None:
        """Nothing goes to `model` for `wait_s` seconds, or (None) until it is known better."""
        ...


class Lane:
    """One model's way through a run.

    `total` holds the places of the whole run; `concurrency` takes the place of the model's own start and ceiling.
    """

    def __init__(self, model: Model, *, total: anyio.Semaphore, listener: Listener, concurrency: int | None) -> None:
        now_s = anyio.current_time()
        ceiling = concurrency or model.max_concurrency
        self.model = model
        self.price = price_for(model)
        self.passages = anyio.Semaphore(PASSAGES_A_PLACE * ceiling)
        """Trials under way, waiting ones included."""
        self._limit = AdaptiveLimit(start=concurrency or START, ceiling=ceiling)
        self._places = anyio.CapacityLimiter(self._limit.limit)
        self._total = total
        self._listener = listener
        self._outage = Outage(max_outage_s=model.max_outage_s, now_s=now_s)
        self._requests = Bucket(model.rpm, now_s=now_s) if model.rpm is not None else None
        self._tokens = Bucket(model.tpm, now_s=now_s, burst_s=6.0) if model.tpm is not None else None
        self._forecast = TokenForecast()
        self._began_s = now_s
        self._not_before_s = -math.inf
        self._changed = anyio.Event()
        self._closing = anyio.Event()

    # --- what the runner asks ----------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Nothing more is sent to this model."""
        return self._closing.is_set()

    @property
    def history(self) -> list[Change]:
        """How the number of requests under way was changed, and why."""
        return self._limit.history

    def close(self) -> None:
        """Sends nothing more; requests that wait for their next attempt wake up and are given up."""
        self._closing.set()
        self._notify()

    def queues_again(self, passage: Passage, fault: Fault) -> bool:
        """Whether a trial that used up its attempts is worth another round.

        With `max_attempts: 1` none is: who says so wants nothing sent twice. A rate limit is the trial's own only where
        others were answered meanwhile.
        """
        if fault.kind not in WAITED_OUT or self.model.max_attempts == 1 or self.closed or self.is_lost():
            return False
        if self._outage.open:
            return True
        if fault.kind != "rate_limit":
            return passage.rounds + 1 < ROUNDS
        return passage.rounds + 1 < LIMITED_ROUNDS or not self._outage.has_answered_since(passage.scheduled_s)

    def is_lost(self) -> bool:
        """Whether there were only failures for as long as an outage is waited out."""
        return self._outage.is_over_limit(anyio.current_time())

    # --- letting requests go -----------------------------------------------------------------------------------

    async def admit(self, passage: Passage) -> None:
        """Waits until a request may go, and takes a place for it. Raises GivenUp where the lane closes meanwhile."""
        while True:
            await self._until_open()
            await self._keep_rates(passage)
            await self._places.acquire_on_behalf_of(passage)
            try:
                await self._total.acquire()
            except BaseException:
                self._places.release_on_behalf_of(passage)
                raise
            if not self.closed and self._hold_s() == 0.0:
                break
            self.release(passage)
            self._return_rates(passage)  # so that those who were held do not all go at once afterwards
        passage.is_probe = self._outage.admit()
        self._limit.began(self._places.borrowed_tokens)

    def release(self, passage: Passage) -> None:
        """Frees a place."""
        self._total.release()
        self._places.release_on_behalf_of(passage)

    async def sleep(self, seconds: float) -> None:
        """Sleeps, but not beyond the lane's closing. Raises GivenUp then."""
        with anyio.move_on_after(seconds):
            await self._closing.wait()
        if self.closed:
            raise GivenUp

    async def _keep_rates(self, passage: Passage) -> None:
        now_s = anyio.current_time()
        wait_s = self._requests.take(1, now_s) if self._requests is not None else 0.0
        if self._tokens is not None:
            passage.reserved_tokens = self._forecast.expect(passage.input_tokens, passage.cap)
            wait_s = max(wait_s, self._tokens.take(passage.reserved_tokens, now_s))
        if wait_s > 0:
            await self.sleep(wait_s)

    def _return_rates(self, passage: Passage) -> None:
        now_s = anyio.current_time()
        if self._requests is not None:
            self._requests.give_back(1, now_s)
        self._return_tokens(passage)

    def _return_tokens(self, passage: Passage, used: int = 0) -> None:
        """Gives back what was reserved and not used; once, however often it is called."""
        if self._tokens is not None:
            self._tokens.give_back(passage.reserved_tokens - used, anyio.current_time())
            passage.reserved_tokens = 0.0

    async def _until_open(self) -> None:
        while True:
            if self.closed:
                raise GivenUp
            changed, hold_s = self._changed, self._hold_s()
            if hold_s == 0.0:
                return
            with anyio.move_on_after(math.inf if hold_s is None else hold_s):
                await changed.wait()

    def _hold_s(self) -> float | None:
        """Seconds for which nothing goes; None where a probe's end must be waited for."""
        now_s = anyio.current_time()
        outage_s = self._outage.wait_s(now_s)
        return None if outage_s is None else max(outage_s, self._not_before_s - now_s, 0.0)

    # --- learning from what comes back -------------------------------------------------------------------------

    def answered(self, passage: Passage, response: Response, hold_s: float | None) -> None:
        """An answer came; `hold_s`: for how long the gateway's own count of requests or tokens is spent."""
        now_s = anyio.current_time()
        self._limit.succeeded(self._since_start_s())
        self._outage.succeeded(now_s)
        self._settle_tokens(passage, response)
        if hold_s is not None:
            self._hold_until(now_s + hold_s, "its rate is spent (x-ratelimit headers)")
        self._adjust()

    def met(self, passage: Passage, fault: Fault, retry_after_s: float | None) -> None:
        """An attempt failed; `retry_after_s`: what the gateway asked to wait, if it did."""
        now_s = anyio.current_time()
        self._return_tokens(passage)
        if fault.kind == "rate_limit":
            self._limit.rate_limited(self._since_start_s())
            self._outage.rate_limited(now_s)
            if retry_after_s is not None and retry_after_s <= self.model.max_wait_s:
                self._hold_until(now_s + retry_after_s, f"{fault.status or 429} with Retry-After")
        elif fault.kind in OUTAGE:
            was_open = self._outage.open
            self._limit.failed()
            self._outage.failed(now_s, probe=passage.is_probe)
            if self._outage.open and not was_open:
                self._listener.holding(self.model, "most requests fail; one probe at a time", None)
        else:
            self._outage.spared()
        self._adjust()

    def _since_start_s(self) -> float:
        return anyio.current_time() - self._began_s

    def _settle_tokens(self, passage: Passage, response: Response) -> None:
        usage = response.usage
        if usage.output_tokens is not None:
            self._forecast.learn(usage.output_tokens)
        if usage.input_tokens is not None and usage.output_tokens is not None:
            self._return_tokens(passage, usage.input_tokens + usage.output_tokens)

    def _hold_until(self, moment_s: float, why: str) -> None:
        if moment_s > self._not_before_s:
            self._not_before_s = moment_s
            self._listener.holding(self.model, why, moment_s - anyio.current_time())

    def _adjust(self) -> None:
        self._places.total_tokens = self._limit.limit
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()


class Passage:
    """One trial under way: its place, its attempts, and its times on the event loop's monotonic clock."""

    def __init__(self, lane: Lane, request: Request, *, is_first: bool) -> None:
        self._lane = lane
        self.is_first = is_first
        """Whether it is its model's first trial, which goes alone."""
        self.scheduled_s = anyio.current_time()
        self._holds_place = False
        self._queue_s = 0.0
        self._backoff_s = 0.0
        self.input_tokens = request_tokens(request, lane.model).expected if lane.model.tpm is not None else 0
        """As counted; 0 where nothing is paced by tokens."""
        self.cap: int | None = request.params.get("max_output_tokens")
        self.reserved_tokens = 0.0
        self.reservation: Reservation | None = None
        """In the budget, where there is one."""
        self.is_probe = False
        self.started_at = ""
        self.attempts = 0
        """Of all rounds that are over."""
        self.attempts_this_round = 0
        self.rounds = 0
        """How often its attempts were used up."""
        self.last_fault: Fault | None = None

    def followed_by(self, request: Request) -> Passage:
        """That of the trial's next request to the same model."""
        return Passage(self._lane, request, is_first=False)

    def begin_round(self, fault: Fault) -> None:
        """The attempts of a round are used up, by `fault`: another one follows, with a place of its own."""
        self.rounds += 1
        self.attempts_this_round = 0
        self.last_fault = fault
        self.give_place_back()

    async def take_place(self) -> None:
        """Waits until the trial's next request may go. Raises GivenUp."""
        began_s = anyio.current_time()
        await self._lane.admit(self)
        self._queue_s += anyio.current_time() - began_s
        self._holds_place = True
        if not self.started_at:
            self.started_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def give_place_back(self) -> None:
        """Frees the place, if one is held."""
        if self._holds_place:
            self._holds_place = False
            self._lane.release(self)

    async def pause(self, seconds: float) -> None:
        """Sleeps between two attempts, without a place. Raises GivenUp where the lane closes meanwhile."""
        self.give_place_back()
        began_s = anyio.current_time()
        try:
            await self._lane.sleep(seconds)
        finally:
            self._backoff_s += anyio.current_time() - began_s
        await self.take_place()

    def timing(self, latency_s: float | None, pace: Pace) -> Timing:
        """The times so far; `latency_s` and `pace` are the successful attempt's."""
        e2e_s = anyio.current_time() - self.scheduled_s
        return Timing(
            queue_s=self._queue_s, backoff_s=self._backoff_s, latency_s=latency_s, e2e_s=e2e_s, **pace._asdict()
        )
