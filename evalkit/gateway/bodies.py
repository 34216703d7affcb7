"""Reads the bytes of an answer, never more than is sane, and makes JSON of them that every record can hold."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import AsyncGenerator
from typing import Any, cast

import httpx
import msgspec

from evalkit.gateway import verdicts
from evalkit.gateway.faults import Failure
from evalkit.gateway.scrub import Scrubber
from evalkit.gateway.words import is_html, words_of

LARGEST = 16 * 2**20
"""Bytes of a body, unpacked; no answer of a model comes near it."""
DEEPEST = 128
"""Levels of nesting; a record must be written and read again from deeper in the stack than here."""


async def read_body(response: httpx.Response, *, largest: int = LARGEST) -> bytes:
    """The body, unpacked. Raises as `read_pieces` does."""
    return b"".join([piece async for piece in read_pieces(response, largest=largest)])


async def read_pieces(response: httpx.Response, *, largest: int = LARGEST) -> AsyncGenerator[bytes]:
    """The body as it comes, unpacked, cut anywhere.

    Raises `Failure` as soon as it is over `largest` bytes, or where it cannot be unpacked.
    """
    unpack = _unpacker(response)
    size = 0
    # Not aiter_raw(): that refuses the ready-made answers of a transport in tests.
    async for chunk in cast("httpx.AsyncByteStream", response.stream):
        piece = chunk if unpack is None else _unpacked(unpack, chunk, largest + 1 - size, response.status_code)
        size += len(piece)
        if size > largest:
            message = f"the answer is over {largest // 2**20} MiB; whatever this is, it is no answer of a model"
            raise Failure(verdicts.TOO_LARGE, message, status=response.status_code)
        yield piece
    if unpack is not None and size and not unpack.eof:
        raise Failure(verdicts.TRUNCATED, "the answer's gzip data ends too early", status=response.status_code)


def parse(body: bytes, scrub: Scrubber, *, status: int = 200) -> Any:
    """The JSON value in a body, scrubbed: NaN and infinities as null, lone surrogates as the text `\\udXXX`.

    Raises `Failure` for a body that is no JSON, or that no record could hold.
    """
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        value = _parse_leniently(body, scrub, status)
    except RecursionError as error:
        raise _bomb("nested without end", status) from error
    # An ordinary answer has so few brackets that counting them spares the walk.
    if body.count(b"[") + body.count(b"{") > DEEPEST and _depth(value) > DEEPEST:
        raise _bomb(f"nested over {DEEPEST} levels deep", status)
    return scrub.value(value, body)


def _unpacker(response: httpx.Response) -> zlib._Decompress | None:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return None
    if encoding not in ("gzip", "x-gzip", "deflate"):
        message = f"the answer is packed as '{encoding}', which was not asked for"
        raise Failure(verdicts.NO_JSON, message, status=response.status_code)
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: tells gzip and deflate apart by itself


def _unpacked(unpack: zlib._Decompress, chunk: bytes, room: int, status: int) -> bytes:
    """At most `room` bytes, so that 64 KB on the wire cannot become 64 MB in memory."""
    try:
        return unpack.decompress(chunk, room)
    except zlib.error as error:
        raise Failure(verdicts.TRUNCATED, f"the answer cannot be unpacked: {error}", status=status) from error


def _parse_leniently(body: bytes, scrub: Scrubber, status: int) -> Any:
    """By the standard library, which takes what msgspec rightly refuses but gateways send."""
    try:
        return _storable(json.loads(body, parse_constant=lambda _: None, parse_float=_finite))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _no_json(scrub.text(body.decode(errors="replace")), error, status) from error
    except RecursionError as error:
        raise _bomb("nested without end", status) from error
    except ValueError as error:  # int() refuses digits without end
        raise _bomb("a number with thousands of digits", status) from error


def _finite(number: str) -> float | None:
    value = float(number)
    return value if math.isfinite(value) else None


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]
    return depth


def _no_json(text: str, error: ValueError, status: int) -> Failure:
    if text.lstrip()[:1] in ("{", "["):
        return Failure(verdicts.TRUNCATED, f"the answer's JSON is broken or cut off: {error}", status=status)
    page = " (is this the address of an API? check the base_url, of a target its url)" if is_html(text) else ""
    return Failure(verdicts.NO_JSON, f"the answer is no JSON{page}: {words_of(text).message}", status=status)


def _bomb(what: str, status: int) -> Failure:
    return Failure(verdicts.JSON_BOMB, f"the answer's JSON is {what}; whatever this is, it is no answer", status=status)
