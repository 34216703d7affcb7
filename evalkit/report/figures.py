"""The figures that tables show of a model with a prompt, as data: which, in what order, under what heading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from evalkit.report import cells
from evalkit.types import ModelSummary

__all__ = ["Figure", "figures"]


class Figure(NamedTuple):
    """One column of a table."""

    group: str
    """The title over it and its neighbours, with their unit."""
    heading: str
    """Below that title."""
    name: str
    """The heading where there are no groups."""
    spell: Callable[[ModelSummary], str]
    tone: str = ""
    """`fail` or `warn`: how a figure other than 0 is coloured."""
    rare: bool = False
    """True where it is left out while it is 0 in every row."""


def _count(heading: str, name: str, field: str, tone: str = "", *, rare: bool = False) -> Figure:
    return Figure("trials", heading, name, lambda row: f"{getattr(row, field):,}", tone, rare)


_FIGURES = (
    _count("n", "n", "n"),
    _count("pass", "passed", "passed"),
    _count("fail", "failed", "failed", "fail"),
    _count("error", "errors", "errors", "warn"),
    _count("unscored", "unscored", "unscored", rare=True),
    _count("not run", "not run", "not_run", "warn", rare=True),
    Figure("pass rate", "%", "pass rate, %", lambda row: cells.percent(row.pass_rate)),
    Figure("pass rate", "95 % CI", "95 % CI", lambda row: cells.interval(row.pass_rate_low, row.pass_rate_high)),
    Figure("score", "mean", "score", lambda row: cells.score(row.score)),
    Figure("latency, s", "p50", "latency p50, s", lambda row: cells.seconds(row.latency_s.p50)),
    Figure("latency, s", "p95", "latency p95, s", lambda row: cells.seconds(row.latency_s.p95)),
    Figure("cost, USD", "total", "cost, USD", lambda row: cells.total(row, "cost_usd")),
    Figure("cost, USD", "per pass", "cost per pass, USD", lambda row: cells.usd(row.cost_per_pass_usd)),
    Figure("tokens", "in", "input tokens", lambda row: cells.total(row, "input_tokens")),
    Figure("tokens", "out", "output tokens", lambda row: cells.total(row, "output_tokens")),
    Figure("tokens", "reason", "reasoning tokens", lambda row: cells.total(row, "reasoning_tokens")),
    Figure("tokens", "cached", "cached input tokens", lambda row: cells.total(row, "cached_input_tokens")),
)


def figures(rows: Sequence[ModelSummary]) -> list[Figure]:
    """The columns that a table of these rows needs."""
    return [figure for figure in _FIGURES if not figure.rare or any(figure.spell(row) != "0" for row in rows)]
