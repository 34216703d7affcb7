"""Lines with checksums: what is whole, what is not, and what can be found inside damage."""

from __future__ import annotations

import io
import json
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.journal.lines import is_whole, lines_of, seal, whole_parts
from tests.journal.journals import NASTY, record, sealed


@pytest.mark.parametrize("text", NASTY)
def test_a_line_ends_with_the_checksum_of_the_bytes_before_it(text):
    line = sealed(record(text=text))
    body, _, rest = line.rpartition(b',"crc":"')
    assert rest == b'%08x"}\n' % zlib.crc32(body)
    assert json.loads(line)["crc"] == rest[:8].decode()
    assert line.count(b"\n") == 1
    assert is_whole(line)
    assert is_whole(line.removesuffix(b"\n"))


@pytest.mark.parametrize("text", NASTY)
def test_no_flipped_bit_goes_unnoticed(text):
    line = sealed(record(text=text))
    for place in range(len(line) - 1):
        for bit in range(8):
            flipped = bytearray(line)
            flipped[place] ^= 1 << bit
            assert not is_whole(bytes(flipped)), (place, bit)


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"{}\n", b'{"key":"k"}\n', b'{"a":1,"crc":"0000000g"}', b"\x00" * 100, b',"crc":"00000000"}']
)
def test_what_was_never_sealed_is_not_whole(line):
    assert not is_whole(line)


def test_lines_know_where_they_are():
    data = sealed(record(1)) + b"junk\n" + sealed(record(2))[:-1]
    found = list(lines_of(io.BytesIO(data)))
    assert [(line.number, line.whole) for line in found] == [(1, True), (2, False), (3, True)]
    assert all(data[line.offset :].startswith(line.data) for line in found)


def test_records_are_found_between_damage():
    one, two = sealed(record(1, NASTY[3])).rstrip(), sealed(record(2, NASTY[4])).rstrip()
    damaged = b'"junk' + one + b"\x0b" + two[:-5] + b"\x00\x00" + two + b"\xff"
    assert [damaged[part] for part in whole_parts(damaged)] == [one, two]


def test_a_record_inside_an_answer_is_not_taken_for_one():
    inner = json.loads(sealed(record(1)))
    outer = sealed(record(2))[:-30]  # torn
    body = seal(json.dumps({"key": "outer", "raw": [inner, {"x": inner}]}, separators=(",", ":")).encode())[:-30]
    assert whole_parts(outer) == []
    assert whole_parts(body) == []


@given(st.binary(max_size=300))
def test_nothing_is_found_in_noise(noise):
    assert not is_whole(noise)
    assert whole_parts(noise) == []


def test_a_huge_damaged_line_is_searched_in_no_time():
    answer = b'{"key":"a","crc":"00000000"},' * 200_000
    began = time.process_time()
    assert whole_parts(b'{"key":"k","raw":[' + answer) == []
    assert time.process_time() - began < 2
