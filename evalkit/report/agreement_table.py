"""How far judges agree with people, as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from evalkit.display import pad, width
from evalkit.report import cells
from evalkit.report.table import shorten, wrap

if TYPE_CHECKING:
    from evalkit.analysis.judge_measures import JudgeMeasure, JudgeReport

__all__ = ["render_agreement"]

_LISTED = 10
_LONGEST_NAME = 34


def render_agreement(report: JudgeReport, columns: int) -> str:
    """Lines of at most `columns`."""
    lines = [*_head(report, columns), "", *_measures(report)]
    for measure in report.judges:
        lines += ["", *_confusion(measure), *_listed(measure, columns)]
    return "\n".join([*lines, "", *_legend(report, columns)]) + "\n"


def _head(report: JudgeReport, columns: int) -> Iterator[str]:
    by = "" if report.threshold is None else f"; a score is a pass from {report.threshold:g}"
    yield from wrap(f"{report.file}: {cells.plural(report.n, 'labelled answer')}{by}", columns)
    if report.stand_in:
        yield from wrap("Judged by the stand-in gateway: it says nothing about any model.", columns)


def _measures(report: JudgeReport) -> Iterator[str]:
    scored = report.kind == "score"
    header = ["judge", "n", "errors", "agree %", "95 % CI", "kappa", "95 % CI"]
    header += ["mean |diff|", "r"] if scored else []
    rows = [[*header, "calls", "USD", "tokens"], *(_row(each, scored=scored) for each in report.judges)]
    yield from _aligned(rows)


def _row(measure: JudgeMeasure, *, scored: bool) -> list[str]:
    differences = [_signed(measure.mean_absolute_error), _signed(measure.correlation)] if scored else []
    return [
        shorten(cells.one_line(measure.judge), _LONGEST_NAME),
        f"{measure.n:,}",
        f"{measure.errors:,}",
        cells.percent(measure.agreement),
        cells.interval(measure.agreement_low, measure.agreement_high),
        _signed(measure.kappa),
        cells.span(measure.kappa_low, measure.kappa_high, _signed),
        *differences,
        f"{measure.calls:,}",
        cells.usd(measure.cost_usd),
        cells.tokens(_sum(measure.input_tokens, measure.output_tokens)),
    ]


def _confusion(measure: JudgeMeasure) -> Iterator[str]:
    classes, counts = measure.classes, measure.confusion
    yield f"{cells.one_line(measure.judge)}: people (rows) and judge (columns)"
    rows = [["", *classes]]
    rows += [[name, *(f"{count:,}" for count in row)] for name, row in zip(classes, counts, strict=True)]
    yield from (f"  {line}" for line in _aligned(rows))


def _listed(measure: JudgeMeasure, columns: int) -> Iterator[str]:
    """The answers that the judge saw otherwise, and those it gave no verdict on, the first few of each."""
    for each in measure.disagreements[:_LISTED]:
        told = f"line {each.line}{_name(each.id, each.line)}: {each.human}, not {each.judge}: {each.reason}"
        yield from wrap(cells.one_line(told), columns, first="  · ", rest="    ")
    yield from _more(len(measure.disagreements), "disagreement")
    for failure in measure.failures[:_LISTED]:
        yield from wrap(cells.one_line(failure), columns, first="  ! ", rest="    ")
    yield from _more(len(measure.failures), "error")


def _name(row_id: str, line: int) -> str:
    return "" if row_id == f"line {line}" else f" ({row_id})"


def _more(count: int, noun: str) -> Iterator[str]:
    if count > _LISTED:
        yield f"    and {cells.plural(count - _LISTED, f'more {noun}')}"


def _legend(report: JudgeReport, columns: int) -> Iterator[str]:
    yield from wrap("kappa: agreement beyond what chance would bring; 0 none, 1 full. Errors count nowhere.", columns)
    if any(each.kappa is None for each in report.judges):
        yield from wrap("– kappa is undefined where both put all answers into one class.", columns)
    if any(each.not_judged for each in report.judges):
        told = ", ".join(f"{each.judge} {each.not_judged:,}" for each in report.judges if each.not_judged)
        yield from wrap(f"Not asked: {told}; the run ended before.", columns)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns, the first to the left, the others to the right."""
    widths = [max(width(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        first, *others = (
            pad(cell, widths[place]) if place == 0 else " " * (widths[place] - width(cell)) + cell
            for place, cell in enumerate(row)
        )
        yield "  ".join([first, *others]).rstrip()


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
