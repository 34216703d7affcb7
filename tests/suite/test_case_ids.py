"""Ids of cases that name none."""

from __future__ import annotations

import pytest

from evalkit.suite.case_ids import CaseIds, content_id
from evalkit.suite.schema import CaseFile


def id_of(**case: object) -> str:
    return content_id(CaseFile.model_validate(case))


def words_of(**case: object) -> str:
    return id_of(**case).rpartition("-")[0]


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ({"vars": {"q": "What is the capital of France?"}}, "what-is-the-capital-of-france"),
        ({"vars": {"q": "One two three four five six seven eight"}}, "one-two-three-four-five-six"),
        ({"vars": {"q": "法国的首都是什么？"}}, "法国的首都是什么"),
        ({"vars": {"q": "Donaudampfschifffahrtsgesellschaftskapitän"}}, "donaudampfschifffahrtsgesellscha"),
        ({"vars": {"q": "…", "n": 7}}, "7"),
        ({"vars": {"rows": [1, 2], "q": "sum"}}, "sum"),
        ({"turns": [{"user": "My name is Ada."}]}, "my-name-is-ada"),
        ({"images": [{"url": "images/invoice_7.png"}]}, "invoice-7"),
        ({"files": ["docs/terms.pdf"]}, "terms"),
        ({}, "case"),
        ({"vars": {"q": " \n"}}, "case"),
    ],
)
def test_an_id_begins_with_the_words_that_tell_a_case_best(case, words):
    assert words_of(**case) == words


@pytest.mark.parametrize(
    "other",
    [
        {"vars": {"q": "b"}},
        {"vars": {"q": "a", "r": "b"}},
        {"vars": {"p": "a"}},
        {"vars": {"q": "A"}},
        {"vars": {"q": "a"}, "images": [{"url": "p.png"}]},
        {"vars": {"q": "a"}, "files": ["p.pdf"]},
        {"vars": {"q": "a"}, "turns": [{"user": "a"}]},
        {"vars": {"q": "a"}, "turns": [{"user": "b"}]},
    ],
)
def test_who_asks_something_else_has_another_id(other):
    assert id_of(**other) != id_of(vars={"q": "a"})


@pytest.mark.parametrize(
    "more", [{"expected": "x"}, {"tags": ["t"]}, {"checks": "none"}, {"repeat": 3}, {"threshold": 0.5}, {"xfail": "y"}]
)
def test_what_is_expected_and_how_it_is_checked_has_no_part_in_it(more):
    assert id_of(vars={"q": "a"}, **more) == id_of(vars={"q": "a"})


def test_the_order_of_vars_makes_no_other_case():
    assert id_of(vars={"a": "x", "b": "y"}).rpartition("-")[2] == id_of(vars={"b": "y", "a": "x"}).rpartition("-")[2]


def test_after_a_whole_pass_only_what_repeats_is_remembered():
    ids = CaseIds()
    first = ids.new_pass()
    assert [first.number(name) for name in ("a", "b", "a", "a")] == ["a", "b", "a-2", "a-3"]
    ids.ended(first)
    second = ids.new_pass()
    assert [second.number(name) for name in ("a", "b", "a", "a")] == ["a", "b", "a-2", "a-3"]
    assert len(second._counts) == 1
