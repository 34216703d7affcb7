"""What became of each request on its way is noted beside the records, for the case that no result ever is."""

from __future__ import annotations

from datetime import UTC, datetime

from evalkit.journal import Attempt, Journal
from evalkit.types import Asked, Fault, Trial

__all__ = ["Track"]


class Track:
    """The attempts at one request of a trial. Raises StorageError where they cannot be noted: then nothing is sent."""

    def __init__(
        self, journal: Journal, trial: Trial, asked: Asked, part: str, *, worst_case_usd: float | None = None
    ) -> None:
        self._journal = journal
        self._trial = trial
        self._model = asked.model.name
        self._part = part
        self._worst_case_usd = worst_case_usd
        self._sent = 0

    def sending(self) -> None:
        """The request goes out now, for the first time or again."""
        self._sent += 1
        trial = self._trial
        attempt = Attempt(
            key=trial.key,
            case_id=trial.case_id,
            prompt=trial.prompt,
            model=self._model,
            repeat=trial.repeat,
            part=self._part,
            number=self._sent,
            sent_at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            worst_case_usd=self._worst_case_usd,
            records_size=self._journal.size,
        )
        self._journal.attempts.sent(attempt)

    def failed(self, fault: Fault) -> None:
        """It came to nothing."""
        self._journal.attempts.failed(self._trial.key, self._part, lost=fault.in_doubt)
