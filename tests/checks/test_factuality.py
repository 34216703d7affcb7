"""Comparing facts with a reference."""

from __future__ import annotations

import pytest

from evalkit.checks.factuality import CLASSES, Factuality, chosen
from evalkit.errors import CheckFailedToRun, JudgeFailed
from tests.checks.judges import Judges, context, in_order

pytestmark = pytest.mark.anyio


def choice(name: str) -> dict[str, str]:
    return {"reason": "So.", "choice": name}


@pytest.mark.parametrize(
    ("name", "threshold", "value", "passed"),
    [
        ("equal", None, 1.0, True),
        ("immaterial", None, 1.0, True),
        ("superset", None, 1.0, True),
        ("subset", None, 0.5, False),
        ("subset", 0.5, 0.5, True),
        ("conflict", None, 0.0, False),
        ("conflict", 0.5, 0.0, False),
    ],
)
async def test_each_class_has_its_value(name, threshold, value, passed):
    check = Factuality(expected="Paris", threshold=threshold)
    found = await check.find(context(judges=Judges(in_order(choice(name)))))
    assert (found.value, found.passed) == (value, passed)
    assert found.reason == f"default {value:.3g}: {name}: So."
    assert chosen(found.opinions) == name


async def test_the_case_s_expected_answer_is_the_reference_unless_there_is_another():
    judges = Judges(in_order(choice("equal")))
    await Factuality().find(context(judges=judges, expected="Paris, on the Seine"))
    await Factuality(expected="Lutetia").find(context(judges=judges, expected="Paris, on the Seine"))
    references = [question.messages[1].content.split("<reference ")[1] for question in judges.asked]
    assert [text.splitlines()[1] for text in references] == ["Paris, on the Seine", "Lutetia"]


async def test_without_a_reference_there_is_nothing_to_compare_with():
    with pytest.raises(CheckFailedToRun, match="no `expected`"):
        await Factuality().find(context(judges=Judges(in_order(choice("equal")))))


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ({"reason": "x", "choice": "A"}, "'choice' is none of equal, immaterial, superset, subset, conflict"),
        ({"reason": "x", "choice": "Equal"}, "'choice' is none of"),
        ({"reason": "x"}, "'choice' is missing"),
        ({"reason": "x", "choice": ["equal"]}, "'choice' is no text"),
        ({"choice": "equal"}, "'reason' is missing"),
    ],
)
async def test_any_other_class_is_no_verdict(reply, why):
    with pytest.raises(JudgeFailed, match=why):
        await Factuality(expected="x").find(context(judges=Judges(in_order(reply))))


async def test_every_class_is_explained_to_the_judge():
    judges = Judges(in_order(choice("equal")))
    await Factuality(expected="Paris").find(context(judges=judges))
    text = judges.asked[0].messages[1].content
    assert all(f"- {name}: {meaning}" in text for name, (_, meaning) in CLASSES.items())


def test_an_empty_reference_is_none():
    with pytest.raises(ValueError, match="empty text"):
        Factuality(expected=" ")
