"""Lines of JSON, read as strictly as YAML."""

from __future__ import annotations

import pytest

from evalkit.suite.json_source import JSONInvalid, parse_json


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b'{"a": [1, 2.5, true, null, "x"]}\n', {"a": [1, 2.5, True, None, "x"]}),
        ("  {\"ä\": \"北京\"}\r\n".encode(), {"ä": "北京"}),
        (rb'"\ud83d\ude00 \u00e9"', "😀 é"),
        (b"[" * 64 + b"]" * 64, None),
        (b'[' + b",".join([b"{}"] * 100) + b"]", [{}] * 100),
        (b'"' + b"[" * 100 + b'"', "[" * 100),
    ],
)  # fmt: skip
def test_json_is_read(line, value):
    assert value is None or parse_json(line) == value
    parse_json(line)


@pytest.mark.parametrize("text", ["1.10", "1e3", "1E+05", "-0", "0.50"])
def test_numbers_are_written_as_they_were_spelt(text):
    assert str(parse_json(text.encode())) == text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"", "not JSON: Expecting value at column 1"),
        (b"{'a': 1}", "not JSON: Expecting property name enclosed in double quotes at column 2"),
        (b'{"a": 1\n', "not JSON: Expecting ',' delimiter at column 8"),
        (b'{"a": 1} {}', "not JSON: Extra data at column 10"),
        (b'{"a": 1, "a": 2}', "not JSON: duplicate key 'a'"),
        (b'{"a": {"b": 1, "c": 2, "b": 3}}', "not JSON: duplicate key 'b'"),
        (b'{"a": NaN}', "not JSON: NaN is no JSON number"),
        (b"[-Infinity]", "not JSON: -Infinity is no JSON number"),
        (b'"a\tb"', "not JSON: Invalid control character at at column 3"),
        (b"9" * 5000, "not JSON: a number of 5,000 digits"),
        (b'"\xff"', "not UTF-8: byte 0xff"),
        (b"[" * 65 + b"]" * 65, "nested deeper than 64 levels"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "nested deeper than 64 levels"),
        (b"[" * 100_000, "nested deeper than 64 levels"),
        (rb'{"a": "\ud800"}', r"half of a surrogate pair (\ud800 to \udfff) is no text that can be sent"),
        (rb'{"a": ["\udc00x"]}', r"half of a surrogate pair (\ud800 to \udfff) is no text that can be sent"),
        (rb'{"\uDBFF": 1}', r"half of a surrogate pair (\ud800 to \udfff) is no text that can be sent"),
    ],
)
def test_what_cannot_be_used_is_refused(line, message):
    with pytest.raises(JSONInvalid) as caught:
        parse_json(line)
    assert str(caught.value) == message
