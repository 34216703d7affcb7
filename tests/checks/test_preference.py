"""Which of two answers is better, with both orders tried."""

from __future__ import annotations

import pytest

from evalkit.checks.preference import Preference
from evalkit.errors import CheckFailedToRun, JudgeFailed
from evalkit.types import Finding, Question
from tests.checks.judges import Judges, Reply, context, in_order

pytestmark = pytest.mark.anyio


def better(side: str) -> Reply:
    return {"reason": "So.", "better": side}


async def compared(*replies: Reply, output: str = "mine", **arguments) -> Finding:
    arguments = arguments or {"against_text": "theirs"}
    return await Preference(**arguments).find(context(output, Judges(in_order(*replies))))


@pytest.mark.parametrize(
    ("straight", "swapped", "value", "told"),
    [
        ("first", "second", 1.0, "better: So."),
        ("second", "first", 0.0, "worse: So."),
        ("tie", "tie", 0.5, "a tie: So."),
        ("first", "first", 0.5, "a tie: 'first' when shown first, 'first' when shown second"),
        ("second", "second", 0.5, "a tie: 'second' when shown first, 'second' when shown second"),
        ("first", "tie", 0.5, "a tie: 'first' when shown first, 'tie' when shown second"),
        ("tie", "first", 0.5, "a tie: 'tie' when shown first, 'first' when shown second"),
    ],
)
async def test_only_what_both_orders_say_is_a_win(straight, swapped, value, told):
    found = await compared(better(straight), better(swapped))
    assert (found.value, found.passed) == (value, value >= 0.5)
    assert found.reason == f"default {value:.3g}: {told}"
    assert len(found.opinions) == 2


def shown(question: Question) -> tuple[str, str]:
    """The answers in the order in which they are shown."""
    lines = question.messages[1].content.splitlines()
    places = [next(n for n, line in enumerate(lines) if line.startswith(f"<{name} ")) for name in ("first", "second")]
    return lines[places[0] + 1], lines[places[1] + 1]


async def test_the_answers_are_swapped():
    judges = Judges(in_order(better("tie")))
    await Preference(against_text="theirs").find(context("mine", judges))
    assert [shown(question) for question in judges.asked] == [("mine", "theirs"), ("theirs", "mine")]


async def test_a_judge_that_always_prefers_the_first_decides_nothing():
    def biased(question: Question) -> Reply:
        return better("first")

    for first, second in (("mine", "theirs"), ("theirs", "mine")):
        found = await Preference(against_text=second).find(context(first, Judges(biased)))
        assert found.value == 0.5


async def test_a_judge_that_knows_what_it_likes_finds_it_in_either_place():
    def likes_mine(question: Question) -> Reply:
        return better("first" if shown(question)[0] == "mine" else "second")

    assert (await Preference(against_text="theirs").find(context("mine", Judges(likes_mine)))).value == 1
    assert (await Preference(against_text="mine").find(context("theirs", Judges(likes_mine)))).value == 0


async def test_a_tie_passes_unless_more_is_demanded():
    assert (await compared(better("tie"), against_text="t")).passed
    assert not (await compared(better("tie"), against_text="t", threshold=0.6)).passed


async def test_the_same_answer_is_a_tie_that_nobody_is_asked_about():
    judges = Judges(in_order(better("first")))
    found = await Preference(against_text=" mine\n").find(context("mine", judges))
    assert (found.value, found.passed, found.reason, judges.asked) == (0.5, True, "a tie: the answers are the same", [])


async def test_another_model_s_answer_is_compared_with_and_its_maker_is_not_the_judge():
    judges = Judges(in_order(better("tie")), answers={"rival": "theirs"})
    await Preference(against="rival").find(context("mine", judges))
    assert shown(judges.asked[0]) == ("mine", "theirs")
    assert judges.asked[0].apart_from == ("rival",)


async def test_where_the_other_model_has_no_answer_there_is_no_verdict():
    with pytest.raises(CheckFailedToRun, match="'rival' did not answer"):
        await compared(better("tie"), against="rival")


async def test_the_expected_answer_is_compared_with_where_nothing_else_is_named():
    judges = Judges(in_order(better("tie")))
    await Preference().find(context("mine", judges, expected="wanted"))
    assert shown(judges.asked[0]) == ("mine", "wanted")
    with pytest.raises(CheckFailedToRun, match="nothing to compare with"):
        await Preference().find(context("mine", judges))


async def test_several_judges_each_see_both_orders():
    sides = ("first", "second", "second", "first", "first", "second")
    found = await compared(*map(better, sides), against_text="t", models=["a", "b", "c"])
    assert (found.passed, found.value, len(found.opinions)) == (True, pytest.approx(2 / 3), 6)
    mean = await compared(*map(better, sides), against_text="t", models=["a", "b", "c"], combine="mean")
    assert mean.value == pytest.approx(2 / 3)


@pytest.mark.parametrize("reply", [{"reason": "x"}, better("A"), better("First"), {"reason": "x", "better": 1}])
async def test_any_other_side_is_no_verdict(reply):
    with pytest.raises(JudgeFailed, match="'better' is"):
        await compared(reply)


async def test_a_judge_that_fails_in_the_second_order_leaves_what_the_first_has_cost():
    with pytest.raises(JudgeFailed) as raised:
        await compared(better("first"), "no", "no")
    assert len(raised.value.opinions) == 3


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"against": "m", "against_text": "t"}, "not both"),
        ({"against_text": "  "}, "empty text"),
        ({"against": "m", "rubric": " "}, "empty text"),
    ],
)
def test_what_cannot_be_compared_is_told_at_once(arguments, why):
    with pytest.raises(ValueError, match=why):
        Preference(**arguments)
