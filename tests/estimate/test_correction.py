"""Bills that differ from counts correct what was not billed yet."""

from __future__ import annotations

import pytest

from evalkit.costs.spans import exactly
from evalkit.estimate.correction import correction_of
from evalkit.estimate.requests import PARTS, AskedRequest


def request(tokens: int) -> AskedRequest:
    first, *others = PARTS
    return AskedRequest(
        prompt="p", case_id="c", tags=(), key="k", turn=0, later=0,
        parts={first: exactly(tokens), **{name: exactly(0) for name in others}},
        worst_input=tokens, most_output=100, answers=1, capped=True, prior=None,
    )  # fmt: skip


@pytest.mark.parametrize("pairs", [[], [(100, 100.0)], [(100, 101.0), (100, 99.0)], [(0, 5.0)]])
def test_counts_that_agree_with_their_bills_are_left_alone(pairs):
    assert correction_of(pairs) is None


def test_a_hidden_prompt_is_added_to_what_was_not_asked_yet():
    correction = correction_of([(18, 1200.0)] * 10)
    corrected = correction.of(request(18)).input
    assert (corrected.low, corrected.expected, corrected.high) == (1200, 1200, 1200)
    assert correction.n == 10


def test_for_a_longer_request_the_limits_span_a_share_and_a_number_of_tokens():
    corrected = correction_of([(100, 150.0)]).of(request(1000)).input
    assert (corrected.low, corrected.expected, corrected.high) == (1050, 1275, 1500)


def test_bills_below_the_count_never_make_an_input_negative():
    corrected = correction_of([(100, 40.0)]).of(request(20)).input
    assert corrected.low == 0
    assert 0 <= corrected.expected <= corrected.high == 8


def test_the_worst_case_grows_with_the_correction():
    assert correction_of([(18, 1200.0)]).of(request(18)).worst_input == 1200
