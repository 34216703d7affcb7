"""A comparison on the terminal: the verdicts, the other figures, the cases that changed, and what else is not alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from evalkit.display import clip
from evalkit.report import cells, differences
from evalkit.report.headline import STAND_IN
from evalkit.report.matrix import matrices
from evalkit.report.table import Column, Group, draw, wrap
from evalkit.report.terminal import Terminal
from evalkit.types import Comparison, Flip, Pair

__all__ = ["ComparisonConsole"]

_LISTED = 10
_SHOWN_LINES = 6
"""Lines of a case's diff."""
_INDENT = "  "


@dataclass(kw_only=True)
class ComparisonConsole(Terminal):
    """The report of `evalkit compare`, and a part of a run's."""

    def render(self, comparison: Comparison) -> str:
        """The whole report; it ends with the verdict."""
        parts = (self._head, self._body, self._gates, self._verdict)
        return "\n\n".join(part for part in ("\n".join(part(comparison)) for part in parts) if part) + "\n"

    def section(self, comparison: Comparison) -> Iterator[str]:
        """What the report of a run says of its baseline."""
        yield self._bold(clip(f"Against {cells.one_line(comparison.base)}", self.columns))
        yield from self._verdict(comparison)
        yield from self._body(comparison)

    def _body(self, comparison: Comparison) -> Iterator[str]:
        sections = (self._pairs, self._matrix, self._changes, self._flips, self._remarks)
        yield "\n\n".join(drawn for drawn in ("\n".join(section(comparison)) for section in sections) if drawn)

    def _head(self, comparison: Comparison) -> Iterator[str]:
        for word, name, stand_in in (
            ("base", comparison.base, comparison.base_stand_in),
            ("new", comparison.new, comparison.new_stand_in),
        ):
            mark = " (stand-in gateway)" if stand_in else ""
            yield self._bold(clip(f"{word:<5}{cells.one_line(name)}{mark}", self.columns))
        if comparison.base_stand_in and comparison.new_stand_in:
            yield from (self.paint("warn", line) for line in wrap(STAND_IN, self.columns))

    def _pairs(self, comparison: Comparison) -> Iterator[str]:
        yield from wrap(differences.families(comparison), self.columns)
        labels = [cells.one_line(differences.label(pair, comparison)) for pair in comparison.pairs]
        groups = [
            Group(title=title, members=tuple(self._column(cell, comparison.pairs) for cell in members))
            for title, members in groupby(differences.evidence(), key=lambda cell: cell.group)
        ]
        yield from draw(labels, [groups], self.columns, self.faint)
        if any(pair.n_to_decide for pair in comparison.pairs):
            margin = f"{100 * comparison.margin:g}"
            yield from map(self.faint, wrap(differences.LEGEND.format(margin=margin), self.columns))

    def _column(self, cell: differences.Cell, pairs: Sequence[Pair]) -> Column:
        spelt = [cell.spell(pair) for pair in pairs]
        tones = {text: cell.tone(pair) for text, pair in zip(spelt, pairs, strict=True)}

        def paint(text: str) -> str:
            tone = tones.get(text.strip(), "")
            return self.paint(tone, text) if tone else text

        return Column(heading=cell.heading, cells=spelt, paint=paint)

    def _matrix(self, comparison: Comparison) -> Iterator[str]:
        for title, names, rows in matrices(comparison):
            yield self._bold(clip(cells.one_line(title), self.columns))
            shown = [cells.one_line(name) for name in names]
            members = tuple(
                Column(heading=name, cells=[row[place] for row in rows]) for place, name in enumerate(shown)
            )
            yield from draw(shown, [[Group(title="points", members=members)]], self.columns, self.faint)

    def _changes(self, comparison: Comparison) -> Iterator[str]:
        told = differences.changes(comparison.pairs)
        if not told:
            return
        yield self._bold(clip("Change of other figures, a case, with its interval", self.columns))
        labels = [cells.one_line(differences.label(pair, comparison)) for pair in comparison.pairs]
        groups = [
            Group(title=name, members=(Column(heading="", cells=[spell(pair) for pair in comparison.pairs]),))
            for name, spell in told
        ]
        yield from (line for line in draw(labels, [groups], self.columns, self.faint) if line.strip())

    def _flips(self, comparison: Comparison) -> Iterator[str]:
        found = [(flip, pair) for pair in comparison.pairs for flip in pair.flips]
        for kind, heading in differences.kinds(comparison).items():
            flips = [(flip, pair) for flip, pair in found if flip.kind == kind]
            if flips:
                yield self._bold(f"{heading} ({len(flips):,})")
            for flip, pair in flips[:_LISTED]:
                yield from self._flip(flip, pair, differences.label(pair, comparison))
            if len(flips) > _LISTED:
                yield f"{_INDENT}+{len(flips) - _LISTED:,} more: --format json has all"

    def _flip(self, flip: Flip, pair: Pair, where: str) -> Iterator[str]:
        change = f"{flip.from_state} → {flip.to_state}"
        if {flip.base_passed, flip.new_passed} - {"0/1", "1/1"}:
            change += f" ({flip.base_passed} → {flip.new_passed})"
        line = f"{flip.case_id}  {where}  {change}"
        reason = differences.reason(flip, pair)
        yield from wrap(
            cells.one_line(f"{line}: {reason}" if reason else line), self.columns, first=_INDENT, rest="    "
        )
        lines = [line for line in (flip.diff or "").splitlines() if line[:1] in ("-", "+")]
        for text in lines[:_SHOWN_LINES]:
            shown = clip(f"      {text[0]} {cells.one_line(text[1:])}", self.columns)
            yield self.paint("fail" if text[0] == "-" else "pass", shown)
        if len(lines) > _SHOWN_LINES:
            yield self.faint(f"      … {len(lines) - _SHOWN_LINES:,} more lines differ")

    def _remarks(self, comparison: Comparison) -> Iterator[str]:
        return self.remarks(differences.remarks(comparison))

    def _gates(self, comparison: Comparison) -> Iterator[str]:
        return self.gates(comparison.gates)

    def _verdict(self, comparison: Comparison) -> Iterator[str]:
        mark, tone = differences.MARKS[comparison.verdict], differences.TONES[comparison.verdict]
        yield from map(partial(self.paint, tone), wrap(f"{mark}: {differences.headline(comparison)}", self.columns))

    def _bold(self, text: str) -> str:
        return self.paint("bold", text)
