"""The models beside the one under test, as the checks of a trial ask them about its answer.

A judge's request takes the same way as any other: stored answers first, then the budget, a place in the judge's own
lane, retries, and the price of the judge. Who waits for a judge holds no place of the model under test.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import anyio
import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from evalkit.errors import CheckFailedToRun, EvalkitError, JudgeFailed
from evalkit.pacing.lane import GivenUp, Passage
from evalkit.running.asking import Answered, Asker
from evalkit.running.job import Ending, Job, Settings
from evalkit.running.lanes import Lanes
from evalkit.running.rivals import Rivals
from evalkit.suite.presets import takes_schema
from evalkit.types import Inquiry, Message, Model, Opinion, Question, Request, Trial

__all__ = ["Court", "Others"]

FIRST_ALONE_S = 3.0
"""How long a judge's first question goes alone, so that a wrong id costs one request."""


class Court:
    """What the judges of a run share."""

    def __init__(self, *, asker: Asker, lanes: Lanes, ending: Ending, settings: Settings, seats: int) -> None:
        self._asker = asker
        self._lanes = lanes
        self._ending = ending
        self._settings = settings
        self.seats = anyio.Semaphore(seats)
        """Answers whose checks are under way; those that wait for others have left their seat."""
        self._rivals: dict[Job, Rivals] = {}
        self._first_done: dict[str, anyio.Event] = {}
        """Judge → its first question, which goes alone, is answered."""

    def rivals(self, job: Job) -> Rivals:
        """What is known of answers that others are compared with."""
        if job not in self._rivals:
            plan = job.plan
            self._rivals[job] = Rivals(plan.judging.rivals, models=len(plan.models))
        return self._rivals[job]

    async def put(self, job: Job, trial: Trial, inquiry: Inquiry, part: str) -> Opinion:
        """A judge's answer, stored or new. Raises JudgeFailed."""
        answered = self._asker.recall(job, trial, inquiry, part)
        if answered is None:
            self._refuse_unsendable(job, inquiry.model)
            answered = await self._in_turn(job, trial, inquiry, part)
        response, fault = answered.reply.response, answered.reply.fault
        if response is None:
            why = "it did not answer" if fault is None else f"{fault.kind}: {fault.message}"
            raise JudgeFailed(f"judge {inquiry.model.name}: {why}")
        return Opinion(
            model=inquiry.model.name,
            response=response if self._settings.keep_raw else replace(response, raw=UNSET),
            cost_usd=answered.cost_usd,
            cached=answered.cached,
            question=part,
        )

    def _refuse_unsendable(self, job: Job, judge: Model) -> None:
        plan = job.plan
        if judge.name in job.unsent:
            raise JudgeFailed(f"judge {judge.name}: nothing is sent to it in this run, and no verdict of it is stored")
        if judge not in plan.judges and judge not in plan.models:
            raise JudgeFailed(f"judge {judge.name}: no check of the suite names it where it can be seen beforehand")

    async def _in_turn(self, job: Job, trial: Trial, inquiry: Inquiry, part: str) -> Answered:
        """As `_ask`; a judge that is not under test answers its first question before it is put others."""
        name = inquiry.model.name
        if inquiry.model in job.plan.models:
            return await self._ask(job, trial, inquiry, part, is_first=False)
        done = self._first_done.get(name)
        if done is not None:
            with anyio.move_on_after(FIRST_ALONE_S):
                await done.wait()
            return await self._ask(job, trial, inquiry, part, is_first=False)
        done = self._first_done[name] = anyio.Event()
        try:
            return await self._ask(job, trial, inquiry, part, is_first=True)
        finally:
            done.set()

    async def _ask(self, job: Job, trial: Trial, inquiry: Inquiry, part: str, *, is_first: bool) -> Answered:
        passage = Passage(self._lanes.of(inquiry.model), inquiry.request, is_first=is_first)
        try:
            await self._asker.admit(inquiry, passage, begun=True)
            headers = self._told(trial)
            answered = await self._asker.ask(job, trial, inquiry, part, passage=passage, headers=headers)
        except GivenUp:
            answered = None
        finally:
            passage.give_place_back()
        if answered is None:
            raise JudgeFailed(f"judge {inquiry.model.name} was not asked: {self._why_closed(inquiry.model)}")
        return answered

    def _why_closed(self, judge: Model) -> str:
        ending = self._ending
        if ending.signal_number is not None:
            return "the run was interrupted"
        if ending.over_budget is not None:
            return f"the budget was at its end ({ending.over_budget})"
        fault = ending.run_stopped or ending.stopped.get(judge.name)
        return "the run was stopped" if fault is None else f"it was stopped: {fault.message}"

    def _told(self, trial: Trial) -> dict[str, str]:
        """What the stand-in is told in headers, and no other gateway."""
        if not self._settings.stand_in:
            return {}
        answer = {} if trial.expected is None else {"x-evalkit-expected": quote(trial.expected, safe="")}
        return {"x-evalkit-repeat": str(trial.repeat), **answer}


class Others:
    """Those of one trial (`types.Others`), for checks that hold one of the court's seats."""

    def __init__(self, court: Court, job: Job, trial: Trial) -> None:
        self._court = court
        self._job = job
        self._trial = trial
        self._waiting = 0

    async def ask(self, question: Question) -> Opinion:
        """Asks a judge. Raises JudgeFailed where it gives no answer."""
        plan = self._job.plan
        try:
            judge = plan.judging.find(question.model, self._trial.model, question.apart_from)
        except EvalkitError as error:
            raise JudgeFailed(str(error)) from error
        request = Request(
            model=judge.id,
            messages=question.messages,
            params=_params(judge, plan.judging.params(judge), question.params),
            cap_field=judge.cap_field,
            family=judge.family,
            stream=plan.streams(judge),
        )
        part = f"{question.purpose} {_hash(judge, request)}"
        async with self._away():
            return await self._court.put(self._job, self._trial, Inquiry(model=judge, request=request), part)

    async def answer_of(self, model: str) -> str:
        """What another model of the suite answered to the same question, once it has. Raises CheckFailedToRun."""
        plan = self._job.plan
        if all(each.name != model for each in plan.models):
            raise CheckFailedToRun(f"'{model}' is not asked in this run, so there is nothing to compare with")
        if model not in plan.judging.rivals:
            raise CheckFailedToRun(f"no check of the suite names '{model}' where it can be seen beforehand")
        async with self._away():
            return await self._court.rivals(self._job).answer(self._trial, model)

    @asynccontextmanager
    async def _away(self) -> AsyncIterator[None]:
        """Leaves the seat to others while this trial waits; a check may wait for several at once."""
        if not self._waiting:
            self._court.seats.release()
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                with anyio.CancelScope(shield=True):  # whoever holds a seat gives it back
                    await self._court.seats.acquire()


def _params(judge: Model, own: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """What goes beside the messages: the model's own settings, and a schema where it is known to take one."""
    params = {**own, **asked}
    if not takes_schema(judge.id, family=judge.family, api=judge.api):
        params.pop("response_format", None)
    return params


def _hash(judge: Model, request: Request) -> str:
    """Of all that makes the question this question: whom it is put to, and in which words."""
    asked = [(message.role, message.content, _media(message)) for message in request.messages]
    parts = (judge.name, judge.id, judge.api, asked, request.params)
    return hashlib.sha256(_encode(parts)).hexdigest()[:32]


def _media(message: Message) -> list[str]:
    return [medium.reference for medium in message.media]


_encode = msgspec.json.Encoder(order="sorted", enc_hook=str).encode
