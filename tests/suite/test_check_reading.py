"""Checks as suites write them, and what is said of those that are written wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.suite.check_reading import read_check
from evalkit.suite.places import PathInvalid
from evalkit.suite.source import Document
from evalkit.suite.validation import Mistakes


def find_file(text: str) -> Path:
    if text != "checks/mine.py":
        raise PathInvalid(f"no such file: '{text}'")
    return Path("/root/checks/mine.py")


def read(text: str):
    """A check's spec and the problems of its reading, from what stands behind `- ` in a list."""
    document = Document("f", f"- {text}")
    mistakes = Mistakes(document)
    spec = read_check(document.value[0], mistakes, container=document.value, key=0, find_file=find_file)
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
    spec, problems = read("not: {contains: Lyon, threshold: 1}")
    assert problems == []
    assert spec.arguments["check"].name == "contains"
    assert spec.made.check.check.text == "Lyon"
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
        ("number: {value: abc}",
         "f:1:19: check 'number': value must be a number, or a text with one number in it, not 'abc'"),
        ("number: {value: .inf}",
         "f:1:19: check 'number': value must be a number, or a text with one number in it, not 'inf'"),
        ("number: {value: 5, tolerance: -1}",
         "f:1:33: check 'number': tolerance must be a finite number of at least 0, not -1.0"),
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
        ("all_of: {contains: a}",
         "f:1:12: check 'all_of': unknown argument 'contains'; 'all_of' takes a list: write '- contains: …' below it"),
        ("all_of: []", "f:1:11: check 'all_of': the list of checks is empty; name at least one"),
        ("any_of: [{contians: x}]", "f:1:13: unknown check 'contians'; did you mean 'contains'?"),
        ("at_least: {n: 3, checks: [json, json]}",
         "f:1:17: check 'at_least': n must lie between 1 and the number of checks, 2; it is 3"),
        ("at_least: {checks: [json, json]}", "f:1:13: check 'at_least': 'n' is missing"),
        ("not: {contains: Lyon, weight: 3}",
         "f:1:25: 'weight' has no meaning inside 'not': write it beside 'not'"),
        ("any_of: [json, {contains: a, metric: m}]",
         "f:1:32: 'metric' has no meaning inside 'any_of': write it beside 'any_of'"),
        ("{contains: a, when: x}", "f:1:23: when is a template, such as '{{ x }}', or true or false"),
        ("{contains: a, when: 5}",
         "f:1:23: when is a template, such as '{{ output | length > 20 }}', or true or false"),
        ("{contains: a, when: '{{ a'}",
         "f:1:23: when: template: unexpected end of template, expected 'end of print statement'."),
        ("{contains: a, metric: [b]}", "f:1:25: metric is a name, such as 'clarity', found a list"),
        ("{contains: a, metric: ' '}", "f:1:25: metric is a name, such as 'clarity', found ' '"),
        ("{contains: a, metric: '{{ b }}'}", "f:1:25: metric is a name, such as 'clarity', found '{{ b }}'"),
        ("{contains: a, threshold: 1.5}", "f:1:28: threshold is a number from 0 to 1, found '1.5'"),
        ("{contains: a, threshold: high}", "f:1:28: threshold is a number from 0 to 1, found 'high'"),
        ("python: gone.py:f", "f:1:11: check 'python': no such file: 'gone.py'"),
        ("python: checks/mine.py", "f:1:11: check 'python': name its function: checks/mine.py:function"),
        ("judge: {rubrik: r}", "f:1:11: check 'judge': unknown argument 'rubrik'; did you mean 'rubric'?"),
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


def test_what_stands_beside_a_check_is_kept():
    spec, problems = read("{contains: a, weight: 2, metric: clarity, threshold: 0.7, when: '{{ output }}'}")
    assert problems == []
    assert (spec.weight, spec.beside.metric, spec.beside.threshold) == (2, "clarity", 0.7)
    bound = spec.bind({})
    assert (bound.metric, bound.threshold, bound.in_score) == ("clarity", 0.7, True)
    assert (bound.when("yes"), bound.when("no")) == (True, False)


def test_what_stands_beside_a_check_may_be_left_empty():
    spec, problems = read("{contains: a, weight: , metric: , threshold: , when: }")
    assert problems == []
    assert spec.beside == read("contains: a")[0].beside


@pytest.mark.parametrize(
    ("text", "in_score"),
    [
        ("contains: a", True),
        ("max_latency_s: 5", False),
        ("{max_latency_s: 5, weight: 1}", True),
        ("not: {max_latency_s: 5}", False),
        ("all_of: [{max_latency_s: 5}, {finish_reason: stop}]", False),
        ("any_of: [{max_latency_s: 5}, json]", True),
    ],
)
def test_an_operational_check_is_in_the_score_only_where_it_is_given_a_weight(text, in_score):
    assert read(text)[0].bind({}).in_score is in_score


def test_checks_may_hold_lists_of_checks_in_each_other():
    spec, problems = read(
        "any_of: [{all_of: [json, {contains: '{{ a }}'}]}, {not: {at_least: {n: 1, checks: [json]}}}]"
    )
    assert problems == []
    assert spec.templates == ("{{ a }}",)
    assert [inner.name for inner in spec.nested] == ["all_of", "not"]
    assert spec.bind({"a": "x"}).bind("").checks[0].checks[1].text == "x"


def test_a_file_of_code_is_named_by_its_whole_path():
    spec, problems = read("not: {python: checks/mine.py:is_right}")
    assert problems == []
    assert [code for _, code in spec.code] == ["/root/checks/mine.py:is_right"]
    assert list(read("contains: a.py:f")[0].code) == []


@pytest.mark.parametrize("text", ["python: \"'{{ output }}' == 'a'\"", "python: '{{ code }}'"])
def test_no_template_stands_in_code(text):
    assert "no template stands in code, where it would make code of an answer" in read(text)[1][0]
