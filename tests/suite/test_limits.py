"""The conditions of gates, in suites and in flags."""

from __future__ import annotations

import pytest

from evalkit.suite.limits import METRICS, parse_gate, parse_limit
from evalkit.types import Gate


@pytest.mark.parametrize(
    ("metric", "text", "op", "limit"),
    [
        ("pass_rate", ">= 0.9", ">=", 0.9),
        ("pass_rate", ">=0.9", ">=", 0.9),
        ("pass_rate", " > 90 % ", ">", 0.9),
        ("error_rate", "== 0", "==", 0),
        ("score", "!= 1", "!=", 1),
        ("p95_latency_s", "<= 15", "<=", 15),
        ("cost_usd", "< 1e-3", "<", 0.001),
        ("input_tokens", "< .5", "<", 0.5),
        ("cost_usd", "> -1", ">", -1),
    ],
)
def test_a_limit_is_an_operator_and_a_number(metric, text, op, limit):
    assert parse_limit(metric, text, model="o3") == Gate(metric=metric, op=op, limit=limit, model="o3")


@pytest.mark.parametrize(
    ("metric", "text", "limit", "unit", "shown"),
    [
        ("delta.pass_rate", "> -2pp", -0.02, "pp", "delta.pass_rate > -2pp"),
        ("delta.pass_rate", "> −2 pp", -0.02, "pp", "delta.pass_rate > -2pp"),
        ("delta.score", "> -0.02", -0.02, "", "delta.score > -0.02"),
        ("delta.error_rate", "> .5pp", 0.005, "pp", "delta.error_rate > 0.5pp"),
        ("delta.cost_usd", "> 10%", 0.1, "%", "delta.cost_usd > 10%"),
        ("delta.cost_usd", "> 0.05", 0.05, "", "delta.cost_usd > 0.05"),
        ("delta.p95_latency_s", "> 1.5", 1.5, "", "delta.p95_latency_s > 1.5"),
        ("delta.output_tokens", "> -250 %", -2.5, "%", "delta.output_tokens > -250%"),
        ("new_failures", "> 0", 0, "", "new_failures > 0"),
        ("delta.new_failures", "> 3", 3, "", "delta.new_failures > 3"),
    ],
)
def test_a_limit_on_a_change_is_in_points_or_in_per_cent_of_the_baseline(metric, text, limit, unit, shown):
    gate = parse_limit(metric, text)
    assert gate == Gate(metric=metric, op=">", limit=pytest.approx(limit), unit=unit)
    assert str(gate) == shown


@pytest.mark.parametrize(
    ("metric", "text", "message"),
    [
        ("pass_rate", "0.9", "gate 'pass_rate' wants an operator and a number, as in \">= 0.9\"; found '0.9'"),
        ("pass_rate", 0.9, "gate 'pass_rate' wants an operator and a number, as in \">= 0.9\"; found '0.9'"),
        ("pass_rate", "=> 0.9", "gate 'pass_rate' wants an operator and a number, as in \">= 0.9\"; found '=> 0.9'"),
        ("pass_rate", ">= x", "gate 'pass_rate' wants an operator and a number, as in \">= 0.9\"; found '>= x'"),
        ("pass_rate", ">= nan", "gate 'pass_rate' wants an operator and a number, as in \">= 0.9\"; found '>= nan'"),
        ("pass_rate", ">= 0.9 please",
         "gate 'pass_rate' wants an operator and a number, as in \">= 0.9\"; found '>= 0.9 please'"),
        ("pass_rate", ">= 90", "gate 'pass_rate' lies between 0 and 1 (or 0% and 100%); found '>= 90'"),
        ("pass_rate", ">= 101%", "gate 'pass_rate' lies between 0 and 1 (or 0% and 100%); found '>= 101%'"),
        ("cost_usd", "< 5%", "gate 'cost_usd' is no share: it takes no %"),
        ("pass_rte", ">= 1", "unknown gate 'pass_rte'; did you mean 'pass_rate'?"),
        ("zzz", ">= 1", f"unknown gate 'zzz'; known: {', '.join(METRICS)}, new_failures, and delta. before any"),
        ("delta.pass_rte", ">= 1", "unknown gate 'delta.pass_rte'; did you mean 'delta.pass_rate'?"),
        ("delta.pass_rate", "2pp",
         "gate 'delta.pass_rate' wants an operator and a number, as in \"> -2pp\"; found '2pp'"),
        ("delta.pass_rate", "> -2%",
         "gate 'delta.pass_rate' is a difference of shares: write points, as in '-2pp', not per cent"),
        ("delta.pass_rate", "> -2", "gate 'delta.pass_rate' lies between -1 and 1 (or -100pp and 100pp); found '> -2'"),
        ("delta.cost_usd", "< 5pp",
         "gate 'delta.cost_usd' is no difference of shares: it takes no pp, but '10%' of the baseline"),
        ("delta.cost_usd", "< x",
         "gate 'delta.cost_usd' wants an operator and a number, as in \"<= 10%\"; found '< x'"),
        ("pass_rate", "> 2pp", "gate 'pass_rate' is no difference: points (pp) are for delta.pass_rate"),
        ("new_failures", "== 1.5",
         "gate 'new_failures' counts cases: it wants a whole number from 0 on; found '== 1.5'"),
        ("new_failures", "> -1", "gate 'new_failures' counts cases: it wants a whole number from 0 on; found '> -1'"),
        ("new_failures", "< 5%", "gate 'new_failures' counts cases: it takes no %"),
    ],
)  # fmt: skip
def test_a_limit_that_is_none_says_what_would_be_right(metric, text, message):
    with pytest.raises(ValueError) as caught:
        parse_limit(metric, text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("pass_rate >= 0.9", Gate(metric="pass_rate", op=">=", limit=0.9)),
        (" pass_rate>=90% ", Gate(metric="pass_rate", op=">=", limit=0.9)),
        ("o3: delta.cost_usd <= 10%", Gate(metric="delta.cost_usd", op="<=", limit=0.1, unit="%", model="o3")),
        ("o3: cost_usd <= 2", Gate(metric="cost_usd", op="<=", limit=2, model="o3")),
        ("a: b: cost_usd <= 2", Gate(metric="cost_usd", op="<=", limit=2, model="a: b")),
    ],
)
def test_a_flag_has_the_whole_gate(text, gate):
    assert parse_gate(text) == gate


@pytest.mark.parametrize("text", ["", "pass_rate", ">= 0.9", "pass_rate 0.9", "pass rate >= 1"])
def test_a_flag_without_a_gate_is_refused(text):
    with pytest.raises(ValueError, match="a gate reads 'metric operator number'"):
        parse_gate(text)
