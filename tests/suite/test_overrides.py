"""`--set`: one value of a suite, changed for one run."""

from __future__ import annotations

import pytest

from evalkit.errors import UsageError
from evalkit.suite.overrides import override


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("a=1", {"a": 1, "list": [{"b": 1}, 2]}),
        ("new=x", {"a": {}, "list": [{"b": 1}, 2], "new": "x"}),
        ("a.b.c=no", {"a": {"b": {"c": "no"}}, "list": [{"b": 1}, 2]}),
        ("list.0.b=[1, 2]", {"a": {}, "list": [{"b": [1, 2]}, 2]}),
        ("list.1={c: d}", {"a": {}, "list": [{"b": 1}, {"c": "d"}]}),
        ("a=x=y", {"a": "x=y", "list": [{"b": 1}, 2]}),
        ("a=", {"a": None, "list": [{"b": 1}, 2]}),
        (" a = '1' ", {"a": "1", "list": [{"b": 1}, 2]}),
    ],
)
def test_a_value_is_set_where_the_dots_lead(text, changed):
    data = {"a": {}, "list": [{"b": 1}, 2]}
    override(data, text)
    assert data == changed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "--set takes KEY=VALUE, as in defaults.repeat=3; found 'a'"),
        ("=1", "--set takes KEY=VALUE, as in defaults.repeat=3; found '=1'"),
        ("a..b=1", "--set takes KEY=VALUE, as in defaults.repeat=3; found 'a..b=1'"),
        ("list.7=1", "--set list.7=1: nothing is called '7' there"),
        ("list.x.b=1", "--set list.x.b=1: nothing is called 'x' there"),
        ("list.1.b=1", "--set list.1.b=1: nothing is called 'b' there"),
        ("a=[", "--set a: not YAML: did not find expected node content (while parsing a flow node)"),
        ("a={b: 1, b: 2}", "--set a: duplicate key 'b': it stands on line 1 already"),
        ("a=\ud800", "--set a: character U+D800 is not allowed in YAML"),
    ],
)
def test_what_cannot_be_set_is_told(text, message):
    with pytest.raises(UsageError) as caught:
        override({"a": {}, "list": [{"b": 1}, 2]}, text)
    assert str(caught.value) == message
