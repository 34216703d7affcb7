"""What a suite or a run could show, as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from evalkit.display import pad, width
from evalkit.report import cells
from evalkit.report.table import shorten, wrap

if TYPE_CHECKING:
    from evalkit.analysis.prospects import Flips, PairProspect, PowerReport, Prospect

__all__ = ["render_power"]

_LISTED = 15
_LONGEST_NAME = 34


def render_power(report: PowerReport, columns: int) -> str:
    """Lines of at most `columns`."""
    lines = [*_head(report, columns), "", *_prospects(report, columns)]
    if report.pairs:
        lines += ["", *_pairs(report, columns)]
    return "\n".join([*lines, "", *_legend(report, columns)]) + "\n"


def _head(report: PowerReport, columns: int) -> Iterator[str]:
    yield from wrap(cells.one_line(report.name), columns)
    told = (
        f"The smallest change of the pass rate that `evalkit compare` finds in {report.power:.0%} of tries: "
        f"case by case, two-sided at {report.alpha:.0%}, one comparison."
    )
    yield from wrap(told, columns)
    if report.stand_in:
        yield from wrap("Measured on the stand-in gateway's answers: they say nothing about any model.", columns)


def _prospects(report: PowerReport, columns: int) -> Iterator[str]:
    if not report.prospects:
        yield "No case can pass or fail."
        return
    several = len({(row.model, row.prompt) for row in report.prospects}) > 1
    header = ["flips by chance", "cases", "repeats", "smallest change", f"finds {_points(report.delta)}"]
    rows = [
        [
            *([_asked(report, row)] if several else []),
            _flips(row.flips),
            f"{row.cases:,}",
            f"{row.repeats:.3g}",
            "none" if row.smallest_difference is None else f"{100 * row.smallest_difference:.1f} points",
            f"{cells.percent(row.power_at_delta)} %",
        ]
        for row in report.prospects
    ]
    yield from _table([*([""] if several else []), *header], rows, columns)
    yield ""
    yield from wrap(f"Cases needed to find {_points(report.delta)}, by the repeats of each:", columns)
    yield from _table(*_needed(report), columns)


def _needed(report: PowerReport) -> tuple[list[str], list[list[str]]]:
    """One row for each share of flips: what is needed does not depend on how many cases there are now."""
    rows = {(_flips(row.flips), row.cases / (row.effective_cases or 1)): row for row in report.prospects}
    several = len(rows) > 1 and any(row.flips.source == "measured" for row in rows.values())
    repeats = list(next(iter(rows.values())).needed_cases)
    header = [*([""] if several else []), "flips by chance", *(f"{cells.plural(k, 'repeat')}" for k in repeats)]
    return header, [
        [
            *([_asked(report, row)] if several else []),
            _flips(row.flips),
            *("–" if n is None else f"{n:,}" for n in row.needed_cases.values()),
        ]
        for row in rows.values()
    ]


def _pairs(report: PowerReport, columns: int) -> Iterator[str]:
    yield from wrap("Between those of this run, by the spread of their own differences:", columns)
    header = ["", "", "cases", "difference", "smallest shown", f"cases for {_points(report.delta)}"]
    alone = len({(row.model, row.prompt) for row in report.pairs}) == 1
    yield from _table(header, [_pair(row, alone=alone) for row in report.pairs[:_LISTED]], columns, names=2)
    if len(report.pairs) > _LISTED:
        yield f"+{len(report.pairs) - _LISTED:,} more: --format json"


def _pair(row: PairProspect, *, alone: bool) -> list[str]:
    within = "" if alone else f" [{row.prompt or row.model}]"
    return [
        cells.one_line(row.base),
        cells.one_line(row.new) + within,
        f"{row.n:,}",
        f"{100 * row.difference:+.1f}",
        "none" if row.smallest_difference is None else f"{100 * row.smallest_difference:.1f} points",
        f"{row.needed_cases:,}",
    ]


def _legend(report: PowerReport, columns: int) -> Iterator[str]:
    told = "Flips by chance: cases on which two answers, asked alike, do not both pass or both fail."
    if any(row.flips.source == "assumed" for row in report.prospects):
        told += " Assumed here; a run with --repeat 3 measures it: evalkit power RUN."
    if any(row.effective_cases < row.cases for row in report.prospects):
        told += " Cases of one cluster may all change together and count as fewer."
    yield from wrap(told, columns)


def _asked(report: PowerReport, row: Prospect) -> str:
    prompts = {each.prompt for each in report.prospects}
    return cells.one_line(f"{row.model} [{row.prompt}]" if len(prompts) > 1 else row.model)


def _flips(flips: Flips) -> str:
    if flips.source == "assumed":
        return f"{cells.percent(flips.value)} % assumed"
    return f"{cells.percent(flips.value)} % ({cells.interval(flips.low, flips.high)}, n = {flips.n:,})"


def _points(share: float) -> str:
    return f"{100 * share:.3g} points"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], columns: int, names: int = 1) -> Iterator[str]:
    """Aligned cells, the first `names` to the left; names are shortened where a line would be too wide."""
    shown = [list(header), *([*(shorten(cell, _LONGEST_NAME) for cell in row[:names]), *row[names:]] for row in rows)]
    widths = [max(width(row[place]) for row in shown) for place in range(len(header))]
    spare = sum(widths) + 2 * (len(widths) - 1) - columns
    for place in range(names):
        cut = max(0, min(spare, widths[place] - 8))
        widths[place] -= cut
        spare -= cut
    for row in shown:
        padded = (pad(shorten(cell, most), most, right=place >= names)
                  for place, (cell, most) in enumerate(zip(row, widths, strict=True)))  # fmt: skip
        yield "  ".join(padded).rstrip()
