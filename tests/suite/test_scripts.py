"""What is said to a model: prompts filled in, and the turns of conversations."""

from __future__ import annotations

import pytest

from evalkit.suite.instances import instances
from evalkit.suite.parts import Case, CaseTurn, MessageTemplate
from evalkit.suite.scripts import script, scripted_turns
from evalkit.suite.source import Document
from evalkit.suite.templates import TemplateInvalid
from evalkit.types import Document as File
from evalkit.types import Image

A, B = Image(url="https://h/a.png"), Image(url="https://h/b.png")
PDF = File(name="a.pdf", url="https://h/a.pdf")


def instance(*turns: str | CaseTurn, **fields):
    said = tuple(CaseTurn(user=turn) if isinstance(turn, str) else turn for turn in turns)
    [made] = instances(Case(**{"id": "a", "vars": {}, "places": Document("f", ""), "turns": said, **fields}), {})
    return made


def words(*said: str) -> tuple[MessageTemplate, ...]:
    """A prompt, each message as `role: content`."""
    return tuple(
        MessageTemplate(role=role, content=content) for role, content in (text.split(": ", 1) for text in said)
    )


def spoken(messages) -> list[str]:
    return [f"{message.role}: {message.content}" for message in messages]


def test_a_message_that_cannot_be_sent_is_refused():
    with pytest.raises(TemplateInvalid, match="half of a surrogate pair"):
        script(words('user: {{ "\\udfff" }}'), instance())


def test_a_single_question_is_the_whole_prompt():
    said = script(words("system: s {{ v }}", "user: {{ v }}"), instance(vars={"v": 1}))
    assert (spoken(said.opening), said.later) == (["system: s 1", "user: 1"], ())
    [turn] = scripted_turns(said, instance(vars={"v": 1}, expected="x"))
    assert (turn.checks, turn.expected) == ((), None)


def test_pictures_and_files_go_with_the_last_user_message():
    said = script(words("user: x", "assistant: y", "user: z", "assistant: w"), instance(images=(A, B), files=(PDF,)))
    assert [message.media for message in said.opening] == [(), (), (A, B, PDF), ()]
    with pytest.raises(TemplateInvalid, match="pictures go with the last user message, and this prompt has none"):
        script(words("system: x"), instance(images=(A,)))
    with pytest.raises(TemplateInvalid, match="files go with the last user message"):
        script(words("system: x"), instance(files=(PDF,)))


@pytest.mark.parametrize(
    ("prompt", "opening", "later"),
    [
        (["system: Be {{ v }}.", "user: {{ question }}"], ["system: Be kind.", "user: one kind"], ["user: two"]),
        (["user: {{ question }}"], ["user: one kind"], ["user: two"]),
        (["system: s"], ["system: s", "user: one kind"], ["user: two"]),
        (["user: 2+2?", "assistant: 4", "user: {{ question }}"],
         ["user: 2+2?", "assistant: 4", "user: one kind"], ["user: two"]),
        (["user: 2+2?", "assistant: 4"], ["user: 2+2?", "assistant: 4", "user: one kind"], ["user: two"]),
        (["system: s", "user: Q: {{ user }}, {{ v }}?"],
         ["system: s", "user: Q: one kind, kind?"], ["user: Q: two, kind?"]),
        (["user: {{ user | upper }}"], ["user: ONE KIND"], ["user: TWO"]),
        (["user: {{ user | default(question) }}"], ["user: one kind"], ["user: two"]),
    ],
    ids=["asked", "bare", "system-only", "few-shot", "few-shot-only", "framed", "filtered", "either"],
)  # fmt: skip
def test_turns_take_the_place_of_the_message_that_ends_the_prompt(prompt, opening, later):
    said = script(words(*prompt), instance("one {{ v }}", "two", vars={"v": "kind"}))
    assert (spoken(said.opening), spoken(said.later)) == (opening, later)


def test_a_frame_for_either_serves_single_questions_too():
    said = script(words("user: {{ user | default(question) }}"), instance(vars={"question": "why?"}))
    assert spoken(said.opening) == ["user: why?"]


def test_the_name_of_the_one_who_asks_stays():
    asking = (MessageTemplate(role="user", content="{{ question }}", name="ada"),)
    said = script(asking, instance("one", "two"))
    assert [message.name for message in (*said.opening, *said.later)] == ["ada", "ada"]


def test_pictures_of_the_case_go_with_the_first_turn_and_those_of_a_turn_with_it():
    turns = (CaseTurn(user="one", images=(B,)), CaseTurn(user="two", files=(PDF,)), CaseTurn(user="three"))
    said = script(words("system: s", "user: x"), instance(*turns, images=(A,)))
    assert [message.media for message in (*said.opening, *said.later)] == [(), (A, B), (PDF,), ()]


@pytest.mark.parametrize(
    ("prompt", "turn", "message"),
    [
        ("system: {{ question }}", "one", "no variable 'question'"),
        ("user: {{ question }} {{ user }}", "one", "no variable 'question'"),
        ("user: x", "{{ question }}", "no variable 'question'"),
        ("user: x", "{{ output }}", "no variable 'output'"),
        ("user: x", "{{ user }}", "no variable 'user'"),
    ],
)
def test_an_undefined_variable_in_what_is_said_is_an_error(prompt, turn, message):
    with pytest.raises(TemplateInvalid, match=message):
        script(words("user: y", "assistant: z", prompt), instance("one", turn))


def test_a_var_may_not_be_called_like_the_text_of_a_turn():
    with pytest.raises(TemplateInvalid, match="'user' is the text of a turn in the prompts of a conversation"):
        script(words("user: {{ user }}"), instance("one", vars={"user": "ada"}))
    assert spoken(script(words("user: {{ user }}"), instance(vars={"user": "ada"})).opening) == ["user: ada"]


def test_a_turn_expects_its_own_answer_and_else_that_of_the_case():
    asked = instance(CaseTurn(user="one", expected="{{ v }}!"), CaseTurn(user="two"), vars={"v": 1}, expected="end")
    turns = scripted_turns(script(words("user: x"), asked), asked)
    assert ([turn.expected for turn in turns], asked.expected) == (["1!", "end"], "end")


def test_the_last_turn_s_expected_answer_is_the_case_s_and_no_other_turn_s():
    asked = instance("one", CaseTurn(user="two", expected="2"))
    turns = scripted_turns(script(words("user: x"), asked), asked)
    assert ([turn.expected for turn in turns], asked.expected) == ([None, "2"], "2")
