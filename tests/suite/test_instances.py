"""A case filled in."""

from __future__ import annotations

import pytest

from evalkit.suite.instances import instances, transform
from evalkit.suite.numbers import scalar
from evalkit.suite.parts import Case
from evalkit.suite.source import Document


def case(**fields) -> Case:
    return Case(**{"id": "a", "vars": {}, "places": Document("f", ""), **fields})


def test_templates_know_vars_matrix_expected_and_the_case():
    [instance] = instances(case(vars={"v": "{{ l }}{{ case.id }}"}, expected="{{ v }}!"), {"l": ("x",)})
    assert instance.variables == {"v": "xa[l=x]", "l": "x", "case": {"id": "a[l=x]"}, "expected": "xa[l=x]!"}
    assert (instance.id, instance.expected) == ("a[l=x]", "xa[l=x]!")


@pytest.mark.parametrize(
    ("expected", "value", "text"),
    [
        (None, None, None),
        ("Paris", "Paris", "Paris"),
        ("{{ n }}", 1.1, "1.10"),
        (["{{ n }}", "x"], [1.1, "x"], '[1.10, "x"]'),
        ({"a": "{{ n }}"}, {"a": 1.1}, '{"a": 1.10}'),
        (True, True, "true"),
    ],
)
def test_expected_keeps_its_type_and_is_written_as_spelt(expected, value, text):
    [instance] = instances(case(vars={"n": scalar("1.10")}, expected=expected), {})
    assert (instance.variables["expected"], instance.expected) == (value, text)


def test_a_case_without_a_matrix_keeps_its_id():
    assert [instance.id for instance in instances(case(), {})] == ["a"]


def test_a_transform_sees_the_answer_and_the_variables():
    [instance] = instances(case(vars={"n": 2}, transform="{{ output[:n] }}"), {})
    assert transform(instance)("abc") == "ab"
    [instance] = instances(case(), {})
    assert transform(instance) is None
