"""A run on the terminal: the table of models, what failed, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from evalkit.analysis.failures import error_groups, failed_trials
from evalkit.display import clip, pad, width
from evalkit.registry import REPORTS
from evalkit.report import cells, headline
from evalkit.report.comparison_console import ComparisonConsole
from evalkit.report.estimate_beside import HEADINGS, beside
from evalkit.report.figures import Figure, figures
from evalkit.report.table import Column, Group, draw, shorten, wrap
from evalkit.report.terminal import Terminal
from evalkit.types import ModelSummary

if TYPE_CHECKING:
    from evalkit.analysis.frames import JudgedRun

__all__ = ["Console"]

_LISTED = 10
_INDENT = "  "


@dataclass(kw_only=True)
class Console(Terminal):
    """The report for the screen."""

    filename: str | None = field(default=None, init=False)

    def render(self, run: JudgedRun) -> str:
        """The whole report; it ends with the verdict."""
        sections = (
            *(self._head, self._table, self._failed, self._errors),
            *(self._comparison, self._estimate, self._remarks, self._gates, self._verdict),
        )
        drawn = ["\n".join(section(run)) for section in sections]
        return "\n\n".join(section for section in drawn if section) + "\n"

    def _head(self, run: JudgedRun) -> Iterator[str]:
        title = ": ".join(filter(None, [cells.one_line(run.manifest.suite), headline.scope(run)]))
        yield self.paint("bold", clip(title, self.columns))
        yield from wrap(headline.counts(run.summary), self.columns)
        if run.manifest.stand_in:
            yield from (self.paint("warn", line) for line in wrap(headline.STAND_IN, self.columns))

    def _table(self, run: JudgedRun) -> Iterator[str]:
        rows = run.summary.models
        labels = [cells.one_line(headline.label(run.manifest, row.model, row.prompt)) for row in rows]
        shown = figures(rows)
        blocks = [self._groups(table, rows) for _, table in groupby(shown, key=lambda figure: figure.table)]
        yield from draw(labels, blocks, self.columns, self.faint)
        legend = cells.legend(figure.spell(row) for figure in shown for row in rows)
        yield from map(self.faint, wrap(legend, self.columns))

    def _groups(self, table: Iterable[Figure], rows: Sequence[ModelSummary]) -> list[Group]:
        return [
            Group(title=title, members=tuple(self._column(figure, rows) for figure in members))
            for title, members in groupby(table, key=lambda figure: figure.group)
        ]

    def _column(self, figure: Figure, rows: Sequence[ModelSummary]) -> Column:
        def paint(cell: str) -> str:
            return self.paint(figure.tone, cell) if figure.tone and cell.strip() != "0" else cell

        spelt = [figure.spell(row) for row in rows]
        return Column(heading=figure.heading, cells=cells.aligned(spelt) if figure.decimal else spelt, paint=paint)

    def _failed(self, run: JudgedRun) -> Iterator[str]:
        failed = sum(row.failed for row in run.summary.models)
        if not failed:
            return
        yield self.paint("bold", f"Failed ({failed:,})")
        entries = [
            (
                trial.case,
                headline.label(run.manifest, trial.model, trial.prompt),
                f"{trial.check}: {trial.reason}" if trial.check else trial.reason,
            )
            for trial in failed_trials(run, _LISTED)
        ]
        yield from self._listed(entries)
        if failed > _LISTED:
            yield from self._more(failed - _LISTED)

    def _errors(self, run: JudgedRun) -> Iterator[str]:
        errors = sum(row.errors for row in run.summary.models)
        if not errors:
            return
        groups = error_groups(run, _LISTED)
        yield self.paint("bold", f"Errors ({errors:,})")
        yield from self._listed([(f"{group.kind} × {group.trials:,}", group.model, group.message) for group in groups])
        rest = errors - sum(group.trials for group in groups)
        if rest:
            yield from self._more(rest)

    def _more(self, rest: int) -> Iterator[str]:
        # Any run has this report, even one whose files of reports were not asked for.
        return wrap(f"+{rest:,} more: evalkit report RUN --format md", self.columns, first=_INDENT)

    def _listed(self, entries: list[tuple[str, str, str]]) -> Iterator[str]:
        """Two aligned columns, each at most a quarter of the width, and what is left for two lines of the reason."""
        most = self.columns // 4
        shown = [[cells.one_line(part) for part in entry] for entry in entries]
        first, second = (min(most, max(width(entry[place]) for entry in shown)) for place in (0, 1))
        for what, who, why in shown:
            head = f"{_INDENT}{pad(shorten(what, first), first)}  {pad(shorten(who, second), second)}  "
            reason = list(wrap(why, self.columns - width(head)))
            yield head + "".join(reason[:1])
            if reason[1:]:
                yield " " * width(head) + clip(" ".join(reason[1:]), self.columns - width(head))

    def _comparison(self, run: JudgedRun) -> Iterator[str]:
        if run.summary.comparison is not None:
            yield from ComparisonConsole(columns=self.columns, color=self.color).section(run.summary.comparison)

    def _estimate(self, run: JudgedRun) -> Iterator[str]:
        """What was spent beside what was expected."""
        rows = list(beside(run))
        columns = zip(HEADINGS, zip(*(row for _, row in rows), strict=True), strict=True) if rows else ()
        members = tuple(Column(heading=heading, cells=found) for heading, found in columns)
        labels = [cells.one_line(name) for name, _ in rows]
        yield from draw(labels, [[Group(title="estimate", members=members)]], self.columns, self.faint)

    def _remarks(self, run: JudgedRun) -> Iterator[str]:
        return self.remarks(headline.remarks(run))

    def _gates(self, run: JudgedRun) -> Iterator[str]:
        return self.gates(run.summary.gates)

    def _verdict(self, run: JudgedRun) -> Iterator[str]:
        verdict = run.summary.verdict
        for line in wrap(f"{cells.MARKS[verdict]}: {headline.verdict(run.summary)}", self.columns):
            yield self.paint(verdict, line)


REPORTS.register("console")(Console())
