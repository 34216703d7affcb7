"""Allowances in the headers of answers."""

from __future__ import annotations

import pytest

from evalkit.gateway.spent import UNSAID_S, spent_for_s


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"x-ratelimit-remaining-requests": "1"}, None),
        ({"x-ratelimit-remaining-requests": "10"}, None),
        ({"x-ratelimit-remaining-requests": ""}, None),
        ({"x-ratelimit-remaining-requests": "soon"}, None),
        ({"x-ratelimit-remaining-requests": "0"}, UNSAID_S),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "whenever"}, UNSAID_S),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "12"}, 12.0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1.5s"}, 1.5),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20ms"}, 0.02),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1h2m3s"}, 3723.0),
        (
            {
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "3s",
            },
            3.0,
        ),
    ],
)
def test_a_spent_allowance_says_when_it_is_filled_again(headers, seconds):
    assert spent_for_s(headers) == seconds
