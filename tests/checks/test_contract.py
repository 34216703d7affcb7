"""What holds for every built-in check."""

from __future__ import annotations

import contextlib
import dataclasses
import sys

import pytest

from evalkit.checks.contract import listed, require_share, shown, written
from evalkit.checks.jury import Jury
from evalkit.registry import CHECKS, missing_extra

OURS = [name for name in CHECKS if CHECKS[name].__module__.startswith("evalkit.checks.")]
COMPOSED = {"not", "all_of", "any_of", "at_least"}
"""Operational and blocking as their parts are."""
PLAIN = {name for name in OURS if name not in COMPOSED}
OPERATIONAL = {
    "finish_reason", "max_cost_usd", "max_latency_s", "max_output_tokens", "max_reasoning_tokens", "max_ttft_s",
}  # fmt: skip
NAMES = {
    "equals", "contains", "icontains", "starts_with", "ends_with", "contains_any", "contains_all", "one_of", "regex",
    "word_count", "char_count", "similarity", "rouge", "bleu", "chrf", "is_refusal",
    "json", "json_schema", "json_path", "yaml", "xml", "code_block",
    "choice", "number", "set_equals", "list_equals", "f1", "exact_match",
}  # fmt: skip
"""Of texts, of structure, of answers."""


def test_the_registry_knows_the_checks_that_suites_are_promised():
    assert set(CHECKS) >= NAMES | OPERATIONAL | COMPOSED


@pytest.mark.parametrize("name", OURS)
def test_a_check_is_a_frozen_dataclass_with_slots_and_named_arguments(name):
    check = CHECKS[name]
    assert check.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(check))
    # A judge joins two bases, its own first argument before what all judges take; those cannot both have slots.
    assert issubclass(check, Jury) or not any("__dict__" in vars(cls) for cls in check.__mro__)


@pytest.mark.parametrize("name", OURS)
def test_a_check_says_in_one_line_what_it_asks(name):
    first_line = CHECKS[name].__doc__.splitlines()[0]
    assert 20 < len(first_line) <= 120
    assert first_line.endswith((".", "…"))


@pytest.mark.parametrize("name", OURS)
def test_every_argument_has_a_description(name):
    fields = dataclasses.fields(CHECKS[name])
    assert fields
    for field in fields:
        assert len(field.metadata["description"]) > 10, field.name
        assert field.init


def test_only_checks_of_circumstances_are_operational():
    assert {name for name in PLAIN if CHECKS[name].operational is True} == OPERATIONAL


@pytest.mark.parametrize(("name", "missing"), [("bleu", True), ("chrf", True), ("rouge", False), ("contains", False)])
def test_a_check_whose_package_is_not_there_names_its_extra(name, missing, monkeypatch):
    assert missing_extra(CHECKS[name]) is None
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    assert str(missing_extra(CHECKS[name]) or "") == ("evalkit-harness[metrics]" if missing else "")


@pytest.mark.parametrize(("value", "fine"), [(0, True), (1, True), (0.5, True), (-0.1, False), (1.01, False)])
def test_a_share_lies_between_0_and_1(value, fine):
    with contextlib.nullcontext() if fine else pytest.raises(ValueError, match=r"^threshold must lie between 0 and 1"):
        require_share("threshold", value)


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
