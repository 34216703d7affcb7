"""What the model asked to be called."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import CheckFailedToRun
from evalkit.registry import CHECKS
from evalkit.types import Context, Response, ToolCall, Usage


def call(name, arguments="{}"):
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return ToolCall(id="t", name=name, arguments=text)


def find(calls, **arguments):
    response = Response(
        text="", model="m", finish_reason="tool_calls", outcome="ok", usage=Usage(), tool_calls=tuple(calls)
    )
    return CHECKS["tool_call"](**arguments).find(Context(output="", response=response))


WEATHER = call("weather", {"city": "Paris", "days": 3, "units": {"temperature": "C", "wind": "m/s"}})
SEARCH, OPEN = call("search", {"q": "Pa\u0301ris"}), call("open", {"urls": ["a", "b"]})


@pytest.mark.parametrize(
    ("calls", "wanted", "passed"),
    [
        ([WEATHER], {}, True),
        ([], {}, False),
        ([WEATHER], {"name": "weather"}, True),
        ([SEARCH, WEATHER], {"name": "weather"}, True),
        ([SEARCH], {"name": "weather"}, False),
        ([], {"name": "weather"}, False),
        ([call("Weather")], {"name": "weather"}, False),
        ([call("天气", {"城市": "巴黎"})], {"name": "天气", "arguments": {"城市": "巴黎"}}, True),
        ([], {"none": True}, True),
        ([WEATHER], {"none": True}, False),
    ],
)
def test_a_call_is_known_by_its_name(calls, wanted, passed):
    finding = find(calls, **wanted)
    assert (finding.passed, finding.value) == (passed, float(passed))


@pytest.mark.parametrize(
    ("arguments", "exact", "passed"),
    [
        ({"city": "Paris"}, False, True),
        ({"city": "Lyon"}, False, False),
        ({"city": "Paris", "days": 3.0}, False, True),
        ({"days": "3"}, False, False),
        ({"days": True}, False, False),
        ({"units": {"wind": "m/s"}}, False, True),
        ({"units": {"wind": "km/h"}}, False, False),
        ({"units": {"rain": "mm"}}, False, False),
        ({"country": "France"}, False, False),
        ({}, False, True),
        ({"city": "Paris"}, True, False),
        ({"city": "Paris", "days": 3, "units": {"temperature": "C"}}, True, False),
        ({"city": "Paris", "days": 3, "units": {"wind": "m/s", "temperature": "C"}}, True, True),
        ({}, True, False),
    ],
)
def test_its_arguments_are_among_those_of_the_call_or_all_of_them(arguments, exact, passed):
    assert find([WEATHER], name="weather", arguments=arguments, exact=exact).passed is passed
    assert find([SEARCH, WEATHER], arguments=arguments, exact=exact).passed is passed


def test_lists_are_compared_item_by_item_and_texts_by_what_they_show():
    assert find([OPEN], arguments={"urls": ["a", "b"]}).passed
    for other in (["a"], ["b", "a"], ["a", "b", "c"], [], "a"):
        assert not find([OPEN], arguments={"urls": other}).passed
    assert find([call("f", {"of": [{"a": 1, "b": 2}]})], arguments={"of": [{"a": 1}]}).passed
    assert find([SEARCH], arguments={"q": "Páris"}).passed


@pytest.mark.parametrize(
    "written", ["", "{", "city=Paris", "{'city': 'Paris'}", "[1, 2", "NaN", "\ud800", "x" * 1_000_000, "[" * 100_000]
)
def test_arguments_that_are_no_json_are_wrong_and_no_error(written):
    finding = find([call("f", written)], name="f", arguments={"city": "Paris"})
    assert not finding.passed
    assert len(finding.reason) < 400
    assert find([call("f", written)], name="f").passed


@pytest.mark.parametrize(
    ("schema", "passed"),
    [
        ({"required": ["city"]}, True),
        ({"properties": {"city": {"enum": ["Paris", "Lyon"]}}}, True),
        ({"properties": {"city": {"const": "Lyon"}}}, False),
        ({"properties": {"days": {"type": "integer", "maximum": 5}}}, True),
        ({"properties": {"days": {"type": "integer", "maximum": 2}}}, False),
        ({"required": ["country"]}, False),
        ({"additionalProperties": False}, False),
        ({}, True),
    ],
)
def test_its_arguments_fit_a_schema(schema, passed):
    assert find([WEATHER], schema=schema).passed is passed


def test_no_arguments_at_all_are_an_empty_mapping():
    assert find([call("now", "")], name="now", arguments={}, exact=True).passed
    assert find([call("now", " ")], name="now", schema={"type": "object", "maxProperties": 0}).passed


@pytest.mark.parametrize(
    ("count", "wanted", "passed"),
    [
        (1, {"name": "search"}, True),
        (2, {"name": "search"}, False),
        (0, {"name": "search"}, False),
        (0, {"name": "close"}, True),
        (3, {}, True),
        (2, {}, False),
        (0, {}, False),
        (1, {"arguments": {"city": "Paris"}}, True),
        (1, {"name": "weather", "arguments": {"city": "Lyon"}}, False),
    ],
)
def test_so_many_calls_fit_and_no_more(count, wanted, passed):
    assert find([SEARCH, WEATHER, OPEN], count=count, **wanted).passed is passed


@pytest.mark.parametrize(
    ("calls", "order", "more", "passed"),
    [
        ([SEARCH, OPEN], ["search", "open"], {}, True),
        ([OPEN, SEARCH], ["search", "open"], {}, False),
        ([SEARCH, WEATHER, OPEN], ["search", "open"], {}, True),
        ([SEARCH, WEATHER, OPEN], ["search", "open"], {"count": 3}, True),
        ([SEARCH, WEATHER, OPEN], ["search", "open"], {"count": 2}, False),
        ([SEARCH], ["search", "open"], {}, False),
        ([], ["search"], {}, False),
        ([SEARCH, SEARCH], ["search", "search"], {}, True),
        ([SEARCH], ["search", "search"], {}, False),
        ([SEARCH, OPEN], [{"name": "search", "arguments": {"q": "Páris"}}, "open"], {}, True),
        ([SEARCH, OPEN], [{"name": "search", "arguments": {"q": "x"}}, "open"], {}, False),
        ([SEARCH, OPEN], [{"schema": {"required": ["q"]}}, {"arguments": {"urls": ["a", "b"]}, "exact": True}], {},
         True),
    ],
)  # fmt: skip
def test_calls_come_in_order(calls, order, more, passed):
    assert find(calls, order=order, **more).passed is passed


@pytest.mark.parametrize(
    ("calls", "wanted", "reason"),
    [
        ([], {"name": "f"}, "called nothing"),
        ([], {"none": True}, "called nothing"),
        ([SEARCH], {"none": True}, "called 'search', where nothing is wanted"),
        ([SEARCH, OPEN], {"name": "f"}, "called 'search', 'open'"),
        ([WEATHER], {"arguments": {"city": "Lyon"}}, "called 'weather'; city: \"Paris\" is not \"Lyon\""),
        ([WEATHER], {"arguments": {"units": {"rain": 1}}}, "called 'weather'; units: 'rain' is missing"),
        ([SEARCH, WEATHER], {"name": "weather", "arguments": {"city": "Paris"}, "exact": True},
         "called 'search', 'weather'; 'days', 'units' should not be there"),
        ([call("f", {"a": [1, {"b": 2}]})], {"arguments": {"a": [1, {"b": 3}]}}, "called 'f'; a[1].b: 2 is not 3"),
        ([call("f", "{")], {"arguments": {"a": 1}}, "called 'f'; its arguments are not JSON: Expecting property name "
         "enclosed in double quotes at line 1 column 2; they begin '{'"),
        ([SEARCH, SEARCH], {"name": "search", "count": 1}, "2 fit, 1 needed: called 'search', 'search'"),
        ([OPEN, SEARCH], {"order": ["search", "open"]},
         "1 of 2 came in order, then 'open' is missing: called 'open', 'search'"),
        ([SEARCH, OPEN], {"order": ["search"], "count": 1}, "2 calls, 1 needed: called 'search', 'open'"),
    ],
)  # fmt: skip
def test_the_reason_says_what_was_called_and_what_was_wrong(calls, wanted, reason):
    assert find(calls, **wanted).reason == reason


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"name": "none"}, r"write {none: true} where nothing may be called"),
        ({"none": True, "name": "f"}, "none stands alone"),
        ({"none": True, "count": 1}, "none stands alone"),
        ({"none": True, "order": ["f"]}, "none stands alone"),
        ({"order": ["f"], "name": "g"}, "order describes the calls itself"),
        ({"order": ["f", "g"], "count": 1}, r"count \(1\) is less than the 2 calls in order"),
        ({"count": -1}, "count must be at least 0, not -1"),
        ({"exact": True}, "exact compares the arguments"),
        ({"schema": {"type": "nope"}}, "no JSON Schema"),
        ({"order": [{"nmae": "f"}]}, "unknown key 'nmae'; did you mean 'name'?"),
        ({"order": [{"zzz": "f"}]}, "unknown key 'zzz'; a call in order has name, arguments, exact, schema"),
        ({"order": [{"name": 5}]}, "name is text"),
        ({"order": [{"arguments": "x"}]}, "arguments and schema are mappings"),
        ({"order": [{"schema": {"type": "nope"}}]}, "no JSON Schema"),
    ],
)
def test_what_makes_no_sense_is_refused(wanted, complaint):
    with pytest.raises(ValueError, match=complaint):
        CHECKS["tool_call"](**wanted)


def test_a_pattern_in_a_schema_is_stopped_beside_the_event_loop():
    schema = {"properties": {"a": {"pattern": "(a|aa)+$"}}}
    check = CHECKS["tool_call"](schema=schema)
    assert check.blocking
    assert not CHECKS["tool_call"](name="f").blocking
    assert not check.operational
    with pytest.raises(CheckFailedToRun, match="ran out of time"):
        find([call("f", {"a": "a" * 60 + "b"})], schema=schema)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
mappings = st.dictionaries(st.text(max_size=3), values, max_size=4)


@given(mappings)
def test_arguments_are_among_themselves_and_exactly_themselves(arguments):
    assert find([call("f", arguments)], arguments=arguments).passed
    assert find([call("f", arguments)], arguments=arguments, exact=True).passed


@given(mappings, st.data())
def test_what_is_left_of_them_is_among_them_and_not_all(arguments, data):
    left = data.draw(st.sampled_from(sorted(arguments) or [None]))
    fewer = {key: value for key, value in arguments.items() if key != left}
    assert find([call("f", arguments)], arguments=fewer).passed
    assert find([call("f", arguments)], arguments=fewer, exact=True).passed is (fewer == arguments)
    assert find([call("f", fewer)], arguments=arguments).passed is (fewer == arguments)
