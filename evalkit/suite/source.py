"""YAML text to plain values that remember where they stood: libyaml's events, YAML 1.2's core scalars, strict limits.

Every mistake that does not end the parse is kept, so that a file is judged in one go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TextIO

import yaml

from evalkit.errors import Problem, SuiteInvalid
from evalkit.suite.numbers import scalar

MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 64
MAX_ALIASED_NODES = 100_000
"""How many nodes all aliases of a file may stand for: an alias bomb is refused, honest reuse is not."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_CORE_TAGS = {f"{_CORE}{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")}


@dataclass(slots=True)
class Node:
    """A value and its place. `value` is a scalar, a list of nodes, or a dict of nodes by key."""

    value: Any
    line: int
    column: int
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Of a mapping: where each key stands."""
    size: int = 1
    """Nodes in this tree, aliases counted each time."""


class Places(Protocol):
    """Turns a complaint about a part of a document into a Problem with its place."""

    def problem(
        self, message: str, container: Any = None, key: str | int | None = None, *, of_key: bool = False
    ) -> Problem:
        """A problem with `container`, with what it holds under `key`, or with that key itself."""
        ...


class Located:
    """A plain value that knows where each of its parts stood in a file."""

    def __init__(self, file: str, node: Node | None, lines: Sequence[str] = ()) -> None:
        self.file = file
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
            return self.problem_at(message, None, None)
        if of_key and key in node.keys:
            return self.problem_at(message, *node.keys[str(key)])
        held = key in node.value if isinstance(node.value, dict) else isinstance(key, int) and key < len(node.value)
        child = node.value[key] if held else node
        return self.problem_at(message, child.line, child.column)

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


class Document(Located):
    """One YAML document, with the problems of its YAML."""

    def __init__(self, file: str, text: str) -> None:
        self.text = text
        self.problems: list[Problem] = []
        lines = _LINE_BREAK.split(text)
        faults: list[_Refused] = []
        node = compose(text, faults)
        super().__init__(file, node, lines)
        self.problems = [self.problem_at(str(fault), fault.line, fault.column) for fault in faults]


def compose(text: str, faults: list[_Refused]) -> Node | None:
    """The node tree of a YAML text; None, with the reason among `faults`, where there is none to build."""
    try:
        return _Composer(faults).compose(yaml.parse(text, Loader=_Loader))
    except (yaml.YAMLError, _Refused) as error:
        faults.append(_refusal(error, text))
        return None


def stream_items(file: str, handle: TextIO) -> Iterator[Located]:
    """The items of a YAML file that is one long list, one at a time. Raises SuiteInvalid."""
    faults: list[_Refused] = []
    try:
        for node in _Composer(faults).items(yaml.parse(handle, Loader=_Loader)):
            if faults:
                break
            yield Located(file, node)
    except (yaml.YAMLError, _Refused) as error:
        faults.append(_refusal(error, ""))
    if faults:
        raise SuiteInvalid([Problem(file=file, message=str(f), line=f.line, column=f.column) for f in faults])


def _refusal(error: Exception, text: str) -> _Refused:
    if isinstance(error, _Refused):
        return error
    if isinstance(error, yaml.reader.ReaderError):
        character = chr(error.character) if isinstance(error.character, int) else error.character
        message = f"character U+{ord(character):04X} is not allowed in YAML"
        return _Refused(message, *_line_and_column(text, max(0, text.find(character))))
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = _LINE_BREAK.split(text)
    return _Refused(_syntax_message(error, lines[line - 1] if line <= len(lines) else ""), line, column)


_LINE_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")  # what libyaml counts as the end of a line


class _Refused(Exception):
    """A fault in the YAML itself; raised where nothing can be built after it."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line, self.column = line, column


class _Composer:
    """Builds nodes from events, counting depth and aliases before anything grows."""

    def __init__(self, faults: list[_Refused]) -> None:
        self._faults = faults
        self._anchors: dict[str, Node] = {}
        self._open_anchors: set[str] = set()
        self._aliased = 0

    def compose(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        for event in events:  # typed Any: PyYAML's stubs know neither tags nor styles of events
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                line, column = _place(event)
                raise _Refused("a suite is one YAML document; a second one begins here", line, column)
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, depth=1)
        return root

    def items(self, events: Iterator[Any]) -> Iterator[Node]:
        """The items of the document's list, each as soon as it is read."""
        for event in events:
            if isinstance(event, yaml.SequenceStartEvent):
                break
            if isinstance(event, yaml.NodeEvent):
                raise _Refused("expected a list of cases", *_place(event))
        for event in _until(yaml.SequenceEndEvent, events):
            yield self._node(event, events, depth=2)

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        line, column = _place(event)
        if depth > MAX_DEPTH:
            raise _Refused(f"nested deeper than {MAX_DEPTH} levels", line, column)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, line, column)
        if event.tag and event.tag != "!" and event.tag not in _CORE_TAGS:
            self._complain(f"tag '{event.tag}' is not allowed: a suite holds plain YAML values", line, column)
        if event.anchor:
            self._open_anchors.add(event.anchor)
        if isinstance(event, yaml.ScalarEvent):
            node = Node(_scalar(event), line, column)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(events, line, column, depth)
        else:
            node = self._mapping(events, line, column, depth)
        if event.anchor:
            self._open_anchors.discard(event.anchor)
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, line: int, column: int) -> Node:
        if event.anchor in self._open_anchors:
            raise _Refused(f"alias '*{event.anchor}' stands inside its own anchor", line, column)
        node = self._anchors.get(event.anchor)
        if node is None:
            raise _Refused(f"alias '*{event.anchor}' has no anchor before it", line, column)
        self._aliased += node.size
        if self._aliased > MAX_ALIASED_NODES:
            raise _Refused(f"the aliases of this file stand for more than {MAX_ALIASED_NODES:,} values", line, column)
        return node

    def _sequence(self, events: Iterator[Any], line: int, column: int, depth: int) -> Node:
        items = [self._node(event, events, depth + 1) for event in _until(yaml.SequenceEndEvent, events)]
        return Node(items, line, column, size=1 + sum(item.size for item in items))

    def _mapping(self, events: Iterator[Any], line: int, column: int, depth: int) -> Node:
        node = Node({}, line, column)
        merged: list[Node] = []
        for event in _until(yaml.MappingEndEvent, events):
            key = self._key(event, events, depth)
            value = self._node(next(events), events, depth + 1)
            node.size += value.size
            if key == "<<" and event.implicit[0]:
                merged.append(value)
            elif key is not None:
                self._put(node, key, value, _place(event))
        for value in merged:
            self._merge(node, value)
        return node

    def _key(self, event: Any, events: Iterator[Any], depth: int) -> str | None:
        if isinstance(event, yaml.ScalarEvent):
            return str(event.value)
        line, column = _place(event)
        self._node(event, events, depth + 1)
        self._complain("a key must be plain text", line, column)
        return None

    def _put(self, node: Node, key: str, value: Node, place: tuple[int, int]) -> None:
        if key in node.value:
            first = node.keys[key][0]
            self._complain(f"duplicate key '{key}': it stands on line {first} already", *place)
            return
        node.value[key] = value
        node.keys[key] = place

    def _merge(self, node: Node, source: Node) -> None:
        """YAML 1.1's `<<: *anchor`, which people use with anchors; a key of the mapping itself goes before it."""
        for part in source.value if isinstance(source.value, list) else [source]:
            if not isinstance(part.value, dict):
                self._complain("'<<' takes an alias of a mapping", part.line, part.column)
                continue
            for key, value in part.value.items():
                if key not in node.value:
                    node.value[key] = value
                    node.keys[key] = part.keys[key]

    def _complain(self, message: str, line: int, column: int) -> None:
        self._faults.append(_Refused(message, line, column))


def _until(end: type[yaml.Event], events: Iterator[Any]) -> Iterator[Any]:
    for event in events:
        if isinstance(event, end):
            return
        yield event


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _scalar(event: Any) -> Any:
    plain = event.implicit[0]
    typed = event.tag is not None and event.tag in _CORE_TAGS and event.tag != f"{_CORE}str"
    return scalar(event.value) if plain or typed else event.value


def _syntax_message(error: Any, line: str) -> str:
    problem = error.problem or error.context or "not YAML"
    if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in problem:
        return "a tab cannot indent YAML: use spaces"
    context = f" ({error.context})" if error.context and error.context != problem else ""
    return f"not YAML: {problem}{context}"


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


def read_text(path: Path, file: str) -> str:
    """The text of a suite file. Raises SuiteInvalid where it is no readable UTF-8 file of at most MAX_BYTES."""
    problem = _unreadable(path)
    if problem is not None:
        raise SuiteInvalid([Problem(file=file, message=problem)])
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SuiteInvalid([Problem(file=file, message=f"cannot be read: {error.strerror}")]) from error
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        message = "begins with a byte order mark (BOM): save it as UTF-8 without one"
        raise SuiteInvalid([Problem(file=file, message=message, line=1, column=1)])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        message = f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}; save it as UTF-8"
        raise SuiteInvalid([Problem(file=file, message=message, line=line, column=column)]) from error


def _unreadable(path: Path) -> str | None:
    if not path.exists():
        return "no such file"
    if path.is_dir():
        return "is a folder; name the suite's YAML file"
    if not path.is_file():
        return "is not a regular file"
    size = path.stat().st_size
    if size > MAX_BYTES:
        return f"is {size / 1e6:,.0f} MB; a suite has at most {MAX_BYTES // 2**20} MiB (put many cases into a dataset)"
    return None


def read_document(path: Path, file: str) -> Document:
    """The YAML document in a file, its problems collected. Raises SuiteInvalid where nothing could be built."""
    document = Document(file, read_text(path, file))
    if document.value is None and document.problems:
        raise SuiteInvalid(document.problems)
    return document
