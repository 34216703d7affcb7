"""Disks that fail, lose what was not synced, or bring it down in another order."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit.errors import EvalkitError, StorageError, UsageError
from evalkit.journal import Journal, iter_records
from evalkit.journal.recovery import recover
from tests.journal.journals import NASTY, attempt, lines, record, reopened, write

PAGE = 64
"""Bytes that a disk of these tests keeps or loses together; real ones have thousands, real records too."""


@dataclass
class Outcome:
    """What a journal was given, and what it said was safe."""

    appended: list[str] = field(default_factory=list)
    safe: list[str] = field(default_factory=list)
    error: EvalkitError | None = None


def keep_some(folder: Path, number: int = 5) -> Outcome:
    """Appends records, two to a sync, to the end or to the first failure."""
    done = Outcome()
    try:
        with Journal(folder) as journal:
            for n in range(number):
                journal.attempts.sent(attempt(f"k{n}"))
                done.appended.append(f"k{n}")
                journal.append(record(n, NASTY[n % len(NASTY)]))
                if n % 2:
                    journal.sync()
                    done.safe = list(done.appended)
        done.safe = list(done.appended)
    except EvalkitError as error:
        done.error = error
    return done


class Faulty:
    """Lets the n-th call of a kind fail, after it may have done a part of its work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, number: int, code: int) -> None:
        self.calls = 0
        self._number, self._code = number, code
        for name in ("write", "ftruncate", "fsync", "fdatasync"):
            real = getattr(os, name, None)
            if real is not None:
                fault = self._failing(name, real)
                monkeypatch.setattr(os, name, fault)
                if name == "fdatasync":
                    monkeypatch.setattr("evalkit.journal.writing._flush", fault)

    def _failing(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.calls += 1
            if self.calls != self._number:
                return real(*arguments)
            if name == "write":
                real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
            raise OSError(self._code, os.strerror(self._code))

        return call


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC], ids=errno.errorcode.get)
def test_whichever_call_fails_what_was_reported_safe_is_found_again(tmp_path, code):
    for number in itertools.count(1):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            disk = Faulty(patch, number=number, code=code)
            done = keep_some(folder)
        if disk.calls < number:
            break
        assert isinstance(done.error, StorageError), number
        assert os.strerror(code) in str(done.error)
        found, needed_recover = reopened(folder)
        keys = [each.key for each in found]
        assert not needed_recover
        assert keys[: len(done.safe)] == done.safe
        assert keys == done.appended[: len(keys)]
    assert number > 15  # there were so many calls, and each failed once


def test_a_sync_that_fails_is_the_end_and_is_not_asked_again(tmp_path, monkeypatch):
    with Journal(tmp_path) as journal:
        journal.append(record(0))
        journal.sync()
        journal.append(record(1))
        calls = []

        def fail(handle: int) -> None:
            calls.append(handle)
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr("evalkit.journal.writing._flush", fail)
        with pytest.raises(StorageError, match=r"Input/output error; .*records\.jsonl keeps the 1 before it"):
            journal.sync()
        for again in (journal.sync, lambda: journal.append(record(2))):
            with pytest.raises(StorageError, match="Input/output error"):
                again()
        assert len(calls) == 1
    assert [each.key for each in iter_records(tmp_path / "records.jsonl")] == [
        "k0"
    ]  # k1 is not safe: nobody may read it


@pytest.mark.parametrize("how", ["deleted", "moved", "replaced"])
def test_a_folder_that_goes_away_under_the_run_is_told_before_anything_is_called_safe(tmp_path, how):
    folder = tmp_path / "run"
    folder.mkdir()
    with Journal(folder) as journal:
        journal.append(record(0))
        journal.sync()
        journal.append(record(1))
        if how == "deleted":
            shutil.rmtree(folder)
        else:
            folder.rename(tmp_path / "elsewhere")
            if how == "replaced":
                write(shutil.copytree(tmp_path / "elsewhere", folder), [])
        with pytest.raises(StorageError, match="was deleted or moved while the run was under way"):
            journal.sync()


@dataclass
class Pages:
    """What a disk holds after a crash: all that was synced, and of the rest some pages, in any order."""

    safe: bytes
    unsafe: bytes

    def after(self, length: int, lost: set[int]) -> bytes:
        """The file at this length, the `lost` pages of it zeros where they were not synced."""
        whole = bytearray((self.safe + self.unsafe)[: len(self.safe) + length])
        for page in lost:
            start = max(page * PAGE, len(self.safe))
            end = min((page + 1) * PAGE, len(whole))
            whole[start:end] = bytes(max(0, end - start))
        return bytes(whole)


@pytest.fixture(scope="module")
def memory() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    yield folder
    shutil.rmtree(folder)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_was_synced_survives_a_crash_of_the_machine_whatever_became_of_the_rest(memory, data):
    path = memory / "records.jsonl"
    for file in memory.iterdir():
        file.unlink()
    safe = data.draw(st.integers(0, 3), label="safe")
    written = safe + data.draw(st.integers(0, 4), label="unsafe")
    records = [record(n, NASTY[n % len(NASTY)] * data.draw(st.integers(0, 20))) for n in range(written)]
    write(memory, records)
    whole = lines(memory)
    pages = Pages(b"".join(whole[:safe]), b"".join(whole[safe:]))
    length = data.draw(st.integers(0, len(pages.unsafe)), label="length")
    first, last = len(pages.safe) // PAGE, (len(pages.safe) + length) // PAGE
    lost = data.draw(st.sets(st.integers(first, last)), label="lost")
    path.write_bytes(pages.after(length, lost))

    found, needed_recover = reopened(memory)
    assert found[:safe] == records[:safe]
    assert [each for each in records if each in found] == found  # nothing invented, nothing out of order
    assert lost or not needed_recover  # where writes came down in order, opening is enough
    assert recover(memory).changed is False


def test_a_disk_that_is_full_from_the_start_leaves_an_empty_journal(tmp_path):
    with pytest.MonkeyPatch.context() as patch:

        def full(*_: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr(os, "write", full)
        done = keep_some(tmp_path)
    assert "nothing more is sent: No space left on device" in str(done.error)
    assert reopened(tmp_path) == ([], False)


AS_NOBODY = """
import os, sys; from pathlib import Path; from evalkit.journal import Journal; from evalkit.errors import UsageError
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    Journal(Path(sys.argv[1])).__enter__()
except UsageError as error:
    print(error)
"""


def test_a_folder_that_may_not_be_written_is_the_users_to_mend():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        done = subprocess.run([sys.executable, "-c", AS_NOBODY, folder], capture_output=True, text=True, check=True)
    assert done.stdout == f"{folder}/records.jsonl cannot be opened for writing: Permission denied\n"


def test_a_file_system_that_is_read_only_is_the_users_to_mend(tmp_path, monkeypatch):
    def refuse(*_: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UsageError, match="cannot be opened for writing: Read-only file system"), Journal(tmp_path):
        pass
