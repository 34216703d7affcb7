"""summary.md: a run for pull requests and job summaries, the verdict first, in at most 64 KB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from evalkit.analysis.failures import FailedTrial, error_groups, failed_trials
from evalkit.registry import REPORTS
from evalkit.report import cells, headline
from evalkit.report.comparison_markdown import comparison_section
from evalkit.report.conditions import condition, found
from evalkit.report.estimate_beside import HEADINGS, beside
from evalkit.report.figures import figures
from evalkit.report.markup import code, plain
from evalkit.types import ModelSummary

if TYPE_CHECKING:
    from evalkit.analysis.frames import JudgedRun

__all__ = ["Markdown", "code", "plain"]

_ROOM = 64_000
"""Bytes of a whole report, a little under 64 KB; tables and lists other than the failures get a part of them each."""
_PART = 8_000
_SHORTEST_ROW = 20


class Markdown:
    """GitHub-flavoured tables; names and reasons stand in code spans, where nothing in them is markup."""

    filename: str | None = "summary.md"

    def render(self, run: JudgedRun) -> str:
        """The report; where there are too many rows, it says how many more there are."""
        before = [self._head(run), self._gates(run), *self._models(run), self._comparison(run)]
        after = [self._errors(run), self._estimate(run), self._remarks(run), self._about(run)]
        room = _ROOM - sum(len(block.encode()) + 2 for block in (*before, *after))
        blocks = [*before, self._failed(run, room), *after]
        return "\n\n".join(block for block in blocks if block) + "\n"

    def _head(self, run: JudgedRun) -> str:
        lines = [f"# {cells.MARKS[run.summary.verdict]}: {plain(run.manifest.suite)}"]
        lines += [f"**{headline.STAND_IN}**"] if run.manifest.stand_in else []
        lines += [f"{headline.verdict(run.summary).capitalize()}."]
        lines += [f"{', '.join(filter(None, [headline.scope(run), headline.counts(run.summary)]))}."]
        return "\n\n".join(lines)

    def _gates(self, run: JudgedRun) -> str:
        rows = ([cells.MARKS[gate.result], code(condition(gate)), plain(found(gate))] for gate in run.summary.gates)
        return _table("Gates", ["result", "gate", "value"], rows, len(run.summary.gates), _PART)

    def _models(self, run: JudgedRun) -> Iterator[str]:
        """A table of each kind of figures."""
        models = run.summary.models
        for title, members in groupby(figures(models), key=lambda figure: figure.table):
            shown = list(members)
            rows = ([*_asked(run, row), *(figure.spell(row) for figure in shown)] for row in models)
            header = [*_asking(run), *(figure.name for figure in shown)]
            yield _table(title, header, rows, len(models), _PART, right=len(shown))

    def _comparison(self, run: JudgedRun) -> str:
        comparison = run.summary.comparison
        return "" if comparison is None else comparison_section(comparison, 2 * _PART)

    def _failed(self, run: JudgedRun, room: int) -> str:
        rows = (
            [code(trial.case), *_asked(run, trial), code(trial.check or ""), code(trial.reason)]
            for trial in failed_trials(run, max(0, room) // _SHORTEST_ROW)
        )
        failed = sum(row.failed for row in run.summary.models)
        return _table(f"Failed ({failed:,})", ["case", *_asking(run), "check", "reason"], rows, failed, room)

    def _errors(self, run: JudgedRun) -> str:
        errors = sum(row.errors for row in run.summary.models)
        groups = error_groups(run, errors)
        rows = (
            [code(group.model), group.kind, f"{group.trials:,}", code(group.case_id), code(group.message)]
            for group in groups
        )
        header = ["model", "error", "trials", "first case", "message"]
        return _table(f"Errors ({errors:,})", header, rows, len(groups), _PART)

    def _estimate(self, run: JudgedRun) -> str:
        """What was spent beside what was expected."""
        rows = [[code(name), *found] for name, found in beside(run)]
        return _table("Estimate", ["model", *HEADINGS], rows, len(rows), _PART, right=len(HEADINGS))

    def _remarks(self, run: JudgedRun) -> str:
        remarks = list(headline.remarks(run))
        lines = list(_fitting((f"- {plain(remark)}" for remark in remarks), _PART))
        if len(lines) < len(remarks):
            lines.append(f"- +{len(remarks) - len(lines):,} more in `summary.json`")
        return "\n".join(["## Remarks", "", *lines]) if lines else ""

    def _about(self, run: JudgedRun) -> str:
        about = run.manifest
        facts = [f"Run {plain(about.id)}", f"started {about.started_at}"]
        facts += [f"ended {about.ended_at}"] if about.ended_at else []
        facts += [f"prices of {about.prices_date}"] if about.prices_date else []
        facts += [f"git {plain(about.git_commit[:12])}"] if about.git_commit else []
        models = run.summary.models
        legend = cells.legend(figure.spell(row) for figure in figures(models) for row in models)
        return " ".join([f"{' · '.join(facts)}.", *([f"{legend}."] if legend else [])])


def _asking(run: JudgedRun) -> list[str]:
    """The columns that say what was asked; the prompt only where there are several."""
    return ["model", "prompt"] if len(run.manifest.prompts) > 1 else ["model"]


def _asked(run: JudgedRun, row: ModelSummary | FailedTrial) -> list[str]:
    return [code(getattr(row, name)) for name in _asking(run)]


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]], n: int, room: int, right: int = 0) -> str:
    """A section of at most `room` bytes; its last `right` columns are aligned right; "" without rows."""
    if not n:
        return ""
    marks = ["---"] * (len(header) - right) + ["--:"] * right
    head = [f"## {title}", "", _row(header), _row(marks)]
    lines = list(_fitting(map(_row, rows), room - sum(len(line.encode()) + 1 for line in head) - 60))
    more = [f"\n+{n - len(lines):,} more in `summary.json` and `records.jsonl`"] if len(lines) < n else []
    return "\n".join([*head, *lines, *more])


def _row(parts: Sequence[str]) -> str:
    return f"| {' | '.join(parts)} |"


def _fitting(lines: Iterable[str], room: int) -> Iterator[str]:
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            return
        yield line


REPORTS.register("md")(Markdown())
