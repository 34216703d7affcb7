"""Trials of two sides are paired by case, prompt, model and repeat, and nothing is paired by accident."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from evalkit.analysis.pairing import pair_sides
from evalkit.analysis.sides import side_counts
from tests.compare.sides import side, trials


@pytest.fixture
def paired(tmp_path):
    def made(before, now, **options):
        return pair_sides(side(tmp_path / "old", before), side(tmp_path / "new", now), **options)

    return made


def test_each_model_with_each_prompt_is_a_group(paired):
    both = [each for model in "ab" for prompt in "pq" for each in trials("++", model=model, prompt=prompt)]
    groups = list(paired(both, both[:-2]).groups())
    assert sorted((model, prompt) for model, prompt, _ in groups) == [("a", "p"), ("a", "q"), ("b", "p")]
    assert all(len(group.rows) == 2 for _, _, group in groups)


def test_rows_of_one_side_stay_with_it(paired):
    group = paired(trials("++"), trials("+", start=1) + trials("-", start=7))
    assert (group.only_in("base"), group.only_in("new")) == (("c0",), ("c7",))
    assert (int(group.both.sum()), int(group.scored.sum()), group.unpaired) == (1, 1, 0)


def test_cases_are_told_in_natural_order(paired):
    group = paired(trials("+" * 12), trials("", start=0) + trials("+", start=99))
    assert group.only_in("base")[:3] == ("c0", "c1", "c2")


def test_models_that_are_compared_with_each_other_lose_their_names(paired):
    (group,) = paired(trials("++", model="a"), trials("+-", model="b"), apart="model").groups()
    assert (group[0], group[1], int(group[2].scored.sum())) == ("", "terse", 2)


def test_units_are_means_of_cases_summed_over_clusters(paired):
    before = trials("++--++", repeats=2, cluster="x") + trials("++", repeats=2, start=9)
    now = trials("+---+-", repeats=2, cluster="x") + trials("-+", repeats=2, start=9)
    group = paired(before, now)
    units = group.units(group.passed("base"), group.passed("new"), group.scored)
    order = np.argsort(units.cases)
    assert units.cases[order].tolist() == [1, 3]
    assert units.base[order].tolist() == [1.0, 2.0]
    assert units.new[order].tolist() == [0.5, 1.0]
    assert (units.n, units.base_mean, units.new_mean) == (4, 0.75, 0.375)


def test_the_clusters_of_the_newer_side_count(paired):
    before, now = trials("++", cluster="old"), [replace(each, cluster=each.case_id) for each in trials("++")]
    group = paired(before, now)
    assert len(group.units(group.passed("base"), group.passed("new"), group.scored).cases) == 2


def test_a_case_that_one_side_expects_to_fail_is_left_out_on_both(paired):
    group = paired(trials("++"), trials("-+", repeats=1)[1:] + trials("-", xfail="bug"))
    assert (group.case_ids(group.xfail), int(group.both.sum())) == (("c0",), 1)


@pytest.mark.parametrize(
    ("cached", "started_at", "same"),
    [(True, None, 1), (False, None, 0), (True, "2026-01-01T00:00:00.000Z", 0)],
)
def test_only_what_was_asked_once_is_the_same_answer(paired, cached, started_at, same):
    (before,) = trials("+")
    after = replace(before, cached=cached, **({"started_at": started_at} if started_at else {}))
    assert int(paired([before], [after]).same_answer.sum()) == same


def test_a_side_is_counted_by_model_and_prompt(tmp_path):
    records = [*trials("++-!", model="b"), *trials("+", model="a"), *trials("-", model="a", xfail="bug", start=5)]
    assert [{name: row[name] for name in ("model", "cases", "trials", "passed", "failed", "errors", "pass_rate")}
            for row in side_counts(side(tmp_path / "run", records))] == [
        {"model": "a", "cases": 2, "trials": 2, "passed": 1, "failed": 0, "errors": 0, "pass_rate": 1.0},
        {"model": "b", "cases": 4, "trials": 4, "passed": 2, "failed": 1, "errors": 1, "pass_rate": 2 / 3},
    ]  # fmt: skip
