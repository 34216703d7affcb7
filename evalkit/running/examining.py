"""One trial from its question to its record: asked, judged, written down."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import anyio
from anyio.to_thread import run_sync
from msgspec import UNSET
from msgspec.structs import replace

from evalkit.checks.scoring import Verdict, score_trial
from evalkit.pacing.lane import Passage
from evalkit.registry import APIS
from evalkit.running.asking import Answered, Asker
from evalkit.running.job import Job, Settings
from evalkit.types import Media, Record, Response, Trial

__all__ = ["Examiner", "first_part"]

JUDGED_AT_ONCE = 256
"""Answers whose checks may be under way together."""
first_part = "turn 0"
"""What the first request of every trial is called where answers are stored."""


class Examiner:
    """Makes records of trials."""

    def __init__(self, *, asker: Asker, settings: Settings) -> None:
        self._asker = asker
        self._settings = settings
        self._judging = anyio.Semaphore(JUDGED_AT_ONCE)

    async def examine(self, job: Job, trial: Trial, passage: Passage, stored: Answered | None) -> Record | None:
        """The record of a trial whose passage comes with a place, or with a stored first answer; frees the place.

        None where a signal came before anything is known.
        """
        headers = _stand_in_headers(trial) if self._settings.stand_in else {}
        answered = stored or await self._asker.ask(job, trial, trial, first_part, passage=passage, headers=headers)
        if answered is None:
            return None
        async with self._judging:  # before the place is free, so that slow checks hold back the requests
            passage.give_place_back()
            verdict = await self._judge(trial, answered)
        return self._record(job, trial, answered, verdict)

    async def _judge(self, trial: Trial, answered: Answered) -> Verdict:
        response = answered.reply.response
        if response is None:
            return Verdict(passed=None, score=None, scores=())
        return await score_trial(
            trial,
            response,
            latency_s=answered.reply.latency_s,
            cost_usd=answered.cost_usd,
            run_blocking=run_sync,
        )

    def _record(self, job: Job, trial: Trial, answered: Answered, verdict: Verdict) -> Record:
        return Record(
            key=trial.key,
            case_id=trial.case_id,
            prompt=trial.prompt,
            model=trial.model.name,
            repeat=trial.repeat,
            passed=verdict.passed,
            score=verdict.score,
            request=self._body(job, trial) if self._settings.keep_raw else UNSET,
            response=self._without_raw(answered.reply.response),
            scores=verdict.scores,
            error=answered.reply.fault,
            timing=answered.timing,
            attempts=answered.reply.attempts,
            cached=answered.cached,
            cost_usd=answered.cost_usd,
            started_at=answered.started_at,
            expected=trial.expected,
            tags=trial.tags,
            cluster=trial.cluster,
            xfail=trial.xfail,
            pass_if=trial.pass_if,
        )

    def _body(self, job: Job, trial: Trial) -> Any:
        """The body as it was sent, with pictures and files by reference; what a target was handed."""
        if trial.model.provider.target is not None:
            return trial.request.payload
        for message in trial.request.messages:
            for medium in message.media:
                job.journal.keep_media(medium)
        return APIS[trial.model.api].encode(trial.request, _reference)

    def _without_raw(self, response: Response | None) -> Response | None:
        if response is None or self._settings.keep_raw:
            return response
        return replace(response, raw=UNSET)


def _stand_in_headers(trial: Trial) -> dict[str, str]:
    headers = {"x-evalkit-repeat": str(trial.repeat)}
    if trial.expected is not None:
        headers["x-evalkit-expected"] = quote(trial.expected, safe="")
    return headers


def _reference(medium: Media) -> str:
    return medium.reference
