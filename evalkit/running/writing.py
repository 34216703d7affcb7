"""The writer of a run: writes records as they come, and tells of them once they are safe on disk.

A record is written at once, so that it outlives the process. Making it outlive the machine takes a disk milliseconds;
one such sync, in a thread, serves all records of the last `GROUP_S`, while further ones are written.
"""

from __future__ import annotations

from collections.abc import Callable

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from anyio.to_thread import run_sync

from evalkit.errors import EvalkitError
from evalkit.journal import Journal
from evalkit.running.job import Watcher
from evalkit.types import Record

__all__ = ["Writer"]

BUFFER = 1024
"""Records that may wait to be written."""
GROUP = 256
"""Records that may wait to be safe; so many do not wait for others."""
GROUP_S = 0.04
"""How long a record waits for others before the disk is asked to make them safe together."""

Kept = tuple[Journal, Record]


class Writer:
    """One for all journals of a run."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._send: MemoryObjectSendStream[Kept]
        self._receive: MemoryObjectReceiveStream[Kept]
        self._send, self._receive = anyio.create_memory_object_stream[Kept](BUFFER)
        self._unsafe: list[Kept] = []
        self._ended = False
        self._something, self._enough, self._synced = anyio.Event(), anyio.Event(), anyio.Event()
        self._thread = anyio.CapacityLimiter(1)
        """Of its own: slow checks may have taken all others."""

    async def keep(self, journal: Journal, record: Record) -> None:
        """Hands a record on; waits where the writer is far behind."""
        try:
            await self._send.send((journal, record))
        except anyio.BrokenResourceError:
            return  # the writer has failed, which ends the run: nothing can be kept any more

    def close(self) -> None:
        """No more records will come."""
        self._send.close()

    async def run(self, on_failure: Callable[[EvalkitError], None]) -> None:
        """Writes until closed and empty, or until that fails; what was written before is then still made safe."""
        async with self._receive, anyio.create_task_group() as group:
            group.start_soon(self._sync_in_groups, on_failure, group.cancel_scope)
            try:
                await self._write()
            except EvalkitError as error:
                on_failure(error)
            self._ended = True
            self._something.set()
            self._enough.set()

    async def _write(self) -> None:
        async for journal, record in self._receive:
            journal.append(record)
            self._unsafe.append((journal, record))
            self._something.set()
            if len(self._unsafe) >= GROUP:
                self._enough.set()
                await self._synced.wait()

    async def _sync_in_groups(self, on_failure: Callable[[EvalkitError], None], writing: anyio.CancelScope) -> None:
        try:
            while self._unsafe or not self._ended:
                await self._something.wait()
                with anyio.move_on_after(GROUP_S):
                    await self._enough.wait()
                await self._sync()
        except EvalkitError as error:
            on_failure(error)
            writing.cancel()

    async def _sync(self) -> None:
        """Makes safe what was written so far, and tells of it."""
        group, self._unsafe = self._unsafe, []
        if not self._ended:
            self._something, self._enough = anyio.Event(), anyio.Event()
        journals = dict.fromkeys(journal for journal, _ in group)
        await run_sync(_sync_all, list(journals), limiter=self._thread)
        for _, record in group:
            self._watcher.finished(record)
        self._synced.set()
        self._synced = anyio.Event()


def _sync_all(journals: list[Journal]) -> None:
    for journal in journals:
        journal.sync()
