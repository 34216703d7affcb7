"""What makes a question the same question to the cache."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from evalkit.stored.identity import Question, question_of, stand_in_origin
from evalkit.types import FunctionTarget, Image, Inquiry
from tests.stored.trials import PROVIDER, model, trial


def key_of(asked, part: str = "turn 0", **more) -> str:
    return question_of(asked, asked, part, **more).key


def at(base_url: str):
    return trial(asked=model(provider=replace(PROVIDER, base_url=base_url)))


@pytest.mark.parametrize(
    "same",
    [
        trial(key="another", case_id="another", prompt="another"),
        trial(asked=model(name="another", timeout_s=1.0, max_attempts=1)),
        trial(expected="known", tags=("t",)),
        at("https://gate.example/v1/"),
        at("https://GATE.example/v1"),
        at("https://gate.example/v1?team=7"),
    ],
)
def test_names_limits_and_what_is_expected_make_no_other_question(same):
    assert key_of(same) == key_of(trial())


@pytest.mark.parametrize(
    "other",
    [
        trial("ho"),
        trial(repeat=1),
        trial(params={"temperature": 0}),
        trial(images=(Image(sha256="ab", path=None),)),
        trial(images=(Image(sha256="ab", path=None, detail="low"),)),
        trial(asked=model(id="gpt-4")),
        trial(asked=model(api="responses")),
        at("https://other.example/v1"),
        at("https://gate.example/tenant/v1"),
        at("http://gate.example/v1"),
        at("https://gate.example:8443/v1"),
    ],
)
def test_whatever_is_sent_otherwise_or_elsewhere_is_another_question(other):
    assert key_of(other) != key_of(trial())


def test_all_of_these_differ_from_each_other():
    images = [trial(images=(Image(sha256=name, path=None),)) for name in ("ab", "cd")]
    assert len({key_of(each) for each in images}) == 2


def test_the_order_of_a_schema_s_fields_is_part_of_the_question_that_of_parameters_is_not():
    def with_fields(*names: str):
        schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
        return trial(
            params={"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}}}
        )

    assert key_of(with_fields("why", "verdict")) != key_of(with_fields("verdict", "why"))
    one, other = trial(params={"top_p": 1, "seed": 2}), trial(params={"seed": 2, "top_p": 1})
    assert key_of(one) == key_of(other)


def test_two_judges_who_are_asked_the_same_in_one_trial_are_two_questions():
    subject = trial()
    inquiry = Inquiry(model=model(), request=subject.request)
    keys = {
        question_of(subject, inquiry, part).key for part in ("judge 1a", "judge 2b", "judge#2 1a", "turn 0", "turn 1")
    }
    # The hash tells nothing that the body does not, nor does a turn's number: what was said before stands in it.
    assert len(keys) == 3


def test_the_stand_in_answers_by_what_it_is_told_beside_the_body():
    origin = stand_in_origin(0, "1.0")
    keys = {key_of(trial(expected=expected), stand_in=origin) for expected in ("a", "b", None)}
    assert len(keys) == 3
    assert key_of(trial(), stand_in=stand_in_origin(1, "1.0")) not in keys
    assert key_of(trial()) not in keys


def test_an_application_is_never_answered_for():
    target = model(provider=replace(PROVIDER, target=FunctionTarget(path=None, name="f")))
    assert question_of(trial(asked=target), trial(asked=target), "turn 0") is None


def test_a_question_survives_its_own_json():
    question = question_of(trial("é\u2028", params={"temperature": 0.1}), trial("é\u2028"), "turn 0")
    again = msgspec.json.decode(msgspec.json.encode(question), type=Question)
    assert again.key == question.key


def test_no_secret_of_an_address_is_in_it():
    spelt = msgspec.json.encode(question_of(at("https://me:secret@gate.example/v1?key=secret"), trial(), "turn 0"))
    assert b"secret" not in spelt
