"""The check `choice`: which letter an answer settles on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.checks.choice import choice
from evalkit.registry import CHECKS

MEGABYTE = "lorem ipsum " * 90_000
ABCD = tuple("ABCD")
MOODS = ["positive", "negative", "neutral"]


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        # as the published benchmarks have models answer
        ("The answer is (B).", "B"),
        ("the answer is (b)", "B"),
        ("The answer is B", "B"),
        ("Answer: B", "B"),
        ("Answer : $B$", "B"),
        ("**Answer:** B", "B"),
        ("**Answer: B**", "B"),
        ("Answer: **B) Paris**", "B"),
        ("Final Answer: (B)", "B"),
        ("The best answer is: B", "B"),
        ("The correct answer is option B.", "B"),
        ("Answer (B)", "B"),
        ("<answer>B</answer>", "B"),
        (r"$\boxed{B}$", "B"),
        (r"\boxed{\text{B}}", "B"),
        (r"The final answer is $\boxed{\text{(B)}}$.", "B"),
        ("The answer is:\n\n**B**", "B"),
        ("B is correct.", "B"),
        ("The answer must be B.", "B"),
        ("My choice would be (B)", "B"),
        ("Option A is correct. B is not.", "A"),
        ("I choose B; A is silly.", "B"),
        ("I'd go with option B", "B"),
        # the whole answer, or its beginning
        ("B", "B"),
        ("b", "B"),
        (" (B)\n", "B"),
        ("**B**", "B"),
        ("B.", "B"),
        ("B)", "B"),
        ("> B", "B"),
        ("Ｂ", "B"),
        ("「B」", "B"),
        ("B) Paris, since A) is wrong", "B"),
        ("B. Paris", "B"),
        ("B: Paris", "B"),
        ("B - Paris", "B"),
        ("B\nBecause A is wrong.", "B"),
        # the last that stands by itself
        ("Therefore, B", "B"),
        ("A dog is an animal, hence B!", "B"),
        ("It is not A, it is B", "B"),
        ("So A.", "A"),
        ("It is B, not A.", "B"),
        ("B rather than (A)", "B"),
        ("是B，不是A", "B"),
        # other languages
        ("答案是B", "B"),
        ("正确答案：（B）", "B"),
        ("故选B。", "B"),
        ("我选择B", "B"),
        ("B是正确的，A不是", "B"),
        ("答えはBです", "B"),
        ("정답은 B입니다", "B"),
        ("Die Antwort ist B.", "B"),
        ("La réponse est B", "B"),
        ("La respuesta es B.", "B"),
        # the last word counts
        ("Answer: A\n\nWait, no.\n\nAnswer: B", "B"),
        ("The answer is B, because A is wrong and C is worse.", "B"),
        # none, or several
        ("", None),
        ("Paris", None),
        ("A cat", None),
        ("It's a dog", None),
        ("The answer is a dog", None),
        ("The answer is not B.", None),
        ("Answer: Both", None),
        ("ABCD", None),
        ("D'accord", None),
        ("The answer is A or B", None),
        ("Answer: A, B", None),
        ("A and B", None),
        ("Both B and C are right", None),
        ("Neither A nor B", None),
        ("选A或B", None),
        (MEGABYTE, None),
        (MEGABYTE + "The answer is B", "B"),
        ("B\n" + MEGABYTE, "B"),
    ],
)
def test_an_answer_settles_on_a_letter(answer, label):
    assert choice(answer, ABCD).label == label


@pytest.mark.parametrize(
    ("answer", "arguments", "passed", "reason"),
    [
        ("The answer is (B).", {"value": "B"}, True, "chose B ('answer is (B')"),
        ("The answer is (A).", {"value": "B"}, False, "chose A ('answer is (A'), expected B"),
        ("The answer is A or B", {"value": "B"}, False, "names several: 'answer is A or B', expected B"),
        ("Paris", {"value": "B"}, False, "no choice in 'Paris', expected B"),
        ("J", {"value": "J", "choices": "ABCDEFGHIJ"}, True, "chose J ('J')"),
        ("I think I", {"value": "I", "choices": "ABCDEFGHI"}, True, "chose I ('I')"),
        ("The answer is 3", {"value": "3", "choices": ["1", "2", "3", "4"]}, True, "chose 3 ('answer is 3')"),
        ("Answer: 12", {"value": "1", "choices": ["1", "2"]}, False, "no choice in 'Answer: 12', expected 1"),
        ("I'd say **yes**", {"value": "Yes", "choices": ["yes", "no"]}, True, "chose yes ('yes')"),
        ("Sentiment: Negative", {"value": "negative", "choices": MOODS}, True, "chose negative ('Negative')"),
        ("**NEGATIVE**", {"value": "negative", "choices": MOODS}, True, "chose negative ('NEGATIVE')"),
        (
            "It is positive.",
            {"value": "Positive", "choices": ["Positive", "Negative"]},
            True,
            "chose Positive ('positive')",
        ),
        (
            "I have no idea",
            {"value": "No", "choices": ["Yes", "No"]},
            False,
            "no choice in 'I have no idea', expected No",
        ),
        (
            "both/other",
            {"value": "both", "choices": ["both", "other"]},
            False,
            "names several: 'both/other', expected both",
        ),
        ("Answer: B", {"value": "b"}, True, "chose B ('Answer: B')"),
    ],
)
def test_the_choice_is_compared_with_the_right_one(find, answer, arguments, passed, reason):
    finding = find("choice", answer, **arguments)
    assert (finding.passed, finding.reason) == (passed, reason)
    assert finding.value == float(passed)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"value": "E"}, "'E' is none of the choices A, B, C, D"),
        ({"value": ""}, "none of the choices"),
        ({"value": "A", "choices": "A"}, "two at least"),
        ({"value": "A", "choices": "AA"}, "two at least"),
        ({"value": "A", "choices": ["A", "a", "B"]}, "two at least"),
        ({"value": "A", "choices": ["A", ""]}, "empty"),
        ({"value": "A", "choices": "A B"}, "empty"),
        ({"value": "A", "choices": []}, "two at least"),
    ],
)
def test_choices_that_are_none_are_refused(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        CHECKS["choice"](**arguments)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "text",
    [
        "answer is " * 100_000, "A " * 500_000, " " * 1_000_000 + "B", "(" * 1_000_000, "\\boxed{" * 150_000,
        "A or " * 200_000, "答案" * 150_000, "answer: " + " " * 1_000_000, "is correct" * 100_000, "İ" * 1_000_000,
        "answer (" * 120_000, "\u0301" * 1_000_000,
    ],
)  # fmt: skip
def test_a_hostile_megabyte_is_read_in_linear_time(text):
    choice(text, ABCD)


@given(
    st.sampled_from("ABCD"), st.text(alphabet=st.characters(categories=("Ll", "Zs"), max_codepoint=127), max_size=60)
)
def test_words_in_small_letters_before_it_change_nothing(letter, text):
    assert choice(f"{text}\nAnswer: {letter}", ABCD).label == letter
