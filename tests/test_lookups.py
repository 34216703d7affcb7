"""JMESPath: what finds nothing anywhere is refused before anything is sent."""

from __future__ import annotations

import pytest

from evalkit.lookups import JmesPath, LookupInvalid

BODY = {"data": {"text": "hi", "none": None, "parts": [{"t": "a"}, {"t": "b"}]}, "choices": ["x", "y"], "n": 0}


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("data.text", "hi"),
        ("data.none", None),
        ("data.absent.further", None),
        ("data.parts[].t", ["a", "b"]),
        ("data.parts[?t=='b'].t | [0]", "b"),
        ("choices[-1]", "y"),
        ("join(' ', choices)", "x y"),
        ("n", 0),
        ("not_null(absent, data.text)", "hi"),
        ("{text: data.text, n: n}", {"text": "hi", "n": 0}),
        ('"data"."text"', "hi"),
    ],
)
def test_an_expression_finds_what_stands_there(expression, found):
    lookup = JmesPath(expression)
    assert lookup(BODY) == found
    assert lookup.expression == expression


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "Invalid JMESPath expression: cannot be empty."),
        ("data.", "Parse error at column 5"),
        ("data[", "Incomplete expression"),
        ("'open", "Unclosed ' delimiter"),
        ("txt(data)", "it has no function 'txt'"),
        ("data[].txt(@) | [0]", "it has no function 'txt'"),
        ("length(a, b)", "length() takes 1 arguments, not 2"),
        ("not_null()", "not_null() takes 1 arguments, not 0"),
        ("(" * 5000 + "a", "recursion"),
    ],
)
def test_one_that_cannot_work_is_refused_at_once(expression, reason):
    with pytest.raises(LookupInvalid) as caught:
        JmesPath(expression)
    assert str(caught.value).startswith("no JMESPath: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_function_that_does_not_fit_the_body_is_a_value_error():
    with pytest.raises(ValueError, match="length"):
        JmesPath("length(n)")(BODY)
