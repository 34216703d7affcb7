"""The figures are what one gets by hand, and what is unknown stays unknown."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from evalkit.analysis.frames import load_run
from evalkit.analysis.intervals import mean_interval
from evalkit.analysis.statistics import wilson
from evalkit.analysis.summary import about, summarise, total
from evalkit.types import Opinion, Score
from tests.analysis.run_folder import answer, errored, manifest, record, unchecked, write


def figures(folder, records, run=None):
    (row,) = summarise(load_run(write(folder, records, run)))
    return row


def test_every_trial_is_counted_once(tmp_path):
    records = [record(True), record(True), record(False), errored(), unchecked(), record(None)]
    row = figures(tmp_path, records, manifest(planned={("gpt-4o", "terse"): 9}))
    assert (row.n, row.passed, row.failed, row.errors, row.unscored, row.not_run) == (6, 2, 1, 2, 1, 3)


def test_errors_stay_out_of_the_pass_rate_and_stand_beside_it_as_bounds(tmp_path):
    row = figures(tmp_path, [*(record() for _ in range(6)), record(False), errored()])
    assert row.pass_rate == 6 / 7
    assert row.pass_rate_bounds == (6 / 8, 7 / 8)
    assert row.pass_rate_low == pytest.approx(0.486872, abs=1e-6)  # Wilson for 6 of 7
    assert row.pass_rate_high == pytest.approx(0.974320, abs=1e-6)


def test_repeats_of_a_case_do_not_narrow_the_interval(tmp_path):
    shares = {"a": [True, True, True], "b": [True, False, True], "c": [False, False, False]}
    records = [
        record(passed, case_id=case, repeat=repeat)
        for case, repeats in shares.items()
        for repeat, passed in enumerate(repeats)
    ]
    row = figures(tmp_path, [*records, errored(case_id="c", repeat=3), errored(case_id="d")])
    assert row.pass_rate == 5 / 9
    assert row.cases == 3
    # Far from Wilson's interval over nine trials, 27–81 %, and near to the one over three cases, 15–90 %.
    assert (row.pass_rate_low, row.pass_rate_high) == pytest.approx(wilson(1 + 2 / 3, 3), abs=0.005)


def test_every_case_weighs_the_same_in_the_interval_however_often_it_was_asked(tmp_path):
    records = [record(case_id="a", repeat=repeat) for repeat in range(8)]
    row = figures(tmp_path, [*records, record(False, case_id="b"), record(False, case_id="c")])
    assert row.pass_rate == 0.8
    assert row.pass_rate_low == pytest.approx(wilson(1, 3)[0])
    assert row.pass_rate_high == 0.8  # 79 % by itself, and widened to hold the value that it belongs to


def test_usage_that_does_not_add_up_is_counted_by_the_gateway_s_own_figures(tmp_path):
    told = {"input_tokens": 20, "output_tokens": 198, "total_tokens": 623}
    answers = [
        answer(input_tokens=3, output_tokens=4, total_tokens=7),
        answer(input_tokens=3, output_tokens=4),
        answer(),
        answer(input_tokens=64, output_tokens=135, total_tokens=277),
        answer(input_tokens=20, output_tokens=603, total_tokens=623, rule="output = total − prompt", raw=told),
        answer(input_tokens=360, output_tokens=4, rule="with caches", raw={"input_tokens": "10", "total_tokens": 1}),
    ]
    assert figures(tmp_path, [*(record(response=each) for each in answers), errored()]).usage_mismatches == 2


def test_without_errors_there_are_no_bounds(tmp_path):
    assert figures(tmp_path, [record(), record(False)]).pass_rate_bounds is None


def test_only_errors_leave_the_pass_rate_unknown(tmp_path):
    row = figures(tmp_path, [errored(), errored()])
    assert (row.pass_rate, row.pass_rate_low, row.score) == (None, None, None)
    assert row.pass_rate_bounds == (0.0, 1.0)


def test_the_score_is_the_mean_over_scored_trials(tmp_path):
    row = figures(tmp_path, [record(True, score=0.8), record(False, score=0.3), errored(), record(None)])
    assert row.score == pytest.approx(0.55)


def test_errors_and_outcomes_are_counted_by_kind(tmp_path):
    records = [
        record(),
        record(False, response=answer("Par", outcome="length")),
        errored("timeout"),
        errored("timeout"),
        errored("rate_limit", status=429),
        unchecked(),
    ]
    row = figures(tmp_path, records)
    assert row.outcomes == {"length": 1, "ok": 2}
    assert row.error_kinds == {"check_error": 1, "rate_limit": 1, "timeout": 2}
    assert sum(row.error_kinds.values()) == row.errors


def test_latency_speaks_of_fresh_answers_only(tmp_path):
    records = [record(latency_s=1.0), record(False, latency_s=3.0), record(latency_s=0.001, cached=True), errored()]
    row = figures(tmp_path, records)
    assert (row.latency_s.n, row.latency_s.p50) == (2, 2.0)
    assert (row.ttft_s.n, row.ttft_s.p50) == (0, None)


def test_tokens_are_summed_where_known_and_unknown_where_not(tmp_path):
    records = [
        record(usage={"input_tokens": 10, "output_tokens": 20, "reasoning_tokens": 5}),
        record(usage={"input_tokens": 100, "output_tokens": 1}),
        record(),
        errored(),
    ]
    row = figures(tmp_path, records)
    assert (row.input_tokens, row.output_tokens, row.reasoning_tokens) == (110, 21, 5)
    assert row.cached_input_tokens is None
    assert row.known == {
        "input_tokens": 2,
        "output_tokens": 2,
        "reasoning_tokens": 1,
        "cached_input_tokens": 0,
        "cost_usd": 0,
    }


def test_a_sum_of_zeros_is_known(tmp_path):
    assert figures(tmp_path, [record(usage={"reasoning_tokens": 0})]).reasoning_tokens == 0


def test_the_cost_per_pass_divides_all_that_was_paid(tmp_path):
    row = figures(tmp_path, [record(cost_usd=0.25), record(False, cost_usd=0.5), record(cost_usd=0.25), errored()])
    assert (row.cost_usd, row.cost_per_pass_usd) == (1.0, 0.5)


@pytest.mark.parametrize(
    "records",
    [
        [record(cost_usd=0.25), record()],  # a part of the cost is unknown
        [record(False, cost_usd=0.25)],  # nothing passed
        [record()],
    ],
)
def test_the_cost_per_pass_is_unknown_where_it_would_mislead(tmp_path, records):
    assert figures(tmp_path, records).cost_per_pass_usd is None


def test_the_names_that_answered_are_kept(tmp_path):
    records = [
        record(response=answer(answered_by=name)) for name in ("gpt-4o-2024", "gpt-4-gizmo", "gpt-4o-2024", None)
    ]
    assert figures(tmp_path, records).answered_by == ("gpt-4-gizmo", "gpt-4o-2024")


def test_rows_come_in_the_manifests_order_and_planned_ones_always(tmp_path):
    run = manifest(
        models=("o3", "gpt-4o"),
        prompts=("terse", "careful"),
        planned={("gpt-4o", "careful"): 2, ("gpt-4o", "terse"): 2, ("o3", "terse"): 2},
    )
    records = [record(model="gpt-4o", prompt="careful"), record(model="o3")]
    rows = summarise(load_run(write(tmp_path, records, run)))
    assert [(row.model, row.prompt, row.n, row.not_run) for row in rows] == [
        ("o3", "terse", 1, 1),
        ("gpt-4o", "terse", 0, 2),
        ("gpt-4o", "careful", 1, 1),
    ]
    assert (rows[1].pass_rate, rows[1].score, rows[1].cost_usd, rows[1].latency_s.p50) == (None, None, None, None)


def test_totals_span_prompts_and_models(tmp_path):
    planned = {(model, prompt): 2 for model in ("o3", "gpt-4o") for prompt in ("terse", "careful")}
    run = manifest(models=("o3", "gpt-4o"), prompts=("terse", "careful"), planned=planned)
    records = [
        record(model="o3", cost_usd=0.5, latency_s=1.0),
        record(False, model="o3", prompt="careful", cost_usd=0.5, latency_s=2.0),
        record(model="gpt-4o", cost_usd=1.0, latency_s=9.0),
    ]
    frames = load_run(write(tmp_path, records, run))
    everything, o3 = total(frames), total(frames, "o3")
    assert (everything.n, everything.passed, everything.not_run, everything.cost_usd) == (3, 2, 5, 2.0)
    assert (o3.n, o3.pass_rate, o3.not_run, o3.latency_s.p50) == (2, 0.5, 2, 1.5)
    assert total(frames, "o4-mini") is None


def test_the_run_is_told_in_the_words_of_the_contract():
    told = about(manifest(stand_in=True, notes=("o3 was stopped",), skipped={"later": "waiting"}, git_commit="abc"))
    assert told == {
        "id": "quickstart-20261121T184100Z",
        "suite": "quickstart",
        "started_at": "2026-11-21T18:41:00.000Z",
        "ended_at": "2026-11-21T18:41:09.000Z",
        "stand_in": True,
        "prices_date": None,
        "git_commit": "abc",
        "notes": ("o3 was stopped",),
        "skipped": {"later": "waiting"},
    }


def test_failures_and_errors_are_told_by_how_they_came(tmp_path):
    judge = Score(check="judge", error="the verdict is no JSON", judge_failed=True)
    records = [
        record(False),
        record(False, response=answer("Par", outcome="length")),
        record(True, response=answer("Paris is", outcome="length")),
        record(False, response=answer("", outcome="refusal")),
        record(False, response=answer("", outcome="content_policy")),
        errored("timeout"),
        unchecked(),
        record(None, scores=(judge,)),
        record(None, scores=(Score(check="icontains", value=1.0, passed=True), judge)),
    ]
    row = figures(tmp_path, records)
    assert (row.wrong, row.truncated, row.refused, row.policy, row.failed) == (1, 1, 1, 1, 4)
    assert (row.api_errors, row.check_errors, row.judge_errors, row.errors) == (1, 1, 2, 4)


def test_clusters_widen_the_interval_and_are_counted(tmp_path):
    alike = [record(number < 30, cluster=f"invoice-{number // 5}") for number in range(40)]
    row = figures(tmp_path / "a", alike)
    alone = figures(tmp_path / "b", [record(number < 30) for number in range(40)])
    assert (row.cases, row.clusters, alone.clusters) == (40, 8, None)
    assert row.pass_rate_high - row.pass_rate_low > 1.5 * (alone.pass_rate_high - alone.pass_rate_low)
    assert row.pass_rate_low == pytest.approx(wilson(6, 8)[0], abs=0.03)


def test_a_cluster_and_a_case_of_the_same_name_are_two_things(tmp_path):
    records = [record(case_id="a"), record(False, case_id="b", cluster="a"), record(case_id="c", cluster="a")]
    assert figures(tmp_path, records).clusters == 2


def test_the_score_has_its_interval_over_cases(tmp_path):
    values = np.random.default_rng(2).random(30)
    row = figures(tmp_path, [record(value > 0.5, score=value) for value in values.tolist()])
    assert (row.score_low, row.score_high) == pytest.approx(mean_interval(values))
    assert row.score_low < row.score < row.score_high


def test_percentiles_have_intervals_of_what_was_seen(tmp_path):
    row = figures(tmp_path, [record(latency_s=float(second)) for second in range(1, 60)])
    assert (row.latency_s.p50, row.latency_s.p50_low, row.latency_s.p50_high) == (30.0, 22.0, 38.0)
    assert (row.latency_s.p95_low, row.latency_s.p95_high) == (50.0, 59.0)
    few = figures(tmp_path, [record(latency_s=float(second)) for second in range(1, 31)])
    assert (few.latency_s.p95, few.latency_s.p95_high) == (pytest.approx(28.55), None)
    assert few.latency_s.p95_low is not None


def test_costs_per_case_and_per_pass_have_intervals_that_are_always_the_same(tmp_path):
    costs = np.random.default_rng(4).lognormal(-7, 1, 24)
    records = [record(number % 4 > 0, cost_usd=float(cost)) for number, cost in enumerate(costs)]
    row, again = figures(tmp_path / "a", records), figures(tmp_path / "b", records)
    assert row.cost_per_case_usd == pytest.approx(costs.mean())
    assert row.cost_per_case_usd_low < row.cost_per_case_usd < row.cost_per_case_usd_high
    assert row.cost_per_pass_usd == pytest.approx(costs.sum() / 18)
    assert row.cost_per_pass_usd_low < row.cost_per_pass_usd < row.cost_per_pass_usd_high
    assert row.cost_cases == 24
    assert again.cost_per_case_usd_high == row.cost_per_case_usd_high


def test_repeats_of_a_case_count_once_in_the_cost_per_case(tmp_path):
    thrice = [record(case_id="a", repeat=repeat, cost_usd=0.9) for repeat in range(3)]
    row = figures(tmp_path, [*thrice, *(record(cost_usd=0.1) for _ in range(7))])
    assert row.cost_per_case_usd == pytest.approx((0.9 + 7 * 0.1) / 8)
    assert row.cost_usd == pytest.approx(2.7 + 0.7)


def test_tokens_per_case_have_their_interval_and_n(tmp_path):
    records = [record(usage={"output_tokens": 100 + number}) for number in range(10)]
    found = figures(tmp_path, [*records, record()]).tokens_per_case
    assert list(found) == ["output_tokens"]
    assert (found["output_tokens"].value, found["output_tokens"].n) == (104.5, 10)
    assert found["output_tokens"].low < 104.5 < found["output_tokens"].high


def test_asking_judges_is_summed_apart(tmp_path):
    opinion = Opinion(model="o3", response=answer(input_tokens=50, output_tokens=7), cost_usd=0.25)
    judged = (Score(check="judge", value=1.0, passed=True, opinions=(opinion, opinion)),)
    row = figures(tmp_path / "a", [record(scores=judged, cost_usd=0.5), record(cost_usd=0.5)])
    assert (row.judge_calls, row.judge_cost_usd, row.cost_usd) == (2, 0.5, 1.0)
    assert (row.judge_input_tokens, row.judge_output_tokens) == (100, 14)
    unpriced = (Score(check="judge", value=1.0, passed=True, opinions=(replace(opinion, cost_usd=None),)),)
    row = figures(tmp_path / "b", [record(scores=judged), record(scores=unpriced)])
    assert (row.judge_calls, row.judge_cost_usd, row.judge_input_tokens) == (3, None, 150)
    assert figures(tmp_path / "c", [record()]).judge_cost_usd is None


def test_metrics_are_weighted_means_over_scored_trials(tmp_path):
    def checks(*found):
        return tuple(
            Score(check="judge", value=value, passed=True, weight=weight, metric=metric, skipped=value is None)
            for metric, value, weight in found
        )

    records = [
        record(scores=checks(("clarity", 1.0, 3.0), ("clarity", 0.0, 1.0), ("tone", 0.5, 1.0))),
        record(scores=checks(("clarity", 0.25, 1.0), ("tone", None, 1.0))),
        record(scores=checks(("clarity", 0.0, 0.0))),
        replace(unchecked(), scores=(*checks(("clarity", 0.0, 1.0)), Score(check="json", error="no"))),
    ]
    row = figures(tmp_path, records)
    assert row.metrics == {"clarity": 0.5, "tone": 0.5}
    assert {name: found.n for name, found in row.metric_estimates.items()} == {"clarity": 2, "tone": 1}
    assert row.metric_estimates["clarity"].low < 0.5 < row.metric_estimates["clarity"].high


def test_metrics_of_two_models_are_not_mixed(tmp_path):
    def clear(value):
        return (Score(check="judge", value=value, passed=True, metric="clarity"),)

    run = manifest(models=("o3", "gpt-4o"))
    records = [record(scores=clear(1.0), model="o3"), record(scores=clear(0.0), model="gpt-4o")]
    o3, gpt = summarise(load_run(write(tmp_path, records, run)))
    assert (o3.metrics, gpt.metrics) == ({"clarity": 1.0}, {"clarity": 0.0})


def test_stored_answers_are_counted(tmp_path):
    assert figures(tmp_path, [record(cached=True), record(), record(cached=True)]).cached == 2


def test_errors_of_cases_expected_to_fail_leave_the_pass_rate_alone(tmp_path):
    row = figures(tmp_path, [record(), errored(xfail="bug 12")])
    assert (row.errors, row.pass_rate, row.pass_rate_bounds) == (1, 1.0, None)
