"""The check of code in an answer: read by a parser of its language, never run."""

from __future__ import annotations

import ast
import threading
import tomllib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace

from evalkit.checks.contract import BuiltInCheck, argument, listed, shown, verdict
from evalkit.checks.fences import Fence, fences
from evalkit.checks.json_text import NotJSON, parse
from evalkit.checks.xml_text import NotXML, xml_root
from evalkit.checks.yaml_text import NotYAML, yaml_kind
from evalkit.findings import Found, look, then
from evalkit.registry import CHECKS
from evalkit.types import Check, Context, Finding

_ALIASES = {
    "py": "python", "python3": "python", "yml": "yaml", "svg": "xml", "xhtml": "xml",
    "js": "javascript", "ts": "typescript", "sh": "bash", "shell": "bash", "c++": "cpp", "golang": "go", "rs": "rust",
}  # fmt: skip
_quiet = threading.Lock()
"""Python's list of warnings to be shown is one for all threads."""


@CHECKS.register("code_block")
@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBlock(BuiltInCheck):
    """The answer has a fenced code block, of this language if one is named, that its parser can read.

    Python, JSON, YAML, TOML and XML are parsed, and nothing is ever run; code in other languages is not looked into.
    With an inner check, the block's code must pass that as well. One block that is right is enough. Names that mean
    the same language (`py`, `python3`) count as one.
    """

    blocking: ClassVar[bool] = True

    language: str | None = argument("The language written at the fence; any, or none, where left out.", default=None)
    parses: bool | None = argument(
        "Whether it must parse: true needs a language that can be parsed; by default, where it can be.", default=None
    )
    check: Check | None = argument("A check of the code in the block.", default=None)

    def __post_init__(self) -> None:
        if self.language is not None and not self.language.strip():
            raise ValueError("the language is empty; leave it out for any")
        if self.parses and self.language and _named(self.language) not in _PARSERS:
            raise ValueError(f"{self.language} cannot be parsed here; {', '.join(_PARSERS)} can")

    def find(self, context: Context) -> Found:
        """Looks at every block, and hands the last that is right to the inner check."""
        blocks = fences(context.output)
        fitting = [block for block in blocks if self.language is None or _named(block.language) == self._language()]
        if not fitting:
            return verdict(passed=False, reason=self._lacking(blocks, context.output))
        wrongs = [self._wrong(block) for block in fitting]
        if None not in wrongs:
            return verdict(passed=False, reason=wrongs[-1] or "")
        right = fitting[len(wrongs) - 1 - wrongs[::-1].index(None)]
        if self.check is None:
            return verdict(passed=True, reason=f"{_kind(right)} block: {shown(right.code)}")
        return then(look(self.check, replace(context, output=right.code)), _in_block)

    def _language(self) -> str:
        return _named(self.language or "")

    def _lacking(self, blocks: list[Fence], output: str) -> str:
        if not blocks:
            return f"no code block in {shown(output)}"
        return f"no code block in {self.language}, only in {listed([block.language or 'none' for block in blocks])}"

    def _wrong(self, block: Fence) -> str | None:
        """Why a block is not as it must be; None where it is."""
        if not block.code.strip():
            return f"the {_kind(block)} block is empty"
        parser = _PARSERS.get(_named(block.language))
        if self.parses is False or (parser is None and not self.parses):
            return None
        wrong = parser(block.code) if parser else "no language that can be parsed"
        return f"the {_kind(block)} block does not parse: {wrong}" if wrong else None


def _in_block(finding: Finding) -> Finding:
    return replace(finding, reason=f"in the code block: {finding.reason}")


def _named(language: str) -> str:
    language = language.strip().lower()
    return _ALIASES.get(language, language)


def _kind(block: Fence) -> str:
    return block.language or "unnamed"


def _python(code: str) -> str | None:
    try:
        with _quiet, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the code's own oddities, such as "\d"
            ast.parse(code)
    except SyntaxError as error:
        return f"{error.msg} at line {error.lineno}"
    except (MemoryError, RecursionError):  # what the parser raises where its stack ends
        return "nested too deeply"
    except ValueError:
        return "a character that Python does not allow"
    return None


def _json(code: str) -> str | None:
    try:
        parse(code)
    except NotJSON as error:
        return str(error)
    return None


def _yaml(code: str) -> str | None:
    try:
        yaml_kind(code)
    except NotYAML as error:
        return str(error)
    return None


def _toml(code: str) -> str | None:
    try:
        tomllib.loads(code)
    except tomllib.TOMLDecodeError as error:
        return str(error)
    except (RecursionError, ValueError):
        return "nested too deeply, or a number with too many digits"
    return None


def _xml(code: str) -> str | None:
    try:
        xml_root(code)
    except NotXML as error:
        return str(error)
    return None


_PARSERS: dict[str, Callable[[str], str | None]] = {
    "python": _python,
    "json": _json,
    "yaml": _yaml,
    "toml": _toml,
    "xml": _xml,
}
"""Language → what is wrong with a text in it, or None."""
