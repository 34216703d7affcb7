"""The checks `similarity` and `rouge`, the latter beside the package whose definition it follows."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from evalkit.errors import CheckFailedToRun
from evalkit.registry import CHECKS

MEGABYTE = "lorem ipsum " * 90_000


def distance(one: str, other: str) -> int:
    """Wagner and Fischer's table, row by row."""
    row = list(range(len(other) + 1))
    for char in one:
        left, diagonal = row[0] + 1, row[0]
        new = [left]
        for at, mark in enumerate(other):
            left = min(row[at + 1] + 1, left + 1, diagonal + (char != mark))
            diagonal = row[at + 1]
            new.append(left)
        row = new
    return row[-1]


@pytest.mark.parametrize(
    ("answer", "text", "ignore_case", "value"),
    [
        ("sitting", "sitting", False, 1),
        ("kitten", "sitting", False, 4 / 7),
        (" kitten\n", "kitten", False, 1),
        ("KITTEN", "kitten", False, 0),
        ("KITTEN", "kitten", True, 1),
        ("STRASSE", "straße", True, 1),
        ("", "kitten", False, 0),
        ("cafe\u0301", "café", False, 1),
        ("北京", "南京", False, 0.5),
        ("👩‍👩‍👧", "👩‍👩‍👦", False, 0.8),
        (MEGABYTE, "lorem", False, 5 / (len(MEGABYTE) - 1)),
        ("\ud800", "a", False, 0),
    ],
)
def test_similarity_is_one_minus_the_distance_over_the_longer_length(find, answer, text, ignore_case, value):
    finding = find("similarity", answer, text=text, ignore_case=ignore_case)
    assert finding.value == pytest.approx(value, abs=1e-12)
    assert finding.passed is (value >= 0.8)
    assert len(finding.reason) < 400


@pytest.mark.parametrize("tenths", range(11))
def test_a_similarity_at_the_threshold_passes_to_the_last_bit(find, tenths):
    assert find("similarity", "a" * tenths + "b" * (10 - tenths), text="a" * 10, threshold=tenths / 10).passed


@given(st.text(alphabet="abé", max_size=12), st.text(alphabet="abé", min_size=1, max_size=12))
def test_similarity_is_that_of_the_textbook(answer, text):
    check = CHECKS["similarity"](text=text)
    assert value_of(check, answer) == pytest.approx(1 - distance(text, answer) / max(len(text), len(answer)))


def value_of(check, answer: str) -> float:
    from evalkit.types import Context, Response, Usage

    response = Response(text=answer, model=None, finish_reason=None, outcome="ok", usage=Usage())
    return check.find(Context(output=answer, response=response)).value


def test_two_texts_too_long_to_compare_are_an_error_and_no_verdict(find):
    with pytest.raises(CheckFailedToRun, match="too long to compare: 1,000,000 characters with 1,000,000"):
        find("similarity", "a" * 1_000_000, text="b" * 1_000_000)
    with pytest.raises(CheckFailedToRun, match="too long to compare: 150,000 words"):
        find("rouge", "a " * 150_000, reference="b " * 150_000)


WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "Dog",
    "U.S.",
    "3.5",
    "naïve",
    "well-known",
    "don't",
    "北京",
    "x_y",
    "!",
]


def pairs(seed: int):
    """Generated texts that share some of their words."""
    draw = Random(seed)
    while True:
        one = draw.choices(WORDS, k=draw.randint(1, 30))
        other = [word for word in one if draw.random() < 0.7] + draw.choices(WORDS, k=draw.randint(0, 10))
        if draw.random() < 0.3:
            draw.shuffle(other)
        yield draw.choice(["  ", " ", "\n"]).join(one), " ".join(other)


@pytest.mark.parametrize("kind", ["rouge1", "rouge2", "rougeL"])
def test_rouge_is_that_of_the_reference_implementation(find, kind):
    scorer = RougeScorer([kind])
    compared = 0
    for reference, answer in islice(pairs(7), 600):
        if not any(char.isascii() and char.isalnum() for char in reference):
            continue
        score = scorer.score(reference, answer)[kind]
        wanted = {"f1": score.fmeasure, "precision": score.precision, "recall": score.recall}
        for measure, value in wanted.items():
            got = find("rouge", answer, reference=reference, type=kind, measure=measure).value
            assert got == pytest.approx(value, abs=1e-12), (reference, answer)
        compared += 1
    assert compared >= 500


@pytest.mark.parametrize(
    ("answer", "arguments", "value"),
    [
        ("the cat is on the mat", {"reference": "the cat sat on the mat"}, 5 / 6),
        ("The CAT!", {"reference": "the cat"}, 1),
        ("", {"reference": "the cat"}, 0),
        ("北京", {"reference": "the cat"}, 0),
        ("the cat", {"reference": ["a dog", "the cat"]}, 1),
        ("cat the", {"reference": "the cat", "type": "rouge1"}, 1),
        ("cat the", {"reference": "the cat", "type": "rouge2"}, 0),
        ("cat", {"reference": "cat", "type": "rouge2"}, 0),
        ("the cat sat", {"reference": "cat", "measure": "recall"}, 1),
        ("the cat sat", {"reference": "cat", "measure": "precision"}, 1 / 3),
        ("中国的首都是北京", {"reference": "北京是首都", "cjk_characters": True}, 4 / 13),
        (MEGABYTE + "end", {"reference": "end", "measure": "recall"}, 1),
        ("\u0301" * 1_000_000, {"reference": "a"}, 0),
    ],
)
def test_rouge_counts_what_is_shared(find, answer, arguments, value):
    finding = find("rouge", answer, **arguments)
    assert finding.value == pytest.approx(value)
    assert finding.passed is (value >= 0.5)
    assert len(finding.reason) < 400


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("similarity", {"text": ""}, "empty"),
        ("similarity", {"text": " "}, "empty"),
        ("similarity", {"text": "a", "threshold": 1.5}, "threshold must lie between 0 and 1"),
        ("rouge", {"reference": []}, "empty"),
        ("rouge", {"reference": ["a", ""]}, "empty"),
        ("rouge", {"reference": "北京"}, "cjk_characters"),
        ("rouge", {"reference": "a", "threshold": -1}, "threshold must lie between 0 and 1"),
    ],
)
def test_a_reference_that_cannot_be_compared_with_is_refused(name, arguments, reason):
    with pytest.raises(ValueError, match=reason):
        CHECKS[name](**arguments)
