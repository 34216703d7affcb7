"""Serves the stand-in gateway on loopback until it is told to stop."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from evalkit.simulator.app import Settings, create_app

HOST = "127.0.0.1"


def serve(settings: Settings, *, port: int = 0, parent_pipe: bool = False) -> None:
    """Serves in the main thread, and ends with status 0 on SIGTERM or SIGINT.

    Writes one line to stdout when ready: its base URL. Port 0 is any free one. With `parent_pipe` the process ends at
    the end of its stdin, which a parent's death brings about, however it died. Raises OSError where the port is taken.
    """
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, _end)
    with _bound(port) as listener:
        url = f"http://{HOST}:{listener.getsockname()[1]}/v1"
        config = uvicorn.Config(
            create_app(settings),
            lifespan="off",
            log_level="error",
            access_log=False,
            timeout_keep_alive=75,
            h11_max_incomplete_event_size=1 << 20,  # a long expected answer travels in a header
        )
        if parent_pipe:
            threading.Thread(target=_end_with_parent, daemon=True).start()
        _Server(config, lambda: _announce(url)).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says when it is ready, and leaves the signals to this module."""

    def __init__(self, config: uvicorn.Config, when_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, then says so."""
        await super().startup(sockets)
        self._when_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Takes none."""
        yield


def _bound(port: int) -> socket.socket:
    # Only a socket that names its protocol has Nagle's delay turned off by asyncio: 40 ms a request.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # on Windows it would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


def _announce(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    _end()


def _end(signum: int | None = None, frame: FrameType | None = None) -> None:  # noqa: ARG001
    """Ends at once, answers still to come included: there is nothing to save, and nobody should wait for it."""
    os._exit(0)
