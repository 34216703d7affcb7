"""One task group that asks every model at once: a lane per model feeds its trials, workers ask, one writer keeps.

Trials are made as they are needed, so memory does not grow with their number. A lane's places bound how many of its
requests are under way; a request that waits before its next attempt gives its place back while it sleeps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from anyio.to_thread import run_sync
from msgspec import UNSET
from msgspec.structs import replace

from evalkit.checks.scoring import Verdict, score_trial
from evalkit.costs.prices import cost_usd
from evalkit.errors import EvalkitError, StorageError
from evalkit.gateway.client import Gateway, Reply
from evalkit.gateway.verdicts import Stop
from evalkit.journal import Journal
from evalkit.pacing.concurrency import Change
from evalkit.pacing.lane import LOSING, GivenUp, Lane, Listener, Turn
from evalkit.registry import APIS
from evalkit.suite.plan import Plan
from evalkit.types import Fault, Media, Model, Record, Response, Timing, Trial

FIRST_ALONE_S = 3.0
"""How long a model's first trial goes alone, so that a wrong key or id costs one request."""
JUDGED_AT_ONCE = 256
"""Answers whose checks may be under way together."""
DEFAULT_LIMIT = 128
"""Requests at once over all models, where the suite sets no limit."""
BUFFER = 1024
"""Records that may wait for the writer."""
DRAIN_S = 30.0
"""How long an interrupted run waits for the answers under way."""


Records = MemoryObjectSendStream[Record]


class Watcher(Listener, Protocol):
    """Hears what a run does, as it does it."""

    def finished(self, record: Record) -> None:
        """A record was written."""
        ...

    def waiting(self, model: Model, fault: Fault, attempt: int, wait_s: float) -> None:
        """A request will be sent again after `wait_s`, for the `attempt`-th time."""
        ...

    def stopped(self, model: str | None, fault: Fault) -> None:
        """A model, or (None) the run, is asked no more."""
        ...

    def interrupted(self, signal_number: int) -> None:
        """A signal came: nothing more is sent, and the answers under way are waited for."""
        ...


@dataclass(slots=True, kw_only=True)
class Ending:
    """How a run came to its end."""

    stopped: dict[str, Fault] = field(default_factory=dict)
    """Models that were given up."""
    run_stopped: Fault | None = None
    """Why the whole run was given up."""
    signal_number: int | None = None
    pacing: dict[str, list[Change]] = field(default_factory=dict)
    """Model → how the number of its requests under way was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run does besides asking."""

    stand_in: bool = False
    """Hand the expected answers to the gateway: it is the stand-in."""
    concurrency: int | None = None
    """In place of every model's own limit."""
    keep_raw: bool = True
    """Whether records have the bodies sent and received."""


class Runner:
    """Runs a plan once. `ending` tells how it ended."""

    def __init__(
        self, plan: Plan, *, gateway: Gateway, journal: Journal, watcher: Watcher, settings: Settings | None = None
    ) -> None:
        self._plan = plan
        self._gateway = gateway
        self._journal = journal
        self._watcher = watcher
        self._settings = settings or Settings()
        self._scope = anyio.CancelScope()
        self._error: EvalkitError | None = None
        self._judging = anyio.Semaphore(JUDGED_AT_ONCE)
        self._lanes: list[Lane] = []
        self.ending = Ending()

    async def run(self, *, signals: tuple[int, ...] = ()) -> Ending:
        """Asks and writes until all is done or stopped. Raises StorageError, also where the data changed meanwhile.

        `signals` are listened for (only possible in the main thread): the first drains, the second cancels.
        """
        total = anyio.Semaphore(self._limit())
        self._lanes = [
            Lane(model, total=total, listener=self._watcher, concurrency=self._settings.concurrency)
            for model in self._plan.models
        ]
        send, receive = anyio.create_memory_object_stream[Record](BUFFER)
        async with anyio.create_task_group() as group:
            if signals:
                group.start_soon(self._listen, signals)
            async with anyio.create_task_group() as inner:
                inner.start_soon(self._write, receive)
                inner.start_soon(self._ask, send)
            group.cancel_scope.cancel()
        self.ending.pacing = {lane.model.name: lane.history for lane in self._lanes}
        if self._error is not None:
            raise self._error
        return self.ending

    def _limit(self) -> int:
        """Requests at once over all models: the suite's limit, else room for what was asked of each model."""
        own = self._plan.suite.max_concurrency
        return own or max(DEFAULT_LIMIT, (self._settings.concurrency or 0) * len(self._plan.models))

    # --- feeding -----------------------------------------------------------------------------------------------

    async def _ask(self, records: Records) -> None:
        async with records:
            with self._scope:
                async with anyio.create_task_group() as group:
                    for lane in self._lanes:
                        group.start_soon(self._feed, lane, records)

    async def _feed(self, lane: Lane, records: Records) -> None:
        """Starts the lane's trials, one for each place that comes free, and those again that are queued again."""
        async with anyio.create_task_group() as group:
            try:
                for number, trial in enumerate(self._plan.trials(lane.model)):
                    await lane.turns.acquire()  # freed when the trial is done
                    turn = Turn(lane, trial.request, is_first=number == 0)
                    await turn.take_place()
                    done = anyio.Event()
                    group.start_soon(self._work, lane, trial, turn, records, done)
                    if number == 0:
                        with anyio.move_on_after(FIRST_ALONE_S):
                            await done.wait()
            except GivenUp:
                return
            except (EvalkitError, OSError) as error:
                self._fail(StorageError(f"a case cannot be read any more, though it could before the run: {error}"))

    def _close(self, fault: Fault, *, lane: Lane | None = None) -> None:
        """Sends nothing more: to one model, or at all."""
        for each in self._lanes if lane is None else [lane]:
            each.close()
        if lane is None:
            if self.ending.run_stopped is None:
                self._watcher.stopped(None, fault)
                self.ending.run_stopped = fault
        elif lane.model.name not in self.ending.stopped:
            self._watcher.stopped(lane.model.name, fault)
            self.ending.stopped[lane.model.name] = fault

    def _fail(self, error: EvalkitError) -> None:
        """Ends the run at once: its results can no longer be trusted to be kept."""
        self._error = self._error or error
        self._scope.cancel()

    # --- asking ------------------------------------------------------------------------------------------------

    async def _work(self, lane: Lane, trial: Trial, turn: Turn, records: Records, done: anyio.Event) -> None:
        """Asks one trial, judges its answer and hands the record on. Comes with a place and frees it."""
        try:
            reply = await self._answer(lane, trial, turn)
            if reply is None:
                return
            self._heed(lane, turn, reply)
            timing = turn.timing(reply.latency_s, reply.pace)
            async with self._judging:  # before the place is free, so that slow checks hold back the requests
                turn.give_place_back()
                record = await self._record(lane, trial, reply, turn.started_at, timing)
            await records.send(record)
        except EvalkitError as error:  # a picture that changed, or cannot be kept
            self._fail(error)
        finally:
            turn.give_place_back()
            lane.turns.release()
            done.set()

    async def _answer(self, lane: Lane, trial: Trial, turn: Turn) -> Reply | None:
        """The reply, after as many rounds of attempts as the lane thinks worth it.

        None where a signal found the trial between two attempts: nothing is known of it, so nothing is recorded.
        """
        try:
            while True:
                reply = await self._round(lane, trial, turn)
                turn.attempts += reply.attempts
                used_up = reply.attempts >= lane.model.max_attempts and not _ends_model(turn, reply)
                if reply.fault is None or not used_up or not lane.queues_again(turn, reply.fault):
                    return replace(reply, attempts=turn.attempts)
                turn.begin_round(reply.fault)
                await turn.take_place()
        except GivenUp:
            if self.ending.signal_number is not None:
                return None
            return Reply(fault=turn.last_fault, attempts=turn.attempts + turn.attempts_this_round)

    async def _round(self, lane: Lane, trial: Trial, turn: Turn) -> Reply:
        """One call of the gateway with all its attempts; the lane learns from each of them."""

        def on_retry(fault: Fault, attempt: int, wait_s: float, retry_after_s: float | None) -> None:
            turn.last_fault, turn.attempts_this_round = fault, attempt - 1  # `attempt` is the coming one
            lane.met(turn, fault, retry_after_s)
            self._watcher.waiting(lane.model, fault, attempt, wait_s)
            self._close_if_lost(lane, fault)

        reply = await self._gateway.ask(
            trial,
            image_url=self._plan.suite.media.data_url,
            pause=turn.pause,
            headers=_stand_in_headers(trial) if self._settings.stand_in else {},
            on_retry=on_retry,
        )
        if reply.response is not None:
            lane.answered(turn, reply.response, reply.hold_s)
        elif reply.fault is not None:
            lane.met(turn, reply.fault, reply.hold_s)
        return reply

    def _close_if_lost(self, lane: Lane, fault: Fault) -> None:
        if fault.kind in LOSING and lane.is_lost():
            waited = f"nothing was answered for {lane.model.max_outage_s:g} s (max_outage_s)"
            self._close(replace(fault, message=f"{waited}: {fault.message}"), lane=lane)

    def _heed(self, lane: Lane, turn: Turn, reply: Reply) -> None:
        """Draws what follows from a reply for the trials that are still to come."""
        if reply.fault is None:
            return
        if reply.stop is Stop.RUN:
            self._close(reply.fault)
        elif _ends_model(turn, reply):
            self._close(reply.fault, lane=lane)
        else:
            self._close_if_lost(lane, reply.fault)

    async def _record(self, lane: Lane, trial: Trial, reply: Reply, started_at: str, timing: Timing) -> Record:
        response = reply.response
        cost = cost_usd(response.usage, lane.price) if response is not None else None
        verdict = Verdict(passed=None, score=None, scores=())
        if response is not None:
            verdict = await score_trial(
                trial, response, latency_s=reply.latency_s, cost_usd=cost, run_blocking=run_sync
            )
        return Record(
            key=trial.key,
            case_id=trial.case_id,
            prompt=trial.prompt,
            model=trial.model.name,
            repeat=trial.repeat,
            passed=verdict.passed,
            score=verdict.score,
            request=self._body(trial) if self._settings.keep_raw else UNSET,
            response=self._without_raw(response),
            scores=verdict.scores,
            error=reply.fault,
            timing=timing,
            attempts=reply.attempts,
            cached=False,
            cost_usd=cost,
            started_at=started_at,
        )

    def _body(self, trial: Trial) -> Any:
        """The body as it was sent, with pictures and files by reference; what a target was handed."""
        if trial.model.provider.target is not None:
            return trial.request.payload
        for message in trial.request.messages:
            for medium in message.media:
                self._journal.keep_media(medium)
        return APIS[trial.model.api].encode(trial.request, _reference)

    def _without_raw(self, response: Response | None) -> Response | None:
        if response is None or self._settings.keep_raw:
            return response
        return replace(response, raw=UNSET)

    # --- keeping -----------------------------------------------------------------------------------------------

    async def _write(self, records: MemoryObjectReceiveStream[Record]) -> None:
        async with records:
            async for record in records:
                try:
                    self._journal.append(record)
                except EvalkitError as error:
                    self._fail(error)
                    return
                self._watcher.finished(record)

    async def _listen(self, signals: tuple[Any, ...]) -> None:
        with anyio.open_signal_receiver(*signals) as received:
            async for number in received:
                if self.ending.signal_number is not None:
                    self._scope.cancel()
                    return
                self.ending.signal_number = number
                self._watcher.interrupted(number)
                for lane in self._lanes:
                    lane.close()
                self._scope.deadline = anyio.current_time() + DRAIN_S


def _ends_model(turn: Turn, reply: Reply) -> bool:
    """Whether a reply says of its model that it would fail all other trials too."""
    return reply.stop is Stop.MODEL or (reply.stop is Stop.MODEL_IF_FIRST and turn.is_first)


def _stand_in_headers(trial: Trial) -> dict[str, str]:
    headers = {"x-evalkit-repeat": str(trial.repeat)}
    if trial.expected is not None:
        headers["x-evalkit-expected"] = quote(trial.expected, safe="")
    return headers


def _reference(medium: Media) -> str:
    return medium.reference
