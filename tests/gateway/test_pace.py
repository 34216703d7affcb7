from __future__ import annotations

import pytest

from evalkit.gateway.pace import Pace, TokenTimes
from evalkit.types import Usage


def pace(*tokens, output=None, reasoning=None, family="gpt"):
    """Of tokens at times, those that end in "r" thought; the request was sent at 100."""
    times = TokenTimes()
    for token in map(str, tokens):
        times.note("reasoning" if token.endswith("r") else "answer", 100 + float(token.rstrip("r")))
    return times.pace(100, Usage(output_tokens=output, reasoning_tokens=reasoning), family)


def test_the_first_token_of_any_kind_and_the_first_of_the_answer_are_two_things():
    assert pace("1r", "2r", 4, 5, output=9) == Pace(ttft_s=1, ttfo_s=4, tpot_s=0.5, buffered=False)


def test_thinking_alone_has_no_first_token_of_the_answer():
    assert pace("1r", "2r", output=11) == Pace(ttft_s=1, ttfo_s=None, tpot_s=0.1, buffered=False)


@pytest.mark.parametrize(
    ("tokens", "usage", "tpot_s"),
    [
        ((1, 2, 3), {"output": 5}, 0.5),
        ((1, 2, 3), {"output": 205, "reasoning": 200}, 0.5),
        (("1r", 2, 3), {"output": 5, "reasoning": 2}, 0.5),
        ((1, 2, 3), {"output": 205, "family": "gemini"}, None),
        ((1, 2, 3), {"output": 205, "family": "reasoning"}, None),
        ((1, 2, 3), {"output": 205, "reasoning": 200, "family": "reasoning"}, 0.5),
        (("1r", 2, 3), {"output": 5, "family": "gemini"}, 0.5),
        ((1, 2, 3), {"output": 5, "reasoning": 0, "family": "gemini"}, 0.5),
        ((1, 2, 3), {"output": 10, "reasoning": 200, "family": "grok"}, None),
        ((1, 2, 3), {"output": 1}, None),
        ((1, 2, 3), {}, None),
    ],
)
def test_the_time_per_token_counts_the_tokens_that_were_seen(tokens, usage, tpot_s):
    assert pace(*tokens, **usage).tpot_s == tpot_s


@pytest.mark.parametrize("tokens", [(3,), (3, 3.004), (3, 3, 3)])
def test_tokens_that_come_in_one_piece_are_buffered(tokens):
    assert pace(*tokens, output=50) == Pace(ttft_s=3, ttfo_s=3, tpot_s=None, buffered=True)


def test_an_answer_without_a_token_of_its_own_is_buffered():
    assert pace(output=50) == Pace(buffered=True)
