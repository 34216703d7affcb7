"""One request on its way: to the stored answers, else the gateway, in as many rounds as its lane thinks worth it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from evalkit.costs.prices import cost_usd
from evalkit.gateway.client import Gateway, Reply
from evalkit.pacing.budget import OverBudget
from evalkit.pacing.lane import GivenUp, Lane, Passage
from evalkit.running.billing import Bills
from evalkit.running.job import Ending, Job, Watcher
from evalkit.running.lanes import Lanes, ends_model
from evalkit.running.spending import Purse, worst_case_of
from evalkit.running.tracking import Track
from evalkit.stored.source import StoredAnswer
from evalkit.types import Asked, Fault, ImageURL, Timing, Trial

__all__ = ["Answered", "Asker"]


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one request."""

    reply: Reply
    timing: Timing
    started_at: str
    cost_usd: float | None
    cached: bool = False
    """True where it is a stored answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errand:
    """A request with all that goes along on its way."""

    lane: Lane
    asked: Asked
    passage: Passage
    track: Track
    image_url: ImageURL
    headers: Mapping[str, str]


class Asker:
    """Puts requests to models. With a `purse`, nothing is sent that the budget does not allow."""

    def __init__(
        self,
        *,
        gateway: Gateway,
        lanes: Lanes,
        watcher: Watcher,
        ending: Ending,
        purse: Purse | None = None,
        bills: Bills | None = None,
    ) -> None:
        self._gateway = gateway
        self._lanes = lanes
        self._watcher = watcher
        self._ending = ending
        self._purse = purse
        self._bills = bills

    def recall(self, job: Job, trial: Trial, asked: Asked, part: str) -> Answered | None:
        """The stored answer to a request, if there is one."""
        stored = job.stored.find(trial, asked, part)
        if stored is None:
            return None
        return Answered(
            reply=Reply(
                response=stored.response,
                fault=stored.fault,
                latency_s=stored.timing.latency_s,
                attempts=stored.attempts,
            ),
            timing=stored.timing,
            started_at=stored.started_at,
            cost_usd=stored.cost_usd,
            cached=stored.cached,
        )

    async def admit(self, asked: Asked, passage: Passage, *, begun: bool) -> None:
        """Waits until a request may go: for room in the budget, then for a place. Raises GivenUp.

        In this order, because who waits for room must not hold a place that requests under way need to end.
        `begun`: it belongs to a trial that has been asked something before, and goes before those of new trials.
        """
        await self._reserve(asked, passage, begun=begun)
        try:
            await passage.take_place()
        except BaseException:
            if self._purse is not None and passage.reservation is not None:
                self._purse.release(passage.reservation)
            raise

    async def ask(
        self, job: Job, trial: Trial, asked: Asked, part: str, *, passage: Passage, headers: Mapping[str, str]
    ) -> Answered | None:
        """The answer or fault of a request that was admitted. The place is given back by the caller.

        None where a signal found it between two attempts: nothing is known of it, so nothing is recorded.
        """
        lane = self._lanes.of(asked.model)
        worst_usd = worst_case_of(asked, passage.reservation, lane.price)
        errand = _Errand(
            lane=lane,
            asked=asked,
            passage=passage,
            track=Track(job.journal, trial, asked, part, worst_case_usd=worst_usd),
            image_url=job.plan.suite.media.data_url,
            headers=headers,
        )
        reply, usd = None, None
        try:
            reply = await self._rounds(errand)
            if reply is not None and reply.response is not None:
                usd = cost_usd(reply.response.usage, lane.price)
        finally:
            self._settle(errand, reply, usd)
        if reply is None:
            return None
        self._lanes.heed(lane, passage, reply)
        answered = Answered(
            reply=reply,
            timing=passage.timing(reply.latency_s, reply.pace),
            started_at=passage.started_at,
            cost_usd=usd,
        )
        if reply.response is not None:
            if self._bills is not None:
                self._bills.compare(asked, reply.response.usage)
            job.stored.keep(trial, asked, part, _storable(answered))
        return answered

    def close(self) -> None:
        """Sends nothing more; what is under way may end."""
        self._lanes.close_all()
        if self._purse is not None:
            self._purse.close()

    # --- attempts ----------------------------------------------------------------------------------------------

    async def _rounds(self, errand: _Errand) -> Reply | None:
        lane, passage = errand.lane, errand.passage
        try:
            while True:
                reply = await self._round(errand)
                passage.attempts += reply.attempts
                used_up = reply.attempts >= lane.model.max_attempts and not ends_model(passage, reply)
                if reply.fault is None or not used_up or not lane.queues_again(passage, reply.fault):
                    return replace(reply, attempts=passage.attempts)
                passage.begin_round(reply.fault)
                await self._reserve_again(errand)
                await passage.take_place()
        except GivenUp:
            if self._ending.signal_number is not None:
                return None
            return Reply(fault=passage.last_fault, attempts=passage.attempts + passage.attempts_this_round)

    async def _round(self, errand: _Errand) -> Reply:
        """One call of the gateway with all its attempts; the lane learns from each of them."""
        lane, passage, track = errand.lane, errand.passage, errand.track

        def on_retry(fault: Fault, attempt: int, wait_s: float, retry_after_s: float | None) -> None:
            passage.last_fault, passage.attempts_this_round = fault, attempt - 1  # `attempt` is the coming one
            self._failed(errand, fault)
            if not wait_s:
                track.sending()
            lane.met(passage, fault, retry_after_s)
            self._watcher.waiting(lane.model, fault, attempt, wait_s)
            self._lanes.close_if_lost(lane, fault)

        async def pause(seconds: float) -> None:
            await self._reserve_again(errand)
            await passage.pause(seconds)
            track.sending()

        track.sending()
        reply = await self._gateway.ask(
            errand.asked, image_url=errand.image_url, pause=pause, headers=errand.headers, on_retry=on_retry
        )
        if reply.response is not None:
            lane.answered(passage, reply.response, reply.hold_s)
        elif reply.fault is not None:
            self._failed(errand, reply.fault)
            lane.met(passage, reply.fault, reply.hold_s)
        return reply

    # --- spending ----------------------------------------------------------------------------------------------

    async def _reserve(self, asked: Asked, passage: Passage, *, begun: bool) -> None:
        """Raises GivenUp where the budget is at its end, which ends the run."""
        if self._purse is None:
            return
        try:
            passage.reservation = await self._purse.reserve(asked, begun=begun)
        except OverBudget:
            if self._ending.signal_number is None and self._ending.run_stopped is None:
                self._ending.over_budget = str(self._purse)
            self.close()
            raise GivenUp from None

    async def _reserve_again(self, errand: _Errand) -> None:
        """Before another attempt, where the one before may have been charged."""
        passage = errand.passage
        if passage.reservation is not None and passage.reservation.settled:
            passage.give_place_back()
            await self._reserve(errand.asked, passage, begun=True)

    def _failed(self, errand: _Errand, fault: Fault) -> None:
        errand.track.failed(fault)
        reservation = errand.passage.reservation
        if fault.in_doubt and reservation is not None and self._purse is not None:
            self._purse.doubt(reservation)

    def _settle(self, errand: _Errand, reply: Reply | None, usd: float | None) -> None:
        """Where a request was cancelled under way, nobody knows whether it was charged."""
        reservation = errand.passage.reservation
        if self._purse is None or reservation is None:
            return
        if reply is None:
            self._purse.doubt(reservation)
        elif reply.response is None:
            self._purse.release(reservation)
        else:
            self._purse.settle(errand.asked, reservation, reply.response, usd)


def _storable(answered: Answered) -> StoredAnswer:
    assert answered.reply.response is not None  # noqa: S101  (the caller has just looked)
    return StoredAnswer(
        response=answered.reply.response,
        timing=answered.timing,
        started_at=answered.started_at,
        cost_usd=answered.cost_usd,
        attempts=answered.reply.attempts,
    )
