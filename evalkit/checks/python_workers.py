"""The processes in which checks that are code run: started as they are needed, used again, killed when they misbehave.

Only a run that was allowed to (`allow`) has any. This guards a run against the mistakes of its own code: it hides no
files and no network from it.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, cast

from evalkit.checks import python_worker
from evalkit.errors import CheckFailedToRun

AT_ONCE = max(2, min(8, os.cpu_count() or 2))
"""Processes that may work at the same time."""
LOAD_LIMIT_S = 60.0
"""For importing a file, which may import half the world; the check's own limit is for each answer."""
MAX_PROCESSES = 64
"""That one check may have started, itself counted."""
MAX_REPLY_BYTES = 1 << 20
NOT_ALLOWED = "this is code, which is run only with --allow-code: read it, then allow it"
_WATCH_S = 0.1
_INHERITED = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "USER", "LOGNAME", "SHELL",
              "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
              "SYSTEMROOT")  # fmt: skip
"""All that code sees of the environment, so that no key is in it."""
_SET = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Pool:
    """Idle processes by what they are for, and the threads that talk with those at work."""

    def __init__(self) -> None:
        self.allowed = False
        self._idle: deque[tuple[str, Process]] = deque()
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="python-check")
        atexit.register(self.close)

    def demand_leave(self) -> None:
        """Raises CheckFailedToRun where nobody allowed code to run."""
        if not self.allowed:
            raise CheckFailedToRun(NOT_ALLOWED)

    async def ask(self, request: Mapping[str, Any], *, timeout_s: float, memory_mb: int) -> dict[str, Any]:
        """The reply to a request. Raises CheckFailedToRun where there is none, or it is an error."""
        self.demand_leave()
        turn = _Turn(self, request, timeout_s, memory_mb)
        try:
            return await asyncio.wrap_future(self._threads.submit(turn.take))
        except asyncio.CancelledError:
            turn.give_up()
            raise

    def load(self, request: Mapping[str, Any], *, memory_mb: int) -> None:
        """Imports the file of a request and finds its function. Raises CheckFailedToRun where that cannot be."""
        self.demand_leave()
        _Turn(self, request, LOAD_LIMIT_S, memory_mb).take()

    def process(self, purpose: str, memory_mb: int) -> Process:
        """One for this purpose: an idle one, else a new one."""
        with self._lock:
            for entry in self._idle:
                if entry[0] == purpose:
                    self._idle.remove(entry)
                    return entry[1]
        return Process(memory_mb)

    def keep(self, purpose: str, process: Process) -> None:
        """Takes one back that has done its work."""
        with self._lock:
            self._idle.append((purpose, process))
            oldest = self._idle.popleft()[1] if len(self._idle) > AT_ONCE else None
        if oldest is not None:
            oldest.end()

    def close(self) -> None:
        """Ends all that are idle."""
        while self._idle:
            self._idle.popleft()[1].end()


@cache
def pool() -> Pool:
    """The one of this process."""
    return Pool()


class _Turn:
    """One request under way in a thread, which may be given up from outside."""

    def __init__(self, owner: Pool, request: Mapping[str, Any], timeout_s: float, memory_mb: int) -> None:
        self._owner = owner
        self._request = request
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._process: Process | None = None
        self._given_up = False

    def take(self) -> dict[str, Any]:
        """Talks with a process. Raises CheckFailedToRun."""
        purpose = f"{self._memory_mb} {self._request.get('path', '')}"
        process = self._process = self._owner.process(purpose, self._memory_mb)
        try:
            reply = self._talk(process)
        except BaseException:
            process.end()
            raise
        if reply.pop("worn", False):
            process.end()
        else:
            self._owner.keep(purpose, process)
        if "error" in reply:
            raise CheckFailedToRun(reply["error"])
        return reply

    def _talk(self, process: Process) -> dict[str, Any]:
        """The reply, once the file is imported, which has a time of its own."""
        if self._given_up:
            raise CheckFailedToRun("given up")
        if "path" in self._request and not process.is_loaded:
            bare = {name: value for name, value in self._request.items() if name != "context"}
            reply = process.ask(bare, LOAD_LIMIT_S, setting="the time for importing its file")
            process.is_loaded = "error" not in reply
            if "error" in reply or "context" not in self._request:
                return reply
        return process.ask(self._request, self._timeout_s)

    def give_up(self) -> None:
        """Ends the process, so that the thread comes free."""
        self._given_up = True
        if self._process is not None:
            self._process.kill()


class Process:
    """One worker, in a session of its own, so that all it starts can be killed with it."""

    def __init__(self, memory_mb: int) -> None:
        self.is_loaded = False
        self._child = subprocess.Popen(  # noqa: S603 (our own file)
            [sys.executable, "-P", str(Path(python_worker.__file__)), str(memory_mb)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        self._requests, self._replies = cast("IO[bytes]", self._child.stdin), cast("IO[bytes]", self._child.stdout)
        os.set_blocking(self._requests.fileno(), False)

    def ask(self, request: Mapping[str, Any], timeout_s: float, *, setting: str = "timeout_s") -> dict[str, Any]:
        """The reply. Raises CheckFailedToRun where none comes, in time and of a sane length."""
        deadline = time.monotonic() + timeout_s
        line = json.dumps({**request, "timeout_s": timeout_s}).encode() + b"\n"
        try:
            self._send(line, deadline)
            reply = json.loads(self._receive(deadline))
        except TimeoutError as error:
            raise CheckFailedToRun(f"did not end within {setting} ({timeout_s:g} s)") from error
        except ValueError as error:
            raise CheckFailedToRun("its process sent something else than a reply") from error
        return dict(reply)

    def _send(self, line: bytes, deadline: float) -> None:
        left = memoryview(line)
        while left:
            self._wait(self._requests, select.POLLOUT, deadline)
            try:
                left = left[os.write(self._requests.fileno(), left) :]
            except BlockingIOError:
                continue
            except OSError:  # it is gone, which reading tells better
                return

    def _receive(self, deadline: float) -> bytes:
        reply = b""
        while not reply.endswith(b"\n"):
            self._wait(self._replies, select.POLLIN, deadline)
            piece = os.read(self._replies.fileno(), 65536)
            reply += piece
            if not piece:
                raise CheckFailedToRun(self._how_it_ended())
            if len(reply) > MAX_REPLY_BYTES:
                raise CheckFailedToRun("its process sent more than a reply")
        return reply

    def _wait(self, pipe: IO[bytes], event: int, deadline: float) -> None:
        """Until the pipe is ready. Raises TimeoutError, and CheckFailedToRun where it starts too many processes."""
        ready = select.poll()  # select.select takes no descriptor over 1,023
        ready.register(pipe.fileno(), event)
        while not ready.poll(_WATCH_S * 1000):
            if time.monotonic() >= deadline:
                raise TimeoutError
            if len(_session(self._child.pid)) > MAX_PROCESSES:
                raise CheckFailedToRun(f"started more than {MAX_PROCESSES} processes")

    def _how_it_ended(self) -> str:
        self.kill()  # what it has started may live on
        code = self._child.wait()
        return (
            f"its process was ended by {signal.Signals(-code).name}" if code < 0 else f"its process ended with {code}"
        )

    def kill(self) -> None:
        """Kills it and all that is left of its session."""
        if self._child.returncode is not None:  # its number may be somebody else's by now
            return
        with suppress(OSError):
            os.killpg(self._child.pid, signal.SIGKILL)
        for _ in range(10):  # what forks while it is looked for is met the next time
            for process in (left := _session(self._child.pid)):
                with suppress(OSError):
                    os.kill(process, signal.SIGKILL)
            if not left:
                return

    def end(self) -> None:
        """Kills it, and waits until it is gone."""
        self.kill()
        self._requests.close()
        self._replies.close()
        self._child.wait()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _INHERITED or name.startswith("LC_")}
    return kept | _SET


def _session(leader: int) -> set[int]:
    """The processes of a session, as Linux tells them; elsewhere nobody is found."""
    found = set()
    for entry in Path("/proc").iterdir() if sys.platform == "linux" else ():
        if entry.name.isdigit():
            with suppress(OSError):  # it has ended meanwhile
                fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
                if int(fields[3]) == leader and fields[0] != b"Z":
                    found.add(int(entry.name))
    return found
