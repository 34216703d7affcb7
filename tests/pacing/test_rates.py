"""Token buckets, on times that the tests bring."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.pacing.rates import Bucket, TokenForecast


@given(
    per_minute=st.integers(1, 6000),
    gaps=st.lists(st.floats(0, 3), min_size=1, max_size=300),
)
def test_no_window_of_a_minute_has_more_than_the_rate(per_minute, gaps):
    bucket = Bucket(per_minute, now_s=0.0)
    now, sent = 0.0, []
    for gap in gaps:
        now += gap
        sent.append(now + bucket.take(1, now))
    for start in sent:
        in_window = sum(start <= moment < start + 60 for moment in sent)
        assert in_window <= max(per_minute, 1) + 1  # one may stand on each edge


def test_a_full_bucket_lets_a_burst_through_and_then_spaces():
    bucket = Bucket(600, now_s=0.0)
    waits = [bucket.take(1, 0.0) for _ in range(12)]
    assert waits[:10] == [0.0] * 10
    assert waits[10] == pytest.approx(1 / (590 / 60))
    assert waits[11] == pytest.approx(2 / (590 / 60))


def test_what_was_taken_too_much_comes_back():
    bucket = Bucket(60_000, now_s=0.0)
    assert bucket.take(1000, 0.0) == 0.0
    assert bucket.take(500, 0.0) > 0
    bucket.give_back(1500, 0.0)
    assert bucket.take(1000, 0.0) == 0.0


def test_a_forecast_learns_from_answers_and_minds_the_cap():
    forecast = TokenForecast()
    assert forecast.expect(100, None) == pytest.approx(100 + 500)
    assert forecast.expect(100, 20) == pytest.approx(100 + 20)
    for _ in range(50):
        forecast.learn(80)
    assert forecast.expect(100, None) == pytest.approx(180, abs=1)
