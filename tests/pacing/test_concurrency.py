"""The adaptive limit, on times that the tests bring."""

from __future__ import annotations

from evalkit.pacing.concurrency import AdaptiveLimit


def busy_round(limit: AdaptiveLimit, now_s: float = 0.0) -> None:
    """As many answers as the limit, all of it in use."""
    size = limit.limit
    limit.began(size)
    for _ in range(size):
        limit.succeeded(now_s)


def test_it_doubles_after_each_clean_round_up_to_the_ceiling():
    limit = AdaptiveLimit(start=8, ceiling=50)
    seen = []
    for _ in range(4):
        busy_round(limit)
        seen.append(limit.limit)
    assert seen == [16, 32, 50, 50]


def test_after_the_first_429_it_grows_by_a_twentieth():
    limit = AdaptiveLimit(start=40, ceiling=1000)
    limit.rate_limited(100.0)
    assert limit.limit == 32
    busy_round(limit, 120.0)
    assert limit.limit == 33


def test_a_429_cuts_once_an_episode_however_many_come():
    limit = AdaptiveLimit(start=100, ceiling=100)
    for second in (0.0, 1.0, 5.0, 14.9):
        limit.rate_limited(second)
    assert limit.limit == 80
    limit.rate_limited(15.0)
    assert limit.limit == 64


def test_it_never_falls_below_one():
    limit = AdaptiveLimit(start=1, ceiling=8)
    for episode in range(20):
        limit.rate_limited(episode * 20.0)
    assert limit.limit == 1


def test_it_does_not_grow_while_it_is_not_in_use():
    limit = AdaptiveLimit(start=10, ceiling=100)
    limit.began(7)
    for _ in range(50):
        limit.succeeded(0.0)
    assert limit.limit == 10


def test_a_server_fault_holds_growth_for_its_round_only():
    limit = AdaptiveLimit(start=8, ceiling=100)
    limit.failed()
    busy_round(limit)
    assert limit.limit == 8
    busy_round(limit)
    assert limit.limit == 16


def test_a_fixed_number_stays_and_comes_back_after_a_cut():
    limit = AdaptiveLimit(start=20, ceiling=20)
    busy_round(limit)
    assert limit.limit == 20
    limit.rate_limited(0.0)
    assert limit.limit == 16
    for _ in range(10):
        busy_round(limit)
    assert limit.limit == 20


def test_the_history_tells_each_change_and_its_cause():
    limit = AdaptiveLimit(start=8, ceiling=64)
    busy_round(limit, 2.0)
    limit.rate_limited(3.0)
    assert [(change.at_s, change.limit, change.why) for change in limit.history] == [
        (0.0, 8, "start"),
        (2.0, 16, "slow start"),
        (3.0, 12, "429"),
    ]
