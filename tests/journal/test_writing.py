from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from evalkit.errors import StorageError, UsageError
from evalkit.journal import Journal, iter_records
from evalkit.types import Image, Record
from tests.journal.journals import NASTY, lines, record


@pytest.mark.parametrize("text", NASTY)
def test_a_record_is_one_line_and_reads_back_as_it_was(tmp_path, text):
    with Journal(tmp_path) as journal:
        journal.append(record(1, text))
        journal.append(record(2))
    raw = (tmp_path / "records.jsonl").read_bytes()
    assert raw.count(b"\n") == 2
    assert msgspec.json.decode(lines(tmp_path)[0], type=Record) == record(1, text)


def test_a_line_is_in_the_file_as_soon_as_it_is_appended(tmp_path):
    with Journal(tmp_path) as journal:
        for number in range(3):
            journal.append(record(number))
            assert len(lines(tmp_path)) == number + 1


def test_a_journal_opened_again_goes_on_at_its_end(tmp_path):
    for number in range(2):
        with Journal(tmp_path) as journal:
            journal.append(record(number))
    assert [each.key for each in iter_records(tmp_path / "records.jsonl")] == ["k0", "k1"]


HOLD = """
import sys; from pathlib import Path; from evalkit.journal import Journal, iter_records
with Journal(Path(sys.argv[1])):
    print("open", flush=True); sys.stdin.read()
"""


def test_a_second_writer_is_refused_and_the_lock_goes_with_its_process(tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], **pipes) as other:
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(UsageError, match="another process is writing to"), Journal(tmp_path):
            pass
        other.kill()
    with Journal(tmp_path) as journal:
        journal.append(record())
    assert len(lines(tmp_path)) == 1


def test_a_lock_that_the_file_system_does_not_have_is_not_called_another_writer(tmp_path, monkeypatch):
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with pytest.raises(StorageError, match="cannot be opened for writing: No locks available"), Journal(tmp_path):
        pass


def test_a_folder_that_is_not_there_is_the_users_to_mend(tmp_path):
    with pytest.raises(UsageError, match="cannot be opened for writing: No such file"), Journal(tmp_path / "gone"):
        pass


def fail_after(written: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets os.write take so many bytes more, a few at a time, and then fail as a full disk does."""
    real, left = os.write, written

    def write(handle: int, data: bytes) -> int:
        nonlocal left
        if left <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = real(handle, bytes(data[: min(left, 50)]))
        left -= count
        return count

    monkeypatch.setattr(os, "write", write)


def test_short_writes_are_gone_on_with(tmp_path, monkeypatch):
    with Journal(tmp_path) as journal, monkeypatch.context() as patch:
        fail_after(10_000, patch)
        journal.append(record(1))
    assert [each.key for each in iter_records(tmp_path / "records.jsonl")] == ["k1"]


@pytest.mark.parametrize("written", [0, 1, 120])
def test_a_disk_that_fills_up_leaves_whole_lines_and_says_what_is_saved(tmp_path, monkeypatch, written):
    with Journal(tmp_path) as journal:
        journal.append(record(1))
        before = (tmp_path / "records.jsonl").read_bytes()
        with monkeypatch.context() as patch:
            fail_after(written, patch)
            with pytest.raises(StorageError, match="No space left on device") as caught:
                journal.append(record(2))
        resume = f"once that is mended, go on with: evalkit run --resume {tmp_path}"
        assert str(caught.value).endswith(f"{tmp_path / 'records.jsonl'} keeps the 1 before it; {resume}")
        assert (tmp_path / "records.jsonl").read_bytes() == before
        journal.append(record(3))  # not fused with what was cut
    assert [each.key for each in iter_records(tmp_path / "records.jsonl")] == ["k1", "k3"]


LIMITED = """
import resource, signal, sys; from pathlib import Path
from evalkit.journal import Journal; from evalkit.errors import StorageError
import msgspec; from evalkit.types import Record
one = msgspec.json.decode(sys.stdin.buffer.read(), type=Record)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
kept = 0
with Journal(Path(sys.argv[1])) as journal:
    try:
        while True:
            journal.append(one); kept += 1
    except StorageError as error:
        print(kept, error)
"""


def test_a_file_that_may_not_grow_keeps_every_line_that_was_reported_written(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        input=msgspec.json.encode(record(text="x" * 300)),
        capture_output=True,
        check=True,
    )
    kept, message = done.stdout.decode().split(" ", 1)
    assert int(kept) > 1
    assert "File too large" in message
    assert len(lines(tmp_path)) == int(kept)
    assert all(line.endswith(b'"}\n') for line in lines(tmp_path))


@pytest.fixture
def picture(tmp_path: Path) -> Image:
    path = tmp_path / "picture.png"
    path.write_bytes(b"pixels")
    return Image(path=path, sha256=hashlib.sha256(b"pixels").hexdigest(), media_type="image/png")


def test_a_picture_is_kept_once_under_its_hash(tmp_path, picture):
    with Journal(tmp_path) as journal:
        for _ in range(3):
            journal.keep_media(picture)
    assert [(file.name, file.read_bytes()) for file in (tmp_path / "media").iterdir()] == [(picture.sha256, b"pixels")]


def test_a_remote_picture_is_not_kept(tmp_path):
    with Journal(tmp_path) as journal:
        journal.keep_media(Image(url="https://example.com/a.png"))
    assert not (tmp_path / "media").exists()


def test_a_picture_that_changed_is_not_kept_under_the_old_hash(tmp_path, picture):
    picture.path.write_bytes(b"other pixels")
    with Journal(tmp_path) as journal, pytest.raises(StorageError, match=r"picture\.png was changed"):
        journal.keep_media(picture)
    assert not list((tmp_path / "media").iterdir())


def test_a_picture_that_is_gone_or_has_no_place_is_a_storage_error(tmp_path, picture):
    (tmp_path / "media").write_text("in the way")
    with Journal(tmp_path) as journal:
        with pytest.raises(StorageError, match="media cannot be kept: File exists"):
            journal.keep_media(picture)
        picture.path.unlink()
        with pytest.raises(StorageError, match=r"picture\.png cannot be kept: No such file"):
            journal.keep_media(picture)
