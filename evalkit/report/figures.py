"""The figures that tables show of a model with a prompt, as data: which, in what order, under what heading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import attrgetter
from typing import Literal, NamedTuple

from evalkit.report import cells
from evalkit.types import Estimate, ModelSummary

__all__ = ["Figure", "Table", "figures"]

Table = Literal["Quality", "Latency", "Cost and tokens"]


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
    """`fail` or `warn`: how a figure other than 0 is coloured; `faint` for intervals."""
    decimal: bool = False
    """True where the values of a column have different numbers of decimals."""
    idle: Callable[[ModelSummary], bool] | None = None
    """Whether it tells nothing of a row; it is left out where it tells nothing of any."""


Find = Callable[[ModelSummary], Estimate | None]
_CI = "95 % CI"


def figures(rows: Sequence[ModelSummary]) -> list[Figure]:
    """The columns that a table of these rows needs."""
    return [figure for figure in _all(rows) if figure.idle is None or not all(map(figure.idle, rows))]


def _all(rows: Sequence[ModelSummary]) -> Iterator[Figure]:
    yield from _TRIALS
    yield from _RATES
    yield from _repeats(max((row.repeats for row in rows), default=0))
    for metric in dict.fromkeys(name for row in rows for name in row.metric_estimates):
        yield from _metric(metric)
    for field, title in (("latency_s", "latency, s"), ("ttft_s", "first token, s")):
        yield from _times(field, title)
    yield from _SPENDING


def _count(heading: str, name: str, field: str, tone: str = "", *, rare: bool = False) -> Figure:
    """A number of trials; a `rare` one is left out while it is 0 in every row."""
    get: Callable[[ModelSummary], int] = attrgetter(field)
    idle = (lambda row: get(row) == 0) if rare else None
    return Figure("Quality", "trials", heading, name, lambda row: f"{get(row):,}", tone, idle=idle)


_TRIALS = (
    _count("n", "n", "n"),
    _count("pass", "passed", "passed"),
    _count("wrong", "wrong", "wrong", "fail"),
    _count("cut", "truncated", "truncated", "fail", rare=True),
    _count("refused", "refused", "refused", "fail", rare=True),
    _count("policy", "blocked by policy", "policy", "fail", rare=True),
    _count("error", "API errors", "api_errors", "warn"),
    _count("check err", "check errors", "check_errors", "warn", rare=True),
    _count("judge err", "judge errors", "judge_errors", "warn", rare=True),
    _count("unscored", "unscored", "unscored", rare=True),
    _count("xfail", "expected failures", "xfailed", rare=True),
    _count("xpass", "unexpected passes", "xpassed", "warn", rare=True),
    _count("not run", "not run", "not_run", "warn", rare=True),
    _count("cached", "cached", "cached", rare=True),
)


_VERDICTS = (
    _count("pass", "cases passed", "cases_passed"),
    _count("fail", "cases failed", "cases_failed", "fail"),
    _count("open", "cases left open by errors", "cases_undecided", "warn", rare=True),
)


def _is_pass_rate(row: ModelSummary) -> bool:
    """Whether the mean score would show the same number, as where every answer scores 0 or 1."""
    return cells.score(row.score) == cells.score(row.pass_rate)


_OVER_CASES = "over cases"
_RATES = (
    Figure("Quality", _OVER_CASES, "n", "cases", lambda row: f"{row.cases:,}"),
    Figure("Quality", _OVER_CASES, "pass %", "pass rate, %", lambda row: cells.percent(row.pass_rate)),
    Figure(
        *("Quality", _OVER_CASES, _CI, _CI),
        lambda row: cells.interval(row.pass_rate_low, row.pass_rate_high),
        "faint",
    ),
    Figure("Quality", _OVER_CASES, "score", "score", lambda row: cells.score(row.score), idle=_is_pass_rate),
    Figure(
        *("Quality", _OVER_CASES, _CI, _CI),
        lambda row: cells.score_interval(row.score_low, row.score_high),
        "faint",
        idle=_is_pass_rate,
    ),
)


def _repeats(k: int) -> Iterator[Figure]:
    """What `k` repeats say together; nothing where there was but one."""
    if k < 2:
        return
    yield from (figure._replace(group="cases") for figure in _VERDICTS)
    title = f"{k} repeats, %"
    found: tuple[tuple[str, Find], ...] = (
        (f"pass@{k}", lambda row: row.pass_at_k.get(k)),
        (f"pass^{k}", lambda row: row.pass_hat_k.get(k)),
        ("flaky", lambda row: row.flake_rate),
    )
    yield Figure("Quality", title, "n", f"cases with {k} repeats", lambda row: _n(row.pass_at_k.get(k)))
    for heading, find in found:
        yield Figure("Quality", title, heading, f"{heading}, %", partial(_percent, find))
        yield Figure("Quality", title, _CI, _CI, partial(_percent_interval, find), "faint")


def _metric(metric: str) -> Iterator[Figure]:
    name = cells.one_line(metric)

    def find(row: ModelSummary) -> Estimate | None:
        return row.metric_estimates.get(metric)

    def interval(row: ModelSummary) -> str:
        found = find(row)
        return cells.score_interval(found.low, found.high) if found else cells.UNKNOWN

    yield Figure("Quality", name, "n", f"{name}, n", lambda row: _n(find(row)))
    yield Figure("Quality", name, "mean", name, lambda row: cells.score(row.metrics.get(metric)))
    yield Figure("Quality", name, _CI, _CI, interval, "faint")


def _times(field: str, title: str) -> Iterator[Figure]:
    """Percentiles; left out where no answer has this time, as the first token's where nothing was streamed."""
    n: Callable[[ModelSummary], int] = attrgetter(f"{field}.n")

    def never(row: ModelSummary) -> bool:
        return field != "latency_s" and n(row) == 0

    yield Figure("Latency", title, "n", f"{title}: n", lambda row: f"{n(row):,}", idle=never)
    for part in ("p50", "p95"):
        for figure in _percentile(field, title, part):
            yield figure._replace(idle=never)


def _percentile(field: str, title: str, part: str) -> tuple[Figure, Figure]:
    value, low, high = (attrgetter(f"{field}.{part}{end}") for end in ("", "_low", "_high"))
    return (
        Figure("Latency", title, part, f"{title}: {part}", lambda row: cells.seconds(value(row)), decimal=True),
        Figure("Latency", title, _CI, _CI, lambda row: cells.span(low(row), high(row), cells.seconds), "faint"),
    )


def _tokens(heading: str, name: str, field: str) -> Figure:
    return Figure("Cost and tokens", "tokens, total", heading, name, partial(cells.total, field=field))


def _usd(heading: str, name: str, field: str) -> tuple[Figure, Figure]:
    """A cost and its interval; a thousand times what one takes, because answers cost fractions of a cent."""
    value, low, high = (_thousandfold(f"{field}{end}") for end in ("", "_low", "_high"))
    return (
        Figure("Cost and tokens", "USD per 1,000", heading, name, lambda row: cells.usd(value(row)), decimal=True),
        Figure(
            *("Cost and tokens", "USD per 1,000", _CI, _CI),
            lambda row: cells.span(low(row), high(row), cells.usd_in_short),
            "faint",
        ),
    )


def _thousandfold(field: str) -> Callable[[ModelSummary], float | None]:
    get = attrgetter(field)
    return lambda row: None if get(row) is None else 1000 * get(row)


def _judge_tokens(row: ModelSummary) -> int | None:
    known = row.judge_input_tokens is not None and row.judge_output_tokens is not None
    return (row.judge_input_tokens or 0) + (row.judge_output_tokens or 0) if known else None


def _unjudged(row: ModelSummary) -> bool:
    return row.judge_calls == 0


_SPENDING = (
    Figure("Cost and tokens", "cost, USD", "total", "cost, USD", partial(cells.total, field="cost_usd"), decimal=True),
    Figure("Cost and tokens", "USD per 1,000", "n", "cases with known cost", lambda row: f"{row.cost_cases:,}"),
    *_usd("cases", "USD per 1,000 cases", "cost_per_case_usd"),
    *_usd("passes", "USD per 1,000 passes", "cost_per_pass_usd"),
    _tokens("in", "input tokens", "input_tokens"),
    _tokens("out", "output tokens", "output_tokens"),
    _tokens("reason", "reasoning tokens", "reasoning_tokens"),
    _tokens("cached", "cached input tokens", "cached_input_tokens"),
    Figure("Cost and tokens", "judges", "calls", "judge calls", lambda row: f"{row.judge_calls:,}", idle=_unjudged),
    Figure(
        *("Cost and tokens", "judges", "USD", "judge cost, USD"),
        lambda row: cells.usd(row.judge_cost_usd),
        decimal=True,
        idle=_unjudged,
    ),
    Figure(
        *("Cost and tokens", "judges", "tokens", "judge tokens"),
        lambda row: cells.tokens(_judge_tokens(row)),
        idle=_unjudged,
    ),
)


def _n(found: Estimate | None) -> str:
    return f"{found.n:,}" if found else "0"


def _percent(find: Find, row: ModelSummary) -> str:
    found = find(row)
    return cells.percent(found.value if found else None)


def _percent_interval(find: Find, row: ModelSummary) -> str:
    found = find(row)
    return cells.interval(found.low, found.high) if found else cells.UNKNOWN
