from __future__ import annotations

import random

import anyio
import pytest

from evalkit.gateway import verdicts
from evalkit.gateway.faults import Failure
from evalkit.gateway.retry import backoff_s, retrying
from evalkit.types import Model, Provider


def model(**settings) -> Model:
    provider = Provider(name="p", base_url="http://127.0.0.1", api_key_env=None)
    return Model(name="m", id="m", provider=provider, api="chat", family="gpt", **settings)


class Endless(random.Random):
    """Draws the largest number each time."""

    def uniform(self, a: float, b: float) -> float:
        return b


async def waits_of(*verdict_sequence, retry_after_s=None, seed=None, **settings) -> list[float]:
    """The waits of one call whose attempts fail like this, the last verdict ever after."""
    waits, left = [], list(verdict_sequence)

    async def pause(seconds):
        waits.append(seconds)

    async def attempt():
        verdict = left.pop(0) if len(left) > 1 else left[0]
        raise Failure(verdict, "no", retry_after_s=retry_after_s)

    jitter = Endless() if seed is None else random.Random(seed)
    with pytest.raises(Failure):
        await retrying(model(**settings), pause=pause, jitter=jitter, on_retry=None)(attempt)
    return waits


def test_backoff_doubles_from_half_a_second_up_to_its_cap():
    assert [backoff_s(attempt, Endless()) for attempt in (1, 2, 3, 7, 50, 10_000)] == [0.5, 1, 2, 30, 30, 30]


def test_half_of_each_backoff_is_fixed():
    drawn = [backoff_s(3, random.Random(seed)) for seed in range(200)]
    assert 1 <= min(drawn) < 1.05
    assert 1.95 < max(drawn) <= 2


@pytest.mark.anyio
async def test_waits_are_stretched_by_a_fifth_at_most():
    assert await waits_of(verdicts.SERVER) == [0.6, 1.2, 2.4, 4.8]


@pytest.mark.anyio
async def test_a_seed_repeats_the_waits():
    assert await waits_of(verdicts.SERVER, seed=3) == await waits_of(verdicts.SERVER, seed=3)
    assert await waits_of(verdicts.SERVER, seed=3) != await waits_of(verdicts.SERVER, seed=4)


@pytest.mark.anyio
async def test_the_longer_of_retry_after_and_backoff_is_waited():
    assert await waits_of(verdicts.RATE_LIMIT, retry_after_s=2.0) == [2.4, 2.4, 2.4, 4.8]


@pytest.mark.anyio
async def test_an_outage_with_a_retry_after_beyond_the_limit_is_given_up_too():
    assert await waits_of(verdicts.SERVER, retry_after_s=121.0) == []
    assert await waits_of(verdicts.SERVER, retry_after_s=10.0, max_wait_s=9.0) == []


@pytest.mark.anyio
async def test_what_is_retried_once_is_retried_once():
    assert len(await waits_of(verdicts.SILENCE)) == 1
    assert len(await waits_of(verdicts.NO_JSON, verdicts.SERVER, verdicts.EMPTY_ANSWER)) == 2


@pytest.mark.anyio
async def test_a_stale_connection_is_retried_without_a_wait_only_the_first_time():
    assert await waits_of(verdicts.STALE) == [1.2, 2.4, 4.8]
    assert await waits_of(verdicts.SERVER, verdicts.STALE, verdicts.SERVER) == [0.6, 2.4, 4.8]


@pytest.mark.anyio
async def test_one_attempt_means_no_retry():
    assert await waits_of(verdicts.SERVER, max_attempts=1) == []


@pytest.mark.anyio
async def test_an_unforeseen_error_is_not_retried_and_comes_out_as_it_is():
    calls = []

    async def attempt():
        calls.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await retrying(model(), pause=anyio.sleep, jitter=random.Random(1), on_retry=None)(attempt)
    assert len(calls) == 1
