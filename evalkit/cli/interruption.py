"""What is said to whoever stopped a run, or saw it stop: that it is kept, and how to go on with it."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

__all__ = ["Interrupted", "handed_over", "heard", "interruptible", "resume_hint"]

_SIGNALS: tuple[int, ...] = () if sys.platform == "win32" else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a run in good order; on Windows nothing can be listened for, and Ctrl-C ends a run at once."""


def heard() -> tuple[int, ...]:
    """The signals to listen for: not those that whoever started this wants ignored, as nohup does."""
    return tuple(number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN)


class Interrupted(BaseException):
    """A signal came while nothing was asked. No Exception: nothing that tries on may catch it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, the signals raise Interrupted, where Python would else end with a traceback or without a word."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        del frame
        raise Interrupted(number)

    before = {number: signal.signal(number, interrupt) for number in heard()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def handed_over() -> Iterator[None]:
    """Inside, an event loop listens for the signals; afterwards it is those who did before, and not nobody."""
    before = {number: signal.getsignal(number) for number in heard()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def resume_hint(folder: Path) -> str:
    """The command that goes on with a run, to be copied."""
    return f"go on with:  evalkit run --resume {shlex.quote(str(folder))}"
