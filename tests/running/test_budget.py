"""A budget, over models that play in the test's own process."""

from __future__ import annotations

import anyio
import pytest

from evalkit.pacing.budget import Budget
from tests.stage import Asked, ok, refusal, stage_run

pytestmark = pytest.mark.anyio

PRICE = {"input": 0, "output": 10_000}
"""A cent a token."""
CAPPED = {"price": PRICE, "params": {"max_output_tokens": 1_000}}
"""No answer costs more than 10 USD."""


async def answer(asked: Asked):
    await anyio.sleep(0.001)
    return ok(prompt_tokens=5, completion_tokens=100, total_tokens=105)


def staged(tmp_path, cases: int = 60, script=answer, **model):
    run = stage_run(tmp_path, {"m": {**CAPPED, **model}}, cases=cases)
    run.stage.script = script
    return run


async def test_a_run_within_its_budget_asks_everything(tmp_path):
    run, budget = staged(tmp_path), Budget(100)
    ending = await run.go(budget=budget)
    assert ending.over_budget is None
    assert len(run.records) == 60
    assert budget.spent_usd == pytest.approx(60)


async def test_a_run_that_cannot_afford_more_stops_and_keeps_what_is_done(tmp_path):
    run, budget = staged(tmp_path), Budget(25)
    ending = await run.go(budget=budget)
    assert "$25.0000" in (ending.over_budget or "")
    assert 15 <= len(run.records) <= 25
    assert budget.spent_usd == len(run.records) <= 25
    assert all(record.error is None for record in run.records)


async def test_never_more_is_under_way_than_the_worst_case_allows(tmp_path):
    run, budget = staged(tmp_path, cases=15), Budget(25)
    await run.go(budget=budget, concurrency=10)
    assert run.stage.peak["m"] == 2


async def test_once_enough_answers_are_known_more_go_at_once(tmp_path):
    async def slow(asked: Asked):
        await anyio.sleep(0.1)
        return await answer(asked)

    run, budget = staged(tmp_path, cases=60, script=slow), Budget(75)
    await run.go(budget=budget, concurrency=20)
    assert len(run.records) == 60
    assert run.stage.peak["m"] > 7


async def test_a_request_that_fails_costs_nothing(tmp_path):
    async def fails(asked: Asked):
        return refusal(400)

    run, budget = staged(tmp_path, cases=5, script=fails), Budget(25)
    await run.go(budget=budget)
    assert budget.spent_usd == 0
    assert budget.reserved_usd == pytest.approx(0)


async def test_an_answer_without_usage_is_charged_at_its_worst(tmp_path):
    async def silent(asked: Asked):
        return ok()

    run, budget = staged(tmp_path, cases=3, script=silent), Budget(100)
    await run.go(budget=budget)
    assert budget.spent_usd == budget.in_doubt_usd == 30


async def test_an_attempt_in_doubt_is_charged_and_the_next_one_reserved_anew(tmp_path):
    async def slow_once(asked: Asked):
        if asked.number == 1:
            await anyio.sleep(5)
        return await answer(asked)

    run, budget = staged(tmp_path, cases=1, script=slow_once, timeout_s=0.05), Budget(20)
    await run.go(budget=budget)
    assert [record.error for record in run.records] == [None]
    assert budget.spent_usd == 11
    assert budget.in_doubt_usd == 10


async def test_retries_are_not_held_up_by_those_who_wait_for_room(tmp_path):
    """Who waits for room in the budget holds no place that a request under way needs for its next attempt."""

    async def limited(asked: Asked):
        return refusal(429, retry_after="0.01") if asked.number % 2 else await answer(asked)

    run, budget = staged(tmp_path, cases=20, script=limited), Budget(25)
    await run.go(budget=budget, concurrency=2)
    assert len([record for record in run.records if record.error is None]) >= 15
    assert budget.reserved_usd == pytest.approx(0)


async def test_two_models_share_a_budget(tmp_path):
    run = stage_run(tmp_path, {"a": CAPPED, "b": CAPPED}, cases=30)
    run.stage.script, budget = answer, Budget(40)
    ending = await run.go(budget=budget)
    assert ending.over_budget
    assert len(run.records) == budget.spent_usd <= 40
