"""Reads a streamed answer as it comes: what it says, when its tokens came, and whether it came to its end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from typing import Any

import anyio
import httpx
import msgspec

from evalkit.errors import ErrorReply, EvalkitError, Undecodable
from evalkit.gateway import verdicts
from evalkit.gateway.answers import decode, noted, response_to
from evalkit.gateway.bodies import parse
from evalkit.gateway.faults import Failure, advice, classify_reply
from evalkit.gateway.pace import Pace, TokenTimes
from evalkit.gateway.scrub import Scrubber
from evalkit.gateway.sse import Event, EventTooLarge, Parser
from evalkit.gateway.verdicts import Retry
from evalkit.gateway.words import one_line
from evalkit.registry import Api, Progress
from evalkit.types import Model, Response, Usage

PATIENCE_S: dict[Progress, float] = {"running": float("inf"), "finished": 5.0, "complete": 0.05}
"""How long more is waited for. A finished answer may want its usage; behind a complete one comes at most the end of
the body, which lets the connection be used again."""
END_MARK = b"[DONE]"
UNPACKED = {"accept-encoding": "identity"}
"""What packs a stream holds its tokens back."""


class Stream:
    """One streamed answer: read it once, then ask what came."""

    def __init__(self, api: Api, model: Model, *, scrub: Scrubber, status: int, clock: Callable[[], float]) -> None:
        self._api = api
        self._model = model
        self._scrub = scrub
        self._status = status
        self._clock = clock
        self._parser = Parser()
        self._assembler = api.assembler()
        self._progress: Progress = "running"
        self._blocked: Response | None = None
        self._head = bytearray()
        self._begun = False
        self._broken: str | None = None
        self._at = 0.0
        self._ended = 0.0
        self._times = TokenTimes()

    async def read(self, pieces: AsyncGenerator[bytes]) -> None:
        """Reads to the end, the end mark or the end of patience. Raises `Failure`, or a transport's timeout."""
        try:
            with anyio.CancelScope() as scope:
                async with aclosing(pieces):
                    async for piece in pieces:
                        self._arrive(piece)
                        scope.deadline = min(scope.deadline, anyio.current_time() + PATIENCE_S[self._progress])
            self._take(self._parser.end(), last=True)
        except (httpx.TimeoutException, TimeoutError):
            raise
        except (httpx.RequestError, OSError) as error:
            self._broken = one_line(self._scrub.text(str(error))) or type(error).__name__
        except EventTooLarge as error:
            raise Failure(verdicts.TOO_LARGE, str(error), status=self._status) from error

    @property
    def plain_body(self) -> bytes | None:
        """The body where it was no stream, whatever its head had said: JSON, a web page, or nothing."""
        head = bytes(self._head)
        plain = not self._begun and self._broken is None and head.strip()[:1] in (b"", b"{", b"<")
        return head if plain else None

    def answer(self) -> Response:
        """The answer. Raises `Failure` where the stream ended before it did."""
        if self._blocked is not None:
            return self._blocked
        if self._progress == "running":
            reason = self._broken or "neither a finish reason nor an end mark came"
            message = f"{advice(verdicts.CUT_STREAM, self._model)}: {reason}"
            raise Failure(verdicts.CUT_STREAM, message, status=self._status)
        body = self._assembler.body()
        body = self._scrub.value(body, msgspec.json.encode(body))  # its pieces may each have held half a key
        response = decode(body, self._api, self._model, self._status)
        return response if self._progress == "complete" else noted(response, "the stream ended without its end mark")

    def latency_s(self, started: float) -> float:
        """From `started` to the last event of the answer."""
        return self._ended - started

    def pace(self, started: float, usage: Usage) -> Pace:
        """The times of its tokens, counted from `started`."""
        return self._times.pace(started, usage, self._model.family)

    def _arrive(self, piece: bytes) -> None:
        """All events of a piece came when it came, however long the first ones take to read."""
        self._at = self._clock()
        if not self._begun:
            self._head += piece
        if self._progress != "complete":
            self._take(self._parser.feed(piece))

    def _take(self, events: Iterable[Event], *, last: bool = False) -> None:
        """Takes in events; the `last` one may have been cut off."""
        for event in events:
            self._begun = True
            if self._progress == "complete":
                return
            try:
                self._heed(event)
            except _Unreadable as error:
                if not last:
                    message = f"an event of the stream cannot be read: {error}"
                    raise Failure(verdicts.BAD_EVENT, message, status=self._status) from error

    def _heed(self, event: Event) -> None:
        if event.data.strip() == END_MARK:
            self._progress, self._ended = "complete", self._at
            return
        value = self._value(event)
        if value is None:
            return
        self._ended = self._at
        try:
            kind = self._assembler.feed(event.name, value)
        except ErrorReply as reply:
            verdict = classify_reply(reply, self._model, status=self._status, in_stream=True)
            self._blocked, self._progress = response_to(verdict, value), "complete"
            return
        except Undecodable as error:
            raise _Unreadable(str(error)) from error
        self._progress = self._assembler.progress
        if kind is not None:
            self._times.note(kind, self._at)

    def _value(self, event: Event) -> Any:
        """What an event holds; None where it speaks another language than the APIs do (`event: ping`)."""
        if event.name == "message" and not event.data.strip():
            return None
        if event.name != "message" and not event.data.lstrip().startswith(b"{"):
            return self._scrub.text(event.data.decode(errors="replace")) if event.name == "error" else None
        try:
            return parse(event.data, self._scrub, status=self._status)
        except Failure as failure:
            if failure.retry is Retry.NEVER:
                raise
            raise _Unreadable(str(failure)) from failure


class _Unreadable(EvalkitError):
    """An event that is no JSON, or none of any known shape."""
