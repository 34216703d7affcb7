"""The answers that stand in a run folder, found again by the trials they were given to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evalkit.journal import Entry, index_records, read_record
from evalkit.run_folder import RECORDS
from evalkit.stored.source import StoredAnswer
from evalkit.types import Asked, Exchange, Opinion, Record, Timing, Trial

__all__ = ["RunAnswers"]

_TURN = "turn "
_UNTIMED = Timing(queue_s=0.0, backoff_s=0.0, latency_s=None, e2e_s=0.0)


class RunAnswers:
    """A source over one run folder: of each trial the last record counts. Raises StorageError for a damaged one.

    `with_faults`: what failed then is found as a fault too. `of_this_run`: the folder is the one being written to.
    """

    def __init__(self, folder: Path, *, with_faults: bool = False, of_this_run: bool = False) -> None:
        self._path = folder / RECORDS
        self._with_faults = with_faults
        self._of_this_run = of_this_run
        self.index: Mapping[str, Entry] = index_records(self._path)
        """By the trials' keys."""

    def find(self, trial: Trial, asked: Asked, part: str) -> StoredAnswer | None:
        """The answer, or opinion, that the trial's record has of this part."""
        del asked
        entry = self.index.get(trial.key)
        if entry is None:
            return None
        record = read_record(self._path, entry)
        if part.startswith(_TURN):
            return self._turn(record, int(part.removeprefix(_TURN)))
        return self._opinion(record, part)

    def keep(self, trial: Trial, asked: Asked, part: str, answer: StoredAnswer) -> None:
        """Nothing: its record will be kept in a journal."""

    def broke_off(self, key: str) -> bool:
        """Whether a trial has no verdict that could be had: it was not answered, or a check could not look at it."""
        entry = self.index[key]
        if entry.passed is not None:
            return False
        return entry.error is not None or any(score.error for score in read_record(self._path, entry).scores)

    def _turn(self, record: Record, number: int) -> StoredAnswer | None:
        """One turn of a conversation; a single question is its own first turn."""
        turns: tuple[Record | Exchange, ...] = record.turns or (record,)
        if number >= len(turns):
            return None
        said = turns[number]
        if said.response is None and not self._with_faults:
            return None
        return StoredAnswer(
            response=said.response,
            fault=said.error,
            timing=said.timing,
            started_at=record.started_at,
            cost_usd=said.cost_usd,
            attempts=said.attempts,
            request=said.request,
            cached=said.cached or not self._of_this_run,
        )

    def _opinion(self, record: Record, part: str) -> StoredAnswer | None:
        opinions = (opinion for score in record.scores for opinion in score.opinions)
        opinion: Opinion | None = next((each for each in opinions if each.question == part), None)
        if opinion is None:
            return None
        return StoredAnswer(
            response=opinion.response,
            timing=_UNTIMED,
            started_at=record.started_at,
            cost_usd=opinion.cost_usd,
            cached=opinion.cached or not self._of_this_run,
        )
