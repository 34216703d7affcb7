"""Counts the pages of a PDF from its bytes, without reading it as a PDF: enough to say what it may cost."""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

LARGEST = 32 * 2**20
"""Bytes of object streams that are unpacked in all; what a bomb holds beyond that is not looked at."""
MOST = 10_000
"""Pages; a file that claims more is not believed."""

_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_TREE = re.compile(rb"/Type\s*/Pages(?![A-Za-z])")
_COUNT = re.compile(rb"/Count\s+(\d{1,9})(?![\d.])")
_OBJECT = re.compile(rb"\bendobj\b")
_PACKED = re.compile(rb"/Type\s*/ObjStm\b[^\x00]{0,400}?stream\r?\n")


def count_pages(data: bytes) -> int | None:
    """Pages of a PDF; None where they cannot be seen, as in an encrypted one.

    Page objects are counted. Where there are more of them than the page tree speaks of, the file was edited and old
    ones are still in it: the tree is right then.
    """
    parts = [data, *_object_streams(data)]
    pages = sum(len(_PAGE.findall(part)) for part in parts)
    told = max((number for part in parts for number in _told(part)), default=0)
    if pages and told:
        return min(pages, told, MOST)
    return min(pages or told, MOST) or None


@functools.lru_cache(maxsize=4096)
def pages_of(path: Path, sha256: str | None) -> int | None:
    """Pages of a file; None where they cannot be seen, or the file is gone, which the run itself will tell."""
    del sha256  # it stands for the content: another content is another entry
    try:
        return count_pages(path.read_bytes())
    except OSError:
        return None


def _told(part: bytes) -> Iterator[int]:
    """What the nodes of page trees say of the pages below them. Outlines have a /Count too and are passed over."""
    for tree in _TREE.finditer(part):
        before = part[max(0, tree.start() - 2000) : tree.start()]
        after = part[tree.end() : tree.end() + 200_000]
        node = _OBJECT.split(before)[-1].rpartition(b"<<")[2] + b" " + _OBJECT.split(after)[0].partition(b">>")[0]
        yield from (int(number) for number in _COUNT.findall(node))


def _object_streams(data: bytes) -> Iterator[bytes]:
    left = LARGEST
    for packed in _PACKED.finditer(data):
        unpack = zlib.decompressobj()
        try:
            part = unpack.decompress(data[packed.end() :], left) if b"FlateDecode" in packed.group() else b""
        except zlib.error:
            continue
        left -= len(part)
        yield part
        if left <= 0:
            return
