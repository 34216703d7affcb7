from __future__ import annotations

import random
from functools import partial

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.pacing.budget import KNOWN_ANSWERS, Budget, OutputForecast, OverBudget

pytestmark = pytest.mark.anyio


def costs(usd: float):
    return lambda: usd


async def waits(budget: Budget, usd: float, order: list[str], name: str, *, begun: bool = False) -> None:
    try:
        await budget.reserve(costs(usd), begun=begun)
    except OverBudget:
        order.append(f"no {name}")
    else:
        order.append(name)


async def test_what_fits_goes_at_once():
    budget = Budget(1.0)
    reservation = await budget.reserve(costs(0.4), begun=False)
    assert (budget.reserved_usd, budget.spent_usd) == (0.4, 0.0)
    budget.settle(reservation, 0.1)
    assert (budget.reserved_usd, budget.spent_usd) == (0.0, 0.1)


async def test_a_budget_may_be_spent_to_the_last_cent():
    budget = Budget(0.3)
    for _ in range(3):
        budget.settle(await budget.reserve(costs(0.1), begun=False), 0.1)
    assert budget.spent_usd == pytest.approx(0.3)


async def test_a_request_that_does_not_fit_waits_for_a_settlement():
    budget, order = Budget(1.0), []
    first = await budget.reserve(costs(0.8), begun=False)
    async with anyio.create_task_group() as group:
        group.start_soon(waits, budget, 0.8, order, "second")
        await anyio.wait_all_tasks_blocked()
        assert order == []
        budget.settle(first, 0.1)
    assert order == ["second"]


async def test_a_budget_ends_only_with_nothing_under_way():
    budget, order = Budget(1.0), []
    first = await budget.reserve(costs(0.8), begun=False)
    async with anyio.create_task_group() as group:
        group.start_soon(waits, budget, 0.8, order, "second")
        await anyio.wait_all_tasks_blocked()
        assert budget.refused_usd is None
        budget.settle(first, 0.8)
    assert order == ["no second"]
    assert budget.refused_usd == 0.8


async def test_after_its_end_nothing_goes_however_cheap():
    budget = Budget(1.0)
    with pytest.raises(OverBudget):
        await budget.reserve(costs(2.0), begun=False)
    with pytest.raises(OverBudget):
        await budget.reserve(costs(0.0), begun=True)


async def test_a_small_request_does_not_overtake_a_large_one_that_waits():
    budget, order = Budget(1.0), []
    first = await budget.reserve(costs(0.8), begun=False)
    async with anyio.create_task_group() as group:
        group.start_soon(waits, budget, 0.9, order, "large")
        await anyio.wait_all_tasks_blocked()
        group.start_soon(waits, budget, 0.1, order, "small")
        await anyio.wait_all_tasks_blocked()
        assert order == []
        budget.settle(first, 0.0)
    assert order == ["large", "small"]


async def test_a_trial_that_has_begun_goes_before_new_ones():
    budget, order = Budget(1.0), []
    first = await budget.reserve(costs(1.0), begun=False)
    async with anyio.create_task_group() as group:
        group.start_soon(waits, budget, 0.5, order, "new")
        await anyio.wait_all_tasks_blocked()
        group.start_soon(partial(waits, begun=True), budget, 0.5, order, "judge")
        await anyio.wait_all_tasks_blocked()
        budget.settle(first, 0.5)
        await anyio.wait_all_tasks_blocked()
        assert order == ["judge"]
        budget.close()
    assert order == ["judge", "no new"]


async def test_closing_refuses_whoever_waits():
    budget, order = Budget(1.0), []
    await budget.reserve(costs(1.0), begun=False)
    async with anyio.create_task_group() as group:
        group.start_soon(waits, budget, 0.5, order, "second")
        await anyio.wait_all_tasks_blocked()
        budget.close()
    assert order == ["no second"]
    assert budget.refused_usd is None


async def test_who_is_cancelled_while_waiting_holds_up_nobody():
    budget, order = Budget(1.0), []
    first = await budget.reserve(costs(0.6), begun=False)
    async with anyio.create_task_group() as group:
        with anyio.move_on_after(0.01):
            await budget.reserve(costs(0.9), begun=False)
        group.start_soon(waits, budget, 0.4, order, "small")
    assert order == ["small"]
    budget.settle(first, 0.6)
    assert budget.spent_usd == 0.6


async def test_a_settlement_counts_once():
    budget = Budget(1.0)
    reservation = await budget.reserve(costs(0.5), begun=False)
    budget.settle(reservation, 0.2)
    budget.settle(reservation, 0.2)
    budget.doubt(reservation)
    assert (budget.spent_usd, budget.reserved_usd, budget.in_doubt_usd) == (0.2, 0.0, 0.0)


async def test_a_request_in_doubt_is_charged_at_its_worst():
    budget = Budget(1.0)
    budget.doubt(await budget.reserve(costs(0.5), begun=False))
    assert (budget.spent_usd, budget.reserved_usd, budget.in_doubt_usd) == (0.5, 0.0, 0.5)


async def test_a_price_is_asked_anew_each_time():
    """What an answer will cost at most is known better with every answer."""
    budget, order, most = Budget(1.0), [], [0.9]
    first = await budget.reserve(lambda: most[0], begun=False)
    async with anyio.create_task_group() as group:

        async def second() -> None:
            await budget.reserve(lambda: most[0], begun=False)
            order.append("second")

        group.start_soon(second)
        await anyio.wait_all_tasks_blocked()
        most[0] = 0.5
        budget.settle(first, 0.4)
    assert order == ["second"]
    assert budget.reserved_usd == 0.5


@given(limit=st.floats(0.01, 50), seed=st.integers(0, 2**32), workers=st.integers(1, 40))
async def test_the_limit_holds_whatever_answers_cost_below_their_worst_case(limit, seed, workers):
    dice, budget = random.Random(seed), Budget(limit)
    peak = 0.0

    async def work() -> None:
        nonlocal peak
        for _ in range(10):
            worst = dice.uniform(0, 1)
            try:
                reservation = await budget.reserve(costs(worst), begun=dice.random() < 0.3)
            except OverBudget:
                return
            await anyio.lowlevel.checkpoint()
            peak = max(peak, budget.spent_usd + budget.reserved_usd)
            budget.settle(reservation, dice.uniform(0, worst))

    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(work)
    assert peak <= limit + 1e-6
    assert budget.reserved_usd == pytest.approx(0, abs=1e-9)
    assert budget.spent_usd <= limit + 1e-6


def test_the_worst_case_holds_until_enough_answers_are_known():
    forecast = OutputForecast()
    for _ in range(KNOWN_ANSWERS - 1):
        forecast.learn(100)
    assert forecast.most(10_000) == 10_000
    forecast.learn(100)
    assert forecast.most(10_000) == 120


def test_a_forecast_is_the_99th_percentile_and_a_fifth_and_never_more_than_the_worst_case():
    forecast = OutputForecast()
    for tokens in range(1, 201):
        forecast.learn(tokens)
    assert forecast.most(10_000) == 238  # ⌈198 × 1.2⌉
    assert forecast.most(150) == 150
