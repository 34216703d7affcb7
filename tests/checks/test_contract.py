"""What holds for every built-in check."""

from __future__ import annotations

import dataclasses

import pytest

from evalkit.checks.contract import listed, shown, written
from evalkit.registry import CHECKS

BUILT_IN = [
    "contains", "contains_all", "contains_any", "ends_with", "equals", "finish_reason", "icontains", "json",
    "json_schema", "max_cost_usd", "max_latency_s", "not", "number", "one_of", "regex", "starts_with",
]  # fmt: skip


def test_the_registry_knows_exactly_the_built_in_checks():
    assert list(CHECKS) == BUILT_IN


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_check_is_a_frozen_dataclass_with_slots_and_named_arguments(name):
    check = CHECKS[name]
    assert check.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(check))
    assert not any("__dict__" in vars(cls) for cls in check.__mro__)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_check_says_in_one_line_what_it_asks(name):
    first_line = CHECKS[name].__doc__.splitlines()[0]
    assert 20 < len(first_line) <= 120
    assert first_line.endswith((".", "…"))


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_argument_has_a_description(name):
    fields = dataclasses.fields(CHECKS[name])
    assert fields
    for field in fields:
        assert len(field.metadata["description"]) > 10, field.name
        assert field.init


def test_only_checks_of_circumstances_are_operational():
    plain = [name for name in CHECKS if name != "not"]
    assert [name for name in plain if CHECKS[name].operational] == ["finish_reason", "max_cost_usd", "max_latency_s"]
    assert [name for name in plain if CHECKS[name].blocking] == ["json_schema", "number", "regex"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Paris", "'Paris'"),
        ("", "''"),
        ("a\nb\u200b", r"'a\nb\u200b'"),
        ("x" * 1_000_000, f"'{'x' * 59}…'"),
        ("中" * 100, f"'{'中' * 29}…'"),
        ("it's", '"it\'s"'),
        ("\ud800", r"'\ud800'"),
        ('it\'s "so"', "'it's \"so\"'"),
        (r"C:\data\new", r"'C:\data\\new'"),  # \n alone would read as the end of a line
    ],
)
def test_a_reason_quotes_the_head_of_a_text_and_spells_what_cannot_be_seen(text, expected):
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"), [(r"\bINV-\d+\n", r"'\bINV-\d+\n'"), ("a\nb", r"'a\nb'"), ("x" * 99, f"'{'x' * 59}…'")]
)
def test_a_pattern_is_quoted_as_its_author_wrote_it(pattern, expected):
    assert written(pattern) == expected


def test_a_list_of_texts_names_the_first_few():
    assert listed(["a", "b"]) == "'a', 'b'"
    assert listed(list("abcdefg"), at_most=3) == "'a', 'b', 'c' and 4 more"
