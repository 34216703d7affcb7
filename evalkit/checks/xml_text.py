"""The check of answers in XML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from evalkit.checks.contract import BuiltInCheck, argument, shown, verdict
from evalkit.checks.fences import complaint
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding


class NotXML(Exception):
    """Why a text is not XML."""


def xml_root(text: str) -> str:
    """The name of the root element of a well-formed XML document. Raises NotXML.

    A document type declaration is refused where it begins: without one there are no entities to expand, and none to
    fetch. That is all that the package defusedxml would add here, where no tree is built.
    """
    from xml.parsers import expat

    names: list[str] = []
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = lambda name, _: names.append(name)
    try:
        parser.Parse(text.strip().encode(), True)  # noqa: FBT003 expat's signature
    except expat.ExpatError as error:
        message = expat.ErrorString(error.code)
        raise NotXML(f"{message} at line {error.lineno} column {error.offset + 1}") from error
    except UnicodeEncodeError as error:
        raise NotXML("a character that XML does not allow") from error
    return names[0]


def _refuse_doctype(*_: object) -> None:
    raise NotXML("a document type declaration, which may hold entities")


@CHECKS.register("xml")
@dataclass(frozen=True, slots=True, kw_only=True)
class Xml(BuiltInCheck):
    """The whole answer is well-formed XML, or with `xml: false` is not.

    One root element with whatever is in it; an XML declaration may precede it. A document type declaration does not
    pass: entities could be defined in it that grow without limit.
    """

    blocking: ClassVar[bool] = True

    valid: bool = argument("Whether the answer must be XML (true) or must not be (false).", default=True)
    root: str | None = argument("The name of the root element; any where it is left out.", default=None)
    within: Literal["whole", "fence"] = argument("Whether it may also stand in a code fence.", default="whole")

    def find(self, context: Context) -> Finding:
        """Reads the answer; of several code fences, one that is right is enough."""
        wrong = complaint(self._wrong, context.output, in_fences=self.within == "fence")
        if wrong:
            return verdict(passed=not self.valid, reason=f"not XML: {wrong}; it begins {shown(context.output)}")
        return verdict(passed=self.valid, reason="is XML")

    def _wrong(self, text: str) -> str | None:
        try:
            root = xml_root(text)
        except NotXML as error:
            return str(error)
        return None if self.root in (None, root) else f"its root is {shown(root)}, not {shown(self.root or '')}"
