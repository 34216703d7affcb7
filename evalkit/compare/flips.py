"""Cases that came out otherwise, with both answers and what differs between them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from evalkit.analysis.paired_states import ChangedCase
from evalkit.analysis.sides import Side
from evalkit.journal import Entry, index_records, read_record
from evalkit.run_folder import RECORDS
from evalkit.types import Flip, Record

__all__ = ["Answers", "flips_of"]

TOLD = 100
"""Cases of a pair that are shown with their answers."""
_LONGEST = 20_000
"""Characters of an answer that are kept and compared."""
_CONTEXT = 1


class Answers:
    """The records of run folders, each folder indexed once."""

    def __init__(self) -> None:
        self._indexes: dict[Path, Mapping[str, Entry]] = {}

    def find(self, side: Side, key: str) -> Record | None:
        """A record; None where a side is a baseline without answers. Raises StorageError."""
        if side.folder is None:
            return None
        path = side.folder / RECORDS
        if path not in self._indexes:
            self._indexes[path] = index_records(path)
        entry = self._indexes[path].get(key)
        return read_record(path, entry) if entry else None


def flips_of(changed: Sequence[ChangedCase], base: Side, new: Side, answers: Answers) -> tuple[Flip, ...]:
    """Each changed case; the first `TOLD` with their answers."""
    return tuple(_flip(case, base, new, answers if place < TOLD else None) for place, case in enumerate(changed))


def _flip(case: ChangedCase, base: Side, new: Side, answers: Answers | None) -> Flip:
    before = answers.find(base, case.base_key) if answers else None
    after = answers.find(new, case.new_key) if answers else None
    failing = before if case.kind == "fixed" or (after is not None and after.passed) else after
    texts = _text(before), _text(after)
    return Flip(
        case_id=case.case_id,
        from_state=case.states[0],
        to_state=case.states[1],
        kind=case.kind,
        base_passed="{}/{}".format(*case.base),
        new_passed="{}/{}".format(*case.new),
        reason=_reason(failing),
        base_text=texts[0],
        new_text=texts[1],
        diff=None if None in texts else _diff(*(text or "" for text in texts)),
        same_question=_same_question(case, base, new),
    )


def _same_question(case: ChangedCase, base: Side, new: Side) -> bool | None:
    """None between two models or prompts, whose questions are never the same."""
    if base.manifest is new.manifest:
        return None
    return case.base_key == case.new_key


def _text(record: Record | None) -> str | None:
    if record is None or record.response is None:
        return None
    return record.response.text[:_LONGEST]


def _reason(record: Record | None) -> str | None:
    """What the first failed check said."""
    if record is None:
        return None
    failed = (score for score in record.scores if score.passed is False)
    return next((f"{score.check}: {score.reason}" for score in failed), None)


def _diff(before: str, after: str) -> str:
    """A unified diff without its head; "" where the texts are the same, and the checks are not."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=_CONTEXT)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))
