"""The checks `f1` and `exact_match`, beside SQuAD's formulas written down a second time."""

from __future__ import annotations

import collections
import re
import string
from itertools import islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.checks.squad import normalise, token_f1
from evalkit.registry import CHECKS

MEGABYTE = "lorem ipsum " * 90_000
WORDS = ["The", "a", "an", "cat", "cats", "U.S.", "don't", "1,000", "é", "北京", "-", "!", "x_y", "theatre", "'"]


def oracle_tokens(text: str) -> list[str]:
    lowered = text.lower()
    bare = "".join(char for char in lowered if char not in string.punctuation)
    return [word for word in re.split(r"\s+", re.sub(r"(?<!\w)(?:an|a|the)(?!\w)", " ", bare)) if word]


def oracle_f1(gold: str, answer: str) -> float:
    one, other = oracle_tokens(gold), oracle_tokens(answer)
    if not one or not other:
        return 1.0 if one == other else 0.0
    left = collections.Counter(one)
    same = 0
    for token in other:
        if left[token] > 0:
            left[token] -= 1
            same += 1
    if same == 0:
        return 0.0
    precision, recall = same / len(other), same / len(one)
    return 2 * precision * recall / (precision + recall)


def pairs(seed: int):
    draw = Random(seed)
    while True:
        one = draw.choices(WORDS, k=draw.randint(1, 12))
        other = [word for word in one if draw.random() < 0.7] + draw.choices(WORDS, k=draw.randint(0, 5))
        yield " ".join(one), draw.choice([" ", "  ", "\n", "\t"]).join(other)


def test_f1_and_exact_match_are_those_of_squad_on_generated_pairs(find):
    compared = 0
    for gold, answer in islice(pairs(11), 700):
        assert token_f1(normalise(gold).split(), normalise(answer).split()) == pytest.approx(oracle_f1(gold, answer))
        if oracle_tokens(gold):
            assert find("f1", answer, answers=gold).value == pytest.approx(oracle_f1(gold, answer), abs=1e-12)
            same = " ".join(oracle_tokens(gold)) == " ".join(oracle_tokens(answer))
            assert find("exact_match", answer, answers=gold).passed is same
            compared += 1
    assert compared >= 500


@pytest.mark.parametrize(
    ("answer", "answers", "passed"),
    [
        ("Paris", "Paris", True),
        ("the  PARIS.", "paris", True),
        ("An apple a day", "apple day", True),
        ("Paris, France", "Paris", False),
        ("U.S.", "us", True),
        ("Rome", ["Paris", "Rome"], True),
        ("", "Paris", False),
        ("the", "Paris", False),
        ("1,000", "1000", True),
        ("theatre", "atre", False),
        ("北京。", "北京", False),
        ("« Paris »", "Paris", False),
        (MEGABYTE, "lorem", False),
        ("!" * 1_000_000 + "Paris", "Paris", True),
        ("the " * 250_000 + "cat", "cat", True),
    ],
)
def test_an_exact_match_is_one_after_normalisation(find, answer, answers, passed):
    finding = find("exact_match", answer, answers=answers)
    assert (finding.passed, finding.value) == (passed, float(passed))
    assert len(finding.reason) < 400


@pytest.mark.parametrize(
    ("answer", "arguments", "value"),
    [
        ("the cat sat", {"answers": "cat"}, 2 / 3),
        ("cat", {"answers": "the cat sat down"}, 0.5),
        ("cat cat", {"answers": "cat"}, 2 / 3),
        ("", {"answers": "cat"}, 0),
        ("dog", {"answers": "cat"}, 0),
        ("dog", {"answers": ["cat", "a dog"]}, 1),
        ("北京是首都", {"answers": "北京"}, 0),
        ("北京是首都", {"answers": "北京", "cjk_characters": True}, 4 / 7),
        ("CAFÉ", {"answers": "café"}, 1),
        ("👍", {"answers": "👍"}, 1),
        (MEGABYTE, {"answers": "lorem"}, 2 / 180_001),
        (" " * 1_000_000, {"answers": "cat"}, 0),
    ],
)
def test_f1_is_the_harmonic_mean_of_the_shares_in_common(find, answer, arguments, value):
    finding = find("f1", answer, **arguments)
    assert finding.value == pytest.approx(value)
    assert finding.passed is (value >= 0.5)


def test_the_reason_names_the_nearest_gold_answer(find):
    assert find("f1", "a red cat", answers=["a dog", "red cat here"]).reason == (
        "F1 0.800 with 'red cat here', threshold 0.5"
    )


@pytest.mark.parametrize("name", ["f1", "exact_match"])
@pytest.mark.parametrize(
    ("answers", "reason"), [([], "empty"), ("", "empty"), ("A", "choice"), (["x", "!"], "nothing")]
)
def test_a_gold_answer_of_which_nothing_is_left_is_refused(name, answers, reason):
    with pytest.raises(ValueError, match=reason):
        CHECKS[name](answers=answers)


@given(st.text(alphabet=string.printable + "éß北", max_size=80))
def test_what_is_normalised_stays_as_it_is(text):
    once = normalise(text)
    assert normalise(once) == once
    assert not set(once) & set(string.punctuation)
    assert once.split(" ") == once.split() or not once


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_f1_is_the_same_both_ways_round_and_1_only_for_the_same_words(one, other):
    assert token_f1(one, other) == token_f1(other, one)
    assert (token_f1(one, other) == 1) is (sorted(one) == sorted(other))
