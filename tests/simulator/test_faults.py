from __future__ import annotations

from collections import Counter

from evalkit.simulator.errors import ApiError
from evalkit.simulator.faults import Faults


def _statuses(faults, contents):
    return [_status(faults, content) for content in contents]


def _status(faults, content):
    try:
        faults.strike(content)
    except ApiError as error:
        return error.status
    return 200


def test_no_faults_unless_asked_for():
    assert set(_statuses(Faults(0.0, seed=0), map(str, range(200)))) == {200}


def test_the_share_and_the_kinds_are_met():
    counts = Counter(_statuses(Faults(0.3, seed=0), map(str, range(3000))))
    assert counts.keys() == {200, 429, 500, 503}
    assert abs(counts[200] / 3000 - 0.7) < 0.03


def test_the_same_requests_fail_whatever_their_order():
    contents = [str(number) for number in range(100)]
    forwards, backwards = Faults(0.5, seed=3), Faults(0.5, seed=3)
    assert _statuses(forwards, contents) == _statuses(backwards, contents[::-1])[::-1]


def test_a_request_sent_again_can_succeed():
    assert len(set(_statuses(Faults(0.5, seed=0), ["same"] * 30))) > 1


def test_a_rate_limit_says_how_long_to_wait():
    faults = Faults(1.0, seed=0)
    errors = []
    for number in range(30):
        try:
            faults.strike(str(number))
        except ApiError as error:
            errors.append(error)
    assert {error.headers.get("Retry-After") for error in errors if error.status == 429} == {"1"}
    assert all("policy" not in str(error) for error in errors)
