from __future__ import annotations

import pytest

from evalkit.apis.usage import read_messages_usage, read_usage
from evalkit.types import Usage


@pytest.mark.parametrize("absent", [None, {}, [], "12", 12, {"prompt_tokens": None}, {"prompt_tokens_details": 3}])
def test_absent_usage_is_unknown_and_never_zero(absent):
    assert read_usage(absent) == Usage()


@pytest.mark.parametrize("value", [True, -1, 1.5, float("nan"), float("inf"), "14", [14], {}, 2**60])
def test_what_is_no_count_is_unknown(value):
    assert read_usage({"prompt_tokens": value, "completion_tokens": 3}) == Usage(output_tokens=3)


def test_both_name_pairs_are_read():
    official = {
        "input_tokens": 7,
        "output_tokens": 177,
        "total_tokens": 184,
        "input_tokens_details": {"cached_tokens": 2},
        "output_tokens_details": {"reasoning_tokens": 128},
    }
    assert read_usage(official) == Usage(
        input_tokens=7, output_tokens=177, reasoning_tokens=128, cached_input_tokens=2, total_tokens=184
    )


def test_a_pair_filled_with_zeros_gives_way_to_the_one_that_is_meant():
    usage = read_usage({"prompt_tokens": 0, "input_tokens": 7, "completion_tokens": 9, "output_tokens": 0})
    assert (usage.input_tokens, usage.output_tokens) == (7, 9)


def test_a_zero_that_was_billed_stays_a_zero():
    assert read_usage({"completion_tokens": 0, "completion_tokens_details": {"reasoning_tokens": 0}}) == Usage(
        output_tokens=0, reasoning_tokens=0
    )


def test_an_integer_spelt_as_a_float_is_a_count():
    assert read_usage({"total_tokens": 12.0}) == Usage(total_tokens=12)


def test_what_a_cache_was_read_and_written_is_part_of_the_input_of_a_message():
    told = {
        "input_tokens": 10,
        "cache_read_input_tokens": 300,
        "cache_creation_input_tokens": 50,
        "output_tokens": 4,
        "total_tokens": 14,
    }
    assert read_messages_usage(told) == Usage(
        input_tokens=360,
        output_tokens=4,
        cached_input_tokens=300,
        rule="input = input + cache reads + cache writes",
        raw=told,
    )


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        (None, Usage()),
        ({"input_tokens": 10, "output_tokens": 4}, Usage(input_tokens=10, output_tokens=4)),
        ({"input_tokens": 10, "cache_read_input_tokens": 0, "cache_creation_input_tokens": None},
         Usage(input_tokens=10, cached_input_tokens=0)),
        ({"cache_read_input_tokens": 5}, Usage(cached_input_tokens=5)),
        ({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
         Usage(input_tokens=3, output_tokens=2, total_tokens=5)),
    ],
)  # fmt: skip
def test_a_message_without_a_cache_is_billed_as_it_says(told, usage):
    assert read_messages_usage(told) == usage
