"""Agreement of two raters, against published figures and a library."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.analysis.agreement import agreement_of, correlation, kappa_with_error, mean_absolute_error

AB = ("a", "b")


def pairs(table: list[list[int]], classes=AB) -> list[tuple[str, str]]:
    return [
        (human, judge)
        for row, human in zip(table, classes, strict=True)
        for count, judge in zip(row, classes, strict=True)
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("table", "kappa", "error"),
    [
        ([[20, 5], [10, 15]], 0.4, 0.12699606),  # the example of Wikipedia's article on Cohen's kappa
        ([[45, 15], [25, 15]], 0.13043478, None),  # two of its comparisons
        ([[25, 35], [5, 35]], 0.25925926, None),
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.29 / 0.59, None),  # Cohen's own, of 1960: .492
        ([[5, 0], [0, 5]], 1.0, 0.0),
        ([[0, 5], [5, 0]], -1.0, 0.0),
        ([[25, 25], [25, 25]], 0.0, 0.1),
    ],
)
def test_kappa_and_its_error_are_those_published(table, kappa, error):
    found, its_error = kappa_with_error(np.array(table, dtype=float))
    assert found == pytest.approx(kappa)
    if error is not None:
        assert its_error == pytest.approx(error, abs=1e-8)


def test_kappa_and_its_error_agree_with_statsmodels():
    rater = pytest.importorskip("statsmodels.stats.inter_rater")
    chance = np.random.default_rng(7)
    for _ in range(100):
        size = int(chance.integers(2, 6))
        table = chance.integers(1, 30, (size, size)).astype(float)
        theirs = rater.cohens_kappa(table)
        kappa, error = kappa_with_error(table)
        assert kappa == pytest.approx(theirs.kappa)
        assert error == pytest.approx(theirs.std_kappa)


@pytest.mark.parametrize("table", [[[0, 0], [0, 0]], [[7, 0], [0, 0]]])
def test_kappa_is_unknown_where_nothing_could_differ(table):
    found = agreement_of(pairs(table), AB)
    assert (found.kappa, found.kappa_low, found.kappa_high) == (None, None, None)
    assert found.agreement == (1.0 if found.n else None)


def test_the_confusion_has_people_in_rows():
    found = agreement_of(pairs([[3, 1], [2, 4]]), AB)
    assert (found.confusion, found.classes, found.n, found.agreed) == (((3, 1), (2, 4)), AB, 10, 7)
    assert found.agreement == 0.7
    assert (found.agreement_low, found.agreement_high) == (
        pytest.approx(0.3968, abs=1e-4),
        pytest.approx(0.8922, abs=1e-4),
    )


def test_the_interval_has_a_width_even_where_all_agree():
    found = agreement_of(pairs([[10, 0], [0, 10]]), AB)
    assert found.kappa == found.kappa_high == 1
    assert 0.6 < found.kappa_low < 0.9


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1))
def test_the_interval_holds_kappa_and_lies_where_kappas_lie(rated):
    found = agreement_of(rated, ("a", "b", "c"))
    if found.kappa is not None:
        assert -1 <= found.kappa_low <= found.kappa <= found.kappa_high <= 1
    assert 0 <= found.agreement_low <= found.agreement <= found.agreement_high <= 1


@pytest.mark.parametrize(("kappa", "n"), [(0.2, 50), (0.5, 20), (0.8, 20), (0.8, 100), (0.95, 20), (0.95, 50)])
@pytest.mark.parametrize("positive", [0.5, 0.8])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(kappa, n, positive):
    chance = np.random.default_rng(11)
    expected = positive**2 + (1 - positive) ** 2
    apart = (1 - (expected + kappa * (1 - expected))) / 2
    cells = [positive - apart, apart, apart, 1 - positive - apart]
    held = [_holds(kappa, chance.multinomial(n, cells).reshape(2, 2)) for _ in range(400)]
    assert np.mean(held) >= 0.91


def _holds(kappa: float, table: np.ndarray) -> bool:
    found = agreement_of(pairs(table.tolist()), AB)
    return found.kappa_low is None or found.kappa_low <= kappa <= found.kappa_high


def test_scores_are_compared_by_difference_and_correlation():
    rated = [(0.0, 0.1), (0.5, 0.5), (1.0, 0.7)]
    assert mean_absolute_error(rated) == pytest.approx(0.4 / 3)
    assert correlation(rated) == pytest.approx(np.corrcoef([0, 0.5, 1], [0.1, 0.5, 0.7])[0, 1])
    assert (mean_absolute_error([]), correlation(rated[:2]), correlation([(0.5, x) for x in (0, 0.5, 1)])) == (
        None,
    ) * 3
