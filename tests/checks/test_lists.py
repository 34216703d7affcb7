"""The checks `set_equals` and `list_equals`, and how items are read out of an answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.checks.lists import items_in
from evalkit.registry import CHECKS

MEGABYTE = "lorem ipsum " * 90_000


@pytest.mark.parametrize(
    ("answer", "items"),
    [
        ("", []),
        ("red", ["red"]),
        ('["red", "blue"]', ["red", "blue"]),
        ("[1, 2.5, null]", [1, 2.5, None]),
        ('Here:\n```json\n["red"]\n```', ["red"]),
        ("red, blue", ["red", "blue"]),
        ("red, green and blue.", ["red", "green", "blue"]),
        ("red, green, and blue", ["red", "green", "blue"]),
        ("red and blue", ["red", "blue"]),
        ("Ireland, Iceland", ["Ireland", "Iceland"]),
        ("Doe, Jane; Roe, Rick", ["Doe, Jane", "Roe, Rick"]),
        ("red\nblue, dark", ["red", "blue, dark"]),
        ("The colours are:\nred, blue", ["red", "blue"]),
        ("Sure:\n- red\n* **blue**\n• `green`\nThat is all.", ["red", "blue", "green"]),
        ("1. red\n2) blue\n(3) green", ["red", "blue", "green"]),
        ("a. red\nb. blue", ["red", "blue"]),
        ("红色、绿色和蓝色。", ["红色", "绿色", "蓝色"]),
        ("红色，蓝色", ["红色", "蓝色"]),
        ("“red”, 'blue'", ["red", "blue"]),
        ("-5, -6", ["-5", "-6"]),
        ("['red', 'blue']", ["red", "blue"]),
        ("{red, blue}.", ["red", "blue"]),
        (r"$\{1, 2\}$", ["1", "2"]),
        ("(1, 2)", ["1", "2"]),
        ("(a), (b)", ["(a)", "(b)"]),
        ("1、红色\n2、蓝色", ["红色", "蓝色"]),
        ("1、2、3", ["1", "2", "3"]),
        ("a、b", ["a", "b"]),
        ("[red, blue", ["[red", "blue"]),
        (", ,\n", []),
    ],
)
def test_items_are_read_from_arrays_bullets_lines_and_commas(answer, items):
    assert items_in(answer) == items


@pytest.mark.parametrize(
    ("answer", "items", "value"),
    [
        ("blue, red", ["red", "blue"], 1),
        ('["blue", "red", "red"]', ["red", "blue"], 1),
        ("8, 12", [12, 8], 1),
        ("[8.0, 12]", ["8", "12"], 1),
        ("08, 12", [8, 12], 1 / 3),
        ("red", ["red", "blue"], 0.5),
        ("red, blue, green", ["red", "blue"], 2 / 3),
        ("", ["red"], 0),
        ("Red", ["red"], 0),
        ("cafe\u0301", ["café"], 1),
        ("红色和蓝色", ["蓝色", "红色"], 1),
        ("salt and pepper, bread", ["bread", "salt and pepper"], 1),
        ("bread, salt and pepper", ["bread", "salt and pepper"], 1),
        ("bread, salt and pepper", ["bread", "salt", "pepper"], 1),
        ('[{"a": 1, "b": 2}]', [{"b": 2, "a": 1}], 1),
        ("[true, null]", [None, True], 1),
        ("[1]", [True], 0),
        ("Answer: red, blue", ["blue", "red"], 1),
        ('The colours are: ["red", "blue"]', ["blue", "red"], 1),
        ("Answer: red, blue", ["Answer: red", "blue"], 1),
        ("- red: x\n- blue", ["blue"], 0.5),
        ("- 1,234\n- 5", [5, 1234], 1),
        (MEGABYTE, ["red"], 0),
        ("red, " * 200_000, ["red"], 1),
    ],
)
def test_a_set_is_compared_whatever_the_order(find, answer, items, value):
    finding = find("set_equals", answer, items=items)
    assert finding.value == pytest.approx(value)
    assert finding.passed is (value == 1), finding.reason
    assert len(finding.reason) < 400


@pytest.mark.parametrize(
    ("answer", "items", "value", "reason"),
    [
        ("red, blue", ["red", "blue"], 1, "has all 2 in order"),
        ("blue, red", ["red", "blue"], 0, "in another order: item 1 is 'blue', expected 'red'"),
        ("red, green", ["red", "blue"], 0.5, "item 2 is 'green', expected 'blue'"),
        ("red, red", ["red"], 0.5, "number of items 2, expected 1: 'red', 'red'"),
        ("red", ["red", "red"], 0.5, "number of items 1, expected 2: 'red'"),
        ("", ["red"], 0, "the answer lists nothing, expected 'red'"),
        ("1. one\n2. two", ["one", "two"], 1, "has all 2 in order"),
        ("[1, 2, 3]", [1.0, 2, 3], 1, "has all 3 in order"),
        ("salt and pepper", ["salt and pepper"], 1, "has all 1 in order"),
        ("一、二", ["一", "二"], 1, "has all 2 in order"),
    ],
)
def test_a_list_is_compared_in_its_order(find, answer, items, value, reason):
    finding = find("list_equals", answer, items=items)
    assert (finding.passed, finding.reason) == (value == 1, reason)
    assert finding.value == pytest.approx(value)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "answer",
    [
        "a," * 100_000,
        "- \n" * 100_000,
        "[" * 1_000_000,
        " and " * 200_000,
        "1." * 500_000,
        " " * 1_000_000 + "x",
        "a:" * 500_000,
        "1、" * 500_000,
    ],
)
@pytest.mark.parametrize("name", ["set_equals", "list_equals"])
def test_hostile_text_is_read_in_linear_time(find, name, answer):
    finding = find(name, answer, items=["red", "blue"])
    assert not finding.passed
    assert len(finding.reason) < 400


def test_a_set_says_what_is_missing_and_what_is_too_much(find):
    assert find("set_equals", "red, green", items=["red", "blue"]).reason == "missing: 'blue'; not expected: 'green'"


@pytest.mark.parametrize("items", ["8, 12", "[8, 12]", "- 8\n- 12", "8 and 12"])
def test_the_right_items_may_come_as_a_text_that_is_read_like_an_answer(find, items):
    assert find("list_equals", "8; 12", items=items).passed
    assert not find("list_equals", "8; 13", items=items).passed


def test_options_change_what_is_equal(find):
    assert find("set_equals", "RED, Blue", items=["red", "blue"], ignore_case=True).passed
    assert find("list_equals", "1,000 | 2,000", items=["1,000", "2,000"], separator="|").passed
    assert not find("list_equals", "1,000 | 2,000", items=["1,000", "2,000"]).passed


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [({"items": []}, "empty"), ({"items": " ,"}, "empty"), ({"items": ["a"], "separator": ""}, "empty")],
)
@pytest.mark.parametrize("name", ["set_equals", "list_equals"])
def test_what_asks_nothing_is_refused(name, arguments, reason):
    with pytest.raises(ValueError, match=reason):
        CHECKS[name](**arguments)


WORD = st.text(alphabet="abcdeé北", min_size=1, max_size=6).filter(lambda word: word not in ("e", "et", "y"))


@given(st.lists(WORD, min_size=1, max_size=8))
def test_every_way_to_write_a_list_reads_back(items):
    for text in (
        json.dumps(items),
        "\n".join(f"- {item}" for item in items),
        "\n".join(f"{n}. {item}" for n, item in enumerate(items)),
    ):
        assert items_in(text) == items
    if len(items) > 1:
        assert items_in(", ".join(items)) == items
        assert items_in("; ".join(items)) == items
