"""One trial from its question to its record: asked, judged, written down."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import anyio
from anyio.to_thread import run_sync
from msgspec import UNSET
from msgspec.structs import replace

from evalkit.checks.conversation import at_turn, judge_conversation
from evalkit.checks.scoring import Verdict, failed_unchecked, score_trial
from evalkit.pacing.lane import Passage
from evalkit.registry import APIS
from evalkit.running.asking import Answered, Asker
from evalkit.running.dialogue import Dialogue, Said, Turn, part_of
from evalkit.running.job import Ending, Job, Settings
from evalkit.running.lanes import Lanes
from evalkit.running.others import Court, Others
from evalkit.types import BoundCheck, Exchange, Media, Model, Record, Request, Response, Score, Trial

__all__ = ["Examiner", "first_part"]

JUDGED_AT_ONCE = 256
"""Answers whose checks may be under way together; those that wait for a judge do not count."""
CHECK_THREADS = 4
"""For checks that take long, and those of long answers: with more, the requests' own thread gets its turn too late."""
first_part = part_of(0)
"""What the first request of every trial is called where answers are stored."""


class Examiner:
    """Makes records of trials."""

    def __init__(self, *, asker: Asker, lanes: Lanes, ending: Ending, settings: Settings) -> None:
        self._asker = asker
        self._settings = settings
        self._court = Court(asker=asker, lanes=lanes, ending=ending, settings=settings, seats=JUDGED_AT_ONCE)
        self._beside = partial(run_sync, limiter=anyio.CapacityLimiter(CHECK_THREADS))

    async def examine(self, job: Job, trial: Trial, passage: Passage, stored: Answered | None) -> Record | None:
        """The record of a trial whose passage comes with a place, or with a stored first answer; frees the place.

        None where a signal came before anything is known.
        """
        dialogue = Dialogue(self._asker, job, trial, passage, stand_in=self._settings.stand_in)
        try:
            said = await self._hold(dialogue, job, trial, stored)
            if said is None:
                return None
            async with self._court.seats:  # before the place is free, so that slow checks hold back the requests
                dialogue.passage.give_place_back()
                verdict = await self._judge(job, trial, said)
        finally:
            dialogue.passage.give_place_back()
            self._court.rivals(job).leave(trial)
        await self._keep_media(job, trial, said.turns[-1].request)
        return self._record(trial, said, verdict)

    def expect(self, job: Job, trial: Trial) -> None:
        """Hears of a trial that is about to be examined: others may be compared with its answer."""
        self._court.rivals(job).expect(trial)

    def pass_over(self, job: Job, trial: Trial) -> None:
        """Hears of a trial whose record stands in the journal already: others may be compared with its answer."""
        if trial.model.name in job.plan.judging.rivals:
            stored = self._asker.recall(job, trial, trial, part_of(len(trial.turns)))
            rivals = self._court.rivals(job)
            rivals.expect(trial)
            rivals.tell(trial, stored.reply.response if stored is not None else None)
            rivals.leave(trial)

    def fed(self, model: Model, jobs: Sequence[Job]) -> None:
        """Hears that no more trials of a model will come."""
        for job in jobs:
            self._court.rivals(job).fed(model)

    async def _hold(self, dialogue: Dialogue, job: Job, trial: Trial, stored: Answered | None) -> Said | None:
        """What is said in a trial; whoever waits for it to compare hears at once."""
        said = None
        try:
            said = await dialogue.hold(stored)
        finally:
            self._court.rivals(job).tell(trial, said.answer if said is not None else None)
        return said

    async def _judge(self, job: Job, trial: Trial, said: Said) -> Verdict:
        if said.whole.reply.response is None:
            return Verdict(passed=None, score=None, scores=())
        whole = Turn(request=said.turns[-1].request, answered=said.whole)
        if not trial.turns and not trial.first_turn_checks:
            return await self._verdict(job, trial, whole, trial.checks)
        checks = (trial.first_turn_checks, *(turn.checks for turn in trial.turns))
        if not any((*checks, trial.checks)):
            return Verdict(passed=None, score=None, scores=())
        if said.missing:
            scores = at_turn(failed_unchecked(said.missing), len(said.turns) - 1)
            return judge_conversation(scores, threshold=trial.threshold)
        found: list[Score] = []
        for number, turn in enumerate(said.turns):
            its_own = replace(trial, expected=trial.expected_at(number))
            found += at_turn(await self._verdict(job, its_own, turn, checks[number]), number)
        found += (await self._verdict(job, trial, whole, trial.checks)).scores
        return judge_conversation(found, threshold=trial.threshold)

    async def _verdict(self, job: Job, trial: Trial, turn: Turn, checks: tuple[BoundCheck, ...]) -> Verdict:
        """What checks make of one answer, or of all as one."""
        answered = turn.answered
        assert answered.reply.response is not None  # noqa: S101 (else there is nothing to judge)
        return await score_trial(
            trial,
            answered.reply.response,
            latency_s=answered.reply.latency_s,
            cost_usd=answered.cost_usd,
            timing=answered.timing,
            cached=answered.cached,
            messages=turn.request.messages,
            checks=checks,
            run_blocking=self._beside,
            others=Others(self._court, job, trial),
        )

    def _record(self, trial: Trial, said: Said, verdict: Verdict) -> Record:
        answered = said.whole
        return Record(
            key=trial.key,
            case_id=trial.case_id,
            prompt=trial.prompt,
            model=trial.model.name,
            repeat=trial.repeat,
            passed=verdict.passed,
            score=verdict.score,
            request=self._body(trial, said.turns[-1].request),
            response=self._without_raw(answered.reply.response),
            scores=verdict.scores,
            error=answered.reply.fault,
            timing=answered.timing,
            attempts=answered.reply.attempts,
            cached=answered.cached,
            cost_usd=answered.cost_usd,
            started_at=answered.started_at,
            turns=tuple(self._exchange(trial, turn) for turn in said.turns) if trial.turns else (),
            expected=trial.expected,
            tags=trial.tags,
            cluster=trial.cluster,
            xfail=trial.xfail,
            pass_if=trial.pass_if,
        )

    def _exchange(self, trial: Trial, turn: Turn) -> Exchange:
        answered = turn.answered
        return Exchange(
            request=self._body(trial, turn.request),
            response=self._without_raw(answered.reply.response),
            error=answered.reply.fault,
            timing=answered.timing,
            attempts=answered.reply.attempts,
            cost_usd=answered.cost_usd,
            cached=answered.cached,
        )

    def _body(self, trial: Trial, request: Request) -> Any:
        """The body as it was sent, with pictures and files by reference; what a target was handed."""
        if not self._settings.keep_raw:
            return UNSET
        if trial.model.provider.target is not None:
            return request.payload
        return APIS[trial.model.api].encode(request, _reference)

    async def _keep_media(self, job: Job, trial: Trial, request: Request) -> None:
        """Copies what the record will name, beside the event loop: it has to reach the disk itself."""
        if not self._settings.keep_raw or trial.model.provider.target is not None:
            return
        for message in request.messages:
            for medium in message.media:
                if not job.journal.media.has(medium):
                    await run_sync(job.journal.keep_media, medium)

    def _without_raw(self, response: Response | None) -> Response | None:
        if response is None or self._settings.keep_raw:
            return response
        return replace(response, raw=UNSET)


def _reference(medium: Media) -> str:
    return medium.reference
