"""Plain values that remember where they stood in a file, so that a complaint about a part of them has a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from evalkit.errors import Problem

_NO_KEYS: dict[str, tuple[int, int]] = {}  # one for all: most nodes are scalars


@dataclass(slots=True)
class Node:
    """A value and its place. `value` is a scalar, a list of nodes, or a dict of nodes by key."""

    value: Any
    line: int
    column: int
    keys: dict[str, tuple[int, int]] = field(default_factory=lambda: _NO_KEYS)
    """Of a mapping: where each key stands."""
    size: int = 1
    """Nodes in this tree, aliases counted each time."""
    height: int = 1
    """Levels in this tree."""

    def contain(self, child: Node) -> None:
        """Counts in a node that this one holds."""
        self.size += child.size
        if child.height >= self.height:
            self.height = child.height + 1


class Places(Protocol):
    """Turns a complaint about a part of a document into a Problem with its place."""

    def problem(
        self, message: str, container: Any = None, key: str | int | None = None, *, of_key: bool = False
    ) -> Problem:
        """A problem with `container`, with what it holds under `key`, or with that key itself."""
        ...


class Located:
    """A plain value that knows where each of its parts stood in a file; `line` stands for what it does not know."""

    def __init__(self, file: str, node: Node | None, lines: Sequence[str] = (), *, line: int | None = None) -> None:
        self.file = file
        self._line = line
        self._lines = lines
        self._nodes: dict[int, Node] = {}
        self._kept: list[Any] = []  # keeps containers alive, so that an id stays theirs
        self.value = self._plain(node) if node is not None else None

    def problem(
        self, message: str, container: Any = None, key: str | int | None = None, *, of_key: bool = False
    ) -> Problem:
        """A Problem at `container`, at the value (or key) it holds under `key`, or without a place."""
        node = self._nodes.get(id(container))
        if node is None:
            return self.problem_at(message, self._line, None)
        if of_key and key in node.keys:
            return self.problem_at(message, *node.keys[str(key)])
        if key is None:
            return self.problem_at(message, node.line, node.column)
        held = key in node.value if isinstance(node.value, dict) else isinstance(key, int) and key < len(node.value)
        if not held:  # put there by --set
            return self.problem_at(message if of_key else f"'{key}': {message}", node.line, node.column)
        return self.problem_at(message, node.value[key].line, node.value[key].column)

    def problem_at(self, message: str, line: int | None, column: int | None) -> Problem:
        """A Problem at a line and column, counted from 1."""
        source = self._lines[line - 1] if line is not None and line <= len(self._lines) else None
        return Problem(file=self.file, message=message, line=line, column=column, source=source)

    def _plain(self, node: Node) -> Any:
        value: Any
        if isinstance(node.value, dict):
            value = {key: self._plain(child) for key, child in node.value.items()}
        elif isinstance(node.value, list):
            value = [self._plain(child) for child in node.value]
        else:
            return node.value
        self._nodes[id(value)] = node
        self._kept.append(value)
        return value
