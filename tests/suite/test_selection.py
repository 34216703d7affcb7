"""What of a suite is run."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from evalkit.errors import UsageError
from evalkit.suite.parts import Case
from evalkit.suite.selection import Selection, choose
from evalkit.suite.source import Document


def case(case_id: str, *tags: str) -> Case:
    return Case(id=case_id, vars={}, tags=tags, places=Document("f", ""))


@pytest.mark.parametrize(
    ("patterns", "takes"),
    [
        ((), True),
        (("capital",), True),
        (("CAPITAL",), True),
        (("france",), True),
        (("spain", "france"), True),
        (("capital-*",), True),
        (("*of?france",), True),
        (("spain",), False),
        (("france*",), False),
        (("capital-of-franc?e",), False),
    ],
)
def test_a_case_is_chosen_by_a_part_of_its_id_or_a_pattern(patterns, takes):
    assert Selection(cases=patterns).takes(case("capital-of-France")) is takes


def test_brackets_of_an_id_are_no_pattern():
    assert Selection(cases=("a[1]",)).takes(case("a[1]"))


@pytest.mark.parametrize(("tags", "takes"), [((), True), (("x",), True), (("z", "y"), True), (("z",), False)])
def test_a_case_is_chosen_by_any_of_its_tags(tags, takes):
    assert Selection(tags=tags).takes(case("a", "x", "y")) is takes


def test_id_and_tag_must_both_fit():
    assert not Selection(cases=("a",), tags=("z",)).takes(case("a", "x"))
    assert not Selection(cases=("b",), tags=("x",)).takes(case("a", "x"))


@dataclass
class Thing:
    name: str


THINGS = tuple(Thing(name) for name in ("gpt-4o", "o3", "o3-chat"))


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ((), ["gpt-4o", "o3", "o3-chat"]),
        (("o3",), ["o3"]),
        (("o3-chat", "gpt-4o"), ["gpt-4o", "o3-chat"]),
        (("o3*",), ["o3", "o3-chat"]),
        (("o3", "o3"), ["o3"]),
    ],
)
def test_names_and_patterns_choose_in_the_suite_s_order(names, chosen):
    assert [thing.name for thing in choose("model", THINGS, names)] == chosen


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gtp-4o", "no model of this suite is called 'gtp-4o'; did you mean 'gpt-4o'?"),
        ("zzz", "no model of this suite is called 'zzz'; it has gpt-4o, o3, o3-chat"),
        ("z*", "no model of this suite is called 'z*'; it has gpt-4o, o3, o3-chat"),
    ],
)
def test_a_name_that_nobody_has_is_refused(name, message):
    with pytest.raises(UsageError) as caught:
        choose("model", THINGS, ("o3", name))
    assert str(caught.value) == message
