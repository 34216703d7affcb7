"""What the stand-in remembers of a conversation."""

from __future__ import annotations

import pytest

from evalkit.simulator import chat
from evalkit.simulator.answers import answer
from evalkit.simulator.memory import remembered


def talk(*said: str, **settings):
    """A conversation: what the user says and what the model says, by turns."""
    roles = ("user", "assistant")
    messages = [{"role": roles[number % 2], "content": text} for number, text in enumerate(said)]
    return chat.read({"model": "gpt-4o", "messages": messages, **settings})


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (["My name is Ada."], "Ada"),
        (["My name is Ada.", "Hello", "What is my name?"], "Ada"),
        (["Hi! my favourite colour is dark green, thanks", "Noted", "what's my favourite colour"], "dark green"),
        (["My name is Ada.", "Hello", "My name is Bob!", "Ah", "What was my name?"], "Bob"),
        (["My name is Ada, my dog is Rex.", "Hello", "What is my name?"], "Ada"),
        (["My name is Ada, my dog is Rex.", "Hello", "What is my dog?"], "Rex"),
        (["我的名字是小明。", "你好", "我的名字是什么？"], "小明"),
        (["My name is Ada.", "Hello", "What is my age?"], None),
        (["What is my name?"], None),
        (["Hello", "My name is Eve.", "What is my name?"], None),  # the model's own words are not the user's
        (["What is the capital of France?"], None),
        ([""], None),
    ],
)
def test_what_the_user_said_is_remembered_when_asked_for(said, value):
    assert remembered(talk(*said)) == value


def test_an_answer_has_it_as_often_as_the_models_skill_says():
    questions = [talk("My name is Ada.", f"Hello {number}", "What is my name?") for number in range(300)]
    right = sum(answer(question, seed=1).text == "Ada" for question in questions)
    assert 0.75 <= right / 300 < 1


def test_what_is_expected_goes_before_what_is_remembered():
    texts = {answer(talk("My name is Ada."), seed=seed, expected="Nice to meet you").text for seed in range(20)}
    assert "Nice to meet you" in texts
    assert "Ada" not in texts


def test_words_that_provoke_hold_for_their_own_turn_alone():
    assert answer(talk("[[refusal]]"), seed=0).refusal
    assert answer(talk("[[refusal]]", "No.", "My name is Ada."), seed=0).refusal is None
