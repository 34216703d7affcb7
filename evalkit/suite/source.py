"""YAML text to plain values that remember where they stood: libyaml's events, YAML 1.2's core scalars, strict limits.

Every mistake that does not end the parse is kept, so that a file is judged in one go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import yaml

from evalkit.errors import Problem, SuiteInvalid
from evalkit.suite.located import Located, Node
from evalkit.suite.numbers import scalar
from evalkit.suite.texts import lines_of, place_in, read_text

MAX_DEPTH = 64
MAX_ALIASED_NODES = 1_000_000
"""How many nodes all aliases of a file (of a dataset: of an item) may stand for: an alias bomb is refused, honest reuse
is not."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_CORE_TAGS = {f"{_CORE}{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")}


class Readable(Protocol):
    """An open text file, as far as YAML's parser needs it."""

    def read(self, size: int = -1, /) -> str:
        """The next `size` characters."""
        ...


class Document(Located):
    """One YAML document, with the problems of its YAML."""

    def __init__(self, file: str, text: str) -> None:
        self.text = text
        self.problems: list[Problem] = []
        faults: list[_Refused] = []
        node = compose(text, faults)
        super().__init__(file, node, lines_of(text))
        self.problems = [self.problem_at(str(fault), fault.line, fault.column) for fault in faults]


def compose(text: str, faults: list[_Refused]) -> Node | None:
    """The node tree of a YAML text; None, with the reason among `faults`, where there is none to build."""
    try:
        return _Composer(faults).compose(yaml.parse(text, Loader=_Loader))
    except (yaml.YAMLError, UnicodeEncodeError, _Refused) as error:
        faults.append(_refusal(error, text))
        return None


def stream_items(file: str, handle: Readable) -> Iterator[Located]:
    """The items of a YAML file that is one long list, one at a time. Raises SuiteInvalid."""
    faults: list[_Refused] = []
    try:
        for node in _Composer(faults).items(yaml.parse(handle, Loader=_Loader)):
            if faults:
                break
            yield Located(file, node, line=node.line)
    except (yaml.YAMLError, _Refused) as error:
        faults.append(_refusal(error, ""))
    if faults:
        raise SuiteInvalid([Problem(file=file, message=str(f), line=f.line, column=f.column) for f in faults])


def _refusal(error: Exception, text: str) -> _Refused:
    if isinstance(error, _Refused):
        return error
    if isinstance(error, UnicodeEncodeError):
        return _refused_character(text[error.start], text)
    if isinstance(error, yaml.reader.ReaderError):
        return _refused_character(chr(error.character) if isinstance(error.character, int) else error.character, text)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = lines_of(text)
    if text and line > len(lines):  # the end of a file that ends without a line break
        line, column = len(lines), len(lines[-1]) + 1
    return _Refused(_syntax_message(error, lines[line - 1] if text else ""), line, column)


def _refused_character(character: str, text: str) -> _Refused:
    place = place_in(text, text.find(character)) if character in text else (None, None)
    return _Refused(f"character U+{ord(character):04X} is not allowed in YAML", *place)


class _Refused(Exception):
    """A fault in the YAML itself; raised where nothing can be built after it."""

    def __init__(self, message: str, line: int | None, column: int | None) -> None:
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
            self._aliased = 0
            yield self._node(event, events, depth=2)
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise _Refused("a dataset is one YAML document; a second one begins here", *_place(event))

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        line, column = _place(event)
        if depth > MAX_DEPTH:
            raise _too_deep(line, column)
        if isinstance(event, yaml.ScalarEvent) and event.tag is None and event.anchor is None:
            return Node(_scalar(event), line, column)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, line, column, depth)
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

    def _alias(self, event: Any, line: int, column: int, depth: int) -> Node:
        if event.anchor in self._open_anchors:
            raise _Refused(f"alias '*{event.anchor}' stands inside its own anchor", line, column)
        node = self._anchors.get(event.anchor)
        if node is None:
            raise _Refused(f"alias '*{event.anchor}' has no anchor before it", line, column)
        if depth + node.height - 1 > MAX_DEPTH:
            raise _too_deep(line, column)
        self._aliased += node.size
        if self._aliased > MAX_ALIASED_NODES:
            raise _Refused(f"the aliases of this file stand for more than {MAX_ALIASED_NODES:,} values", line, column)
        return node

    def _sequence(self, events: Iterator[Any], line: int, column: int, depth: int) -> Node:
        items = [self._node(event, events, depth + 1) for event in _until(yaml.SequenceEndEvent, events)]
        height = 1 + max((item.height for item in items), default=0)
        return Node(items, line, column, size=1 + sum(item.size for item in items), height=height)

    def _mapping(self, events: Iterator[Any], line: int, column: int, depth: int) -> Node:
        node = Node({}, line, column, keys={})
        merged: list[Node] = []
        for event in _until(yaml.MappingEndEvent, events):
            key = self._key(event, events, depth)
            value = self._node(next(events), events, depth + 1)
            node.contain(value)
            if key == "<<" and event.implicit[0]:
                merged.append(value)
            elif key is not None:
                self._put(node, key, value, _place(event))
        for value in merged:
            self._merge(node, value)
        return node

    def _key(self, event: Any, events: Iterator[Any], depth: int) -> str | None:
        if isinstance(event, yaml.ScalarEvent):
            if event.tag or event.anchor:
                self._node(event, events, depth + 1)
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


def _too_deep(line: int, column: int) -> _Refused:
    return _Refused(f"nested deeper than {MAX_DEPTH} levels", line, column)


def _until(end: type[yaml.Event], events: Iterator[Any]) -> Iterator[Any]:
    for event in events:
        if isinstance(event, end):
            return
        yield event


def _place(event: Any) -> tuple[int, int]:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _scalar(event: Any) -> Any:
    typed = event.implicit[0] if event.tag is None else event.tag in _CORE_TAGS and event.tag != f"{_CORE}str"
    return scalar(event.value) if typed else event.value


def _syntax_message(error: Any, line: str) -> str:
    problem = error.problem or error.context or "not YAML"
    if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in problem:
        return "a tab cannot indent YAML: use spaces"
    context = f" ({error.context})" if error.context and error.context != problem else ""
    return f"not YAML: {problem}{context}"


def read_document(path: Path, file: str, text: str | None = None) -> Document:
    """The YAML (or JSON) document in a file, its problems collected. Raises SuiteInvalid where there is nothing.

    `text` stands in the place of the file.
    """
    text = read_text(path, file) if text is None else text
    document = Document(file, _SURROGATES.sub(_paired, text) if path.suffix == ".json" else text)
    if document.value is None and document.problems:
        raise SuiteInvalid(document.problems)
    return document


_SURROGATES = re.compile(r"\\\\|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)


def _paired(match: re.Match[str]) -> str:
    """JSON spells a character beyond U+FFFF as two escapes, which YAML does not know."""
    if match[1] is None:
        return match[0]
    return chr(0x10000 + ((int(match[1], 16) - 0xD800) << 10) + int(match[2], 16) - 0xDC00)
