"""The checks `json`, `json_schema` and `json_path`."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.checks.json_text import NotJSON, parse, parse_within, same
from evalkit.errors import CheckFailedToRun
from evalkit.registry import CHECKS


def json_values(children):
    return st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=4), children, max_size=4)


CATASTROPHE, BAIT = r"(a|aa)+$", "a" * 60 + "b"
INVOICE = {
    "type": "object",
    "required": ["total"],
    "properties": {"total": {"type": "number", "minimum": 0}, "currency": {"enum": ["EUR", "USD"]}},
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("answer", "valid"),
    [
        ("{}", True),
        (' \n{"a": [1, 2.5e3, null, true, "é"]}\t', True),
        ("5", True),
        ('"text"', True),
        ('{"a": 1, "a": 2}', True),
        ("1e400", True),
        (r'"\ud800"', True),
        ("[" + "1," * 300_000 + "1]", True),
        ("", False),
        ("Paris", False),
        ("{'a': 1}", False),
        ('{"a": 1,}', False),
        ('{"a": 1} and more', False),
        ("```json\n{}\n```", False),
        ("[NaN]", False),
        ("-Infinity", False),
        ("[" * 500_000, False),
        ("[" * 500_000 + "]" * 500_000, False),
        ('{"a":' * 200_000, False),
        ("9" * 5000, False),
        ("\ufeff{}", False),
        ('"a\nb"', False),
        ("x" * 1_000_000, False),
    ],
)
def test_json_reads_the_whole_answer_strictly(find, answer, valid):
    finding = find("json", answer)
    assert (finding.passed, finding.value) == (valid, float(valid))
    assert find("json", answer, valid=False).passed is not valid
    assert len(finding.reason) < 400


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("{'a': 1}", "Expecting property name enclosed in double quotes at line 1 column 2"),
        ("```json\n{}\n```", "Expecting value at line 1 column 1; it stands in a code fence"),
        ("[NaN]", "NaN is no JSON number"),
        ("[" * 500_000, "nested too deeply"),
        ("9" * 5000, "an integer has too many digits"),
    ],
)
def test_why_an_answer_is_not_json_is_said(answer, reason):
    with pytest.raises(NotJSON) as raised:
        parse(answer)
    assert str(raised.value) == reason


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [(1, 1.0, True), (1, True, False), (0, False, False), (None, 0, False), ("é", "e\u0301", True), ([], {}, False)],
)
def test_json_values_are_compared_by_their_json_types(one, other, equal):
    assert same(one, other) is equal
    assert same([{"k": one}], [{"k": other}]) is equal


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ('{"total": 118.4, "currency": "EUR"}', None),
        ("Paris", "not JSON: Expecting value at line 1 column 1; it begins 'Paris'"),
        ("", "not JSON: Expecting value at line 1 column 1; it begins ''"),
        ("{}", "$: 'total' is a required property"),
        ('{"total": "118"}', "$.total: '118' is not of type 'number'"),
        ('{"total": -1}', "$.total: -1 is less than the minimum of 0"),
        ('{"total": true}', "$.total: True is not of type 'number'"),
        ('{"total": 1, "währung": 2}', "$: Additional properties are not allowed ('währung' was unexpected)"),
        ('{"total": 1, "currency": "元"}', "$.currency: '元' is not one of ['EUR', 'USD']"),
        ("[" * 100_000, f"not JSON: nested too deeply; it begins '{'[' * 59}…'"),
    ],
)
def test_json_schema_names_the_place_and_what_is_wrong_there(find, answer, reason):
    finding = find("json_schema", answer, schema=INVOICE)
    assert finding.passed is (reason is None)
    assert finding.reason == (reason or "fits the schema")


@pytest.mark.parametrize(
    ("schema", "answer", "passed"),
    [
        (True, "5", True),
        (True, "x", False),
        (False, "5", False),
        ({"type": "string", "pattern": r"^\p{Han}+$"}, '"北京"', True),
        ({"type": "string", "pattern": r"^\p{Han}+$"}, '"Beijing"', False),
        ({"pattern": "^a"}, "5", True),
        ({"patternProperties": {"^x-": {"type": "integer"}}}, '{"x-a": 1, "b": "c"}', True),
        ({"patternProperties": {"^x-": {"type": "integer"}}}, '{"x-a": "1"}', False),
        ({"patternProperties": {"^x-": {}}}, "[]", True),
        ({"patternProperties": {"^x-": {}}, "additionalProperties": False}, '{"x-a": 1}', True),
        ({"patternProperties": {"^x-": {}}, "additionalProperties": False}, '{"a": 1}', False),
        (
            {"properties": {"a": {}}, "patternProperties": {"^x": {}}, "additionalProperties": {"type": "null"}},
            '{"a": 1, "x": 2, "b": null}',
            True,
        ),
        ({"properties": {"a": {}}, "unevaluatedProperties": False}, '{"a": 1}', True),
        ({"properties": {"a": {}}, "unevaluatedProperties": False}, '{"b": 1}', False),
        ({"uniqueItems": True}, '[1, true, "1", [1], [true], {"a": 1}, {"a": true}, {"b": 1}]', True),
        ({"uniqueItems": True}, "[1, 1.0]", False),
        ({"uniqueItems": True}, '[{"a": [1], "b": 2}, {"b": 2, "a": [1]}]', False),
        ({"uniqueItems": False}, "[1, 1]", True),
        ({"uniqueItems": True}, json.dumps([{"n": n} for n in range(50_000)]), True),
        ({"format": "email"}, '"no address"', True),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}, "5", True),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}, "5.5", False),
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, '{"type": "string"}', True),
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, '{"type": "text"}', False),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "maximum": 5, "exclusiveMaximum": True}, "5", False),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}]}, "[5]", False),
        ({"$id": "https://a.invalid/s", "$defs": {"n": {"$id": "n", "type": "null"}}, "$ref": "n"}, "null", True),
        ({"properties": {"$ref": {"type": "string"}, "pattern": {"type": "string"}}}, '{"pattern": "("}', True),
    ],
)
def test_json_schema_validates_the_answer(find, schema, answer, passed):
    assert find("json_schema", answer, schema=schema).passed is passed


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "objct"}, "$.type: 'objct' is not valid under any of the given schemas ('objct' is not one of"),
        ({"minLength": "x"}, "$.minLength: 'x' is not of type 'integer'"),
        ({"properties": []}, "$.properties: [] is not of type 'object'"),
        ({"items": [{"type": "string"}]}, "$.items:"),
        ({"properties": {"a": {"pattern": "("}}}, "'(' is no regular expression"),
        ({"allOf": [{"patternProperties": {"[": {}}}]}, "'[' is no regular expression"),
        ({"$ref": "#/$defs/missing"}, "$ref leads nowhere: /$defs/missing"),
        ({"items": {"$ref": "https://example.invalid/s.json"}}, "$ref leads nowhere: https://example.invalid/s.json"),
        ({"$id": "https://a.invalid/s", "$ref": "other.json"}, "$ref leads nowhere"),
        ({"$schema": "https://a.invalid/own"}, "unknown $schema 'https://a.invalid/own'"),
        ({"$schema": 5}, "unknown $schema 5"),
        ({"$defs": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}}, "only at the top"),
        ({"allOf": [{"patternProperties": {"a": {}}}], "unevaluatedProperties": False}, "not supported"),
        ({"const": float("nan")}, "not JSON compliant"),
        ({"const": {1, 2}}, "the schema is no JSON"),
    ],
)
def test_a_schema_that_is_none_is_refused_when_the_check_is_made(schema, reason):
    with pytest.raises(ValueError) as raised:
        CHECKS["json_schema"](schema=schema)
    assert reason in str(raised.value)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("schema", "answer"),
    [
        ({"pattern": CATASTROPHE}, BAIT),
        ({"patternProperties": {CATASTROPHE: {}}}, {BAIT: 1}),
        ({"patternProperties": {CATASTROPHE: {}}, "additionalProperties": False}, {BAIT: 1}),
        ({"items": {"pattern": CATASTROPHE}}, [BAIT] * 100),
        (
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "properties": {"next": {"$ref": "#"}, "name": {"pattern": CATASTROPHE}},
            },
            {"next": {"name": BAIT}},
        ),
    ],
)
def test_patterns_in_a_schema_are_stopped(find, schema, answer):
    with pytest.raises(CheckFailedToRun, match="ran out of time"):
        find("json_schema", json.dumps(answer), schema=schema)


def test_a_schema_that_refers_to_itself_endlessly_is_an_error_and_no_verdict(find):
    with pytest.raises(CheckFailedToRun, match="endlessly"):
        find("json_schema", "5", schema={"$ref": "#"})


def test_a_reference_found_broken_only_at_work_is_an_error_and_no_verdict(find):
    hidden = {"$ref": "#/x", "x": {"$ref": "#/y"}}
    with pytest.raises(CheckFailedToRun, match="leads nowhere: /y"):
        find("json_schema", "5", schema=hidden)


def test_a_long_answer_is_named_by_its_ends(find):
    finding = find("json_schema", json.dumps(["x" * 10] * 50_000), schema={"type": "object"})
    assert finding.reason.endswith("is not of type 'object'")
    assert len(finding.reason) < 300


def test_an_answer_wrong_in_every_item_is_named_by_one(find):
    finding = find("json_schema", json.dumps(list(range(100_000))), schema={"items": {"type": "string"}})
    assert re.fullmatch(r"\$\[(\d+)\]: \1 is not of type 'string'", finding.reason)


# --- JSON that does not stand alone ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "within", "value"),
    [
        ('{"a": 1}', "fence", {"a": 1}),
        ('{"a": 1}', "prose", {"a": 1}),
        ('```json\n{"a": 1}\n```', "fence", {"a": 1}),
        ("Here you are:\n\n```\n[1, 2]\n```\nHope this helps!", "fence", [1, 2]),
        ('```\n{"a": 1}\n```\nBetter:\n```\n{"a": 2}\n```', "fence", {"a": 2}),
        ('```\n{"a": 1}\n```\nRun it:\n```\nmake\n```', "fence", {"a": 1}),
        ('```json\n{"a": 1}', "fence", {"a": 1}),
        ("~~~json\n[]\n~~~", "fence", []),
        ('It is {"a": {"b": []}}.', "prose", {"a": {"b": []}}),
        ('See [1] and [2]: {"total": 118.4}', "prose", {"total": 118.4}),
        ('{a: 1} is no JSON, {"a": 1} is', "prose", {"a": 1}),
        ('<think>{"a": 0}</think>{"a": 1}', "prose", {"a": 1}),
        ('Draw "{" first. Then {"é": "}"} it is', "prose", {"é": "}"}),
        ('Fence:\n```json\n{"a": 1}\n```\nand [1, 2, 3, 4, 5, 6, 7, 8]', "prose", {"a": 1}),
        ("f(x) = \\frac{1}{2}, on [0, 1), and " * 200 + '{"a": 1}', "prose", {"a": 1}),
        ("lorem ipsum " * 90_000 + '{"a": 1}', "prose", {"a": 1}),
        ('{"x": "' + "a" * 1_000_000 + '"}', "prose", {"x": "a" * 1_000_000}),
        ("5", "whole", 5),
    ],
)
def test_json_is_found_where_it_may_stand(answer, within, value):
    assert parse_within(answer, within) == value


@pytest.mark.parametrize(
    ("answer", "within", "reason"),
    [
        ('```json\n{"a": 1}\n```', "whole", "it stands in a code fence"),
        ('It is {"a": 1}', "fence", "Expecting value"),
        ("```json\n{'a': 1}\n```", "fence", "in the code fence: Expecting property name"),
        ("The answer is 5", "prose", "no object or array in it"),
        ("", "prose", "no object or array in it"),
        ("[NaN] {", "prose", "no object or array in it"),
        ("see [a], {b} and {'c': 1}", "prose", "no object or array in it"),
    ],
)
def test_why_no_json_was_found_is_said(answer, within, reason):
    with pytest.raises(NotJSON, match=re.escape(reason)):
        parse_within(answer, within)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "answer",
    [
        "[" * 1_000_000, "[1," * 300_000, "{" * 1_000_000, '["' * 400_000, '{"a":' * 200_000, "[1] " * 250_000,
        "[" + "9" * 1_000_000, '{"a": ' + "[" * 900 + "x", "```\n" * 80_000, "[\n" * 300_000,
        '{"x":"' + "a" * 1_000_000,
    ],
)  # fmt: skip
def test_prose_full_of_brackets_is_read_in_linear_time(find, answer):
    find("json", answer, within="prose")


@given(st.recursive(st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8), json_values))
def test_an_object_is_found_in_any_prose_around_it(value):
    whole = {"answer": value}
    assert parse_within(f"Well: {json.dumps(whole)}. That is all.", "prose") == whole
    assert parse_within(f"Well:\n```json\n{json.dumps(whole, indent=1)}\n```\n", "fence") == whole


@pytest.mark.parametrize(
    ("answer", "arguments", "passed"),
    [
        ('```json\n{"total": 1}\n```', {"schema": INVOICE, "within": "fence"}, True),
        ('```json\n{"total": -1}\n```', {"schema": INVOICE, "within": "fence"}, False),
        ('Total: {"total": 1} EUR', {"schema": INVOICE, "within": "prose"}, True),
        ('Total: {"total": 1} EUR', {"schema": INVOICE}, False),
    ],
)
def test_json_schema_looks_where_it_may(find, answer, arguments, passed):
    assert find("json_schema", answer, **arguments).passed is passed


# --- json_path ---------------------------------------------------------------------------------------------------

ORDER = json.dumps(
    {"total": 118.4, "currency": "EUR", "paid": False, "note": None, "items": [{"n": "a", "p": 5}, {"n": "é", "p": 20}]}
)


def inner(name, **arguments):
    return CHECKS[name](**arguments)


@pytest.mark.parametrize(
    ("answer", "path", "check", "passed"),
    [
        (ORDER, "total", None, True),
        (ORDER, "paid", None, True),
        (ORDER, "note", None, False),
        (ORDER, "absent.further", None, False),
        (ORDER, "items[?p > `100`]", None, False),
        (ORDER, "currency", inner("equals", value="EUR"), True),
        (ORDER, "currency", inner("equals", value="USD"), False),
        (ORDER, "total", inner("number", value=118.4), True),
        (ORDER, "paid", inner("equals", value=False), True),
        (ORDER, "items[*].n", inner("list_equals", items=["a", "é"]), True),
        (ORDER, "items[?p > `10`].n | [0]", inner("equals", value="é"), True),
        (ORDER, "length(items)", inner("equals", value=2), True),
        (ORDER, "items[1]", inner("json_path", path="p", check=inner("equals", value=20)), True),
        (ORDER, "absent", inner("not", check=inner("contains", text="x")), False),
        (ORDER, "length(total)", None, False),
        ("Paris", "total", None, False),
        ("", "total", None, False),
        ("[" * 100_000, "[0]", None, False),
        (json.dumps(["x" * 1_000_000]), "[0]", inner("contains", text="x"), True),
        ('{"größe": "北京"}', '"größe"', inner("equals", value="北京"), True),
    ],
)
def test_json_path_hands_what_it_finds_to_the_inner_check(find, answer, path, check, passed):
    finding = find("json_path", answer, path=path, check=check)
    assert finding.passed is passed, finding.reason
    assert len(finding.reason) < 400


@pytest.mark.parametrize(
    ("path", "check", "reason"),
    [
        ("currency", inner("equals", value="USD"), "at 'currency': answered 'EUR', expected 'USD'"),
        ("total", None, "'total' finds '118.4'"),
        ("x", None, "'x' finds nothing in"),
        ("length(total)", None, "'length(total)' does not fit the answer"),
    ],
)
def test_json_path_says_where_it_looked(find, path, check, reason):
    assert find("json_path", ORDER, path=path, check=check).reason.startswith(reason)


def test_json_path_finds_its_json_in_prose(find):
    assert find("json_path", f"Here: {ORDER}", path="total", within="prose").passed
    assert not find("json_path", f"Here: {ORDER}", path="total").passed


@pytest.mark.parametrize("path", ["", "a..b", "a[", "nosuch(a)", "length()"])
def test_a_path_that_can_find_nothing_is_refused(path):
    with pytest.raises(ValueError, match="no JMESPath"):
        CHECKS["json_path"](path=path)


def test_an_error_of_the_inner_check_stays_one(find):
    with pytest.raises(CheckFailedToRun, match="cost unknown"):
        find("json_path", ORDER, path="total", check=inner("max_cost_usd", usd=1))
