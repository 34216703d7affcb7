"""One request on its way: to the stored answers, else the gateway, in as many rounds as its lane thinks worth it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from evalkit.costs.prices import cost_usd
from evalkit.gateway.client import Gateway, Reply
from evalkit.pacing.lane import GivenUp, Lane, Passage
from evalkit.running.job import Ending, Job, Watcher
from evalkit.running.lanes import Lanes, ends_model
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


class Asker:
    """Puts requests to models."""

    def __init__(self, *, gateway: Gateway, lanes: Lanes, watcher: Watcher, ending: Ending) -> None:
        self._gateway = gateway
        self._lanes = lanes
        self._watcher = watcher
        self._ending = ending

    def recall(self, job: Job, trial: Trial, asked: Asked, part: str) -> Answered | None:
        """The stored answer to a request, if there is one."""
        stored = job.stored.find(trial, asked, part)
        if stored is None:
            return None
        return Answered(
            reply=Reply(response=stored.response, latency_s=stored.timing.latency_s, attempts=stored.attempts),
            timing=stored.timing,
            started_at=stored.started_at,
            cost_usd=stored.cost_usd,
            cached=True,
        )

    async def admit(self, asked: Asked, passage: Passage, *, begun: bool) -> None:
        """Waits until a request may go, and takes a place for it. Raises GivenUp.

        `begun`: it belongs to a trial that has been asked something before, and goes before those of new trials.
        """
        del asked, begun
        await passage.take_place()

    async def ask(
        self, job: Job, trial: Trial, asked: Asked, part: str, *, passage: Passage, headers: Mapping[str, str]
    ) -> Answered | None:
        """The answer or fault of a request. The passage comes with a place, which the caller gives back.

        None where a signal found it between two attempts: nothing is known of it, so nothing is recorded.
        """
        lane = self._lanes.of(asked.model)
        track = Track(job.journal, trial, asked, part)
        reply = await self._rounds(lane, asked, passage, track, job.plan.suite.media.data_url, headers)
        if reply is None:
            return None
        self._lanes.heed(lane, passage, reply)
        response = reply.response
        answered = Answered(
            reply=reply,
            timing=passage.timing(reply.latency_s, reply.pace),
            started_at=passage.started_at,
            cost_usd=cost_usd(response.usage, lane.price) if response is not None else None,
        )
        if response is not None:
            job.stored.keep(trial, asked, part, _storable(answered))
        return answered

    async def _rounds(
        self,
        lane: Lane,
        asked: Asked,
        passage: Passage,
        track: Track,
        image_url: ImageURL,
        headers: Mapping[str, str],
    ) -> Reply | None:
        try:
            while True:
                reply = await self._round(lane, asked, passage, track, image_url, headers)
                passage.attempts += reply.attempts
                used_up = reply.attempts >= lane.model.max_attempts and not ends_model(passage, reply)
                if reply.fault is None or not used_up or not lane.queues_again(passage, reply.fault):
                    return replace(reply, attempts=passage.attempts)
                passage.begin_round(reply.fault)
                await passage.take_place()
        except GivenUp:
            if self._ending.signal_number is not None:
                return None
            return Reply(fault=passage.last_fault, attempts=passage.attempts + passage.attempts_this_round)

    async def _round(
        self,
        lane: Lane,
        asked: Asked,
        passage: Passage,
        track: Track,
        image_url: ImageURL,
        headers: Mapping[str, str],
    ) -> Reply:
        """One call of the gateway with all its attempts; the lane learns from each of them."""

        def on_retry(fault: Fault, attempt: int, wait_s: float, retry_after_s: float | None) -> None:
            passage.last_fault, passage.attempts_this_round = fault, attempt - 1  # `attempt` is the coming one
            track.failed(fault)
            if not wait_s:
                track.sending()
            lane.met(passage, fault, retry_after_s)
            self._watcher.waiting(lane.model, fault, attempt, wait_s)
            self._lanes.close_if_lost(lane, fault)

        async def pause(seconds: float) -> None:
            await passage.pause(seconds)
            track.sending()

        track.sending()
        reply = await self._gateway.ask(asked, image_url=image_url, pause=pause, headers=headers, on_retry=on_retry)
        if reply.response is not None:
            lane.answered(passage, reply.response, reply.hold_s)
        elif reply.fault is not None:
            track.failed(reply.fault)
            lane.met(passage, reply.fault, reply.hold_s)
        return reply


def _storable(answered: Answered) -> StoredAnswer:
    assert answered.reply.response is not None  # noqa: S101  (the caller has just looked)
    return StoredAnswer(
        response=answered.reply.response,
        timing=answered.timing,
        started_at=answered.started_at,
        cost_usd=answered.cost_usd,
        attempts=answered.reply.attempts,
    )
