"""Cuts the bytes of an event stream into events, however they were cut up on their way.

Ours and not a library's: httpx-sse drops the last event of a stream that lacks its blank line (`data: [DONE]` and the
end), loses the first one behind a byte order mark, and holds a line that ends in CR back until more comes; sseclient-py
breaks on a byte that is no UTF-8. Both read text, where this needs bytes: no event is decoded twice, none grows without
bound, and U+2028, U+0085 and half a character at a border are bytes like any others.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from evalkit.errors import EvalkitError

LARGEST_EVENT = 4 * 2**20
"""Bytes; the largest event there is holds a whole answer."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event; `name` is "message" where the stream gives none."""

    name: str
    data: bytes
    """Its lines joined by LF, undecoded."""


class EventTooLarge(EvalkitError):
    """An event over `LARGEST_EVENT` bytes."""


class Parser:
    """Reads one stream, piece by piece."""

    def __init__(self, *, largest: int = LARGEST_EVENT) -> None:
        self._largest = largest
        self._line = bytearray()
        self._after_cr = False
        self._at_start = True
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> Iterator[Event]:
        """The events that end in `piece`. Raises `EventTooLarge`."""
        if not piece:
            return
        if self._after_cr:  # it has ended its line already, not to wait for what may never come
            piece = piece.removeprefix(b"\n")
        self._after_cr = piece.endswith(b"\r")
        *ended, rest = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in ended:
            event = self._take(bytes(self._line) + line if self._line else line)
            self._line.clear()
            if event is not None:
                yield event
        self._line += rest
        self._bound(len(self._line))

    def end(self) -> Iterator[Event]:
        """The event that the stream ended in the middle of, if any: some leave out the last line ends."""
        yield from self.feed(b"\n\n")

    def _take(self, line: bytes) -> Event | None:
        if self._at_start:
            line, self._at_start = line.removeprefix(_BYTE_ORDER_MARK), False
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._bound(len(value))
            self._data.append(value)
            self._size += len(value) + 1
        elif field == b"event":
            self._name = value.decode(errors="replace")
        return None  # comments have an empty field name; `id` and `retry` are for those who reconnect

    def _dispatch(self) -> Event | None:
        name, data = self._name or "message", self._data
        self._name, self._data, self._size = "", [], 0
        return Event(name, b"\n".join(data)) if data else None

    def _bound(self, coming: int) -> None:
        if self._size + coming > self._largest:
            raise EventTooLarge(f"an event of the stream is over {self._largest / 2**20:g} MiB")
