"""Bills held against the local count."""

from __future__ import annotations

import pytest

from evalkit.costs.request_tokens import request_tokens
from evalkit.running.billing import LOOKED_AT, Bills
from evalkit.types import HttpTarget, Inquiry, Provider, Usage
from tests.costs.asked import model, request

MODEL = model("gpt-4o")
ASKED = Inquiry(model=MODEL, request=request("What is the capital of France? " * 20))
COUNTED = request_tokens(ASKED.request, MODEL)


def compared(*billed: int | None, asked: Inquiry = ASKED) -> list[str]:
    bills = Bills()
    for tokens in billed:
        bills.compare(asked, Usage(input_tokens=tokens, output_tokens=1))
    return bills.notes()


@pytest.mark.parametrize("share", [0.87, 1.0, 1.13])
def test_what_lies_within_15_per_cent_is_not_worth_a_word(share):
    assert compared(round(share * COUNTED.expected)) == []


@pytest.mark.parametrize("share", [0.8, 1.2, 30])
def test_what_lies_beyond_is_told_with_both_figures(share):
    billed = round(share * COUNTED.expected)
    (note,) = compared(billed, billed)
    assert note.startswith(f"gpt-4o: {2 * billed:,} prompt tokens were billed in 2 answers")
    assert f"{2 * COUNTED.expected:,} (" in note


def test_one_odd_bill_among_many_good_ones_is_none():
    assert compared(*[COUNTED.expected] * 20, 2 * COUNTED.expected) == []


def test_only_the_first_answers_are_looked_at():
    assert compared(*[COUNTED.expected] * LOOKED_AT, *[100_000] * 10) == []


def test_unknown_bills_and_applications_are_passed_over():
    assert compared(None) == []
    target = Provider(
        name="app", base_url="http://127.0.0.1:9", api_key_env=None, target=HttpTarget(body={}, answer=str)
    )
    assert compared(9_999, asked=Inquiry(model=model("gpt-4o", provider=target), request=ASKED.request)) == []
