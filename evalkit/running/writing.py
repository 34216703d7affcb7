"""The writer of a run: takes records as they come, has them kept, and only then tells of them."""

from __future__ import annotations

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from evalkit.journal import Journal
from evalkit.running.job import Watcher
from evalkit.types import Record

__all__ = ["Writer"]

BUFFER = 1024
"""Records that may wait for the writer."""


class Writer:
    """One for all journals of a run."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._send: MemoryObjectSendStream[tuple[Journal, Record]]
        self._receive: MemoryObjectReceiveStream[tuple[Journal, Record]]
        self._send, self._receive = anyio.create_memory_object_stream[tuple[Journal, Record]](BUFFER)

    async def keep(self, journal: Journal, record: Record) -> None:
        """Hands a record on; waits where the writer is far behind."""
        await self._send.send((journal, record))

    def close(self) -> None:
        """No more records will come."""
        self._send.close()

    async def run(self) -> None:
        """Writes until closed and empty. Raises StorageError."""
        async with self._receive:
            async for journal, record in self._receive:
                journal.append(record)
                self._watcher.finished(record)
