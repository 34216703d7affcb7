"""`recover`: whole records stay, what is damaged is set aside, and a second time there is nothing to do."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.errors import StorageError, UsageError
from evalkit.journal import Journal, in_doubt, iter_records
from evalkit.journal.lines import seal
from evalkit.journal.recovery import recover
from tests.journal.journals import NASTY, attempt, lines, record, sealed, write

FIVE = [record(n, text) for n, text in enumerate(NASTY[:5])]


def damaged(folder: Path) -> bytes:
    return (folder / "records.damaged").read_bytes()


def test_a_sound_journal_is_not_touched(tmp_path):
    path = write(tmp_path, FIVE)
    before = path.stat()
    assert recover(tmp_path) == (5, (), False)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [file.name for file in tmp_path.iterdir()] == ["records.jsonl"]


def test_damaged_lines_are_set_aside_and_named_and_the_others_stay_as_they_are(tmp_path):
    path = write(tmp_path, FIVE)
    whole = lines(tmp_path)
    bad = [whole[1].replace(b'"key":"k1"', b'"key":"k7"'), b"not JSON at all\n"]
    path.write_bytes(whole[0] + bad[0] + whole[2] + bad[1] + whole[3] + whole[4][:-30])
    recovered = recover(tmp_path)
    assert (recovered.records, recovered.changed) == (3, True)
    assert [(piece.number, piece.trial) for piece in recovered.damaged] == [(2, "c1, m"), (4, ""), (6, "c4, m")]
    assert path.read_bytes() == whole[0] + whole[2] + whole[3]
    assert damaged(tmp_path) == bad[0] + bad[1] + whole[4][:-30] + b"\n"
    assert recover(tmp_path) == (3, (), False)
    assert damaged(tmp_path).count(b"\n") == 3


def test_records_that_were_run_together_are_parted(tmp_path):
    path = write(tmp_path, FIVE)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\x0b"))
    assert recover(tmp_path).records == 5
    assert list(iter_records(path)) == FIVE


def test_a_missing_line_feed_and_blank_lines_are_put_right_without_a_word_of_damage(tmp_path):
    path = write(tmp_path, FIVE)
    path.write_bytes(b"\n" + path.read_bytes().replace(b"\n", b"\n\n").rstrip(b"\n"))
    assert recover(tmp_path) == (5, (), True)
    assert list(iter_records(path)) == FIVE
    assert not (tmp_path / "records.damaged").exists()


def test_a_sealed_line_that_is_no_record_is_set_aside(tmp_path):
    path = write(tmp_path, FIVE)
    path.write_bytes(path.read_bytes() + seal(b'{"key":"k9"}'))
    assert recover(tmp_path).records == 5
    assert damaged(tmp_path) == seal(b'{"key":"k9"}')


def test_nothing_but_damage_leaves_an_empty_journal(tmp_path):
    (tmp_path / "records.jsonl").write_bytes(b"\x00" * 999)
    assert recover(tmp_path).records == 0
    assert (lines(tmp_path), damaged(tmp_path)) == ([], b"\x00" * 999 + b"\n")


def test_later_damage_is_added_to_earlier(tmp_path):
    path = write(tmp_path, FIVE)
    for junk in (b"first\n", b"second\n"):
        path.write_bytes(junk + path.read_bytes())
        recover(tmp_path)
    assert damaged(tmp_path) == b"first\nsecond\n"


def test_doubts_outlive_the_places_they_speak_of(tmp_path):
    path = tmp_path / "records.jsonl"
    with Journal(tmp_path) as journal:
        journal.append(record(0, "x" * 5000))
        journal.attempts.sent(attempt("k1", records_size=journal.size))
        journal.attempts.sent(attempt("k2", records_size=journal.size))
        journal.append(record(1))
        as_a_crash_leaves_it = (tmp_path / "attempts.jsonl").read_bytes()
    (tmp_path / "attempts.jsonl").write_bytes(as_a_crash_leaves_it)
    path.write_bytes(path.read_bytes().replace(b"xxx", b"xyx", 1))
    assert recover(tmp_path).records == 1
    assert [each.key for each in in_doubt(tmp_path)] == ["k2"]


@pytest.mark.parametrize("number", range(1, 6))
def test_a_disk_that_fails_leaves_the_journal_as_it_was(tmp_path, monkeypatch, number):
    path = write(tmp_path, FIVE)
    path.write_bytes(b"junk\n" + path.read_bytes())
    before, calls, real = path.read_bytes(), [], os.fsync

    def fsync(handle: int) -> None:
        calls.append(handle)
        if len(calls) == number:
            raise OSError(errno.EIO, "Input/output error")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        if number < 5:  # the file aside and its name, the new journal and its name
            with pytest.raises(StorageError, match="Input/output error"):
                recover(tmp_path)
            assert path.read_bytes() == before or number == 4
        else:
            recover(tmp_path)
    assert recover(tmp_path).records == 5
    assert list(iter_records(path)) == FIVE
    assert damaged(tmp_path) == b"junk\n"
    assert not list(tmp_path.glob(".*.part"))


RECOVER = """
import sys; from pathlib import Path; from evalkit.journal.recovery import recover
recover(Path(sys.argv[1]))
"""


def test_a_journal_that_is_being_written_is_left_alone(tmp_path):
    write(tmp_path, FIVE)
    program = (
        "import sys; from pathlib import Path; from evalkit.journal.recovery import recover; recover(Path(sys.argv[1]))"
    )
    with Journal(tmp_path):
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
        )
    assert "UsageError: another process is writing to" in done.stderr


def test_a_writer_that_waited_at_the_door_writes_to_the_new_file(tmp_path, monkeypatch):
    path = write(tmp_path, FIVE)
    path.write_bytes(b"junk\n" + path.read_bytes())
    real, done = os.open, []

    def open_then_recover(name, *arguments):
        handle = real(name, *arguments)
        if Path(name) == path and not done:
            done.append(handle)
            recover(tmp_path)
        return handle

    monkeypatch.setattr(os, "open", open_then_recover)
    with Journal(tmp_path) as journal:
        journal.append(record(9))
    assert list(iter_records(path)) == [*FIVE, record(9)]


def test_there_must_be_a_journal(tmp_path):
    with pytest.raises(UsageError, match=r"records\.jsonl cannot be opened for writing: No such file"):
        recover(tmp_path)
    assert not (tmp_path / "records.jsonl").exists()


def test_a_large_journal_is_not_read_into_memory(tmp_path):
    import tracemalloc

    path = tmp_path / "records.jsonl"
    line = sealed(record(0, "x" * 100_000))
    path.write_bytes(line * 50 + b"junk\n" + line * 50)
    tracemalloc.start()
    recover(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < path.stat().st_size / 10
