"""What repeats of a case say together: verdicts by `pass_if`, pass@k, pass^k and flakes."""

from __future__ import annotations

import itertools

import pytest

from evalkit.analysis.frames import load_run
from evalkit.analysis.repeats import pass_at_k, pass_hat_k
from evalkit.analysis.statistics import wilson
from evalkit.analysis.summary import summarise
from tests.analysis.run_folder import errored, record, write


def figures(folder, records):
    (row,) = summarise(load_run(write(folder, records)))
    return row


def case(case_id, *passed, **fields):
    """A trial of each repeat; None for one that ended in an error."""
    return [
        errored(case_id=case_id, repeat=repeat, **fields)
        if each is None
        else record(each, case_id=case_id, repeat=repeat, **fields)
        for repeat, each in enumerate(passed)
    ]


def verdicts(row):
    return row.cases_passed, row.cases_failed, row.cases_undecided


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_pass_at_k_and_pass_hat_k_count_all_draws_of_k(n):
    for passed in range(n + 1):
        answers = [True] * passed + [False] * (n - passed)
        for k in range(1, n + 1):
            draws = list(itertools.combinations(answers, k))
            assert pass_at_k(n, passed, k) == pytest.approx(sum(map(any, draws)) / len(draws))
            assert pass_hat_k(n, passed, k) == pytest.approx(sum(map(all, draws)) / len(draws))


def test_they_are_means_over_cases_with_their_interval(tmp_path):
    row = figures(tmp_path, [*case("a", True, True, True), *case("b", True, False, False), *case("c", *[False] * 3)])
    assert {k: found.value for k, found in row.pass_at_k.items()} == pytest.approx({1: 4 / 9, 2: 5 / 9, 3: 2 / 3})
    assert {k: found.value for k, found in row.pass_hat_k.items()} == pytest.approx({1: 4 / 9, 2: 1 / 3, 3: 1 / 3})
    assert row.pass_at_k[1].value == pytest.approx(row.pass_rate)
    assert (row.pass_hat_k[3].low, row.pass_hat_k[3].high, row.pass_hat_k[3].n) == (*wilson(1, 3), 3)


def test_only_cases_with_k_scored_repeats_speak_of_k(tmp_path):
    row = figures(tmp_path, [*case("a", True, False, True), *case("b", False, None, True)])
    assert {k: found.n for k, found in row.pass_at_k.items()} == {1: 2, 2: 2, 3: 1}


def test_many_repeats_are_shown_for_some_k(tmp_path):
    row = figures(tmp_path, case("a", *[True, False] * 12))
    assert list(row.pass_at_k) == [1, 2, 3, 5, 10, 20, 24]


def test_single_answers_have_nothing_to_say_together(tmp_path):
    row = figures(tmp_path, [record(), record(False)])
    assert (row.pass_at_k, row.pass_hat_k, row.flake_rate, row.repeats) == ({}, {}, None, 1)


def test_flakes_are_cases_that_pass_and_fail(tmp_path):
    rows = [*case("a", True, True), *case("b", True, False), *case("c", False, False), *case("d", True, None)]
    found = figures(tmp_path, rows).flake_rate
    assert (found.value, found.n) == (1 / 3, 3)  # of d, one answer is known
    assert (found.low, found.high) == wilson(1, 3)


@pytest.mark.parametrize(
    ("passed", "pass_if", "verdict"),
    [
        ((True, True, True), None, (1, 0, 0)),
        ((True, True, False), None, (0, 1, 0)),
        ((True, True, False), 2 / 3, (1, 0, 0)),
        ((True, False, False), 2 / 3, (0, 1, 0)),
        ((True, False, False), 1 / 3, (1, 0, 0)),
        ((True, True, None), 2 / 3, (1, 0, 0)),
        ((True, False, None), 2 / 3, (0, 0, 1)),
        ((False, False, None), 2 / 3, (0, 1, 0)),
        ((True, True, None), None, (0, 0, 1)),
        ((None, None, None), None, (0, 0, 1)),
    ],
)
def test_a_case_passes_when_enough_of_its_repeats_do_whatever_errors_could_have_been(
    tmp_path, passed, pass_if, verdict
):
    assert verdicts(figures(tmp_path, case("a", *passed, pass_if=pass_if))) == verdict


def test_cases_that_are_expected_to_fail_have_no_verdict(tmp_path):
    row = figures(tmp_path, [*case("a", True, True), *case("b", False, True, xfail="bug 12")])
    assert (verdicts(row), row.cases) == ((1, 0, 0), 1)
    assert (row.n, row.passed, row.failed, row.xfailed, row.xpassed) == (4, 2, 0, 1, 1)
    assert row.pass_rate == 1.0


def test_cases_that_nobody_checks_have_no_verdict(tmp_path):
    assert verdicts(figures(tmp_path, [record(None, case_id="a")])) == (0, 0, 0)
