"""Numbers remember their spelling and stay numbers."""

from __future__ import annotations

import json

import pytest

from evalkit.suite.numbers import SpeltFloat, SpeltInt, as_text, scalar, spelt_float, spelt_int, unspelt


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0123", 123),
        ("+5", 5),
        ("-0", 0),
        ("1.10", 1.1),
        ("5.", 5.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("0o17", 15),
        ("0xfF", 255),
        ("118.4", 118.4),
        ("12", 12),
        ("9" * 4300, int("9" * 4300)),
    ],
)
def test_a_number_is_written_as_it_was_spelt(text, value):
    read = scalar(text)
    assert read == value
    assert as_text(read) == str(read) == f"{read}" == text


@pytest.mark.parametrize(
    "text",
    ["no", "12:30", "1e3x", "2024-01-31", "1_000", "0b1", "0O7", "1.2.3", ".", "-", "+", "e5", "1e", "0x", "--1",
     "１２", "NaN", "inf", "nUll", "TRue", "9" * 4301, "- 1", " 1"],
)  # fmt: skip
def test_what_is_no_number_by_yaml_1_2_stays_text(text):
    assert scalar(text) is text


@pytest.mark.parametrize(("text", "written"), [("true", "true"), ("False", "false"), ("TRUE", "true")])
def test_booleans_are_written_as_yaml_spells_them(text, written):
    assert as_text(scalar(text)) == written


def test_nothing_and_containers_have_no_text():
    assert [as_text(value) for value in (None, [], {})] == [None, None, None]


def test_spellings_survive_no_arithmetic():
    assert type(scalar("1.10") + 1) is float
    assert type(scalar("0123") + 1) is int


def test_a_format_of_its_own_goes_before_the_spelling():
    assert f"{scalar('1.10'):.1f} {scalar('0123'):x}" == "1.1 7b"


def test_only_a_number_spelt_otherwise_carries_its_spelling():
    assert [type(number) for number in (spelt_int("5"), spelt_int("05"), spelt_float("0.5"), spelt_float(".5"))] == [
        int, SpeltInt, float, SpeltFloat,
    ]  # fmt: skip


def test_bodies_get_ordinary_numbers():
    value = unspelt({"a": [scalar("1.10"), scalar("0123")], "b": "1.10", "c": True, "d": None})
    assert json.dumps(value) == '{"a": [1.1, 123], "b": "1.10", "c": true, "d": null}'
    assert {type(number) for number in value["a"]} == {float, int}
