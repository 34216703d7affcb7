"""An event loop whose clock jumps to the next timer when nothing else is left to do: hours pass in seconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Any

import anyio


class _JumpingSelector:
    """A selector that never waits: where a loop would sleep, its clock is put forward."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now_s = 1_000.0

    def select(self, timeout: float | None = None) -> Any:
        events = self._real.select(0)
        if not events:
            if timeout is None:
                raise RuntimeError("everything waits for something that will never come")
            self.now_s += max(0.0, timeout)
        return events

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs on virtual seconds."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)  # type: ignore[arg-type]

    def time(self) -> float:
        return self._jumping.now_s


def run_virtually(main: Callable[[], Awaitable[Any]]) -> Any:
    """Runs `main` to its end on a virtual clock."""
    return anyio.run(main, backend="asyncio", backend_options={"loop_factory": VirtualLoop})
