"""What else is not the same on both sides is said, and nothing else is."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from evalkit.analysis.sides import side_of_run
from evalkit.compare.remarks import remarks
from evalkit.types import Price
from tests.analysis.run_folder import answer, asked, manifest, record, write


@pytest.fixture
def told(tmp_path):
    """The remarks on two runs of one model, the newer one with other values in manifest, model or answer."""

    def between(*, base=None, new=None, model=None, response=None):
        sides = []
        for name, about, asked_as, said in (("old", base, None, None), ("new", new, model, response)):
            run = replace(manifest(id=name), **(about or {}))
            run = replace(run, models=(replace(asked("gpt-4o"), **(asked_as or {})),))
            folder = write(tmp_path / name, [record(case_id="c0", response=said)], run)
            sides.append(side_of_run(folder))
        return list(remarks(*sides))

    return between


def test_where_only_answers_differ_there_is_nothing_to_say(told):
    assert told() == []


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ({"stand_in": True},
         "new was answered by the stand-in gateway, the other by models: the difference says nothing."),
        ({"suite": "other"}, "The suites are two: quickstart and other."),
        ({"suite_digest": "1"},
         "The suite's file was changed between the two: prompts, cases or checks may be others."),
        ({"ended_at": None}, "new has not ended: it is still going on, or it was stopped."),
        ({"prices_date": "2026-01-01"}, "Costs were reckoned by price tables of other dates: unknown → 2026-01-01."),
    ],
)  # fmt: skip
def test_runs_of_other_kinds_are_told(told, new, said):
    assert told(new=new) == [said]


def test_two_stand_ins_are_alike(told):
    both = {"stand_in": True}
    assert told(base=both, new=both, model={"host": "127.0.0.1:4711"}) != told(base=both, new=both)[1:]
    assert told(base=both, new=both) == []


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"id": "gpt-4.1"}, "gpt-4o: its id changed: gpt-4o → gpt-4.1."),
        ({"api": "responses"}, "gpt-4o: its API changed: chat → responses."),
        ({"host": "example.org"}, "gpt-4o: its host changed: gptproto.com → example.org."),
        ({"params": {"temperature": 0}}, "gpt-4o: its parameters changed: none → temperature 0."),
        ({"price": Price(input=1, output=2)}, "Prices changed: gpt-4o; differences of cost are partly theirs."),
    ],
)
def test_a_model_that_is_asked_otherwise_is_told(told, model, said):
    assert told(model=model) == [said]


def test_another_answering_model_is_told(told):
    said = told(response=answer(answered_by="gpt-4o-2026-01-01"))
    assert said == ["gpt-4o: other models answered: gpt-4o → gpt-4o-2026-01-01."]


def test_models_and_prompts_of_one_side_are_told(tmp_path):
    sides = []
    for name, model, prompt in (("old", "a", "terse"), ("new", "b", "long")):
        both = [record(case_id="c0", model="m", prompt="p"), record(case_id="c0", model=model, prompt=prompt)]
        sides.append(side_of_run(write(tmp_path / name, both, manifest(id=name, models=("m", model)))))
    assert list(remarks(*sides)) == [
        "Only old has the model a: not compared.",
        "Only new has the model b: not compared.",
        "Only old has the prompt terse: not compared.",
        "Only new has the prompt long: not compared.",
    ]
