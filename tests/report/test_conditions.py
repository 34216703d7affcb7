"""Gates speak in the units and digits of the tables, and never round across their limit."""

from __future__ import annotations

import pytest

from evalkit.report.conditions import condition, found
from evalkit.types import GateResult


def met(metric="pass_rate", value=None, limit=0.9, op=">=", **fields):
    given = {"model": None, "low": None, "high": None, "n": 40, "result": "pass", "reason": ""} | fields
    return GateResult(gate="", metric=metric, op=op, limit=limit, value=value, **given)


@pytest.mark.parametrize(
    ("gate", "shown"),
    [
        (met(limit=0.8), "pass_rate >= 80 %"),
        (met(limit=0.07), "pass_rate >= 7 %"),
        (met(limit=0.99995, model="o3"), "o3: pass_rate >= 99.995 %"),
        (met("error_rate", op="<=", limit=0), "error_rate <= 0 %"),
        (met("score", limit=0.8), "score >= 0.8"),
        (met("p95_latency_s", op="<", limit=30), "p95_latency_s < 30 s"),
        (met("p95_ttft_s", op="<", limit=0.25), "p95_ttft_s < 0.25 s"),
        (met("cost_per_pass_usd", op="<=", limit=0.00005), "cost_per_pass_usd <= 0.00005 USD"),
        (met("output_tokens", op="<=", limit=1e6), "output_tokens <= 1,000,000"),
    ],
)
def test_a_limit_has_its_unit_and_all_its_digits(gate, shown):
    assert condition(gate) == shown


@pytest.mark.parametrize(
    ("metric", "value", "shown"),
    [
        ("pass_rate", 0.9009, "90.1 %"),
        ("score", 0.8125, "0.812"),
        ("p95_latency_s", 13.261, "13.3 s"),
        ("cost_usd", 0.33312, "0.333 USD"),
        ("cost_usd", 12345.678, "12,345.68 USD"),
        ("input_tokens", 123_456, "123,456"),
    ],
)
def test_a_value_has_the_digits_of_the_table(metric, value, shown):
    assert found(met(metric, value, limit=0)) == f"{shown} (n = 40)"


@pytest.mark.parametrize(
    ("metric", "value", "limit", "shown"),
    [
        ("cost_usd", 1.00001, 1, "1.00001 USD"),
        ("pass_rate", 0.79996, 0.8, "79.996 %"),
        ("p95_latency_s", 30.04, 30, "30.04 s"),
        ("p95_latency_s", 29.98, 29.99, "29.98 s"),  # rounded to 30.0 it would lie above
        ("pass_rate", 0.8, 0.8, "80.0 %"),
        ("pass_rate", 0.07, 0.07, "7.0 %"),
    ],
)
def test_a_value_is_never_rounded_to_or_over_its_limit(metric, value, limit, shown):
    assert found(met(metric, value, limit=limit)) == f"{shown} (n = 40)"


def test_an_interval_and_a_reason_stand_beside_the_value():
    gate = met(value=0.85, low=0.7093, high=0.9291, reason="2 of 42 trials were not run")
    assert found(gate) == "85.0 % (95 % CI 70–93 %, n = 40); 2 of 42 trials were not run"


def test_an_unknown_value_says_why():
    assert found(met(reason="nothing was scored")) == "unknown: nothing was scored"
