"""Text files as people write them: regular, UTF-8 without a byte order mark; what is not is named with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from evalkit.errors import Problem, SuiteInvalid

MAX_BYTES = 10 * 1024 * 1024
"""Of a file that is read as a whole."""
BOM = "\ufeff"
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_BOM_MESSAGE = "begins with a byte order mark (BOM): save it as UTF-8 without one"
_LINE_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")  # what libyaml counts as the end of a line


def lines_of(text: str) -> list[str]:
    """The lines of a text as YAML counts them."""
    return _LINE_BREAK.split(text)


def place_in(text: str, position: int) -> tuple[int, int]:
    """Line and column of a character, counted from 1."""
    before = lines_of(text[:position])
    return len(before), len(before[-1]) + 1


def read_text(path: Path, file: str) -> str:
    """The text of a whole file. Raises SuiteInvalid where it is no readable UTF-8 file of at most MAX_BYTES."""
    data = _read_bytes(path, file)
    if data.startswith(_BOMS):
        raise SuiteInvalid([Problem(file=file, message=_BOM_MESSAGE, line=1, column=1)])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = place_in(before, len(before))
        message = f"{_not_utf8(data[error.start])} at offset {error.start}; save it as UTF-8"
        raise SuiteInvalid([Problem(file=file, message=message, line=line, column=column)]) from error


def _read_bytes(path: Path, file: str) -> bytes:
    try:
        problem = _unreadable(path)
        data = path.read_bytes() if problem is None else b""
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    if problem is not None:
        raise SuiteInvalid([Problem(file=file, message=problem)])
    return data


def _unreadable(path: Path) -> str | None:
    if not path.exists():
        return "no such file"
    if path.is_dir():
        return "is a folder; name the suite's YAML file"
    if not path.is_file():
        return "is not a regular file"
    size = path.stat().st_size
    if size > MAX_BYTES:
        return f"is {size / 1e6:,.0f} MB; it may have {MAX_BYTES // 2**20} MiB (put many cases into a dataset)"
    return None


class CharacterRefused(Exception):
    """A byte that is no UTF-8, or a NUL, in a file that is read piece by piece."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line, self.column = line, column


@dataclass(slots=True)
class CheckedText:
    """A text file for streaming readers. Its `read` and its lines raise CharacterRefused where it is no plain text."""

    _handle: TextIO
    _line: int = 1
    _column: int = 1

    def read(self, size: int = -1) -> str:
        """The next `size` characters."""
        return self._checked(self._handle.read(size))

    def __iter__(self) -> Iterator[str]:
        return (self._checked(line) for line in self._handle)

    def _checked(self, text: str) -> str:
        refused = None if text.isascii() and "\0" not in text else _REFUSED.search(text)
        if refused is not None:
            line, column = self._place_after(text[: refused.start()])
            code = ord(refused[0])
            raise CharacterRefused(_not_utf8(code - 0xDC00) if code else "NUL is no text", line, column)
        self._line, self._column = self._place_after(text)
        return text

    def _place_after(self, text: str) -> tuple[int, int]:
        breaks, last = text.count("\n"), text.rfind("\n")
        return self._line + breaks, len(text) - last if breaks else self._column + len(text)


_REFUSED = re.compile("[\0\udc80-\udcff]")  # `surrogateescape` reads a byte that is no UTF-8 as one of the latter


@contextmanager
def open_text(path: Path, file: str, *, bom_allowed: bool = False) -> Iterator[CheckedText]:
    """Opens a file that is read piece by piece; what makes it unreadable comes out as SuiteInvalid."""
    with _told(file), path.open(encoding="utf-8", errors="surrogateescape", newline="") as handle:
        _skip_bom(handle, allowed=bom_allowed)
        yield CheckedText(handle)


@contextmanager
def open_bytes(path: Path, file: str) -> Iterator[BinaryIO]:
    """Opens a file that is read line by line; what makes it unreadable comes out as SuiteInvalid."""
    with _told(file), path.open("rb") as handle:
        if handle.peek(3).startswith(_BOMS):
            raise CharacterRefused(_BOM_MESSAGE, 1, 1)
        yield handle


@contextmanager
def _told(file: str) -> Iterator[None]:
    try:
        yield
    except CharacterRefused as error:
        problem = Problem(file=file, message=str(error), line=error.line, column=error.column)
        raise SuiteInvalid([problem]) from error
    except OSError as error:
        raise SuiteInvalid([Problem(file=file, message=f"cannot be read: {error.strerror}")]) from error


def _skip_bom(handle: TextIO, *, allowed: bool) -> None:
    if handle.read(1) != BOM:
        handle.seek(0)
    elif not allowed:
        raise CharacterRefused(_BOM_MESSAGE, 1, 1)


def _not_utf8(byte: int) -> str:
    return f"not UTF-8: byte 0x{byte:02x}"
