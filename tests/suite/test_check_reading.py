"""Checks as suites write them, and what is said of those that are written wrong."""

from __future__ import annotations

import pytest

from evalkit.suite.check_reading import read_check
from evalkit.suite.source import Document
from evalkit.suite.validation import Mistakes


def read(text: str):
    """A check's spec and the problems of its reading, from what stands behind `- ` in a list."""
    document = Document("f", f"- {text}")
    mistakes = Mistakes(document)
    spec = read_check(document.value[0], mistakes, container=document.value, key=0)
    return spec, [str(problem) for problem in mistakes.problems]


@pytest.mark.parametrize(
    ("text", "name", "arguments", "weight"),
    [
        ("contains: Paris", "contains", {"text": "Paris"}, 1),
        ("contains: 1.10", "contains", {"text": 1.1}, 1),
        ("{contains: {text: Paris, ignore_case: true}}", "contains", {"text": "Paris", "ignore_case": True}, 1),
        ("{contains: Paris, weight: 2}", "contains", {"text": "Paris"}, 2),
        ("{contains: Paris, weight: 0}", "contains", {"text": "Paris"}, 0),
        ("json", "json", {}, 1),
        ("json:", "json", {}, 1),
        ("json: false", "json", {"valid": False}, 1),
        ("{json: {}}", "json", {}, 1),
        ("equals: [1, 2]", "equals", {"value": [1, 2]}, 1),
        ("equals: {a: 1}", "equals", {"value": {"a": 1}}, 1),
        ("equals: {value: 1, unit: m}", "equals", {"value": {"value": 1, "unit": "m"}}, 1),
        ("equals: {value: {a: 1}}", "equals", {"value": {"a": 1}}, 1),
        ("equals: {value: a, strip: true}", "equals", {"value": "a", "strip": True}, 1),
        ("json_schema: {type: object}", "json_schema", {"schema": {"type": "object"}}, 1),
        ("json_schema: true", "json_schema", {"schema": True}, 1),
        ("one_of: [a, 1.10]", "one_of", {"texts": ["a", 1.1]}, 1),
        ("finish_reason: stop", "finish_reason", {"reasons": "stop"}, 1),
        ("number: 5", "number", {"value": 5}, 1),
        ("number: '5'", "number", {"value": "5"}, 1),
    ],
)
def test_a_check_is_its_name_and_its_arguments(text, name, arguments, weight):
    spec, problems = read(text)
    assert problems == []
    assert (spec.name, spec.arguments, spec.weight) == (name, arguments, weight)
    assert spec.made is not None


def test_text_keeps_the_spelling_of_a_bare_number():
    assert read("contains: 1.10")[0].made.text == "1.10"
    assert read("one_of: [0123, true]")[0].made.texts == ["0123", "true"]
    assert read("equals: 1.10")[0].made.value == 1.1
    assert str(read("equals: 1.10")[0].made.value) == "1.10"


def test_a_check_may_hold_another():
    spec, problems = read("not: {contains: Lyon, weight: 3}")
    assert problems == []
    assert spec.arguments["check"].name == "contains"
    assert spec.made.check.text == "Lyon"
    assert read("not: {not: {not: json}}")[1] == []


def test_a_check_with_templates_is_not_made_before_its_trial():
    spec, problems = read("number: {value: '{{ expected }}', tolerance: 1}")
    assert problems == []
    assert spec.made is None
    assert spec.templates == ("{{ expected }}",)
    assert read("not: {contains: '{{ a }}'}")[0].templates == ("{{ a }}",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", "f:1:3: expected a check, such as 'contains: Paris', found '5'"),
        ("[contains]", "f:1:3: expected a check, such as 'contains: Paris', found a list"),
        ("", "f:1:2: expected a check, such as 'contains: Paris', found nothing"),
        ("{}", "f:1:3: a check is a mapping with one check's name; found none"),
        ("{weight: 1}", "f:1:3: a check is a mapping with one check's name; found none"),
        ("{contains: a, equals: b}",
         "f:1:3: a check is a mapping with one check's name; found 'contains', 'equals'"),
        ("contian: a", "f:1:3: unknown check 'contian'; did you mean 'contains'?"),
        ("contian", "f:1:3: unknown check 'contian'; did you mean 'contains'?"),
        ("contains", "f:1:3: check 'contains': 'text' is missing"),
        ("contains:", "f:1:12: check 'contains': 'text' is missing"),
        ("contains: ''", "f:1:13: check 'contains': an empty text would be found in every answer; "
                         "write the text to look for"),
        ("contains: [a]", "f:1:13: check 'contains': text: expected text, found a list"),
        ("contains: {txt: a}", "f:1:14: check 'contains': unknown argument 'txt'; did you mean 'text'?"),
        ("contains: {zzz: a}", "f:1:14: check 'contains': unknown argument 'zzz'; it takes text, ignore_case"),
        ("contains: {ignore_case: true}", "f:1:13: check 'contains': 'text' is missing"),
        ("contains: {text: [a]}", "f:1:20: check 'contains': text: expected text, found a list"),
        ("number: {value: abc}", "f:1:19: check 'number': value: expected a number, found 'abc'"),
        ("number: {value: .inf}", "f:1:19: check 'number': value: must be a finite number"),
        ("number: {value: 5, tolerance: -1}",
         "f:1:11: check 'number': tolerance must be a finite number of at least 0, not -1.0"),
        ("{number: 5, weight: -1}", "f:1:23: weight is a number of at least 0, found '-1'"),
        ("{number: 5, weight: true}", "f:1:23: weight is a number of at least 0, found true"),
        ("{number: 5, weight: .inf}", "f:1:23: weight is a number of at least 0, found 'inf'"),
        ("equals: {value: x, ignorecase: true}",
         "f:1:22: check 'equals': unknown argument 'ignorecase'; did you mean 'ignore_case'?"),
        ("json_schema: {type: nope}", None),
        ("one_of: []", "f:1:11: check 'one_of': the list of texts is empty; name at least one"),
        ("one_of: [a, [b]]", "f:1:11: check 'one_of': texts.1: expected text, found a list"),
        ("regex: '('", None),
        ("not: {contian: x}", "f:1:9: unknown check 'contian'; did you mean 'contains'?"),
        ("not: 5", "f:1:8: expected a check, such as 'contains: Paris', found '5'"),
        ("not", "f:1:3: check 'not': 'check' is missing"),
        ("not: contains", "f:1:8: check 'contains': 'text' is missing"),
        ("contains: '{{ a'",
         "f:1:13: check 'contains': template: unexpected end of template, expected 'end of print statement'."),
        ("number: {value: '{{ output | nope }}'}", "f:1:11: check 'number': template: No filter named 'nope'."),
        ("{contains: a, when: x}", "f:1:17: 'when' is not supported yet"),
        ("judge: {rubric: r}", "f:1:3: 'judge' is not supported yet"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_check_is_told_in_its_place(text, expected):
    spec, problems = read(text)
    if expected is None:
        assert len(problems) == 1
        assert problems[0].startswith(f"f:1:{3 + text.index(':') + 2}: check ")
    else:
        assert problems == [expected]
    assert spec is None or "yet" in problems[0]
