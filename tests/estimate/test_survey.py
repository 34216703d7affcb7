"""What a plan will send, counted: of a large one on a sample, and nothing of what is stored."""

from __future__ import annotations

import pytest

from evalkit.estimate.estimating import Estimator
from evalkit.estimate.survey import survey_of
from tests.estimate.plans import estimate_of, plan_of


def cases(number: int):
    return [{"id": f"c{n}", "vars": {"q": "word " * (1 + n % 40)}, "checks": "none"} for n in range(number)]


def test_every_request_is_there_once_with_its_repeats(tmp_path):
    plan, census = plan_of(tmp_path, prompts=[{"name": "a", "user": "{{ q }}"}, {"name": "b", "user": "So: {{ q }}"}],
                           defaults={"repeat": 4})  # fmt: skip
    (asked,) = survey_of(plan, census).asked
    assert [(row.prompt, row.case_id, row.repeats) for row in asked.requests][:3] == [
        ("a", "a", 4), ("b", "a", 4), ("a", "b", 4),
    ]  # fmt: skip
    assert (asked.trials, asked.sent) == (24, 24)


def test_a_case_that_is_asked_of_some_models_only_counts_for_these(tmp_path):
    only = [{"id": "a", "vars": {"q": "hi"}, "models": ["o3"], "checks": "none"}]
    plan, census = plan_of(tmp_path, models=["gpt-4o", "o3"], cases=only)
    survey = survey_of(plan, census)
    assert [asked.model.name for asked in survey.asked] == ["o3"]
    assert survey.of("gpt-4o") is None


def test_of_a_large_plan_a_sample_stands_for_all(tmp_path):
    plan, census = plan_of(tmp_path, cases=cases(600), defaults={"repeat": 2})
    survey = survey_of(plan, census, most_trials=300)
    (asked,) = survey.asked
    assert (len(asked.requests), asked.sent, asked.trials) == (150, pytest.approx(1200), pytest.approx(1200))
    assert "counted on 150 of 600 cases" in survey.notes[0]
    sampled = Estimator(plan, survey).estimate().models[0].input_tokens
    whole = estimate_of(plan, census).models[0].input_tokens
    assert sampled.low < whole.median < sampled.high
    assert sampled.high - sampled.low > whole.high - whole.low


def test_a_sample_is_the_same_each_time_and_reads_the_cases_once(tmp_path):
    plan, census = plan_of(tmp_path, cases=cases(600))
    reads, read = 0, plan.cases

    def counted(*arguments):
        nonlocal reads
        reads += 1
        return read(*arguments)

    plan.cases = counted
    one, other = (survey_of(plan, census, most_trials=100) for _ in range(2))
    assert [row.case_id for row in one.asked[0].requests] == [row.case_id for row in other.asked[0].requests]
    assert reads == 2


def test_what_is_stored_is_not_sent_again(tmp_path):
    plan, census = plan_of(tmp_path, defaults={"repeat": 2})
    survey = survey_of(plan, census, is_stored=lambda trial: trial.case_id == "a" or trial.repeat == 0)
    (asked,) = survey.asked
    assert [(row.case_id, row.repeats) for row in asked.requests] == [("b", 1), ("c", 1)]
    assert asked.trials == 2
    assert survey.notes == ("4 of 6 trials are answered already: they cost nothing more",)


def test_where_all_is_stored_nothing_is_left_to_pay(tmp_path):
    plan, census = plan_of(tmp_path)
    survey = survey_of(plan, census, is_stored=lambda _: True)
    estimate = Estimator(plan, survey).estimate()
    assert (estimate.trials, estimate.models, estimate.time_s) == (0, (), None)


def test_the_longest_answers_of_earlier_turns_are_in_the_worst_case(tmp_path):
    talk = [{"id": "t", "turns": ["One.", "Two.", "Three."], "checks": "none"}]
    plan, census = plan_of(tmp_path, cases=talk, defaults={"params": {"max_output_tokens": 100}})
    (asked,) = survey_of(plan, census).asked
    first, second, third = (row.worst_input for row in asked.requests)
    assert second > first + 100
    assert third > second + 100
    assert [row.later for row in asked.requests] == [2, 1, 0]
