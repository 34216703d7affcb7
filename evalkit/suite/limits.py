"""The conditions of gates: `>= 0.9`, `> 90%`, `> -2pp`; and of flags: `pass_rate >= 0.9`, `o3: delta.cost_usd <= 10%`.

A limit on the run itself is in its metric's own unit; a share may be written in per cent. A limit on a change against a
baseline (`delta.`) is in points for shares (`-2pp`, or as a share, `-0.02`); for all others in the metric's own unit,
or in per cent of the baseline (`10%`).
"""

from __future__ import annotations

import re
from typing import Any, Literal

from evalkit.errors import did_you_mean
from evalkit.types import Gate

__all__ = ["COMPARED", "METRICS", "NEW_FAILURES", "parse_gate", "parse_limit"]

Unit = Literal["", "pp", "%"]

METRICS = (
    "pass_rate", "score", "error_rate", "p50_latency_s", "p90_latency_s", "p95_latency_s", "p99_latency_s",
    "p95_ttft_s", "cost_usd", "cost_per_pass_usd", "input_tokens", "output_tokens",
)  # fmt: skip
NEW_FAILURES = ("new_failures", "delta.new_failures")
"""Cases that passed in the baseline and do not now: two names for one number, which is a change by itself."""
COMPARED = (*NEW_FAILURES, *(f"delta.{metric}" for metric in METRICS))
"""What needs a baseline."""
SHARES = frozenset({"pass_rate", "score", "error_rate"})
_LIMIT = re.compile(
    r"(?P<op>>=|<=|==|!=|>|<)\s*(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<unit>%|pp)?"
)
_EXPRESSION = re.compile(r"(?:(?P<model>.+?):\s*)?(?P<metric>[A-Za-z_][\w.]*)\s*(?P<rest>[<>=!].*)", re.DOTALL)


def parse_limit(metric: str, text: Any, *, model: str | None = None) -> Gate:
    """The gate that `text` sets on `metric`. Raises ValueError with what is wrong and what would be right."""
    known = (*METRICS, *COMPARED)
    if metric not in known:
        hint = did_you_mean(metric, known) or f"; known: {', '.join(METRICS)}, new_failures, and delta. before any"
        raise ValueError(f"unknown gate '{metric}'{hint}")
    match = _LIMIT.fullmatch(str(text).strip().replace("−", "-"))
    if match is None:
        raise ValueError(
            f"gate '{metric}' wants an operator and a number, as in \"{_example(metric)}\"; found '{text}'"
        )
    limit, unit = _in_own_unit(metric, float(match["number"]), match["unit"] or "")
    _demand_range(metric, limit, text)
    return Gate(metric=metric, op=match["op"], limit=limit, model=model, unit=unit)  # type: ignore[arg-type]


def parse_gate(expression: str) -> Gate:
    """A whole gate, as a flag gives it: `pass_rate >= 0.9`, or of one model, `o3: cost_usd <= 2`."""
    match = _EXPRESSION.fullmatch(expression.strip())
    if match is None:
        raise ValueError(f"a gate reads 'metric operator number', as in 'pass_rate >= 0.9'; found '{expression}'")
    return parse_limit(match["metric"], match["rest"], model=match["model"])


def _example(metric: str) -> str:
    if metric in NEW_FAILURES:
        return "== 0"
    if not metric.startswith("delta."):
        return ">= 0.9"
    return "> -2pp" if metric.removeprefix("delta.") in SHARES else "<= 10%"


def _in_own_unit(metric: str, number: float, unit: str) -> tuple[float, Unit]:
    """A limit without its unit, and the unit that it is shown with."""
    plain = metric.removeprefix("delta.")
    if metric in NEW_FAILURES:
        if unit:
            raise ValueError(f"gate '{metric}' counts cases: it takes no {unit}")
        return number, ""
    if plain == metric:
        if unit == "pp":
            raise ValueError(f"gate '{metric}' is no difference: points (pp) are for delta.{metric}")
        if unit == "%" and metric not in SHARES:
            raise ValueError(f"gate '{metric}' is no share: it takes no %")
        return (number / 100 if unit else number), ""
    if plain in SHARES:
        if unit == "%":
            raise ValueError(f"gate '{metric}' is a difference of shares: write points, as in '-2pp', not per cent")
        return (number / 100 if unit else number), "pp" if unit else ""
    if unit == "pp":
        raise ValueError(f"gate '{metric}' is no difference of shares: it takes no pp, but '10%' of the baseline")
    return (number / 100 if unit else number), "%" if unit else ""


def _demand_range(metric: str, limit: float, text: Any) -> None:
    """Raises ValueError for a limit that nothing can reach."""
    if metric in NEW_FAILURES and (limit < 0 or limit != int(limit)):
        raise ValueError(f"gate '{metric}' counts cases: it wants a whole number from 0 on; found '{text}'")
    if metric in SHARES and not 0 <= limit <= 1:
        raise ValueError(f"gate '{metric}' lies between 0 and 1 (or 0% and 100%); found '{text}'")
    if metric.removeprefix("delta.") in SHARES and not -1 <= limit <= 1:
        raise ValueError(f"gate '{metric}' lies between -1 and 1 (or -100pp and 100pp); found '{text}'")
