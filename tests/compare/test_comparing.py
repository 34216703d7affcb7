"""Two sides to verdicts, with everything that does not count said."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from scipy.stats import binomtest

from evalkit.analysis.sides import side_of_run
from evalkit.compare import compare_runs, compare_within
from evalkit.errors import NothingSelected
from tests.analysis.run_folder import manifest, write
from tests.compare.sides import side, trials


@pytest.fixture
def compare(tmp_path):
    """Compares two strings of marks, or lists of records."""

    def compared(before, now, **options):
        repeats = options.pop("repeats", 1)
        sides = [each if isinstance(each, list) else trials(each, repeats=repeats) for each in (before, now)]
        fields = options.pop("fields", {})
        base, new = (side(tmp_path / name, made, **fields) for name, made in zip(("old", "new"), sides, strict=True))
        return compare_runs(base, new, **options)

    return compared


def only(comparison):
    (pair,) = comparison.pairs
    return pair


def test_a_pair_tells_rates_difference_p_and_interval(compare):
    pair = only(compare("+" * 50 + "-" * 10, "-" * 12 + "+" * 48))
    assert (pair.base, pair.new, pair.model, pair.prompt) == ("old", "new", "gpt-4o", "terse")
    assert (pair.n, pair.trials, pair.base_rate, pair.new_rate) == (60, 60, 50 / 60, 48 / 60)
    assert pair.delta == pytest.approx(-2 / 60)
    assert pair.p_value == pytest.approx(binomtest(10, 22).pvalue)
    assert pair.low < pair.delta < pair.high
    assert (pair.fixed, pair.broken, pair.flaky) == (10, 12, 0)


@pytest.mark.parametrize(
    ("before", "now", "verdict"),
    [
        ("+" * 40, "-" * 6 + "+" * 34, "regressed"),  # exact McNemar: 6 to 0, p = 0.031
        ("+" * 40, "-" * 5 + "+" * 35, "inconclusive"),  # 5 to 0, p = 0.063
        ("-" * 6 + "+" * 34, "+" * 40, "improved"),
        ("+" * 20, "+" * 20, "inconclusive"),  # 20 cases alike may yet differ by 16 points
        ("+" * 100, "+" * 100, "no_difference"),
    ],
)
def test_the_verdict_is_where_the_interval_lies(compare, before, now, verdict):
    comparison = compare(before, now)
    assert (only(comparison).verdict, comparison.verdict) == (verdict, verdict)


def test_the_margin_says_what_counts_as_none(compare):
    assert only(compare("+" * 100, "+" * 100, margin=0.02)).verdict == "inconclusive"
    assert only(compare("+" * 20, "+" * 20, margin=0.2)).verdict == "no_difference"


def test_only_what_is_inconclusive_says_how_many_cases_would_decide(compare):
    open_ = only(compare("+" * 20 + "-" * 4, "-" * 4 + "+" * 20))
    assert open_.mde > 0.1
    assert open_.n_to_decide > 24
    assert only(compare("+" * 200, "+" * 200)).n_to_decide is None


def test_repeats_are_averaged_before_cases_are_counted(compare):
    pair = only(compare("+++---" * 10, "++----" * 10, repeats=3))
    assert (pair.n, pair.trials) == (20, 60)
    assert pair.delta == pytest.approx(-1 / 6)
    assert pair.p_value == pytest.approx(2 / 2**10)
    assert [flip.kind for flip in pair.flips] == ["flaky"] * 10
    assert (pair.flips[0].from_state, pair.flips[0].to_state) == ("pass", "flaky")
    assert (pair.flips[0].base_passed, pair.flips[0].new_passed) == ("3/3", "2/3")


def test_a_case_that_always_passed_and_now_always_fails_is_named_first(compare):
    pair = only(compare("+++++----+++---", "++----+++-----+", repeats=3))
    assert [(flip.case_id, flip.kind) for flip in pair.flips] == [
        ("c3", "broken"), ("c1", "flaky"), ("c0", "flaky"), ("c4", "flaky"), ("c2", "fixed"),
    ]  # fmt: skip


def test_clusters_count_as_wholes(compare):
    clusters = [record for number in range(6) for record in trials("+" * 5, start=5 * number, cluster=f"doc{number}")]
    worse = [record for number in range(6) for record in trials("-" * 5, start=5 * number, cluster=f"doc{number}")]
    five = compare(clusters[:25], worse[:25])
    assert only(five).p_value == pytest.approx(2 / 2**5)
    assert only(five).verdict == "inconclusive"


def test_holm_is_over_the_comparisons_that_are_made(tmp_path):
    before, now = [], []
    for number in range(4):
        before += trials("+" * 60, model=f"m{number}")
        now += trials("-" * (8 if number == 0 else 6) + "+" * 52 + ("+" * 2 if number else ""), model=f"m{number}")
    comparison = compare_runs(side(tmp_path / "old", before), side(tmp_path / "new", now))
    confidences = [round(pair.confidence, 4) for pair in comparison.pairs]
    assert confidences == [round(1 - 0.05 / 4, 4), *[round(1 - 0.05 / 3, 4)] * 3]
    assert [pair.verdict for pair in comparison.pairs] == ["regressed", *["inconclusive"] * 3]
    assert comparison.verdict == "regressed"


@pytest.mark.parametrize(
    ("pairs", "verdict"),
    [
        ({"a": ("-", "+"), "b": ("+", "+")}, "improved"),
        ({"a": ("-", "+"), "b": ("+", "-")}, "regressed"),
        ({"a": ("+", "+"), "b": ("-", "-")}, "no_difference"),
    ],
)
def test_the_worst_verdict_is_that_of_the_whole(tmp_path, pairs, verdict):
    sides = [
        side(tmp_path / str(place), [record for model, marks in pairs.items()
                                     for record in trials(marks[place] * 150, model=model)])
        for place in (0, 1)
    ]  # fmt: skip
    assert compare_runs(*sides).verdict == verdict


def test_an_inconclusive_pair_outweighs_an_improved_one(tmp_path):
    before = [*trials("-" * 50, model="a"), *trials("+" * 5, model="b")]
    now = [*trials("+" * 50, model="a"), *trials("+" * 5, model="b")]
    assert compare_runs(side(tmp_path / "old", before), side(tmp_path / "new", now)).verdict == "inconclusive"


def test_cases_of_one_side_are_listed_and_counted_nowhere(compare):
    pair = only(compare(trials("+++") + trials("++", start=10), trials("+++") + trials("-", start=20)))
    assert (pair.only_in_base, pair.only_in_new) == (("c10", "c11"), ("c20",))
    assert (pair.n, pair.base_rate, pair.new_rate) == (3, 1.0, 1.0)


def test_repeats_without_a_counterpart_are_left_out_and_counted(compare):
    pair = only(compare(trials("++"), trials("+-+-", repeats=2)))
    assert (pair.n, pair.trials, pair.unpaired) == (2, 2, 2)
    assert pair.new_rate == 1.0


def test_errors_are_no_wrong_answers_and_their_bounds_are_said(compare):
    pair = only(compare("++!+++++++", "+!++++++--"))
    assert (pair.n, pair.base_errors, pair.new_errors) == (8, 1, 1)
    assert pair.new_rate == 6 / 8
    assert pair.bounds == (pytest.approx(-0.3), pytest.approx(-0.1))
    assert only(compare("++", "+-")).bounds is None


def test_a_case_that_is_expected_to_fail_is_no_regression(compare):
    before = trials("+" * 60) + trials("+" * 12, start=100)
    now = trials("+" * 60) + trials("-" * 12, start=100, xfail="bug 12")
    pair = only(compare(before, now))
    assert (pair.n, pair.broken, pair.flips) == (60, 0, ())
    assert pair.xfail == tuple(f"c{number}" for number in range(100, 112))


def test_a_side_without_a_verdict_leaves_a_pair_inconclusive(compare):
    pair = only(compare("!!!", "+++"))
    assert (pair.n, pair.verdict, pair.delta) == (0, "inconclusive", None)


def test_runs_that_share_nothing_are_refused(compare):
    with pytest.raises(NothingSelected, match="old has gpt-4o; new has o3"):
        compare(trials("++"), trials("++", model="o3"))
    with pytest.raises(NothingSelected, match="nothing to compare"):
        compare("++", "")


def test_units_too_few_to_show_anything_show_no_smallest_difference(compare):
    pair = only(compare("+" * 5, "+-+-+"))
    assert (pair.verdict, pair.mde) == ("inconclusive", None)


def test_answers_that_both_sides_share_are_no_matter_of_chance(tmp_path):
    """As where a suite of then is asked beside today's: what is unchanged is asked once, and kept on both sides."""
    shared = trials("+" * 30)
    base = side(tmp_path / "old", [replace(each, cached=True) for each in shared])
    pair = only(compare_runs(base, side(tmp_path / "new", shared)))
    assert (pair.same_answers, pair.verdict, pair.low, pair.high, pair.mde) == (30, "no_difference", 0.0, 0.0, None)


def test_other_figures_are_compared_alike(compare):
    cheap = [replace(each, cost_usd=0.01 + 0.0001 * place) for place, each in enumerate(trials("+" * 30))]
    dear = [replace(each, cost_usd=2 * each.cost_usd) for each in cheap]
    figures = {figure.metric: figure for figure in only(compare(cheap, dear)).figures}
    assert {"score", "latency_s", "cost_usd"} == figures.keys()
    cost = figures["cost_usd"]
    assert (cost.n, cost.relative) == (30, pytest.approx(1.0))
    assert (cost.relative_low, cost.relative_high) == pytest.approx((1.0, 1.0))
    assert cost.low < cost.delta < cost.high
    assert cost.p_value < 0.001
    assert (figures["latency_s"].delta, figures["latency_s"].p_value) == (0.0, 1.0)


def test_stored_answers_are_no_part_of_latencies(compare):
    stored = [replace(each, cached=True, started_at="2025-01-01T00:00:00.000Z") for each in trials("+" * 5)]
    metrics = {figure.metric for figure in only(compare("+" * 5, stored)).figures}
    assert "latency_s" not in metrics


def test_pairs_stand_in_the_order_of_the_newer_run(tmp_path):
    records = [each for model in ("o3", "gpt-4o") for prompt in ("terse", "careful")
               for each in trials("++", model=model, prompt=prompt)]  # fmt: skip
    comparison = compare_runs(side(tmp_path / "old", records[::-1]), side(tmp_path / "new", records))
    assert [(pair.model, pair.prompt) for pair in comparison.pairs] == [
        ("o3", "terse"), ("o3", "careful"), ("gpt-4o", "terse"), ("gpt-4o", "careful"),
    ]  # fmt: skip


def test_models_of_one_run_are_compared_with_each_other(tmp_path):
    run = side(tmp_path / "run", [*trials("+" * 40, model="a"), *trials("-" * 9 + "+" * 31, model="b"),
                                  *trials("+" * 40, model="c")])  # fmt: skip
    two = compare_within(run, ["a", "b"], apart="model")
    assert (two.kind, two.base, two.new, two.verdict) == ("models", "a", "b", "regressed")
    pair = only(two)
    assert (pair.base, pair.new, pair.model, pair.prompt, pair.broken) == ("a", "b", None, "terse", 9)
    assert pair.flips[0].same_question is None
    three = compare_within(run, ["a", "b", "c"], apart="model")
    assert [(pair.base, pair.new) for pair in three.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]


def test_prompts_of_one_run_are_compared_for_each_model(tmp_path):
    records = [record for prompt, marks in (("long", "+" * 20), ("short", "+" * 18 + "--"))
               for model in ("a", "b") for record in trials(marks, model=model, prompt=prompt)]  # fmt: skip
    comparison = compare_within(side(tmp_path / "run", records), ["long", "short"], apart="prompt")
    assert [(pair.base, pair.new, pair.model, pair.prompt) for pair in comparison.pairs] == [
        ("long", "short", "a", None), ("long", "short", "b", None),
    ]  # fmt: skip


def test_models_without_a_case_in_common_are_refused(tmp_path):
    run = side(tmp_path / "run", [*trials("++", model="a"), *trials("++", model="b", start=10)])
    with pytest.raises(NothingSelected, match="a, b have no case in common"):
        compare_within(run, ["a", "b"], apart="model")


def test_a_run_without_a_record_can_be_read(tmp_path):
    assert side_of_run(write(tmp_path / "run", [], manifest())).trials.empty
