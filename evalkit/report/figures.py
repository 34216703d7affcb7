"""The figures that tables show of a model with a prompt, as data: which, in what order, under what heading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import Literal, NamedTuple

from evalkit.report import cells
from evalkit.types import ModelSummary

__all__ = ["Figure", "Table", "figures"]

Table = Literal["Quality and latency", "Cost and tokens"]


class Figure(NamedTuple):
    """One column of a table."""

    table: Table
    """Where a table is cut, figures of one purpose stay together."""
    group: str
    """The title over it and its neighbours, with their unit."""
    heading: str
    """Below that title."""
    name: str
    """The heading where there are no groups."""
    spell: Callable[[ModelSummary], str]
    tone: str = ""
    """`fail` or `warn`: how a figure other than 0 is coloured."""
    decimal: bool = False
    """True where the values of a column have different numbers of decimals."""
    idle: Callable[[ModelSummary], bool] | None = None
    """Whether it tells nothing of a row; it is left out where it tells nothing of any."""


_QUALITY: Table = "Quality and latency"
_SPENDING: Table = "Cost and tokens"


def _count(heading: str, name: str, field: str, tone: str = "", *, rare: bool = False) -> Figure:
    """A number of trials; a `rare` one is left out while it is 0 in every row."""
    get: Callable[[ModelSummary], int] = attrgetter(field)
    idle = (lambda row: get(row) == 0) if rare else None
    return Figure(_QUALITY, "trials", heading, name, lambda row: f"{get(row):,}", tone, idle=idle)


def _seconds(heading: str) -> Figure:
    get = attrgetter(f"latency_s.{heading}")
    name = f"latency {heading}, s"
    return Figure(_QUALITY, "latency, s", heading, name, lambda row: cells.seconds(get(row)), decimal=True)


def _tokens(heading: str, name: str, field: str) -> Figure:
    return Figure(_SPENDING, "tokens", heading, name, partial(cells.total, field=field))


def _is_pass_rate(row: ModelSummary) -> bool:
    """Whether the mean score would show the same number, as where every answer scores 0 or 1."""
    return cells.score(row.score) == cells.score(row.pass_rate)


_FIGURES = (
    _count("n", "n", "n"),
    _count("pass", "passed", "passed"),
    _count("fail", "failed", "failed", "fail"),
    _count("error", "errors", "errors", "warn"),
    _count("unscored", "unscored", "unscored", rare=True),
    _count("not run", "not run", "not_run", "warn", rare=True),
    Figure(_QUALITY, "pass rate", "%", "pass rate, %", lambda row: cells.percent(row.pass_rate)),
    Figure(
        _QUALITY, "pass rate", "95 % CI", "95 % CI", lambda row: cells.interval(row.pass_rate_low, row.pass_rate_high)
    ),
    Figure(_QUALITY, "score", "mean", "score", lambda row: cells.score(row.score), idle=_is_pass_rate),
    _seconds("p50"),
    _seconds("p95"),
    Figure(_SPENDING, "cost, USD", "total", "cost, USD", partial(cells.total, field="cost_usd"), decimal=True),
    Figure(
        *(_SPENDING, "cost, USD", "per pass", "cost per pass, USD"),
        lambda row: cells.usd(row.cost_per_pass_usd),
        decimal=True,
    ),
    _tokens("in", "input tokens", "input_tokens"),
    _tokens("out", "output tokens", "output_tokens"),
    _tokens("reason", "reasoning tokens", "reasoning_tokens"),
    _tokens("cached", "cached input tokens", "cached_input_tokens"),
)


def figures(rows: Sequence[ModelSummary]) -> list[Figure]:
    """The columns that a table of these rows needs."""
    return [figure for figure in _FIGURES if figure.idle is None or not all(map(figure.idle, rows))]
