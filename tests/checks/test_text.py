"""Checks that compare texts, and the form they compare them in."""

from __future__ import annotations

import pytest

from evalkit.checks.normal_form import comparable
from evalkit.registry import CHECKS

MEGABYTE = "lorem ipsum " * 90_000
FLOOD = "a" + "\u0315\u0300" * 500_000


@pytest.mark.parametrize(
    ("answer", "arguments", "passed"),
    [
        ("Paris", {"value": "Paris"}, True),
        ("paris", {"value": "Paris"}, False),
        ("paris", {"value": "Paris", "ignore_case": True}, True),
        ("Paris\n", {"value": "Paris"}, False),
        ("\tParis\n", {"value": " Paris", "strip": True}, True),
        ("", {"value": ""}, True),
        ("", {"value": "x"}, False),
        ("cafe\u0301", {"value": "café"}, True),
        ("STRASSE", {"value": "Straße", "ignore_case": True}, True),
        ("STRASSE", {"value": "Straße"}, False),
        ("istanbul", {"value": "İstanbul", "ignore_case": True}, False),
        ("北京", {"value": "北京"}, True),
        ("118.4", {"value": 118.4}, True),
        ("5", {"value": 5}, True),
        ("5.0", {"value": 5}, False),
        ("true", {"value": True}, True),
        ("True", {"value": True}, False),
        ("null", {"value": None}, True),
        (MEGABYTE, {"value": MEGABYTE}, True),
        (MEGABYTE + "x", {"value": MEGABYTE}, False),
    ],
)
def test_equals_compares_the_whole_answer(find, answer, arguments, passed):
    finding = find("equals", answer, **arguments)
    assert finding.passed is passed
    assert finding.value == float(passed)
    assert len(finding.reason) < 400


@pytest.mark.parametrize(
    ("answer", "value", "passed"),
    [
        ('{"b": [1, 2], "a": null}', {"a": None, "b": [1, 2]}, True),
        (" [1.0]\n", [1], True),
        ("[true]", [1], False),
        ("[1]", [True], False),
        ("[1, 2]", [2, 1], False),
        ("[1, 2]", [1, 2, 3], False),
        ('{"a": 1, "b": 2}', {"a": 1}, False),
        ('["cafe\\u0301"]', ["café"], True),
        ("[[[1]]]", [[[1]]], True),
        ("```json\n[]\n```", [], False),
        ("", {}, False),
        ("[NaN]", [None], False),
        ("[" * 100_000, [], False),
        ("[" + "9" * 5000 + "]", [9], False),
        ("[" * 900 + "]" * 900, [], False),
        ('"[]"', [], False),
    ],
)
def test_equals_reads_the_answer_as_json_where_the_value_is_a_list_or_mapping(find, answer, value, passed):
    assert find("equals", answer, value=value).passed is passed


def test_a_number_is_compared_as_it_was_written_in_the_suite(find):
    class Spelt(float):
        def __str__(self) -> str:
            return "1.10"

    assert find("equals", "1.10", value=Spelt(1.1)).passed
    assert not find("equals", "1.1", value=Spelt(1.1)).passed


def test_equals_says_where_long_texts_part(find):
    text = "x" * 200
    assert find("equals", text + "B", value=text + "A").reason == (
        f"from character 201 on, answered '{'x' * 20}B', expected '{'x' * 20}A'"
    )


def test_equals_says_where_only_white_space_differs(find):
    assert find("equals", "Paris\n", value="Paris").reason == (
        r"answered 'Paris\n', expected 'Paris'; white space around it makes the difference"
    )


def test_a_list_is_not_compared_with_text_options():
    with pytest.raises(ValueError, match="are for texts"):
        CHECKS["equals"](value=[1], ignore_case=True)


CONTAINS = [
    ("The capital is Paris.", "Paris", True),
    ("the capital is paris", "Paris", False),
    ("", "Paris", False),
    ("un cafe\u0301 noir", "café", True),
    ("cafe\u0301", "e", False),
    ("答案是北京。", "北京", True),
    ("👩‍👩‍👧", "👩", True),
    (MEGABYTE + "Paris", "Paris", True),
    (MEGABYTE, "Paris", False),
    ("a" * 500_000, "a" * 400_000 + "b", False),
    ("a\x00b", "\x00", True),
]


@pytest.mark.parametrize(("answer", "text", "passed"), CONTAINS)
def test_contains_looks_anywhere_in_the_answer(find, answer, text, passed):
    finding = find("contains", answer, text=text)
    assert (finding.passed, finding.value) == (passed, float(passed))
    assert len(finding.reason) < 400


@pytest.mark.parametrize(
    ("answer", "text", "passed"),
    [
        ("The capital is PARIS.", "Paris", True),
        ("", "Paris", False),
        ("STRASSE", "straße", True),
        ("İSTANBUL", "istanbul", False),
        ("İSTANBUL", "i\u0307stanbul", True),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς", True),
        ("CAFE\u0301", "café", True),
        ("ﬁnal", "FINAL", True),
        (MEGABYTE + "PARIS", "paris", True),
        (MEGABYTE, "paris", False),
    ],
)
def test_icontains_and_contains_ignoring_case_are_the_same(find, answer, text, passed):
    assert find("icontains", answer, text=text).passed is passed
    assert find("contains", answer, text=text, ignore_case=True).passed is passed


@pytest.mark.parametrize(
    ("name", "answer", "text", "ignore_case", "passed"),
    [
        ("starts_with", "Paris is it", "Paris", False, True),
        ("starts_with", " Paris", "Paris", False, False),
        ("starts_with", "PARIS", "paris", True, True),
        ("starts_with", "PARIS", "paris", False, False),
        ("starts_with", "", "Paris", False, False),
        ("starts_with", "e\u0301te\u0301", "é", False, True),
        ("starts_with", "e\u0301", "e", False, False),
        ("starts_with", MEGABYTE, "lorem", False, True),
        ("starts_with", "ßa", "SS", True, True),
        ("ends_with", "It is Paris", "Paris", False, True),
        ("ends_with", "Paris\n", "Paris", False, False),
        ("ends_with", "PARIS", "paris", True, True),
        ("ends_with", "Paris.", "Paris", False, False),
        ("ends_with", "", "Paris", False, False),
        ("ends_with", "cafe\u0301", "é", False, True),
        ("ends_with", "是北京", "北京", False, True),
        ("ends_with", MEGABYTE, "ipsum ", False, True),
        ("ends_with", MEGABYTE, "lorem", False, False),
    ],
)
def test_starts_with_and_ends_with_look_at_one_end(find, name, answer, text, ignore_case, passed):
    assert find(name, answer, text=text, ignore_case=ignore_case).passed is passed


def test_ends_with_shows_the_end_of_the_answer(find):
    assert find("ends_with", "x" * 1000 + "Rome", text="Paris").reason == (
        f"ends with '{'x' * 56}Rome', not with 'Paris'"
    )


@pytest.mark.parametrize(
    ("answer", "texts", "ignore_case", "share"),
    [
        ("red and blue", ["red", "blue"], False, 1.0),
        ("red and blue", ["red", "green"], False, 0.5),
        ("red and blue", ["green", "black", "white"], False, 0.0),
        ("RED", ["red"], False, 0.0),
        ("RED", ["red"], True, 1.0),
        ("", ["red"], False, 0.0),
        ("cafe\u0301", ["café", "e"], False, 0.5),
        ("红和蓝", ["红", "蓝", "绿", "黑"], False, 0.5),
        (MEGABYTE + "red", ["red", "blue"], False, 0.5),
        ("red", ["red"] * 1000, False, 1.0),
    ],
)
def test_contains_all_has_the_share_found_as_its_value_and_contains_any_needs_one(
    find, answer, texts, ignore_case, share
):
    every = find("contains_all", answer, texts=texts, ignore_case=ignore_case)
    assert (every.passed, every.value) == (share == 1, share)
    some = find("contains_any", answer, texts=texts, ignore_case=ignore_case)
    assert (some.passed, some.value) == (share > 0, float(share > 0))


def test_contains_all_names_what_was_found_and_what_is_missing(find):
    reason = find("contains_all", "red and blue", texts=["red", "green", "white"]).reason
    assert reason == "missing: 'green', 'white'; contains 'red'"


def test_contains_any_names_what_it_looked_for(find):
    assert find("contains_any", "red", texts=["green", "white"]).reason == "'red' contains none of 'green', 'white'"


@pytest.mark.parametrize(
    ("answer", "arguments", "passed"),
    [
        ("positive", {}, True),
        (" positive\n", {}, True),
        (" positive\n", {"strip": False}, False),
        ("Positive", {}, False),
        ("Positive", {"ignore_case": True}, True),
        ("positive.", {}, False),
        ("not positive", {}, False),
        ("", {}, False),
        ("NEUTRE\u0301", {"ignore_case": True}, True),
        ("中立", {}, True),
        (MEGABYTE, {}, False),
    ],
)
def test_one_of_compares_the_whole_answer_without_its_white_space(find, answer, arguments, passed):
    texts = ["positive", "neutré", " 中立 " if arguments.get("strip", True) else "中立"]
    assert find("one_of", answer, texts=texts, **arguments).passed is passed


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("contains", {"text": ""}),
        ("icontains", {"text": ""}),
        ("starts_with", {"text": ""}),
        ("ends_with", {"text": ""}),
        ("contains_any", {"texts": []}),
        ("contains_all", {"texts": []}),
        ("contains_all", {"texts": ["a", ""]}),
        ("one_of", {"texts": []}),
        ("one_of", {"texts": [""]}),
    ],
)
def test_a_check_that_would_ask_nothing_is_refused(name, arguments):
    with pytest.raises(ValueError, match="empty"):
        CHECKS[name](**arguments)


def test_a_text_is_compared_in_its_composed_form():
    assert comparable("e\u0301") == "é"
    assert comparable("\u1100\u1161") == "가"
    assert comparable("É", ignore_case=True) == "é"
    assert comparable("e\u0301" * 10_000) == "é" * 10_000


def test_letters_that_only_case_folding_takes_apart_are_composed_again():
    assert comparable("\u0390", ignore_case=True) == comparable("\u1fd3", ignore_case=True) == "\u0390"


@pytest.mark.timeout(20)
def test_a_flood_of_marks_is_compared_as_it_is_and_holds_nothing_up(find):
    assert comparable(FLOOD) == FLOOD
    assert not find("icontains", FLOOD, text="b").passed


def test_marks_within_reason_are_composed_in_long_texts_too():
    piled = "a" + "\u0315" * 29 + "\u0301"
    assert comparable(piled * 1000).startswith("á")
