"""An estimate for people on a terminal: a table of models, where its figures come from, and what makes it uncertain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from evalkit.report import cells
from evalkit.report.estimate_words import (
    STAND_IN,
    duration,
    headline,
    judged,
    probably,
    remarks,
    rollout_headline,
    sources,
    uncertain,
)
from evalkit.report.table import Column, Group, draw, wrap
from evalkit.types import CostEstimate, ModelEstimate, Rollout, RolloutModel, Spread

__all__ = ["render_estimate"]

_MONTHS_SHOWN = 12
Spell = Callable[[float], str]


def render_estimate(estimate: CostEstimate, columns: int) -> str:
    """Lines of at most `columns` (40 or more)."""
    columns = max(40, columns)
    sections = [_head(estimate, columns), _models(estimate, columns), _told(estimate, columns)]
    if estimate.rollout is not None:
        sections += [_rollout(estimate.rollout, columns), _months(estimate.rollout, columns)]
        sections.append(_what_if(estimate.rollout, columns))
    sections.append(_remarks(estimate, columns))
    drawn = ["\n".join(section) for section in sections]
    return "\n\n".join(section for section in drawn if section) + "\n"


def _head(estimate: CostEstimate, columns: int) -> Iterator[str]:
    yield from wrap(f"{cells.one_line(estimate.suite)}: {headline(estimate)}", columns)
    if estimate.stand_in:
        yield from wrap(STAND_IN, columns)


def _models(estimate: CostEstimate, columns: int) -> Iterator[str]:
    rows = [*estimate.models, *estimate.judges]
    labels = [cells.one_line(judged(row, estimate)) for row in rows]
    groups = [
        [
            Group(title="", members=(_counts(rows), _column("in", rows, lambda row: row.input_tokens, cells.tokens))),
            _group("out", [row.output_tokens for row in rows], cells.tokens),
            *_thinking(rows),
        ],
        [
            _group("USD", [row.cost_usd for row in rows], _usd, most=True),
            _group("a trial", [row.cost_per_trial_usd for row in rows], _usd, ends=False),
            _group("1,000", [row.cost_per_1k_trials_usd for row in rows], _usd, ends=False),
            _group("time", [row.time_s for row in rows], duration, ends=False),
        ],
        [Group(title="from", members=tuple(_source(rows, name, key) for name, key in _SOURCES))],
    ]
    yield from draw(labels, groups, columns, str)


_SOURCES = (("in", "input_tokens"), ("out", "output_tokens"), ("price", "price"), ("time", "time_s"))


def _thinking(rows: Sequence[ModelEstimate]) -> list[Group]:
    if all(row.reasoning_tokens is None for row in rows):
        return []
    return [
        _group("visible", [row.visible_tokens for row in rows], cells.tokens, ends=False),
        _group("reasoning", [row.reasoning_tokens for row in rows], cells.tokens, ends=False),
    ]


def _counts(rows: Sequence[ModelEstimate]) -> Column:
    return Column(heading="trials", cells=[f"{row.trials:,}" for row in rows])


def _source(rows: Sequence[ModelEstimate], heading: str, key: str) -> Column:
    return Column(heading=heading, cells=[row.sources.get(key, cells.UNKNOWN) for row in rows])


def _column(
    heading: str, rows: Sequence[ModelEstimate], get: Callable[[ModelEstimate], Spread], spell: Callable[[int], str]
) -> Column:
    return Column(heading=heading, cells=[spell(round(get(row).median)) for row in rows])


def _group(
    title: str, spreads: Sequence[Spread | None], spell: Callable[..., str], *, ends: bool = True, most: bool = False
) -> Group:
    def spelt(value: float | None) -> str:
        return cells.UNKNOWN if value is None else spell(value)

    members = [Column(heading="probably", cells=[spelt(each.median if each else None) for each in spreads])]
    if ends:
        between = [f"{spell(each.low)}–{spell(each.high)}" if each else cells.UNKNOWN for each in spreads]
        members.append(Column(heading="95 %", cells=between))
    if most:
        members.append(Column(heading="at most", cells=[spelt(each.worst if each else None) for each in spreads]))
    return Group(title=title, members=tuple(members))


def _usd(value: float) -> str:
    return cells.usd_in_short(value)


def _told(estimate: CostEstimate, columns: int) -> Iterator[str]:
    """Where the figures come from, what is uncertain, and how long it takes."""
    for line in [*sources(estimate), uncertain(estimate.uncertainty)]:
        yield from wrap(cells.one_line(line), columns, rest="  ")
    if estimate.time_s is not None:
        yield from wrap(f"Time to finish: {probably(estimate.time_s, duration)}.", columns, rest="  ")


def _remarks(estimate: CostEstimate, columns: int) -> Iterator[str]:
    for note in remarks(estimate):
        yield from wrap(cells.one_line(note), columns, first="· ", rest="  ")


# --- the rollout -------------------------------------------------------------------------------------------------


def _rollout(rollout: Rollout, columns: int) -> Iterator[str]:
    yield from wrap(rollout_headline(rollout), columns)
    if rollout.mix:
        yield from _production(rollout.models, columns)
    yield from wrap(uncertain(rollout.uncertainty), columns)


def _production(rows: Sequence[RolloutModel], columns: int) -> Iterator[str]:
    labels = [cells.one_line(row.model) for row in rows]
    groups = [
        [
            Group(title="", members=(Column(heading="share", cells=[f"{100 * row.share:.3g} %" for row in rows]),)),
            _group("in a request", [row.input_tokens_per_request for row in rows], _tokens, ends=False),
            _group("out a request", [row.output_tokens_per_request for row in rows], _tokens, ends=False),
        ],
        [_group("USD a day", [row.cost_per_day_usd for row in rows], _usd)],
        [_group("USD a month", [row.cost_per_month_usd for row in rows], _usd)],
    ]
    yield from draw(labels, groups, columns, str)


def _tokens(value: float) -> str:
    return cells.tokens(round(value))


def _months(rollout: Rollout, columns: int) -> Iterator[str]:
    if len(rollout.months) < 2 or not rollout.mix:
        return
    shown = rollout.months[:_MONTHS_SHOWN]
    labels = [f"month {month.month}" for month in shown]
    requests = Column(heading="requests", cells=[cells.tokens(round(month.requests)) for month in shown])
    groups = [
        [
            Group(title="", members=(requests,)),
            _group("tokens in", [month.input_tokens for month in shown], _tokens, ends=False),
            _group("tokens out", [month.output_tokens for month in shown], _tokens, ends=False),
        ],
        [_group("USD", [month.cost_usd for month in shown], _usd)],
    ]
    yield from draw(labels, groups, columns, str)
    if len(rollout.months) > _MONTHS_SHOWN:
        yield f"+{len(rollout.months) - _MONTHS_SHOWN} more months: --format json"


def _what_if(rollout: Rollout, columns: int) -> Iterator[str]:
    if rollout.mix and len(rollout.what_if) == 1:
        return
    yield "What if one model answered all of it:"
    yield from _production(rollout.what_if, columns)
