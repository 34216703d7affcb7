"""Checks between their YAML and an answer: when each is made, and of what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from evalkit.registry import CHECKS
from evalkit.suite.beside import Beside
from evalkit.suite.checking import ArgumentInvalid, arguments_model, make_check, signature, specify
from evalkit.suite.templates import TemplateInvalid
from evalkit.types import Check, Context, Finding


@dataclass(frozen=True)
class Sample:
    """A check with every kind of argument."""

    operational: ClassVar[bool] = True
    blocking: ClassVar[bool] = False

    text: str
    number: float = 1.5
    names: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    schema: dict[str, Any] | None = None

    def find(self, context: Context) -> Finding:
        raise NotImplementedError


@pytest.fixture
def sample(monkeypatch) -> type[Sample]:
    """The check, registered for one test."""
    assert "equals" in CHECKS  # loads the built-in ones
    monkeypatch.setitem(CHECKS._entries, "sample", Sample)
    yield Sample
    signature.cache_clear()
    arguments_model.cache_clear()


def test_arguments_are_what_the_fields_of_a_check_say(sample):
    takes = signature("sample")
    assert list(takes.hints) == ["text", "number", "names", "checks", "schema"]
    assert (takes.first, takes.required, takes.mapping_first) == ("text", {"text"}, False)
    assert make_check("sample", {"text": 5}) == Sample(text="5")
    inner = make_check("equals", {"value": 1})
    assert make_check("sample", {"text": "a", "number": 2, "names": [1], "checks": [inner], "schema": {}}) == Sample(
        "a", 2.0, ["1"], [inner], {}
    )


def test_defaults_are_not_shared(sample):
    assert make_check("sample", {"text": "a"}).names is not make_check("sample", {"text": "a"}).names


@pytest.mark.parametrize(
    ("arguments", "message", "argument"),
    [
        ({"text": ["a"]}, "text: expected text, found a list", "text"),
        ({"text": "a", "number": "much"}, "number: expected a number, found 'much'", "number"),
        ({"text": "a", "number": float("nan")}, "number: must be a finite number", "number"),
        ({"text": "a", "names": "b"}, "names: expected a list, found 'b'", "names"),
        ({"text": "a", "names": ["b", None]}, "names.1: expected text, found nothing", "names"),
    ],
)
def test_a_wrong_argument_is_named(sample, arguments, message, argument):
    with pytest.raises(ArgumentInvalid) as caught:
        make_check("sample", arguments)
    assert (str(caught.value), caught.value.argument) == (message, argument)


def test_what_a_check_refuses_itself_is_an_invalid_argument():
    with pytest.raises(ArgumentInvalid, match="an empty text would be found in every answer"):
        make_check("contains", {"text": ""})


def test_a_check_without_templates_is_made_once():
    spec = specify("contains", {"text": "a"}, beside=Beside(weight=2))
    bound = spec.bind({})
    assert (bound.name, bound.weight) == ("contains", 2)
    assert bound.bind("x") is bound.bind("y") is spec.made


def test_a_check_with_templates_is_made_for_its_trial():
    spec = specify("contains", {"text": "{{ a }}"})
    bound = spec.bind({"a": 1})
    assert bound.bind("x").text == "1"
    assert bound.bind("x") is bound.bind("y")
    with pytest.raises(TemplateInvalid, match="no variable 'a'"):
        spec.bind({})


def test_a_check_that_speaks_of_the_output_is_made_for_each_answer():
    spec = specify("contains", {"text": "{{ output | length }}"})
    bound = spec.bind({})
    assert [bound.bind(output).text for output in ("abc", "")] == ["3", "0"]
    assert spec.speaks_of("output")


def test_a_sole_expression_hands_its_value_to_the_check():
    spec = specify("one_of", {"texts": "{{ right }}"})
    assert spec.bind({"right": ["a", 1]}).bind("").texts == ["a", "1"]
    with pytest.raises(ArgumentInvalid, match="texts: expected a list, found 'a'"):
        spec.bind({"right": "a"})


def test_a_check_inside_a_check_gets_the_same_variables():
    inner = specify("contains", {"text": "{{ a }}"})
    outer = specify("not", {"check": inner})
    assert outer.bind({"a": "x"}).bind("").check.text == "x"
    assert outer.templates == ("{{ a }}",)


def test_a_check_around_an_operational_one_is_operational(sample):
    assert specify("sample", {"text": "a"}).operational
    latency = specify("max_latency_s", {"seconds": 1})
    assert specify("not", {"check": latency}).operational
    assert not specify("contains", {"text": "a"}).operational
