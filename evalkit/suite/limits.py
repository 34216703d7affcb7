"""The conditions of gates: `>= 0.9`, `<= 15`, `> 90%`; and of flags: `pass_rate >= 0.9`, `o3: cost_usd <= 2`."""

from __future__ import annotations

import re
from typing import Any

from evalkit.errors import did_you_mean
from evalkit.types import Gate

METRICS = (
    "pass_rate", "score", "error_rate", "p50_latency_s", "p90_latency_s", "p95_latency_s", "p99_latency_s",
    "p95_ttft_s", "cost_usd", "cost_per_pass_usd", "input_tokens", "output_tokens",
)  # fmt: skip
_LATER = ("new_failures",)
LATER_METRICS = (*_LATER, *(f"delta.{metric}" for metric in (*METRICS, *_LATER)))
SHARES = frozenset({"pass_rate", "score", "error_rate"})
_LIMIT = re.compile(
    r"(?P<op>>=|<=|==|!=|>|<)\s*(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<percent>%?)"
)
_EXPRESSION = re.compile(r"(?:(?P<model>.+?):\s*)?(?P<metric>[A-Za-z_][\w.]*)\s*(?P<rest>[<>=!].*)", re.DOTALL)


def parse_limit(metric: str, text: Any, *, model: str | None = None) -> Gate:
    """The gate that `text` sets on `metric`. Raises ValueError with what is wrong and what would be right."""
    if metric in LATER_METRICS:
        raise ValueError(f"gate '{metric}' is not supported yet")
    if metric not in METRICS:
        hint = did_you_mean(metric, METRICS) or f"; known: {', '.join(METRICS)}"
        raise ValueError(f"unknown gate '{metric}'{hint}")
    match = _LIMIT.fullmatch(str(text).strip())
    if match is None:
        raise ValueError(f"gate '{metric}' wants an operator and a number, as in \">= 0.9\"; found '{text}'")
    limit = float(match["number"])
    if match["percent"]:
        if metric not in SHARES:
            raise ValueError(f"gate '{metric}' is no share: it takes no %")
        limit /= 100
    if metric in SHARES and not 0 <= limit <= 1:
        raise ValueError(f"gate '{metric}' lies between 0 and 1 (or 0% and 100%); found '{text}'")
    return Gate(metric=metric, op=match["op"], limit=limit, model=model)  # type: ignore[arg-type]


def parse_gate(expression: str) -> Gate:
    """A whole gate, as a flag gives it: `pass_rate >= 0.9`, or of one model, `o3: cost_usd <= 2`."""
    match = _EXPRESSION.fullmatch(expression.strip())
    if match is None:
        raise ValueError(f"a gate reads 'metric operator number', as in 'pass_rate >= 0.9'; found '{expression}'")
    return parse_limit(match["metric"], match["rest"], model=match["model"])
