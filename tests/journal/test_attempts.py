"""Requests that were sent: which of them nobody knows the end of."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.errors import StorageError
from evalkit.journal import Journal, doubt_notes, doubts, in_doubt
from tests.journal.journals import attempt, record


def doubtful(folder) -> list[tuple[str, str, int]]:
    return [(each.key, each.part, each.number) for each in in_doubt(folder)]


def test_a_request_is_in_doubt_until_its_record_is_written(tmp_path):
    with Journal(tmp_path) as journal:
        journal.attempts.sent(attempt("k1"))
        journal.attempts.sent(attempt("k2"))
        assert doubtful(tmp_path) == [("k1", "turn 0", 1), ("k2", "turn 0", 1)]
        journal.append(record(1))
        assert doubtful(tmp_path) == [("k2", "turn 0", 1)]
        journal.append(record(2))
        assert doubtful(tmp_path) == []


def test_a_run_that_ends_with_nothing_in_doubt_leaves_no_file(tmp_path):
    with Journal(tmp_path) as journal:
        journal.attempts.sent(attempt("k1"))
        journal.append(record(1))
        assert (tmp_path / "attempts.jsonl").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["records.jsonl"]


def test_an_answered_failure_is_not_in_doubt_and_a_timeout_stays_so_whatever_follows(tmp_path):
    with Journal(tmp_path) as journal:
        for number, lost in ((1, False), (2, True), (3, False)):
            journal.attempts.sent(attempt("k1", number=number))
            journal.attempts.failed("k1", "turn 0", lost=lost)
        assert doubtful(tmp_path) == [("k1", "turn 0", 2)]
        journal.attempts.sent(attempt("k1", number=4))
        journal.append(record(1))
    assert doubtful(tmp_path) == [("k1", "turn 0", 2)]


def test_what_was_cancelled_is_in_doubt_after_the_run_too(tmp_path):
    with Journal(tmp_path) as journal:
        for key in ("k1", "k2"):
            journal.attempts.sent(attempt(key, worst_case_usd=0.25))
        journal.append(record(1))
    (left,) = in_doubt(tmp_path)
    assert (left.key, left.worst_case_usd) == ("k2", 0.25)
    assert len((tmp_path / "attempts.jsonl").read_bytes().splitlines()) == 1


def test_every_part_of_a_trial_is_in_doubt_by_itself(tmp_path):
    with Journal(tmp_path) as journal:
        journal.attempts.sent(attempt("k1", part="turn 0"))
        journal.attempts.sent(attempt("k1", part="turn 1", number=2))
        journal.attempts.sent(attempt("k1", part="turn 1", number=3))
        assert doubtful(tmp_path) == [("k1", "turn 0", 1), ("k1", "turn 1", 3)]
        journal.append(record(1))
    assert doubtful(tmp_path) == []


def test_a_trial_that_is_asked_again_is_not_answered_by_its_old_record(tmp_path):
    with Journal(tmp_path) as journal:
        journal.attempts.sent(attempt("k1", records_size=journal.size))
        journal.append(record(1))
    with Journal(tmp_path) as journal:
        journal.attempts.sent(attempt("k1", records_size=journal.size))
        assert doubtful(tmp_path) == [("k1", "turn 0", 1)]
        journal.append(record(1))
        assert doubtful(tmp_path) == []


def test_what_a_killed_process_had_under_way_stays_in_doubt_after_resuming(tmp_path):
    program = """
import os, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])
from evalkit.journal import Journal; from tests.journal.journals import attempt, record
with Journal(Path(sys.argv[1])) as journal:
    for n in range(3):
        journal.attempts.sent(attempt(f"k{n}", records_size=journal.size))
    journal.append(record(1))
    os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path), Path.cwd()], check=False)
    assert done.returncode == -9
    assert doubtful(tmp_path) == [("k0", "turn 0", 1), ("k2", "turn 0", 1)]
    with Journal(tmp_path) as journal:
        for n in (0, 2):
            journal.attempts.sent(attempt(f"k{n}", records_size=journal.size))
            journal.append(record(n))
    assert doubtful(tmp_path) == [("k0", "turn 0", 1), ("k2", "turn 0", 1)]  # the first ones may have been charged too


def test_damaged_and_torn_lines_hide_no_others(tmp_path):
    with Journal(tmp_path) as journal:
        for n in range(3):
            journal.attempts.sent(attempt(f"k{n}"))
    path = tmp_path / "attempts.jsonl"
    one, two, three = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(one + two.replace(b'"k1"', b'"k7"') + three + one[:40])
    assert doubtful(tmp_path) == [("k0", "turn 0", 1), ("k2", "turn 0", 1)]


@pytest.mark.parametrize("short", [True, False])
def test_nothing_is_sent_that_cannot_be_noted(tmp_path, monkeypatch, short):
    real = os.write

    def write(handle: int, data: bytes) -> int:
        if short:
            return real(handle, data[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    with Journal(tmp_path) as journal, monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(StorageError, match=r"attempts\.jsonl cannot be written.* so nothing more is sent"):
            journal.attempts.sent(attempt("k1"))


def test_doubts_are_counted_and_put_into_words():
    priced, unpriced = attempt("k1", worst_case_usd=0.5), attempt("k2")
    assert (doubts([]), doubt_notes([])) == ({}, ())
    assert doubts([priced, priced, unpriced]) == {"attempts": 3, "worst_case_usd": 1.0, "without_worst_case": 1}
    assert doubts([unpriced]) == {"attempts": 1, "worst_case_usd": None, "without_worst_case": 1}
    assert doubt_notes([priced]) == (
        "1 request was sent without an answer that could be kept, and may have cost at most $0.5000",
    )
    assert doubt_notes([priced, unpriced])[0].endswith("at most $0.5000 and an unknown amount for 1 of them")
    assert doubt_notes([unpriced])[0].endswith("may have cost an unknown amount")
    assert str(priced) == "m, p, c, turn 0: attempt 1 at 2026-11-21T18:41:00.001Z, at most $0.5000"
