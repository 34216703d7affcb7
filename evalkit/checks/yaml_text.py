"""The check of answers in YAML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from evalkit.checks.contract import BuiltInCheck, argument, shown, verdict
from evalkit.checks.fences import complaint
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    import yaml

MAX_DEPTH = 64
"""Levels of nesting; libyaml takes quadratic time over more of them."""
Kind = Literal["mapping", "list", "scalar"]


class NotYAML(Exception):
    """Why a text is not YAML."""


def yaml_kind(text: str) -> Kind:
    """What a YAML document is at its top. Raises NotYAML.

    Read event by event: nothing is built, so that no tag is obeyed and no alias multiplied.
    """
    import yaml

    try:
        return _kind(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" at line {mark.line + 1} column {mark.column + 1}" if mark else ""
        raise NotYAML(f"{error.problem}{place}") from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise NotYAML("a character that YAML does not allow") from error


def _kind(events: Iterable[yaml.Event]) -> Kind:
    """Of the one document among the events."""
    import yaml

    kind: Kind | None = None
    documents = depth = 0
    anchors: set[str] = set()
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.NodeEvent):
            _follow(event, anchors)
            kind = kind or _KINDS.get(type(event).__name__, "scalar")
            depth += isinstance(event, yaml.CollectionStartEvent)
        if depth > MAX_DEPTH:
            raise NotYAML(f"nested deeper than {MAX_DEPTH} levels")
    if kind is None or documents > 1:
        raise NotYAML(f"{documents} documents, not one" if documents else "nothing in it")
    return kind


_KINDS: dict[str, Kind] = {"MappingStartEvent": "mapping", "SequenceStartEvent": "list"}


def _follow(event: yaml.NodeEvent, anchors: set[str]) -> None:
    import yaml

    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in anchors:
            raise NotYAML(f"the alias {shown(str(event.anchor))} stands for nothing")
    elif event.anchor is not None:
        anchors.add(event.anchor)


@CHECKS.register("yaml")
@dataclass(frozen=True, slots=True, kw_only=True)
class Yaml(BuiltInCheck):
    """The whole answer is a mapping or a list in YAML, or with `yaml: false` is not.

    One document, of at most 64 levels. A bare text would be YAML too, and so would most prose: it does not pass. Keys
    are not compared, tags are not obeyed.
    """

    blocking: ClassVar[bool] = True

    valid: bool = argument("Whether the answer must be YAML (true) or must not be (false).", default=True)
    kind: Literal["mapping", "list", "either"] = argument("What it must be at the top.", default="either")
    within: Literal["whole", "fence"] = argument("Whether it may also stand in a code fence.", default="whole")

    def find(self, context: Context) -> Finding:
        """Reads the answer; of several code fences, one that is right is enough."""
        wrong = complaint(self._wrong, context.output, in_fences=self.within == "fence")
        if wrong:
            return verdict(passed=not self.valid, reason=f"not YAML: {wrong}; it begins {shown(context.output)}")
        return verdict(passed=self.valid, reason="is YAML")

    def _wrong(self, text: str) -> str | None:
        try:
            kind = yaml_kind(text)
        except NotYAML as error:
            return str(error)
        if kind == self.kind or (kind != "scalar" and self.kind == "either"):
            return None
        return f"a {'bare text' if kind == 'scalar' else kind}"
