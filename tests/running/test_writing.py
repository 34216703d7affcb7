"""The writer: what it tells of is safe, and nobody waits for the disk who need not."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest

from evalkit.errors import EvalkitError
from evalkit.journal import Journal, iter_records
from evalkit.running import writing
from evalkit.running.writing import Writer
from tests.journal.journals import record

pytestmark = pytest.mark.anyio


@dataclass
class Disk:
    """Stands where fdatasync is called: counts, may be held, and may fail."""

    syncs: int = 0
    holding: bool = False
    go_on: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)
    error: OSError | None = None

    def flush(self, handle: int) -> None:
        self.syncs += 1
        self.asked.set()
        if self.holding:
            assert self.go_on.wait(20)
        if self.error is not None:
            raise self.error
        os.fsync(handle)


@dataclass
class Desk:
    """A writer at work, and what it told."""

    folder: Path
    journal: Journal
    writer: Writer
    told: list[str] = field(default_factory=list)
    errors: list[EvalkitError] = field(default_factory=list)

    def finished(self, done: object) -> None:
        self.told.append(done.key)

    @property
    def in_file(self) -> list[str]:
        return [each.key for each in iter_records(self.folder / "records.jsonl")]

    async def until(self, condition: Callable[[], object]) -> None:
        with anyio.fail_after(20):
            while not condition():  # noqa: ASYNC110  what happens in another thread sets no event of the loop
                await anyio.sleep(0.001)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr("evalkit.journal.writing._flush", disk.flush)
    return disk


@pytest.fixture
async def desk(tmp_path, disk):
    with Journal(tmp_path) as journal:
        desk = Desk(tmp_path, journal, None)
        desk.writer = Writer(desk)
        yield desk
        desk.writer.close()
        disk.holding = False
        disk.go_on.set()


async def test_nothing_is_told_before_it_is_safe(desk, disk):
    disk.holding = True
    async with anyio.create_task_group() as group:
        group.start_soon(desk.writer.run, desk.errors.append)
        await desk.writer.keep(desk.journal, record(1))
        await desk.until(disk.asked.is_set)
        assert (desk.in_file, desk.told) == (["k1"], [])
        disk.go_on.set()
        await desk.until(lambda: desk.told)
        desk.writer.close()
    assert (desk.told, desk.errors) == (["k1"], [])


async def test_while_the_disk_is_busy_the_loop_runs_and_records_are_written(desk, disk):
    disk.holding = True
    async with anyio.create_task_group() as group:
        group.start_soon(desk.writer.run, desk.errors.append)
        await desk.writer.keep(desk.journal, record(1))
        await desk.until(disk.asked.is_set)
        await desk.writer.keep(desk.journal, record(2))
        await desk.until(lambda: desk.in_file == ["k1", "k2"])
        assert desk.told == []
        disk.go_on.set()
        desk.writer.close()
    assert desk.told == ["k1", "k2"]
    assert disk.syncs == 2  # the first one had begun before the second record came


async def test_one_sync_serves_all_that_came_meanwhile(desk, disk):
    async with anyio.create_task_group() as group:
        group.start_soon(desk.writer.run, desk.errors.append)
        for n in range(100):
            await desk.writer.keep(desk.journal, record(n))
        desk.writer.close()
    assert desk.told == [f"k{n}" for n in range(100)]
    assert disk.syncs <= 2


async def test_a_full_group_does_not_wait_for_others(desk, monkeypatch):
    monkeypatch.setattr(writing, "GROUP", 3)
    monkeypatch.setattr(writing, "GROUP_S", 60.0)
    async with anyio.create_task_group() as group:
        group.start_soon(desk.writer.run, desk.errors.append)
        for n in range(7):
            await desk.writer.keep(desk.journal, record(n))
        await desk.until(lambda: len(desk.told) >= 6)
        desk.writer.close()  # and the last one does not wait either
    assert desk.told == [f"k{n}" for n in range(7)]


async def test_a_record_waits_no_longer_than_its_group(desk, disk):
    async with anyio.create_task_group() as group:
        group.start_soon(desk.writer.run, desk.errors.append)
        began = anyio.current_time()
        await desk.writer.keep(desk.journal, record(1))
        await desk.until(disk.asked.is_set)
        assert anyio.current_time() - began < 10 * writing.GROUP_S
        assert writing.GROUP_S <= 0.05  # the promise, in docs/durability.md
        desk.writer.close()


async def test_what_a_failed_sync_should_have_made_safe_is_never_told(desk, disk):
    async with anyio.create_task_group() as group:
        group.start_soon(desk.writer.run, desk.errors.append)
        await desk.writer.keep(desk.journal, record(1))
        await desk.until(lambda: desk.told)
        disk.error = OSError(errno.EIO, "Input/output error")
        await desk.writer.keep(desk.journal, record(2))
        await desk.until(lambda: desk.errors)
        await desk.writer.keep(desk.journal, record(3))  # nobody is stuck, and nobody stumbles
    assert desk.told == desk.in_file == ["k1"]
    assert "Input/output error" in str(desk.errors[0])
    assert len(desk.errors) == 1


async def test_what_was_written_before_the_disk_was_full_is_made_safe_and_told(desk, monkeypatch):
    real = Journal.append

    def append(journal, each):
        if each.key == "k2":
            with monkeypatch.context() as patch:
                patch.setattr(os, "write", full)
                return real(journal, each)
        return real(journal, each)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Journal, "append", append)
    monkeypatch.setattr(writing, "GROUP_S", 60.0)
    async with anyio.create_task_group() as group:
        for n in range(4):
            await desk.writer.keep(desk.journal, record(n))
        group.start_soon(desk.writer.run, desk.errors.append)
    assert desk.told == desk.in_file == ["k0", "k1"]
    assert [str(error).partition(";")[0] for error in desk.errors] == [
        "a result cannot be written: No space left on device"
    ]


async def test_several_journals_are_made_safe_together(desk, tmp_path, disk):
    (tmp_path / "other").mkdir()
    with Journal(tmp_path / "other") as other:
        async with anyio.create_task_group() as group:
            group.start_soon(desk.writer.run, desk.errors.append)
            for n, journal in enumerate([desk.journal, other, desk.journal]):
                await desk.writer.keep(journal, record(n))
            desk.writer.close()
    assert desk.told == ["k0", "k1", "k2"]
    assert desk.in_file == ["k0", "k2"]
    assert [each.key for each in iter_records(tmp_path / "other" / "records.jsonl")] == ["k1"]
