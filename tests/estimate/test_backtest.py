"""The estimate of every example suite holds what the stand-in's answers cost, whatever the seed; in small here."""

from __future__ import annotations

import pytest

from tests.estimate.backtest import SUITES, backtest

SEEDS = range(900, 904)


@pytest.mark.parametrize("name", SUITES)
def test_an_example_suite_costs_what_was_estimated(name):
    found = backtest(name, SEEDS)
    assert min(found.by_prior.values()) >= 0.9
    assert found.by_prior.keys() >= {"total"}


def test_a_run_is_told_by_the_one_before():
    found = backtest("quickstart", range(4), with_history=True)
    assert sum(found.by_history.values()) / len(found.by_history) >= 0.9
    assert found.width_by_history < found.width_by_prior / 2
