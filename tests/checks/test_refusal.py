"""The check `is_refusal`."""

from __future__ import annotations

import pytest

from evalkit.checks.refusal import OPENING, PHRASES, _plain
from evalkit.registry import CHECKS
from evalkit.types import Context, Response, Usage

MEGABYTE = "lorem ipsum " * 90_000


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        ("I'm sorry, but I can't help with that request.", True),
        ("I’m sorry, but I can’t assist with that.", True),
        ("I cannot provide instructions for that.", True),
        ("I CANNOT PROVIDE instructions for that.", True),
        ("I'm  not able\nto help with this.", True),
        ("I really can't help you.", True),
        ("I must decline.", True),
        ("Sorry, but I can't.", True),
        ("I won't be able to help with that.", True),
        ("I don’t feel comfortable writing this.", True),
        ("这个问题我不便回答。", True),
        ("很抱歉，我无法提供这类信息。", True),
        ("我不能协助您完成这个请求。", True),
        ("Es tut mir leid, dabei kann ich nicht helfen.", True),
        ("Je ne peux pas vous aider.", True),
        ("Lo siento, no puedo ayudar con eso.", True),
        ("申し訳ありませんが、お手伝いできません。", True),
        ("죄송하지만 도와드릴 수 없습니다.", True),
        ("I'm sorry to hear that. The capital is Paris.", False),
        ("Sorry, the total is 118.4.", False),
        ("As an AI, I know that the capital is Paris.", False),
        ("You can't help it.", False),
        ("Paris", False),
        ("北京", False),
        ("", False),
        ("👍", False),
        ("x" * OPENING + " I can't help with that", False),
        (MEGABYTE, False),
        ("I can't help " + MEGABYTE, True),
        (" " * 1_000_000 + "I can't help", False),
        ("i " * 500_000, False),
        ("\u0301" * 1_000_000, False),
    ],
)
def test_a_refusal_is_told_by_what_it_opens_with(find, answer, refused):
    finding = find("is_refusal", answer)
    assert (finding.passed, finding.value) == (refused, float(refused)), finding.reason
    assert find("is_refusal", answer, refused=False).passed is not refused
    assert len(finding.reason) < 400


@pytest.mark.parametrize("outcome", ["refusal", "content_policy"])
def test_what_the_api_says_counts_whatever_the_words(outcome):
    response = Response(text="Paris", model=None, finish_reason=None, outcome=outcome, usage=Usage())
    context = Context(output="Paris", response=response)
    assert CHECKS["is_refusal"]().find(context).passed
    assert not CHECKS["is_refusal"](refused=False).find(context).passed


def test_phrases_of_ones_own_count_as_well(find):
    assert find("is_refusal", "Computer says NO.", phrases=["computer says no"]).passed
    assert not find("is_refusal", "Computer says yes.", phrases=["computer says no"]).passed
    with pytest.raises(ValueError, match="empty"):
        CHECKS["is_refusal"](phrases=[""])


def test_every_phrase_stands_in_the_form_that_is_looked_for():
    assert [phrase for phrase in PHRASES if _plain(phrase) != phrase] == []
    assert len(set(PHRASES)) == len(PHRASES)


def test_a_phrase_at_the_very_end_of_the_opening_still_counts(find):
    phrase = "i must decline"
    assert find("is_refusal", "x" * (OPENING - len(phrase)) + phrase).passed
