"""summary.json keeps to its contract."""

from __future__ import annotations

import json

import msgspec

from evalkit.registry import REPORTS
from evalkit.types import Summary
from tests.analysis.run_folder import errored, gate, record
from tests.report.runs import GATES, full, judged


def render(run):
    return REPORTS["json"].render(run)


def test_the_keys_are_those_that_scripts_read(tmp_path):
    found = json.loads(render(judged(tmp_path, [record(), errored()], gates=(gate(),))))
    assert list(found)[:4] == ["run", "models", "gates", "verdict"]
    assert set(found["run"]) == {
        *("id", "suite", "started_at", "ended_at", "stand_in", "prices_date", "git_commit", "notes", "skipped"),
    }
    assert set(found["models"][0]) >= {
        *("model", "prompt", "n", "passed", "failed", "errors", "unscored", "not_run"),
        *("pass_rate", "pass_rate_low", "pass_rate_high", "pass_rate_bounds", "score", "outcomes", "error_kinds"),
        *("latency_s", "ttft_s", "input_tokens", "output_tokens", "reasoning_tokens", "cached_input_tokens"),
        *("cost_usd", "cost_per_pass_usd", "known", "answered_by", "usage_mismatches"),
        *("score_low", "score_high", "cost_per_case_usd", "cost_per_case_usd_low", "cost_per_case_usd_high"),
        *("cost_per_pass_usd_low", "cost_per_pass_usd_high", "tokens_per_case"),
        *("cases", "cases_passed", "cases_failed", "cases_undecided", "clusters", "repeats"),
        *("pass_at_k", "pass_hat_k", "flake_rate", "xfailed", "xpassed", "cached", "metrics", "metric_estimates"),
        *("wrong", "truncated", "refused", "policy", "api_errors", "check_errors", "judge_errors"),
        *("judge_calls", "judge_cost_usd", "judge_input_tokens", "judge_output_tokens"),
    }
    assert set(found["models"][0]["latency_s"]) == {"n"} | {
        f"{name}{end}" for name in ("p50", "p90", "p95", "p99") for end in ("", "_low", "_high")
    }
    assert set(found["gates"][0]) >= {
        *("gate", "metric", "model", "op", "limit", "value", "low", "high", "n", "result", "reason"),
    }


def test_unknown_is_null_and_not_zero(tmp_path):
    (row,) = json.loads(render(judged(tmp_path, [errored()])))["models"]
    unknown = ("pass_rate", "score", "input_tokens", "reasoning_tokens", "cost_usd", "cost_per_pass_usd")
    assert [row[name] for name in unknown] == [None] * len(unknown)
    assert row["latency_s"].pop("n") == 0
    assert set(row["latency_s"].values()) == {None}
    assert row["pass_rate_bounds"] == [0.0, 1.0]


def test_it_decodes_to_the_summary_it_was(tmp_path):
    run = full(tmp_path, gates=GATES, stand_in=True)
    found = msgspec.json.decode(render(run), type=Summary)
    assert (found.models, found.gates, found.verdict) == (run.summary.models, run.summary.gates, "fail")
    assert found.run["stand_in"] is True


def test_it_is_kept_in_the_run_folder():
    assert REPORTS["json"].filename == "summary.json"
