from __future__ import annotations

import tracemalloc
import zlib

import httpx
import pytest

from evalkit.gateway.bodies import DEEPEST, parse, read_body
from evalkit.gateway.faults import Failure
from evalkit.gateway.scrub import Scrubber

CLEAN = Scrubber(None)


@pytest.mark.anyio
async def test_a_bomb_in_one_piece_is_never_unpacked_whole():
    async def stream():
        yield bomb

    bomb = zlib.compress(bytes(200 * 2**20))
    tracemalloc.start()
    with pytest.raises(Failure) as failure:
        await read_body(httpx.Response(200, headers={"content-encoding": "deflate"}, content=stream()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert failure.value.fault.kind == "too_large"
    assert peak < 60 * 2**20


@pytest.mark.anyio
async def test_the_cap_is_the_last_size_that_passes():
    async def read(size):
        return await read_body(httpx.Response(200, content=b"x" * size), largest=10)

    assert await read(10) == b"x" * 10
    with pytest.raises(Failure):
        await read(11)


def test_nesting_is_read_down_to_a_fixed_depth():
    assert parse(b"[" * DEEPEST + b"]" * DEEPEST, CLEAN) is not None
    with pytest.raises(Failure, match="levels deep"):
        parse(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), CLEAN)
    with pytest.raises(Failure, match="levels deep"):
        parse(b"[NaN," + b"[" * DEEPEST + b"]" * (DEEPEST + 1), CLEAN)


def test_many_brackets_side_by_side_are_not_deep():
    assert len(parse(b"[" + b",".join([b"{}"] * 1000) + b"]", CLEAN)) == 1000


def test_a_byte_order_mark_is_no_obstacle():
    assert parse(b"\xef\xbb\xbf{}", CLEAN) == {}


def test_surrogates_in_names_are_escaped_too():
    assert parse(b'{"\\udfff": ["\\udc00"]}', CLEAN) == {"\\udfff": ["\\udc00"]}


def test_a_proper_pair_of_surrogates_is_one_character():
    assert parse(b'"\\ud83d\\ude00"', CLEAN) == "😀"
