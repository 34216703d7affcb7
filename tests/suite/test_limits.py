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
        ("zzz", ">= 1", f"unknown gate 'zzz'; known: {', '.join(METRICS)}"),
        ("delta.pass_rate", ">= 0", "gate 'delta.pass_rate' is not supported yet"),
        ("new_failures", "== 0", "gate 'new_failures' is not supported yet"),
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
