from __future__ import annotations

import pytest

from evalkit.gateway.retry_after import retry_after_s

NOW = "Sat, 21 Nov 2026 20:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "0"}, 0),
        ({"retry-after": " 12 "}, 12),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "1_0"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "Sat, 21 Nov 2026 20:01:00 GMT", "date": NOW}, 60),
        ({"retry-after": "Sat, 21 Nov 2026 21:01:00 +0100", "date": NOW}, 60),
        ({"retry-after": "Sat, 21 Nov 2026 20:01:00 GMT"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 20:01:00 GMT", "date": "today"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 20:01:00 -0000", "date": NOW}, None),
        ({"retry-after": NOW, "date": NOW}, None),
        ({"retry-after": "Sat, 21 Nov 2020 20:01:00 GMT", "date": NOW}, None),
        ({"retry-after": "Sat, 99 Nov 2026 20:01:00 GMT", "date": NOW}, None),
    ],
)
def test_seconds_and_dates_are_read_and_nonsense_is_not(headers, seconds):
    assert retry_after_s(headers) == seconds
