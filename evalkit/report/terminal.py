"""What all reports for the screen share: its width, colours, and how gates and remarks are listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evalkit.display import pad, width
from evalkit.report import cells
from evalkit.report.conditions import condition, found
from evalkit.report.table import shorten, wrap
from evalkit.types import GateResult

__all__ = ["Terminal"]

_COLORS = {"pass": "32", "fail": "31", "inconclusive": "33", "warn": "33", "bold": "1", "faint": "2"}
_NARROWEST = 36
"""Columns that a gate's value needs to stand beside its name, not below."""
_INDENT = "  "


@dataclass(kw_only=True)
class Terminal:
    """Lines of at most `columns` (40 or more), with ANSI colours on demand; every coloured mark is also a word."""

    columns: int = 100
    color: bool = False

    def __post_init__(self) -> None:
        self.columns = max(40, self.columns)

    def gates(self, gates: Sequence[GateResult]) -> Iterator[str]:
        """Each gate with what it met; nothing without gates."""
        if not gates:
            return
        yield self.paint("bold", "Gates")
        marks = max(len(cells.MARKS[gate.result]) for gate in gates)
        shown = [shorten(condition(gate), self.columns - marks - 4) for gate in gates]
        names = max(map(width, shown))
        before = marks + names + 6
        beside = before + _NARROWEST <= self.columns
        for gate, name in zip(gates, shown, strict=True):
            head = f"{_INDENT}{self.paint(gate.result, pad(cells.MARKS[gate.result], marks))}  {name}"
            value = wrap(found(gate), self.columns, first=" " * (before if beside else marks + 4))
            yield head + " " * (names - width(name) + 2) + next(value)[before:] if beside else head
            yield from value

    def remarks(self, remarks: Iterable[str]) -> Iterator[str]:
        """Each behind a point."""
        for remark in remarks:
            yield from wrap(cells.one_line(remark), self.columns, first="· ", rest="  ")

    def faint(self, text: str) -> str:
        """What may be passed over."""
        return self.paint("faint", text)

    def paint(self, tone: str, text: str) -> str:
        """`text` in the colour of a tone, where there are colours."""
        return f"\x1b[{_COLORS[tone]}m{text}\x1b[0m" if self.color else text
