"""A gate passes, fails, or says that it cannot know."""

from __future__ import annotations

import pytest

from evalkit.analysis.frames import load_run
from evalkit.analysis.statistics import wilson
from evalkit.errors import UnknownName
from evalkit.gates import METRICS, judge
from tests.analysis.run_folder import errored, gate, manifest, record, unchecked, write


def run(folder, records, *gates, **fields):
    return judge(load_run(write(folder, records, manifest(gates=gates, **fields))))


def result(folder, records, *gates, **fields):
    (found,) = run(folder, records, *gates, **fields).summary.gates
    return found


def passes(n, **fields):
    return [record(True, **fields) for _ in range(n)]


def failures(n, **fields):
    return [record(False, **fields) for _ in range(n)]


def test_a_gate_shows_the_value_it_met_with_its_interval_and_n(tmp_path):
    found = result(tmp_path, passes(6) + failures(1), gate(limit=0.85))
    assert (found.gate, found.result, found.value, found.n) == ("pass_rate >= 0.85", "pass", 6 / 7, 7)
    assert (found.low, found.high) == (pytest.approx(0.486872, abs=1e-6), pytest.approx(0.97432, abs=1e-6))
    assert found.reason == ""


def test_an_absolute_gate_compares_the_value_and_not_its_interval(tmp_path):
    assert result(tmp_path, passes(9) + failures(1), gate(limit=0.9)).result == "pass"
    assert result(tmp_path, passes(9) + failures(1), gate(limit=0.91)).result == "fail"


@pytest.mark.parametrize(
    ("op", "limit", "expected"),
    [
        (">=", 0.75, "pass"),
        (">", 0.75, "fail"),
        ("<=", 0.75, "pass"),
        ("<", 0.75, "fail"),
        ("==", 0.75, "pass"),
        ("!=", 0.75, "fail"),
        ("==", 0.7, "fail"),
        ("!=", 0.7, "pass"),
    ],
)
def test_every_operator_means_what_it_says(tmp_path, op, limit, expected):
    assert result(tmp_path, passes(3) + failures(1), gate(op=op, limit=limit)).result == expected


def test_every_metric_is_read_from_its_figure(tmp_path):
    usage = {"input_tokens": 100, "output_tokens": 7}
    records = [
        *(record(latency_s=float(s), ttft_s=s / 10, cost_usd=0.5, usage=usage) for s in range(100)),
        *(record(False, latency_s=float(s), ttft_s=s / 10, cost_usd=0.5, usage=usage) for s in range(100, 200)),
        *(errored() for _ in range(50)),
    ]
    found = run(tmp_path, records, *(gate(metric, "!=", -1) for metric in METRICS)).summary.gates
    assert {each.metric: (each.value, each.n) for each in found} == {
        "pass_rate": (0.5, 200),
        "score": (0.5, 200),
        "error_rate": (0.2, 250),
        "p50_latency_s": (99.5, 200),
        "p90_latency_s": (pytest.approx(179.1), 200),
        "p95_latency_s": (pytest.approx(189.05), 200),
        "p99_latency_s": (pytest.approx(197.01), 200),
        "p95_ttft_s": (pytest.approx(18.905), 200),
        "cost_usd": (100.0, 200),
        "cost_per_pass_usd": (1.0, 100),
        "input_tokens": (20_000, 200),
        "output_tokens": (1_400, 200),
    }
    assert {each.result for each in found} == {"pass"}


def test_a_gate_of_a_model_speaks_of_all_its_prompts_and_of_no_other_model(tmp_path):
    records = [
        *passes(1, model="o3", prompt="terse"),
        *failures(1, model="o3", prompt="careful"),
        *passes(8, model="gpt-4o"),
    ]
    fields = {"models": ("gpt-4o", "o3"), "prompts": ("terse", "careful")}
    whole, o3 = run(tmp_path, records, gate(), gate(model="o3"), **fields).summary.gates
    assert (whole.value, whole.n, whole.result) == (0.9, 10, "pass")
    assert (o3.value, o3.n, o3.result, o3.gate) == (0.5, 2, "fail", "o3: pass_rate >= 0.9")


def test_the_interval_of_a_gate_counts_a_case_that_was_asked_of_many_as_one(tmp_path):
    places = [(model, prompt) for model in ("gpt-4o", "o3") for prompt in ("terse", "careful")]
    records = [
        record(passed, case_id="a", model=model, prompt=prompt, repeat=repeat)
        for model, prompt in places
        for repeat, passed in enumerate([True, False, True])
    ]
    found = result(tmp_path, records, gate(), models=("gpt-4o", "o3"), prompts=("terse", "careful"))
    assert (found.value, found.n) == (8 / 12, 12)
    assert (found.low, found.high) == pytest.approx(wilson(2 / 3, 1))


@pytest.mark.parametrize(
    ("metric", "records", "reason"),
    [
        ("pass_rate", [errored()], "nothing was scored"),
        ("score", [record(None)], "nothing was scored"),
        ("error_rate", [], "no trial was made"),
        ("p99_latency_s", [record() for _ in range(60)], "n = 60 is too few for this percentile"),
        ("p95_ttft_s", [record() for _ in range(60)], "n = 0 is too few for this percentile"),
        ("cost_usd", [record()], "cost_usd is known of 0 of 1 answers"),
        ("cost_per_pass_usd", [record(False, cost_usd=1.0)], "nothing passed"),
        ("cost_per_pass_usd", [record(cost_usd=1.0), record()], "cost_usd is known of 1 of 2 answers"),
        ("input_tokens", [], "input_tokens is known of 0 of 0 answers"),
    ],
)
def test_a_gate_on_an_unknown_value_is_inconclusive(tmp_path, metric, records, reason):
    judged = run(tmp_path, records, gate(metric))
    (found,) = judged.summary.gates
    assert (found.value, found.result, judged.summary.verdict) == (None, "inconclusive", "inconclusive")
    assert reason in found.reason


@pytest.mark.parametrize(
    ("op", "limit", "expected"),
    [
        ("<=", 2, "inconclusive"),  # 1 $ is known, the rest may cost more
        ("<=", 0.5, "fail"),
        (">=", 0.5, "pass"),
        (">", 2, "inconclusive"),
        ("==", 2, "inconclusive"),
        ("==", 0.5, "fail"),
        ("!=", 0.5, "pass"),
        ("!=", 1, "inconclusive"),
    ],
)
def test_a_partly_known_sum_is_a_lower_bound(tmp_path, op, limit, expected):
    found = result(tmp_path, [record(cost_usd=1.0), record()], gate("cost_usd", op, limit))
    assert (found.result, found.value) == (expected, 1.0)
    assert found.reason == "at least this: cost_usd is known of 1 of 2 answers"


def test_a_model_outside_the_run_leaves_its_gate_inconclusive(tmp_path):
    found = result(tmp_path, passes(3), gate(model="o3"))
    assert (found.result, found.reason) == ("inconclusive", "o3 is not part of this run")


def test_trials_that_were_not_run_are_said(tmp_path):
    found = result(tmp_path, passes(3), gate(), planned={("gpt-4o", "terse"): 5})
    assert found.result == "pass"
    assert found.reason == "2 of 5 trials were not run"


def test_an_unknown_metric_is_named_with_its_neighbour(tmp_path):
    with pytest.raises(UnknownName) as caught:
        run(tmp_path, [], gate("passrate"))
    assert "unknown gate metric 'passrate'; did you mean 'pass_rate'?" in str(caught.value)


def test_errors_that_could_flip_a_gate_put_it_in_doubt(tmp_path):
    flipped = gate(limit=0.8)
    judged = run(tmp_path, [*passes(9), *failures(1), *(errored() for _ in range(4))], flipped, gate(limit=0.5))
    assert judged.in_doubt == (flipped,)  # 9/14 to 13/14 lies around 0.8, but all of it above 0.5
    assert "with answers instead of errors it could be anything from 64.3 % to 92.9 %" in judged.summary.gates[0].reason


def test_a_score_in_doubt_is_told_as_a_score(tmp_path):
    found = result(tmp_path, [*passes(3), errored()], gate("score"))
    assert found.reason == "with answers instead of errors it could be anything from 0.750 to 1.000"


@pytest.mark.parametrize(
    ("records", "condition", "doubtful"),
    [
        (passes(3), gate(), False),
        ([*passes(3), unchecked()], gate(), True),
        ([errored()], gate(), True),
        ([*passes(3), errored()], gate("score"), True),
        ([*passes(3), errored()], gate("score", limit=0.7), False),
        ([*passes(3), errored()], gate(op="==", limit=0.8), True),
        ([*passes(3), errored()], gate(op="!=", limit=0.5), False),
        ([*passes(3), errored()], gate("error_rate", "<=", 0.1), False),
    ],
)
def test_only_what_errors_can_change_is_in_doubt(tmp_path, records, condition, doubtful):
    assert bool(run(tmp_path, records, condition).in_doubt) is doubtful


@pytest.mark.parametrize(
    ("records", "planned", "verdict"),
    [
        (passes(2), 2, "pass"),
        ([*passes(2), record(None)], 3, "pass"),
        ([*passes(2), *failures(1), errored()], 4, "fail"),
        ([*passes(2), errored()], 3, "inconclusive"),
        (passes(2), 3, "inconclusive"),
        ([errored()], 1, "inconclusive"),
        ([record(None)], 1, "inconclusive"),
        ([], 0, "inconclusive"),
    ],
)
def test_without_gates_every_trial_has_to_pass(tmp_path, records, planned, verdict):
    assert run(tmp_path, records, planned={("gpt-4o", "terse"): planned}).summary.verdict == verdict


@pytest.mark.parametrize(
    ("limits", "verdict"),
    [((0.5,), "pass"), ((0.5, 0.9), "fail")],
)
def test_where_there_are_gates_only_they_decide(tmp_path, limits, verdict):
    records = passes(2) + failures(1)
    assert run(tmp_path, records, *(gate(limit=limit) for limit in limits)).summary.verdict == verdict


def test_a_failed_gate_outweighs_an_inconclusive_one(tmp_path):
    judged = run(tmp_path, passes(2) + failures(1), gate(), gate("p99_latency_s", "<="))
    assert [each.result for each in judged.summary.gates] == ["fail", "inconclusive"]
    assert judged.summary.verdict == "fail"
