"""The CSV report reads back, and no cell of it calculates."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from evalkit.registry import REPORTS
from tests.analysis.run_folder import errored, record
from tests.report.runs import MODELS, full, judged


def render(run):
    return REPORTS["csv"].render(run)


def test_pandas_reads_back_every_figure(tmp_path):
    run = full(tmp_path, cases=30, stand_in=True)
    frame = pd.read_csv(io.StringIO(render(run)))
    assert list(frame["model"]) == list(MODELS)
    assert frame["stand_in"].all()
    for row, summary in zip(frame.itertuples(), run.summary.models, strict=True):
        assert (row.n, row.passed, row.failed, row.errors, row.not_run) == (
            summary.n,
            summary.passed,
            summary.failed,
            summary.errors,
            summary.not_run,
        )
        assert row.pass_rate == summary.pass_rate
        assert (row.pass_rate_if_errors_failed, row.pass_rate_if_errors_passed) == summary.pass_rate_bounds
        assert (row.p95_latency_s, row.n_latency_s) == (summary.latency_s.p95, summary.latency_s.n)
        assert (row.cost_usd, row.known_cost_usd) == (summary.cost_usd, summary.known["cost_usd"])
        assert (row.outcome_length, row.outcome_refusal) == (summary.outcomes["length"], 0)
        assert (row.error_kinds, row.answered_by) == ("rate_limit: 4", summary.model)


def test_what_is_unknown_is_an_empty_cell(tmp_path):
    frame = pd.read_csv(io.StringIO(render(judged(tmp_path, [errored()]))))
    for name in ("pass_rate", "score", "cost_usd", "cost_per_pass_usd", "input_tokens", "p50_latency_s", "answered_by"):
        assert frame[name].isna().all(), name


def test_a_run_without_rows_has_a_header(tmp_path):
    frame = pd.read_csv(io.StringIO(render(judged(tmp_path, []))))
    assert len(frame) == 0
    assert "pass_rate" in frame


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@sum", "\t=1", "\rx", " =1", "\u200b=1", "\ufeff@x", "＝1", "\n=1", "\tplain"]
)
def test_no_text_is_a_formula(tmp_path, name):
    text = render(judged(tmp_path, [record(model=name)], models=(name,), suite=name))
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["model"] == row["suite"] == "'" + name.replace("\r", "\n")


@pytest.mark.parametrize("name", ["gpt-4o", "a=b", "豆包", "o3, the second", 'say "x"', "two\nlines"])
def test_any_other_text_stays_as_it_is(tmp_path, name):
    (row,) = csv.DictReader(io.StringIO(render(judged(tmp_path, [record(model=name)], models=(name,)))))
    assert row["model"] == name


def test_it_is_kept_in_the_run_folder():
    assert REPORTS["csv"].filename == "summary.csv"
