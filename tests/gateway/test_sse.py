from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.gateway.sse import Event, EventTooLarge, Parser


def parse(*pieces: bytes, **settings: int) -> list[Event]:
    parser = Parser(**settings)
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + list(parser.end())


def messages(*pieces: bytes) -> list[str]:
    events = parse(*pieces)
    assert {event.name for event in events} <= {"message"}
    return [event.data.decode() for event in events]


@pytest.mark.parametrize(
    ("stream", "data"),
    [
        (b"data: a\n\ndata: b\n\n", ["a", "b"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
        (b"data: a\r\rdata: b\r\r", ["a", "b"]),
        (b"data: a\r\n\ndata: b\n\r\n", ["a", "b"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b"data:a\n\ndata:  b\n\n", ["a", " b"]),
        (b"data\n\ndata:\n\ndata\ndata\n\n", ["", "", "\n"]),
        (b"data: a:b: c\n\n", ["a:b: c"]),
        (b": ping\n\n:\n\ndata: a\n: in between\ndata: b\n\n", ["a\nb"]),
        (b"id: 7\nretry: 100\nunknown: x\nnothing\ndata: a\n\n", ["a"]),
        (b"event: ping\n\ndata: a\n\n", ["a"]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"data: a\n\ndata: [DONE]", ["a", "[DONE]"]),
        (b"data: a\n\ndata: [DONE]\n", ["a", "[DONE]"]),
        (b"data: a\n\ndata: [DONE]\r", ["a", "[DONE]"]),
        (b"\n\n\ndata: a\n\n\n\n", ["a"]),
        (b"", []),
        (b'{"error": 1}\n\n', []),
        (
            "data: a\u2028b\u2029c\u0085d\u000be\u000cf\u001cg\n\n".encode(),
            ["a\u2028b\u2029c\u0085d\u000be\u000cf\u001cg"],
        ),
    ],
)
def test_a_stream_is_cut_into_its_events(stream, data):
    assert messages(stream) == data


def test_an_event_has_the_name_that_stands_before_or_after_its_data_and_for_itself_alone():
    stream = b"event: error\ndata: x\n\ndata: y\n\ndata: z\nevent:done\n\n"
    assert parse(stream) == [Event("error", b"x"), Event("message", b"y"), Event("done", b"z")]


NASTY = (
    '\ufeffdata: {"a":"你好😀\u2028\u0085"}\r\n\r\n: ping\r\r\nevent: wörld\rdata: 1\rdata:2\r\n\n'
    "data: x\n\ndata\r\n\r\nid: 4\ndata: end\r\ndata: [DONE]"
).encode()


def test_a_nasty_stream_is_the_same_at_every_cut_into_two():
    whole = parse(NASTY)
    assert [event.name for event in whole] == ["message", "wörld", "message", "message", "message"]
    for cut in range(len(NASTY) + 1):
        assert parse(NASTY[:cut], NASTY[cut:]) == whole


def test_a_nasty_stream_is_the_same_byte_by_byte_and_with_nothing_in_between():
    pieces = [piece for byte in NASTY for piece in (bytes([byte]), b"")]
    assert parse(*pieces) == parse(NASTY)


line_parts = st.sampled_from([
    b"data", b"data: ", b"event: ", b"id: 1", b":", b" ", b"\r", b"\n", b"\r\n", b"\n\n", b"x", b"{}",
    "\u2028".encode(), "\u0085".encode(), "😀".encode(), b"\xef\xbb\xbf", b"\xff",
])  # fmt: skip


@given(st.lists(line_parts, max_size=40).map(b"".join), st.lists(st.integers(0, 200), max_size=20))
def test_every_cutting_gives_the_same_events(stream, cuts):
    borders = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[start:end] for start, end in itertools.pairwise(borders)]
    assert parse(*pieces) == parse(stream)


def test_an_event_comes_as_soon_as_its_blank_line_is_there():
    parser = Parser()
    assert list(parser.feed(b"data: a\r\r")) == [Event("message", b"a")]
    assert list(parser.feed(b"\ndata: b\n")) == []
    assert list(parser.feed(b"\n")) == [Event("message", b"b")]


def test_bytes_that_are_no_utf8_stay_as_they_are():
    assert parse(b"data: a\xff\xfe\n\n") == [Event("message", b"a\xff\xfe")]


@pytest.mark.parametrize(
    "stream", [b"data: " + b"x" * 100, b"data: 0123456789\n" * 7, b": " + b"x" * 100, b"data: " + b"x" * 100 + b"\n\n"]
)
def test_an_event_that_grows_without_end_is_given_up(stream):
    with pytest.raises(EventTooLarge):
        parse(stream, largest=64)
    with pytest.raises(EventTooLarge):
        parse(*(bytes([byte]) for byte in stream), largest=64)


def test_many_events_may_be_larger_than_one():
    assert len(parse(b"data: 0123456789\n\n" * 100, largest=64)) == 100


def test_a_long_line_in_small_pieces_takes_linear_time():
    def seconds(size: int) -> float:
        piece, parser, began = b"x" * 8, Parser(), time.perf_counter()
        assert not [event for _ in range(size // 8) for event in parser.feed(piece)]
        return time.perf_counter() - began

    small = min(seconds(200_000) for _ in range(3))
    assert min(seconds(1_600_000) for _ in range(2)) < 4 * 8 * small
