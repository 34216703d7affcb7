"""Judging by a rubric or by criteria, and by several judges."""

from __future__ import annotations

import pytest

from evalkit.checks.criteria import Criterion
from evalkit.checks.judge import Judge
from evalkit.errors import JudgeFailed
from evalkit.types import Finding
from tests.checks.judges import Judges, Reply, context, in_order

pytestmark = pytest.mark.anyio


def grade(score: float, reason: str = "So.") -> Reply:
    return {"reason": reason, "score": score}


def ticks(*met: bool) -> Reply:
    return {"verdicts": [{"number": n, "reason": "So.", "met": each} for n, each in enumerate(met, start=1)]}


async def judged(*replies: Reply, **arguments) -> Finding:
    arguments.setdefault("rubric", None if "criteria" in arguments else "r")
    return await Judge(**arguments).find(context(judges=Judges(in_order(*replies))))


@pytest.mark.parametrize(
    ("score", "threshold", "passed"),
    [(0.5, None, True), (0.49, None, False), (1, 1.0, True), (0.999, 1.0, False), (0, 0.0, True), (0.7, 0.7, True)],
)
async def test_a_grade_passes_from_the_threshold_on(score, threshold, passed):
    found = await judged(grade(score), threshold=threshold)
    assert (found.passed, found.value) == (passed, score)


@pytest.mark.parametrize(
    ("met", "value", "passed"),
    [((True, True), 1.0, True), ((True, False), 0.25, False), ((False, True), 0.75, False), ((False, False), 0, False)],
)
async def test_criteria_weigh_what_they_say_and_all_must_be_met(met, value, passed):
    found = await judged(ticks(*met), criteria=["short", Criterion(criterion="right", weight=3)])
    assert (found.value, found.passed) == (value, passed)


async def test_criteria_pass_from_a_threshold_where_there_is_one_and_tell_what_is_not_met():
    found = await judged(ticks(True, False), criteria=["short", "right"], threshold=0.5)
    assert found.passed
    assert found.reason == "default 0.5: 1 of 2 criteria met; not met: 'right' (So.)"


async def test_criteria_are_numbered_and_a_rubric_stands_before_them():
    judges = Judges(in_order(ticks(True, True)))
    await Judge(criteria=["short", "right"], rubric="Be strict.").find(context(judges=judges))
    assert judges.asked[0].messages[1].content.endswith("\n\nBe strict.\n\nCriteria:\n1. short\n2. right")


async def test_verdicts_on_criteria_may_come_in_any_order():
    verdicts = {"verdicts": [{"number": 2, "reason": "", "met": True}, {"number": 1, "reason": "", "met": False}]}
    found = await judged(verdicts, criteria=["a", Criterion(criterion="b", weight=3)])
    assert found.value == 0.75


@pytest.mark.parametrize(
    ("verdicts", "why"),
    [
        ([], "criterion 1 is missing"),
        ([{"number": 1, "reason": "", "met": True}], "criterion 2 is missing"),
        ([{"number": 1, "reason": "", "met": True}] * 2, "there is a second criterion 1"),
        ([{"number": 3, "reason": "", "met": True}], "there is no criterion 3"),
        ([{"number": "1", "reason": "", "met": True}], "the 'number' of a criterion is no whole number"),
        ([{"number": True, "reason": "", "met": True}], "the 'number' of a criterion is no whole number"),
        ([{"number": 1, "reason": "", "met": "true"}], "'met' of criterion 1 is neither true nor false"),
        ([{"number": 1, "reason": "", "met": 1}], "'met' of criterion 1 is neither true nor false"),
        ([{"number": 1, "met": True}], "'reason' of criterion 1 is no text"),
        (["1: met"], "an item of 'verdicts' is no object"),
        ({"1": True}, "'verdicts' is no list"),
        (None, "'verdicts' is no list"),
    ],
)
async def test_verdicts_on_criteria_that_are_not_whole_are_none(verdicts, why):
    with pytest.raises(JudgeFailed, match=why):
        await judged({"verdicts": verdicts}, criteria=["a", "b"])


# --- several judges --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "passed", "value"),
    [
        ((1, 1, 0), True, 2 / 3),
        ((1, 0, 0), False, 1 / 3),
        ((0.5, 0.5, 0.5), True, 1.0),
        ((1, 0), False, 0.5),
        ((1, 1), True, 1.0),
        ((0.9, 0.8, 0.1, 0.2), False, 0.5),
        ((0.49, 0.49, 1), False, 1 / 3),
    ],
)
async def test_a_majority_is_more_than_half_of_the_judges(scores, passed, value):
    found = await judged(*map(grade, scores), models=[f"j{n}" for n in range(len(scores))])
    assert (found.passed, found.value) == (passed, pytest.approx(value))
    assert len(found.opinions) == len(scores)
    assert (", no majority" in found.reason) == (value == 0.5)


@pytest.mark.parametrize(("scores", "passed"), [((1, 0), True), ((0.9, 0), False), ((0.4, 0.6), True)])
async def test_a_mean_passes_from_the_threshold_on(scores, passed):
    found = await judged(*map(grade, scores), models=["a", "b"], combine="mean")
    assert (found.passed, found.value) == (passed, pytest.approx(sum(scores) / 2))
    assert found.reason.startswith("mean ")


async def test_every_judge_is_named_with_its_reason():
    found = await judged(grade(1, "Good."), grade(0, "Bad."), grade(1, "Fine."), models=["a", "b", "c"])
    assert found.reason == "2 of 3 judges pass it: a 1: Good.; b 0: Bad.; c 1: Fine."


async def test_one_judge_without_a_verdict_leaves_all_without_and_what_was_paid_for_is_kept():
    with pytest.raises(JudgeFailed, match="judge b: no verdict") as raised:
        await judged(grade(1), "no", "no", grade(1), models=["a", "b", "c"])
    assert [opinion.model for opinion in raised.value.opinions] == ["a", "b", "b"]


async def test_each_judge_is_put_the_same_question():
    judges = Judges(in_order(grade(1)))
    await Judge(rubric="r", models=["a", "b"]).find(context(judges=judges))
    assert [question.model for question in judges.asked] == ["a", "b"]
    assert judges.asked[0].messages == judges.asked[1].messages


async def test_without_a_name_the_suite_s_own_judge_is_asked():
    judges = Judges(in_order(grade(1)))
    await Judge(rubric="r").find(context(judges=judges))
    assert judges.asked[0].model == ""


# --- arguments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({}, "say what the answer is judged by"),
        ({"rubric": " \n"}, "say what the answer is judged by"),
        ({"criteria": []}, "the list of criteria is empty"),
        ({"criteria": ["a", " "]}, "a criterion is empty"),
        ({"criteria": [Criterion(criterion="a", weight=0)]}, "above 0, not 0"),
        ({"criteria": [Criterion(criterion="a", weight=float("inf"))]}, "above 0, not inf"),
        ({"rubric": "r", "model": "a", "models": ["b"]}, "not both"),
        ({"rubric": "r", "models": []}, "'models' is empty"),
        ({"rubric": "r", "models": ["a", "a"]}, "stands in 'models' twice"),
        ({"rubric": "r", "model": ""}, "the name of a judge is empty"),
        ({"rubric": "r", "models": ["a", ""]}, "the name of a judge is empty"),
        ({"rubric": "r", "threshold": 1.1}, "threshold must lie between 0 and 1"),
    ],
)
def test_what_cannot_be_asked_is_told_at_once(arguments, why):
    with pytest.raises(ValueError, match=why):
        Judge(**arguments)
