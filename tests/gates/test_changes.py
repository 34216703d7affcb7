"""Gates on what changed: the whole interval passes, none of it fails, else nobody knows."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from evalkit.analysis.frames import load_run
from evalkit.compare import compare_runs
from evalkit.gates import figures_for, judge, judge_gate
from evalkit.suite.limits import parse_gate
from evalkit.types import Comparison, PairedFigure, ScopeFigures
from tests.compare.sides import side, trials


@pytest.fixture
def judged(tmp_path):
    """What becomes of a gate between two strings of marks, or lists of records."""

    def found(expression, before, now, repeats=1):
        gate = parse_gate(expression)
        sides = [each if isinstance(each, list) else trials(each, repeats=repeats) for each in (before, now)]
        base, new = (side(tmp_path / name, made) for name, made in zip(("old", "new"), sides, strict=True))
        return judge_gate(gate, None, compare_runs(base, new, gated=figures_for([gate])))

    return found


def figure(**fields):
    return PairedFigure(**{"metric": "pass_rate", "n": 100, "base": 0.9, "new": 0.88, "delta": -0.02, **fields})


def comparison(*figures, model=None):
    scopes = (ScopeFigures(model=model, figures=figures),)
    return Comparison(base="old", new="new", base_stand_in=False, new_stand_in=False, pairs=(), verdict="inconclusive",
                      margin=0.05, scopes=scopes)  # fmt: skip


@pytest.mark.parametrize(
    ("gate", "low", "high", "result"),
    [
        ("delta.pass_rate > -5pp", -0.04, 0.01, "pass"),
        ("delta.pass_rate > -4pp", -0.04, 0.01, "inconclusive"),  # the lower end is not above it
        ("delta.pass_rate >= -4pp", -0.04, 0.01, "pass"),
        ("delta.pass_rate > 1pp", -0.04, 0.01, "fail"),
        ("delta.pass_rate >= 1pp", -0.04, 0.01, "inconclusive"),
        ("delta.pass_rate < 2pp", -0.04, 0.01, "pass"),
        ("delta.pass_rate <= -5pp", -0.04, 0.01, "fail"),
        ("delta.pass_rate == 0pp", -0.04, 0.01, "inconclusive"),
        ("delta.pass_rate == 0pp", 0.0, 0.0, "pass"),
        ("delta.pass_rate == 2pp", -0.04, 0.01, "fail"),
        ("delta.pass_rate != 2pp", -0.04, 0.01, "pass"),
        ("delta.pass_rate != 0", 0.0, 0.0, "fail"),
    ],
)
def test_the_interval_decides(gate, low, high, result):
    delta = (low + high) / 2
    found = judge_gate(parse_gate(gate), None, comparison(figure(delta=delta, low=low, high=high)))
    assert (found.result, found.value, found.low, found.high, found.n) == (result, delta, low, high, 100)
    assert ("lies on both sides of the limit" in found.reason) == (result == "inconclusive")


def test_a_limit_in_per_cent_is_a_change_relative_to_the_baseline():
    cost = figure(metric="cost_usd", delta=0.5, low=0.4, high=0.6, relative=0.05, relative_low=0.04, relative_high=0.06)
    relative = judge_gate(parse_gate("delta.cost_usd <= 10%"), None, comparison(cost))
    assert (relative.result, relative.value, relative.high, relative.unit) == ("pass", 0.05, 0.06, "%")
    absolute = judge_gate(parse_gate("delta.cost_usd <= 0.1"), None, comparison(cost))
    assert (absolute.result, absolute.value, absolute.high, absolute.unit) == ("fail", 0.5, 0.6, "")


def test_without_a_baseline_it_is_said_how_to_have_one():
    found = judge_gate(parse_gate("delta.pass_rate > -2pp"), None, None)
    assert (found.result, found.value) == ("inconclusive", None)
    assert found.reason == "there is no baseline: run with --baseline FILE|RUN|git:REF"


def test_a_model_of_one_side_only_is_said():
    found = judge_gate(parse_gate("o3: delta.pass_rate > -2pp"), None, comparison(figure()))
    assert (found.result, found.reason) == ("inconclusive", "no trial of o3 has it on both sides")


def test_too_few_cases_for_an_interval_are_said():
    found = judge_gate(parse_gate("delta.pass_rate > -2pp"), None, comparison(figure(low=None, high=None)))
    assert (found.result, found.reason) == ("inconclusive", "too few cases for an interval")


def test_a_share_of_nothing_is_said():
    found = judge_gate(parse_gate("delta.cost_usd < 5%"), None, comparison(figure(metric="cost_usd", relative=None)))
    assert (found.result, found.reason) == ("inconclusive", "the baseline's value is 0: nothing is a share of it")


@pytest.mark.parametrize(
    ("gate", "before", "now", "result", "value"),
    [
        ("new_failures == 0", "+++-", "+++-", "pass", 0),
        ("new_failures == 0", "+++-", "-++-", "fail", 1),
        ("delta.new_failures == 0", "+++-", "-++-", "fail", 1),
        ("new_failures <= 1", "+++-", "-+++", "pass", 1),
        ("new_failures == 0", "+++-", "!++-", "inconclusive", 0),
        ("new_failures == 0", "+++-", "!-+-", "fail", 1),
        ("new_failures <= 5", "+++-", "!-+-", "pass", 1),
        ("new_failures == 0", "!++-", "-++-", "pass", 0),
    ],
)
def test_new_failures_are_cases_that_passed_before(judged, gate, before, now, result, value):
    found = judged(gate, before, now)
    assert (found.result, found.value, found.n, found.low) == (result, value, 4, None)


def test_errors_that_may_hide_failures_are_said(judged):
    assert judged("new_failures == 0", "+++", "!!+").reason == "2 more that passed before have errors now"


def test_a_case_of_repeats_fails_when_it_misses_its_share(judged):
    before = trials("++++++", repeats=3, pass_if=2 / 3)
    now = trials("++-+--", repeats=3, pass_if=2 / 3)
    assert judged("new_failures == 0", before, now).value == 1
    assert judged("new_failures == 0", "++++++", "++-+++", repeats=3).value == 1


def test_cases_that_the_run_does_not_have_are_said(judged):
    found = judged("new_failures == 0", "+++", "+")
    assert (found.result, found.n, found.reason) == ("pass", 1, "2 cases of the baseline not among them")


def test_a_new_case_that_fails_is_no_new_failure(judged):
    assert judged("new_failures == 0", "++", "++--").value == 0


@pytest.mark.parametrize(
    ("metric", "base", "value"),
    [
        ("pass_rate", 1.0, -0.25),
        ("score", 1.0, -0.25),
        ("error_rate", 0.0, 0.0),
        ("cost_usd", 0.4, 0.4),
        ("input_tokens", 400, 200),
        ("output_tokens", 40, 0),
        ("p50_latency_s", 1.0, 1.0),
        ("p95_latency_s", 1.0, 1.0),
        ("cost_per_pass_usd", 0.01, 0.8 / 30 - 0.01),
    ],
)
def test_every_figure_changes_by_what_it_is_now_less_what_it_was(tmp_path, metric, base, value):
    usage = {"input_tokens": 10, "output_tokens": 1}
    before = trials("+" * 40, cost_usd=0.01, latency_s=1.0)
    before = [replace(each, response=replace(each.response, usage=replace(each.response.usage, **usage)))
              for each in before]  # fmt: skip
    now = trials("-" * 10 + "+" * 30, cost_usd=0.02, latency_s=2.0)
    now = [replace(each, response=replace(each.response, usage=replace(
        each.response.usage, input_tokens=15, output_tokens=1))) for each in now]  # fmt: skip
    found = compare_runs(side(tmp_path / "old", before), side(tmp_path / "new", now), gated=[(metric, None)])
    (figure,) = found.scopes[0].figures
    assert (figure.metric, figure.n, figure.base) == (metric, 40, pytest.approx(base))
    assert figure.delta == pytest.approx(value)
    assert figure.low <= figure.delta <= figure.high


def test_several_models_together_are_clusters_of_their_cases(tmp_path):
    before = [record for model in "abc" for record in trials("+" * 8, model=model)]
    now = [record for model in "abc" for record in trials("-" * 5 + "+++", model=model)]
    gated = [("pass_rate", None), ("pass_rate", "a")]
    whole, one = compare_runs(side(tmp_path / "old", before), side(tmp_path / "new", now), gated=gated).scopes
    assert (whole.figures[0].n, one.figures[0].n) == (24, 8)
    assert whole.figures[0].p_value == pytest.approx(one.figures[0].p_value) == 2 / 2**5


def test_errors_that_could_decide_a_gate_otherwise_put_it_in_doubt(tmp_path):
    gate = parse_gate("delta.pass_rate > -30pp")
    before, now = trials("+" * 60), trials("!" * 20 + "+" * 40)
    base, new = side(tmp_path / "old", before), side(tmp_path / "new", now, gates=(gate,))
    run = judge(load_run(tmp_path / "new"), compare_runs(base, new, gated=figures_for([gate])))
    assert run.in_doubt == (gate,)
    assert (
        "with answers instead of errors it could be anything from -33.3 to +0.0 points" in run.summary.gates[0].reason
    )
    assert run.summary.comparison.base == "old"


@pytest.mark.parametrize(("metric", "n"), [("p99_latency_s", 60), ("p95_latency_s", 10)])
def test_percentiles_of_too_few_answers_are_not_compared(tmp_path, metric, n):
    base, new = (side(tmp_path / name, trials("+" * n)) for name in ("old", "new"))
    (figure,) = compare_runs(base, new, gated=[(metric, None)]).scopes[0].figures
    assert (figure.n, figure.delta) == (n, None)
