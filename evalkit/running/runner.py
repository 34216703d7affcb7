"""One task group that asks every model at once: a lane per model feeds its trials, workers ask, one writer keeps.

Trials are made as they are needed, so memory does not grow with their number. A lane's places bound how many of its
requests are under way; a request that waits before its next attempt gives its place back while it sleeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import anyio
from anyio.abc import TaskGroup

from evalkit.errors import EvalkitError, StorageError
from evalkit.gateway.client import Gateway
from evalkit.pacing.budget import Budget
from evalkit.pacing.lane import GivenUp, Lane, Passage
from evalkit.running.asking import Answered, Asker
from evalkit.running.billing import Bills
from evalkit.running.examining import Examiner, first_part
from evalkit.running.job import Ending, Job, Settings, Watcher
from evalkit.running.lanes import Lanes
from evalkit.running.spending import Purse
from evalkit.running.writing import Writer
from evalkit.types import Model, Trial

__all__ = ["Runner"]

FIRST_ALONE_S = 3.0
"""How long a model's first trial goes alone, so that a wrong key or id costs one request."""
DEFAULT_LIMIT = 128
"""Requests at once over all models, where the suite sets no limit."""
DRAIN_S = 30.0
"""How long an interrupted run waits for the answers under way."""


class Runner:
    """Runs jobs once, all together. `ending` tells how it ended."""

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        gateway: Gateway,
        watcher: Watcher,
        settings: Settings | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._jobs = jobs
        self._watcher = watcher
        self._settings = settings or Settings()
        self._scope = anyio.CancelScope()
        self._error: EvalkitError | None = None
        self.ending = Ending()
        self._lanes = Lanes(
            limit=self._limit(), concurrency=self._settings.concurrency, watcher=watcher, ending=self.ending
        )
        purse = Purse(budget) if budget is not None else None
        self._bills = None if self._settings.stand_in else Bills()  # the stand-in's own count is a rough one
        self._asker = Asker(
            gateway=gateway,
            lanes=self._lanes,
            watcher=watcher,
            ending=self.ending,
            purse=purse,
            bills=self._bills,
        )
        self._examiner = Examiner(asker=self._asker, lanes=self._lanes, ending=self.ending, settings=self._settings)
        self._writer = Writer(watcher)

    async def run(self, *, signals: tuple[int, ...] = ()) -> Ending:
        """Asks and writes until all is done or stopped. Raises StorageError, also where the data changed meanwhile.

        `signals` are listened for (only possible in the main thread): the first drains, the second cancels.
        """
        async with anyio.create_task_group() as group:
            if signals:
                group.start_soon(self._listen, signals)
            async with anyio.create_task_group() as inner:
                inner.start_soon(self._writer.run, self._fail)
                inner.start_soon(self._ask)
            group.cancel_scope.cancel()
        self.ending.pacing = {lane.model.name: lane.history for lane in self._lanes}
        if self._bills is not None:
            self.ending.notes += self._bills.notes()
        if self._error is not None:
            raise self._error
        return self.ending

    def _limit(self) -> int:
        """Requests at once over all models: the suites' limit, else room for what was asked of each model."""
        own = [job.plan.suite.max_concurrency for job in self._jobs if job.plan.suite.max_concurrency]
        models = len(self._models())
        return min(own) if own else max(DEFAULT_LIMIT, (self._settings.concurrency or 0) * models)

    def _models(self) -> list[Model]:
        """The models of all jobs, equal ones once."""
        models: list[Model] = []
        for job in self._jobs:
            models += [model for model in job.plan.models if model not in models]
        return models

    # --- feeding -----------------------------------------------------------------------------------------------

    async def _ask(self) -> None:
        try:
            with self._scope:
                async with anyio.create_task_group() as group:
                    for model in self._models():
                        group.start_soon(self._feed, self._lanes.of(model))
        finally:
            self._writer.close()

    async def _feed(self, lane: Lane) -> None:
        """Starts the lane's trials, one for each place that comes free, and those again that are queued again."""
        is_first = True
        async with anyio.create_task_group() as group:
            try:
                for job, trial in self._trials(lane.model):
                    stored = self._asker.recall(job, trial, trial, first_part)
                    if stored is None and lane.model.name in job.unsent:
                        self._pass_over(trial)
                        continue
                    await lane.passages.acquire()  # freed when the trial is done
                    passage = Passage(lane, trial.request, is_first=is_first)
                    done = await self._start(group, job, trial, passage, stored)
                    if is_first and stored is None:
                        is_first = False
                        with anyio.move_on_after(FIRST_ALONE_S):
                            await done.wait()
            except GivenUp:
                return
            except (EvalkitError, OSError) as error:
                self._fail(StorageError(f"a case cannot be read any more, though it could before the run: {error}"))
            finally:
                self._examiner.fed(lane.model, self._jobs)

    def _trials(self, model: Model) -> Iterator[tuple[Job, Trial]]:
        """What a model is to be asked, of several jobs by turns, so that they see the same hour of it."""
        feeds = [(job, job.plan.trials(model)) for job in self._jobs if model in job.plan.models]
        while feeds:
            for feed in tuple(feeds):
                job, trials = feed
                trial = next(trials, None)
                if trial is None:
                    feeds.remove(feed)
                elif trial.key in job.done:
                    self._examiner.pass_over(job, trial)
                else:
                    yield job, trial

    async def _start(
        self, group: TaskGroup, job: Job, trial: Trial, passage: Passage, stored: Answered | None
    ) -> anyio.Event:
        """Starts a trial, once there is a place for its request; the event is set when it is done."""
        if stored is None:
            await self._asker.admit(trial, passage, begun=False)
        done = anyio.Event()
        self._examiner.expect(job, trial)
        group.start_soon(self._work, job, trial, passage, stored, done)
        return done

    async def _work(self, job: Job, trial: Trial, passage: Passage, stored: Answered | None, done: anyio.Event) -> None:
        try:
            record = await self._examiner.examine(job, trial, passage, stored)
            if record is not None:
                await self._writer.keep(job.journal, record)
            elif trial.model.name in job.unsent:  # a conversation of which the store has the beginning
                self._pass_over(trial)
        except EvalkitError as error:  # a picture that changed, or cannot be kept
            self._fail(error)
        finally:
            passage.give_place_back()
            self._lanes.of(trial.model).passages.release()
            done.set()

    def _pass_over(self, trial: Trial) -> None:
        number = f" #{trial.repeat + 1}" if trial.repeat else ""
        self.ending.unanswered.append(f"{trial.case_id} [{trial.prompt}] {trial.model.name}{number}")

    # --- ending ------------------------------------------------------------------------------------------------

    def _fail(self, error: EvalkitError) -> None:
        """Ends the run at once: its results can no longer be trusted to be kept."""
        self._error = self._error or error
        self._scope.cancel()

    async def _listen(self, signals: tuple[Any, ...]) -> None:
        with anyio.open_signal_receiver(*signals) as received:
            async for number in received:
                if self.ending.signal_number is not None:
                    self._scope.cancel()
                    return
                self.ending.signal_number = number
                self._watcher.interrupted(number)
                self._asker.close()
                self._scope.deadline = anyio.current_time() + DRAIN_S
