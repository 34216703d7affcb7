"""What is told of a run does not depend on who answered first."""

from __future__ import annotations

import itertools
import random

import pytest

from evalkit.analysis.failures import error_groups, failed_trials
from evalkit.analysis.frames import load_run
from evalkit.analysis.order import natural
from evalkit.analysis.summary import summarise
from tests.analysis.run_folder import errored, manifest, record, write

RUN = manifest(models=("o3", "gpt-4o"), prompts=("terse", "careful"))
PLACES = [
    {"case_id": case, "prompt": prompt, "model": model, "repeat": repeat}
    for case, prompt, model, repeat in itertools.product(
        ("case-2", "case-10"), ("terse", "careful"), ("o3", "gpt-4o"), (0, 1)
    )
]


@pytest.mark.parametrize(
    "ordered",
    [
        ["case-2", "case-10", "case-10b", "case-11"],
        ["2", "10", "a", "a1", "a1b2", "a1b10"],
        ["01", "1", "1a"],
        ["v1.2", "v1.10", "v2"],
        ["发票-3", "发票-20"],
        ["9" * 4_999, "1" + "0" * 5_000],
        ["", "0", "²"],
    ],
)
def test_numbers_in_names_count_as_numbers(ordered):
    mixed = ordered[::-1]
    assert sorted(mixed, key=natural) == ordered


@pytest.mark.parametrize("seed", range(3))
def test_failures_come_by_case_prompt_model_and_repeat(tmp_path, seed):
    records = [record(False, **place) for place in PLACES]
    random.Random(seed).shuffle(records)
    told = failed_trials(load_run(write(tmp_path, records, RUN)), limit=99)
    assert [{name: getattr(trial, name) for name in PLACES[0]} for trial in told] == PLACES


@pytest.mark.parametrize("seed", range(3))
def test_equally_frequent_errors_come_by_their_first_trial(tmp_path, seed):
    places = [place for place in PLACES if place["repeat"] == 0]
    records = [errored(message=f"{place['case_id']} {place['prompt']}", **place) for place in places]
    records.append(errored(message="twice", case_id="z", model="o3"))
    records.append(errored(message="twice", case_id="y", model="o3"))
    random.Random(seed).shuffle(records)
    told = error_groups(load_run(write(tmp_path, records, RUN)), limit=99)
    first, *rest = [(group.message, group.model, group.case_id) for group in told]
    assert first == ("twice", "o3", "y")
    assert rest == [(f"{place['case_id']} {place['prompt']}", place["model"], place["case_id"]) for place in places]


def test_names_that_the_manifest_does_not_know_come_last_by_the_alphabet(tmp_path):
    names = ["zeta", "alpha", "gpt-4o", "o3"]
    records = [record(False, case_id="a", model=name) for name in names]
    frames = load_run(write(tmp_path, records, RUN))
    ordered = ["o3", "gpt-4o", "alpha", "zeta"]
    assert [trial.model for trial in failed_trials(frames, limit=9)] == ordered
    assert [row.model for row in summarise(frames)] == ordered
