"""Shares of a case's repeats, as people write them."""

from __future__ import annotations

import pytest

from evalkit.suite.shares import FORMS, parse_share


@pytest.mark.parametrize(
    ("written", "share"),
    [
        ("2/3", 2 / 3), (" 1 / 2 ", 0.5), ("3/3", 1.0), ("4/6", 2 / 3), (0.5, 0.5), (1, 1.0), (1.0, 1.0), (1e-9, 1e-9),
        ("0.5", 0.5), ("1", 1.0), ("0.5/1", 0.5), ("all", 1.0), (" any ", 0.0),
    ],
)  # fmt: skip
def test_a_share_is_a_fraction_a_number_or_a_word(written, share):
    assert parse_share(written) == share


@pytest.mark.parametrize(
    "written", ["3/2", "0/3", 0, -0.5, 1.01, 2, float("inf"), float("nan"), pytest.param(10**400, id="huge")]
)
def test_a_share_is_more_than_nothing_and_at_most_all(written):
    with pytest.raises(ValueError) as caught:
        parse_share(written)
    assert "more than 0 and at most 1" in str(caught.value)
    assert str(caught.value).endswith(FORMS)


@pytest.mark.parametrize(
    "written", ["", "most", "2 of 3", "2/0", "-1/2", "2//3", "1/0.5", ".", "２/３", "50%", True, None, [2, 3], {}]
)
def test_what_is_no_fraction_is_refused_in_words(written):
    with pytest.raises(ValueError) as caught:
        parse_share(written)
    assert str(caught.value) == f"a share of the repeats is a fraction; {FORMS}"
