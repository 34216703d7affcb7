"""Plain data against a section: findings in an author's words."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from evalkit.suite.numbers import scalar
from evalkit.suite.schema import PositiveInt, Section, Text
from evalkit.suite.source import Document
from evalkit.suite.validation import Mistakes, compile_template, describe, validate, validate_items


class Inner(Section):
    shorthand = "word"
    later = frozenset({"soon"})
    word: Text


class Outer(Section):
    later = frozenset({"soon"})
    needed: Text
    number: PositiveInt = 1
    choice: Literal["red", "green"] = "red"
    inner: list[Inner] = []  # noqa: RUF012
    by_name: dict[str, Inner] = {}  # noqa: RUF012
    anything: Any = None


def check(text: str) -> tuple[Outer | None, list[str]]:
    document = Document("f", text)
    mistakes = Mistakes(document)
    return validate(Outer, document.value, mistakes), [str(problem) for problem in mistakes.problems]


def test_good_data_becomes_a_section():
    outer, problems = check("{needed: 1.10, inner: [a, {word: b}, 5], by_name: {k: v}, x-note: 1, number: }")
    assert problems == []
    assert (outer.needed, outer.number, [inner.word for inner in outer.inner], outer.by_name["k"].word) == (
        "1.10", 1, ["a", "b", "5"], "v",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", ["f:1:1: 'needed' is missing"]),
        ("{needed: }", ["f:1:10: 'needed' is missing"]),
        ("{needed: [a]}", ["f:1:10: expected text, found a list"]),
        ("{needed: a, number: 0}", ["f:1:21: must be greater than or equal to 1"]),
        ("{needed: a, number: 2.0}", ["f:1:21: expected a whole number, found '2.0'"]),
        ("{needed: a, number: '2'}", ["f:1:21: expected a whole number, found '2'"]),
        ("{needed: a, choice: gren}", ["f:1:21: expected 'red' or 'green', found 'gren'; did you mean 'green'?"]),
        ("{needed: a, inner: [{}]}", ["f:1:21: 'word' is missing"]),
        ("{needed: a, inner: [{word: {}}]}", ["f:1:28: expected text, found a mapping"]),
        ("{needed: a, inner: [[]]}", ["f:1:21: expected a mapping, found a list"]),
        ("{needed: a, inner: [null]}", ["f:1:21: expected text, found nothing"]),
        ("{needed: a, by_name: {k: {wrod: x}}}", [
            "f:1:27: unknown key 'wrod'; did you mean 'word'?", "f:1:26: 'word' is missing",
        ]),
        ("{soon: 1}", ["f:1:2: 'soon' is not supported yet"]),
        ("{needed: a, inner: [{soon: 1}], number: 0}", [
            "f:1:22: 'soon' is not supported yet", "f:1:41: must be greater than or equal to 1",
        ]),
        ("{needed: a, zzz: 1}", [
            "f:1:13: unknown key 'zzz'; known here: anything, by_name, choice, inner, needed, number",
        ]),
        ("[]", ["f:1:1: expected a mapping, found a list"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_an_author_s_words(text, expected):
    assert check(text)[1] == expected


def test_a_mistake_in_one_item_hides_no_other():
    document = Document("f", "items: [a, {word: []}, b, {}]")
    mistakes = Mistakes(document)
    read = validate_items(Inner, document.value, "items", mistakes)
    assert [(index, inner.word) for index, inner in read] == [(0, "a"), (2, "b")]
    assert [str(problem) for problem in mistakes.problems] == [
        "f:1:19: expected text, found a list",
        "f:1:27: 'word' is missing",
    ]


@pytest.mark.parametrize(
    ("text", "least", "expected"),
    [
        ("items: 5", 0, ["f:1:8: expected a list, found '5'"]),
        ("items: []", 1, ["f:1:8: must not be empty"]),
        ("items: []", 0, []),
        ("items: ", 1, []),
        ("other: 1", 1, []),
    ],
)
def test_what_is_no_list_is_told(text, least, expected):
    document = Document("f", text)
    mistakes = Mistakes(document)
    assert validate_items(Inner, document.value, "items", mistakes, at_least=least) == []
    assert [str(problem) for problem in mistakes.problems] == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"), ({}, "a mapping"), ([], "a list"), (True, "true"), (False, "false"), (5, "'5'"),
        (scalar("1.10"), "'1.10'"), ("x", "'x'"), ("", "''"), ("x" * 50, f"'{'x' * 39}…'"),
    ],
)  # fmt: skip
def test_a_value_is_described_as_its_author_wrote_it(value, words):
    assert describe(value) == words


def test_a_template_that_does_not_compile_is_noted_in_its_place():
    document = Document("f", "a: '{{ x'\nb: '{{ x }}'\n")
    mistakes = Mistakes(document)
    for key in "ab":
        compile_template(document.value[key], mistakes, document.value, key)
    [problem] = mistakes.problems
    assert str(problem).startswith("f:1:4: template: ")
