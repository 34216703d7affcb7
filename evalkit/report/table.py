"""A table of figures that fits its terminal: wide ones are cut between groups of columns and stacked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from evalkit.display import clip, pad, width

__all__ = ["Column", "Group", "draw", "shorten", "wrap"]

_GAP = 2
_SHORTEST = 16
"""Columns that a label keeps where it is shortened for the sake of a block."""
_LEAST = 12
"""Columns that labels get on the narrowest of terminals."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A heading and a cell for each row, aligned right."""

    heading: str
    cells: Sequence[str]
    paint: Callable[[str], str] = str
    """Puts colour around a padded cell."""

    @property
    def columns(self) -> int:
        """Its width on the terminal."""
        return max(map(width, (self.heading, *self.cells)))

    def headed(self) -> str:
        """The heading, padded."""
        return pad(self.heading, self.columns, right=True)

    def painted(self, row: int) -> str:
        """The cell of a row, padded and coloured."""
        return self.paint(pad(self.cells[row], self.columns, right=True))


@dataclass(frozen=True, kw_only=True)
class Group:
    """Columns under one title, kept together where there is room."""

    title: str
    members: tuple[Column, ...]

    @property
    def columns(self) -> int:
        """Its width, with the gap before each member; never less than its title takes."""
        return max(_GAP + width(self.title), sum(_GAP + column.columns for column in self.members))

    def banner(self) -> str:
        """The title, and a rule over the columns that it does not cover."""
        rule = "─" * (self.columns - _GAP - width(self.title) - 1)
        return pad(" " * _GAP + f"{self.title} {rule}".rstrip(), self.columns)

    def line(self, cell: Callable[[Column], str]) -> str:
        """A cell of every member, at the group's right end; what `cell` returns has its column's width."""
        spare = self.columns - sum(_GAP + column.columns for column in self.members)
        return " " * spare + "".join(" " * _GAP + cell(column) for column in self.members)


Blocks = Sequence[Sequence[Group]]
"""Groups that belong together, and stay so when a table is cut."""


def draw(labels: Sequence[str], blocks: Blocks, columns: int, faint: Callable[[str], str]) -> Iterator[str]:
    """Lines of at most `columns`: all `blocks` side by side, or stacked where they are too wide for that.

    The labels stand before each of the stacked parts; they are shortened where a block would be cut otherwise.
    """
    if not labels:
        return
    room = _label_room(labels, blocks, columns)
    shown = [pad(shorten(label, room), room) for label in labels]
    for number, part in enumerate(_parts(blocks, columns - room)):
        if number:
            yield ""
        yield faint(" " * room + "".join(group.banner() for group in part).rstrip())
        yield faint(" " * room + "".join(group.line(Column.headed) for group in part))
        for row, label in enumerate(shown):
            yield (label + "".join(group.line(partial(Column.painted, row=row)) for group in part)).rstrip()


def _label_room(labels: Sequence[str], blocks: Blocks, columns: int) -> int:
    """Of the widths that cut the blocks least, the largest; labels that differ still do when shortened."""
    most = min(max(map(width, labels)), max(_LEAST, columns * 2 // 5))
    rooms = [
        room
        for room in range(min(_SHORTEST, most), most + 1)
        if len({shorten(label, room) for label in labels}) == len(set(labels))
    ]
    # A part for each block is good enough: whole names are worth more than a table without a break.
    return max(rooms or [most], key=lambda room: (-max(len(_parts(blocks, columns - room)), len(blocks)), room))


def _parts(blocks: Blocks, room: int) -> list[list[Group]]:
    together = [group for block in blocks for group in block]
    if sum(group.columns for group in together) <= room:
        return [together]
    return [part for block in blocks for part in _cut(block, room)]


def _cut(groups: Sequence[Group], room: int) -> Iterator[list[Group]]:
    part: list[Group] = []
    for group in groups:
        whole = group.columns <= room
        for piece in [group] if whole else [Group(title=group.title, members=(column,)) for column in group.members]:
            if part and sum(each.columns for each in part) + piece.columns > room:
                yield part
                part = []
            part.append(piece)
    if part:
        yield part


def shorten(text: str, columns: int) -> str:
    """`text` in at most `columns`, its middle left out where it is too long: both ends of a name tell it apart."""
    if width(text) <= columns:
        return text
    if columns < 1:
        return ""
    head = tail = ""
    for front, back in zip(text, reversed(text), strict=True):
        if width(head + front + tail) >= columns:
            break
        head += front
        if width(head + back + tail) >= columns:
            break
        tail = back + tail
    return f"{head}…{tail}"


def wrap(text: str, columns: int, *, first: str = "", rest: str | None = None) -> Iterator[str]:
    """`text` in lines of at most `columns`, broken at blanks, a word too long for a line cut; none for an empty text.

    `first` stands before the first line, `rest` before the others, where it is not the same.
    """
    line, empty = first, True
    for word in text.split():
        if not empty and width(line) + 1 + width(word) > columns:
            yield line
            line, empty = first if rest is None else rest, True
        line, empty = clip(f"{line}{'' if empty else ' '}{word}", columns), False
    if not empty:
        yield line
