"""The journal of a run: the truth about it on disk, written by one process, and readable after any crash."""

from __future__ import annotations

from evalkit.journal.attempts import Attempt, doubt_notes, doubts, in_doubt
from evalkit.journal.reading import Entry, index_records, iter_records, read_record
from evalkit.journal.writing import Journal

__all__ = [
    "Attempt",
    "Entry",
    "Journal",
    "doubt_notes",
    "doubts",
    "in_doubt",
    "index_records",
    "iter_records",
    "read_record",
]
