"""The form of a line in a run's journal: JSON that ends with a checksum of itself, so that damage is seen."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO, NamedTuple

__all__ = ["Line", "is_whole", "lines_of", "seal", "whole_parts"]

_SEAL = re.compile(rb',"crc":"([0-9a-f]{8})"\}')
_SEAL_BYTES = len(b',"crc":"00000000"}')
_FIRST_FIELD = re.compile(rb'(?<![,:\[])\{"key":"')
"""How a record begins. Inside a record a JSON object comes after one of `,:[`, and quotes inside texts are escaped."""


class Line(NamedTuple):
    """One line of a file, as it stands there."""

    number: int
    """From 1."""
    offset: int
    """Bytes before it in the file."""
    data: bytes
    """With its line feed, where it has one."""
    whole: bool
    """Whether its checksum fits."""


def seal(document: bytes) -> bytes:
    """The line for a JSON object: `{"a":1}` becomes `{"a":1,"crc":"…"}` and a line feed.

    The checksum is the CRC-32 of all bytes before `,"crc"`, as 8 hexadecimal digits.
    """
    body = document[:-1]
    return b'%s,"crc":"%08x"}\n' % (body, zlib.crc32(body))


def is_whole(line: bytes) -> bool:
    """Whether a line, with or without its line feed, ends with the checksum of the bytes before it."""
    if not line.startswith(b"{"):  # nothing at all has a checksum, too: 0
        return False
    end = len(line) - line.endswith(b"\n")
    found = _SEAL.fullmatch(line, max(0, end - _SEAL_BYTES), end)
    return found is not None and zlib.crc32(memoryview(line)[: found.start()]) == int(found[1], 16)


def lines_of(file: BinaryIO) -> Iterator[Line]:
    """All lines of a file, from its beginning."""
    offset = 0
    for number, data in enumerate(file, start=1):
        yield Line(number, offset, data, is_whole(data))
        offset += len(data)


def whole_parts(damaged: bytes) -> list[slice]:
    """Where whole records lie inside bytes that are not a whole line, as after a line feed that went bad."""
    starts = [found.start() for found in _FIRST_FIELD.finditer(damaged)]
    ends = ((start, _end_of_record(damaged, start, stop)) for start, stop in pairwise([*starts, len(damaged)]))
    return [slice(start, end) for start, end in ends if end is not None]


def _end_of_record(data: bytes, start: int, stop: int) -> int | None:
    """Where the record that begins at `start` ends: the first checksum that fits all bytes since then."""
    checksum, checked = 0, start
    view = memoryview(data)
    for found in _SEAL.finditer(data, start, stop):
        checksum = zlib.crc32(view[checked : found.start()], checksum)
        checked = found.start()
        if checksum == int(found[1], 16):
            return found.end()
    return None
