from __future__ import annotations

import json
import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.simulator.wrong import wrong


def _several(expected: str) -> set[str]:
    return {wrong(expected, Random(seed)) for seed in range(40)}


@pytest.mark.parametrize(
    ("expected", "shape"),
    [
        ("42", r"4\d"),
        ("7", r"\d"),
        ("0", r"\d"),
        ("118.40", r"1\d8\.40"),
        ("-0.05", r"-0\.0\d"),
        ("$1,234", r"\$1,\d34"),
        ("3e8", r"\de8"),
        ("Q4", r"Q\d"),
        ("12 kg", r"1\d kg"),
        ("2024-05-01", r"2024-05-0\d"),
        ("18:30", r"18:3\d"),
    ],
)
def test_a_number_becomes_another_number_spelt_alike(expected, shape):
    for made in _several(expected):
        assert re.fullmatch(shape, made)
        assert made != expected


def test_a_wrong_number_is_off_by_three_per_cent_or_more():
    for expected in ("118.4", "99", "2500", "0.125"):
        assert all(abs(float(made) / float(expected) - 1) >= 0.03 for made in _several(expected))


@pytest.mark.parametrize(
    ("expected", "made"),
    [("yes", {"no"}), ("Yes", {"No"}), ("TRUE", {"FALSE"}), ("是", {"否"}), ("b", {"a", "c", "d", "e"})],
)
def test_a_word_becomes_another_of_its_kind_in_the_same_case(expected, made):
    assert _several(expected) == made


def test_a_city_becomes_another_city():
    assert _several("Paris") <= {"London", "Madrid", "Berlin", "Rome", "Vienna", "Lisbon", "Tokyo"} | {
        "Lyon", "Beijing", "Canberra", "Sydney", "Ottawa", "Toronto", "Cairo",
    }  # fmt: skip


def test_a_sentence_with_a_number_keeps_all_but_the_number():
    for made in _several("The total is 42 euros."):
        assert re.fullmatch(r"The total is 4\d euros\.", made)


def test_an_unknown_chinese_word_becomes_chinese():
    assert all(re.fullmatch(r"[\u4e00-\u9fff]+", made) for made in _several("发票"))


@pytest.mark.parametrize("expected", ['{"total": 118.4, "paid": true, "who": {"name": "Ada"}}', '[1,2,{"a":null}]'])
def test_one_leaf_of_a_json_document_changes(expected):
    for made in _several(expected):
        before, after = _leaves(json.loads(expected)), _leaves(json.loads(made))
        assert [path for path, _ in before] == [path for path, _ in after]
        assert sum(old != new for (_, old), (_, new) in zip(before, after, strict=True)) == 1


def test_json_is_spelt_as_tightly_as_the_expected_one():
    assert all(" " not in made for made in _several('{"a":1,"b":"Paris"}'))
    assert all("\n  " in made for made in _several('{\n  "a": 1\n}'))


def test_an_empty_document_becomes_another_document():
    assert [json.loads(made) for made in _several("{}")] == [{"answer": None}]
    assert [json.loads(made) for made in _several("[]")] == [[None]]


@settings(deadline=None)
@given(st.text(min_size=1).filter(str.strip), st.integers(0, 5))
def test_right_and_wrong_never_contain_each_other(expected, seed):
    made = wrong(expected, Random(seed))
    assert expected.casefold().strip() not in made.casefold()
    assert made.casefold().strip() not in expected.casefold()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.lists(_JSON, max_size=3) | st.dictionaries(st.text(max_size=5), _JSON, max_size=3), st.integers(0, 5))
def test_a_wrong_document_is_another_document(document, seed):
    made = json.loads(wrong(json.dumps(document), Random(seed)))
    assert made != document
    assert type(made) is type(document)


def _leaves(document, path=()):
    if not isinstance(document, dict | list):
        return [(path, document)]
    items = document.items() if isinstance(document, dict) else enumerate(document)
    return [leaf for key, value in items for leaf in _leaves(value, (*path, key))]
