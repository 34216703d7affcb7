"""Runs the stand-in gateway as a child process that cannot outlive its parent."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Literal, Self, cast

_STOP_WITHIN_S = 5.0


class StandInFailed(RuntimeError):
    """The stand-in did not start; the message has what it said."""


class StandIn:
    """`with StandIn(seed=1) as gateway:` serves at `gateway.base_url` until the block ends."""

    api_key = "sk-stand-in"
    """A key that it accepts; any other that begins with "sk-" does as well."""

    def __init__(
        self,
        *,
        seed: int = 0,
        latency_scale: float = 1.0,
        fault_rate: float = 0.0,
        responses_form: Literal["string", "list", "chat"] = "string",
        start_within_s: float = 30.0,
    ) -> None:
        self.base_url = ""
        """Known once entered; ends with /v1."""
        self._start_within_s = start_within_s
        self._arguments = [
            f"--seed={seed}",
            f"--latency-scale={latency_scale}",
            f"--fault-rate={fault_rate}",
            f"--responses-form={responses_form}",
        ]

    def __enter__(self) -> Self:
        """Starts it. Raises `StandInFailed` where it ends, or is not ready in time."""
        self._said = tempfile.TemporaryFile()  # a pipe that nobody reads could fill up
        self._process = _start(self._arguments, stderr=self._said)
        watchdog = threading.Timer(self._start_within_s, self._process.kill)
        watchdog.start()
        self.base_url = cast("IO[bytes]", self._process.stdout).readline().decode().strip()
        watchdog.cancel()
        if not self.base_url:
            raise StandInFailed(
                f"the stand-in gateway did not start (limit {self._start_within_s:g} s): "
                f"{self._stop() or 'it left no message'}"
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops it and waits until it is gone."""
        self._stop()

    def _stop(self) -> str:
        """What it said on stderr."""
        cast("IO[bytes]", self._process.stdin).close()
        try:
            self._process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        cast("IO[bytes]", self._process.stdout).close()
        with self._said:
            self._said.seek(0)
            return self._said.read().decode(errors="replace").strip()


def _start(arguments: Sequence[str], *, stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    """The child, in a session of its own: Ctrl-C in the terminal must not take it from a run that still drains."""
    return subprocess.Popen(  # noqa: S603
        # -P: a json.py in the current folder is none of its business.
        [sys.executable, "-P", "-m", "evalkit.simulator", "--port=0", "--parent-pipe", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
