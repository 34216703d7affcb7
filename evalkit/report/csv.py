"""summary.csv: one row a model with a prompt, for spreadsheets and pandas; unknown is an empty cell."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, get_args

from evalkit.registry import REPORTS
from evalkit.types import ModelSummary, Outcome

if TYPE_CHECKING:
    from evalkit.analysis.frames import JudgedRun

__all__ = ["Csv"]

_FORMULA = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]|[\t\r]")
"""What makes a spreadsheet calculate instead of show, also behind blanks and characters without width."""


def _count(mapping: str, key: str) -> Callable[[ModelSummary], int]:
    return lambda row: getattr(row, mapping).get(key, 0)


def _bound(end: int) -> Callable[[ModelSummary], float | None]:
    return lambda row: row.pass_rate_bounds[end] if row.pass_rate_bounds else None


def _estimate(mapping: str, key: str, end: str) -> Callable[[ModelSummary], float | None]:
    return lambda row: getattr(getattr(row, mapping).get(key), end, None)


def _flakes(end: str) -> Callable[[ModelSummary], float | None]:
    return lambda row: getattr(row.flake_rate, end, None)


def _by_k(mapping: str) -> Callable[[ModelSummary], str]:
    return lambda row: "; ".join(f"{k}: {found.value:.6g}" for k, found in getattr(row, mapping).items())


_TOKENS = ("input_tokens", "output_tokens", "reasoning_tokens", "cached_input_tokens")
_SUMS = (*_TOKENS, "cost_usd")
_AS_THEY_ARE = (
    *("model", "prompt", "n", "passed", "failed", "errors", "unscored", "not_run", "xfailed", "xpassed", "cached"),
    *("wrong", "truncated", "refused", "policy", "api_errors", "check_errors", "judge_errors"),
    *("cases", "cases_passed", "cases_failed", "cases_undecided", "clusters", "repeats"),
    *("pass_rate", "pass_rate_low", "pass_rate_high", "score", "score_low", "score_high"),
    *("cost_per_case_usd", "cost_per_case_usd_low", "cost_per_case_usd_high", "cost_cases"),
    *("cost_per_pass_usd", "cost_per_pass_usd_low", "cost_per_pass_usd_high", *_SUMS),
    *("judge_calls", "judge_cost_usd", "judge_input_tokens", "judge_output_tokens"),
)
_COLUMNS: dict[str, Callable[[ModelSummary], Any]] = {
    **{name: attrgetter(name) for name in _AS_THEY_ARE},
    **{f"known_{name}": _count("known", name) for name in _SUMS},
    "pass_rate_if_errors_failed": _bound(0),
    "pass_rate_if_errors_passed": _bound(1),
    **{
        f"{part}_{name}{end}": attrgetter(f"{name}.{part}{end}")
        for name in ("latency_s", "ttft_s")
        for part in ("p50", "p90", "p95", "p99")
        for end in ("", "_low", "_high")
    },
    **{f"n_{name}": attrgetter(f"{name}.n") for name in ("latency_s", "ttft_s")},
    **{
        f"{name}_per_case{'' if end == 'value' else f'_{end}'}": _estimate("tokens_per_case", name, end)
        for name in _TOKENS
        for end in ("value", "low", "high", "n")
    },
    "pass_at_k": _by_k("pass_at_k"),
    "pass_hat_k": _by_k("pass_hat_k"),
    **{f"flake_rate{'' if end == 'value' else f'_{end}'}": _flakes(end) for end in ("value", "low", "high", "n")},
    "metrics": lambda row: "; ".join(f"{name}: {value:.6g}" for name, value in row.metrics.items()),
    **{f"outcome_{name}": _count("outcomes", name) for name in get_args(Outcome)},
    "usage_mismatches": attrgetter("usage_mismatches"),
    "error_kinds": lambda row: "; ".join(f"{kind}: {n}" for kind, n in row.error_kinds.items()),
    "answered_by": lambda row: "; ".join(row.answered_by),
}


class Csv:
    """All of `types.ModelSummary`, flat: nested figures have a column each, lists are joined by `; `."""

    filename: str | None = "summary.csv"

    def render(self, run: JudgedRun) -> str:
        """The header and the rows; text that a spreadsheet would take for a formula begins with an apostrophe."""
        about = {"run": run.manifest.id, "suite": run.manifest.suite, "stand_in": run.manifest.stand_in}
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*about, *_COLUMNS])
        for row in run.summary.models:
            values = (*about.values(), *(get(row) for get in _COLUMNS.values()))
            writer.writerow([_safe(value) for value in values])
        return text.getvalue()


def _safe(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # The csv module puts no quotes around a lone carriage return, and readers would end the row there.
    shown = value.replace("\r", "\n")
    return f"'{shown}" if _FORMULA.match(value) else shown


REPORTS.register("csv")(Csv())
