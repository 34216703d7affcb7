"""Outages, on times that the tests bring."""

from __future__ import annotations

from evalkit.pacing.outage import FEWEST, Outage


def broken(now_s: float = 0.0) -> Outage:
    outage = Outage(max_outage_s=300.0, now_s=0.0)
    for _ in range(FEWEST):
        outage.failed(now_s)
    return outage


def test_half_failing_is_no_outage_and_more_is():
    outage = Outage(max_outage_s=300.0, now_s=0.0)
    for _ in range(10):
        outage.succeeded(0.0)
        outage.failed(0.0)
    assert not outage.open
    outage.failed(0.0)
    assert outage.open


def test_a_few_failures_are_no_outage():
    outage = Outage(max_outage_s=300.0, now_s=0.0)
    for _ in range(FEWEST - 1):
        outage.failed(0.0)
    assert not outage.open


def test_one_probe_goes_at_a_time():
    outage = broken()
    assert outage.wait_s(0.0) == 1.0
    assert outage.wait_s(1.0) == 0.0
    outage.admit()
    assert outage.wait_s(1.0) is None


def test_failed_probes_are_spaced_wider_and_wider():
    outage = broken()
    waits = []
    for now in (1.0, 10.0, 20.0, 40.0, 80.0, 160.0, 250.0):
        assert outage.admit()
        outage.failed(now, probe=True)
        waits.append(outage.wait_s(now))
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_a_success_ends_it_and_the_past_is_forgotten():
    outage = broken()
    outage.admit()
    outage.succeeded(5.0)
    assert not outage.open
    assert outage.wait_s(5.0) == 0.0
    outage.failed(6.0)
    assert not outage.open


def test_a_probe_that_met_a_429_makes_room_for_another():
    outage = broken()
    outage.admit()
    outage.rate_limited(9.0)
    assert outage.open
    assert outage.wait_s(9.0) == 0.0


def test_it_is_given_up_by_the_time_since_the_first_failure():
    outage = broken(now_s=100.0)
    assert not outage.is_over_limit(399.0)
    assert outage.is_over_limit(400.0)
    outage.succeeded(0.0)
    assert not outage.is_over_limit(1000.0)
    outage.rate_limited(1000.0)
    outage.rate_limited(1299.0)
    assert outage.is_over_limit(1300.0)


def test_silence_alone_is_no_failure():
    assert not Outage(max_outage_s=300.0, now_s=0.0).is_over_limit(5000.0)


def test_stragglers_of_an_outage_do_not_put_the_next_probe_off():
    outage = broken()
    for _ in range(64):
        outage.failed(0.5)
    assert outage.wait_s(1.0) == 0.0


def test_an_answer_is_remembered_by_its_time():
    outage = Outage(max_outage_s=300.0, now_s=0.0)
    assert not outage.has_answered_since(0.0)
    outage.succeeded(7.0)
    assert outage.has_answered_since(7.0)
    assert not outage.has_answered_since(7.5)
