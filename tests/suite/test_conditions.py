"""`when:` beside a check."""

from __future__ import annotations

import pytest

from evalkit.suite.conditions import When, is_true
from evalkit.suite.templates import TemplateInvalid


@pytest.mark.parametrize(
    "value", ["", " ", "0", "false", "False", "FALSE\n", "no", "none", "null", "off", 0, 0.0, None, False, [], {}]
)
def test_what_says_no_is_false(value):
    assert is_true(value) is False


@pytest.mark.parametrize("value", ["yes", "true", "1", "x", "00", "否", "false?", 1, -0.5, True, [0], {"a": 0}])
def test_all_else_is_true(value):
    assert is_true(value) is True


@pytest.mark.parametrize(
    ("given", "output", "holds"),
    [
        ("{{ output | length > 3 }}", "four", True),
        ("{{ output | length > 3 }}", "two", False),
        ("{{ output }}", "", False),
        (" {{ output == 'a' }} ", "b", False),
        ("{% if output %}yes{% endif %}", "", False),
        ("{{ tags and 'x' in tags }}", "", True),
        ("{{ n }}", "", False),
        ("{{ word }}", "", False),
        (True, "", True),
        (False, "anything", False),
    ],
)
def test_a_condition_is_judged_on_the_answer_and_the_variables(given, output, holds):
    assert When(given).condition({"tags": ["x"], "n": 0, "word": "No"})(output) is holds


def test_a_condition_that_cannot_be_rendered_says_why():
    with pytest.raises(TemplateInvalid, match="no variable 'nope'"):
        When("{{ nope }}").condition({})("x")
