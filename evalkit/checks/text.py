"""Checks that compare the answer with texts."""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

from evalkit.checks.contract import BuiltInCheck, argument, listed, require_some, shown, verdict
from evalkit.checks.json_text import NotJSON, parse, same
from evalkit.checks.normal_form import comparable
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding

_IGNORE_CASE = "Whether upper and lower case count as equal; ß equals ss."


@CHECKS.register("equals")
@dataclass(frozen=True, slots=True, kw_only=True)
class Equals(BuiltInCheck):
    """The answer is exactly this value.

    A text must be the whole answer, white space and all; so must a number, as it is written in the suite, and a
    boolean or null, in JSON's spelling. A list or a mapping is compared with the answer read as JSON, where 1 equals
    1.0 but not true.
    """

    value: Any = argument("What the answer must be: a text, or a list or mapping for an answer in JSON.")
    ignore_case: bool = argument(_IGNORE_CASE, default=False)
    strip: bool = argument("Whether white space around the answer and the value is ignored.", default=False)

    def __post_init__(self) -> None:
        if isinstance(self.value, dict | list) and (self.ignore_case or self.strip):
            raise ValueError("ignore_case and strip are for texts; a list or mapping is compared as JSON")

    def find(self, context: Context) -> Finding:
        """Compares the whole answer."""
        if isinstance(self.value, dict | list):
            return self._find_json(context.output)
        expected, answer = self._comparable(self._text()), self._comparable(context.output)
        if expected == answer:
            return verdict(passed=True, reason=f"is {shown(answer)}")
        hint = "; white space around it makes the difference" if expected.strip() == answer.strip() else ""
        return verdict(passed=False, reason=_difference(expected, answer) + hint)

    def _text(self) -> str:
        if self.value is None or isinstance(self.value, bool):
            return json.dumps(self.value)
        return str(self.value)

    def _comparable(self, text: str) -> str:
        return comparable(text.strip() if self.strip else text, ignore_case=self.ignore_case)

    def _find_json(self, output: str) -> Finding:
        expected = shown(json.dumps(self.value, ensure_ascii=False))
        try:
            answer = parse(output)
        except NotJSON as error:
            return verdict(passed=False, reason=f"the answer is not JSON: {error}; expected {expected}")
        if same(self.value, answer):
            return verdict(passed=True, reason=f"is {expected}")
        return verdict(passed=False, reason=f"answered {shown(output)}, expected {expected}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _OneText(BuiltInCheck):
    """What looks for one text."""

    text: str = argument("The text to look for.")
    ignore_case: bool = argument(_IGNORE_CASE, default=False)

    def __post_init__(self) -> None:
        require_some(self.text)

    def _pair(self, context: Context) -> tuple[str, str]:
        """The text and the answer, made comparable."""
        return (
            comparable(self.text, ignore_case=self.ignore_case),
            comparable(context.output, ignore_case=self.ignore_case),
        )


@CHECKS.register("contains")
@dataclass(frozen=True, slots=True, kw_only=True)
class Contains(_OneText):
    """The answer contains the text."""

    def find(self, context: Context) -> Finding:
        """Looks for the text anywhere in the answer."""
        text, answer = self._pair(context)
        if text in answer:
            return verdict(passed=True, reason=f"contains {shown(self.text)}")
        return verdict(passed=False, reason=f"{shown(self.text)} is not in {shown(context.output)}")


@CHECKS.register("icontains")
@dataclass(frozen=True, slots=True, kw_only=True)
class IContains(BuiltInCheck):
    """The answer contains the text, whatever its case."""

    text: str = argument("The text to look for; upper and lower case count as equal.")

    def __post_init__(self) -> None:
        require_some(self.text)

    def find(self, context: Context) -> Finding:
        """Looks for the text anywhere in the answer."""
        return Contains(text=self.text, ignore_case=True).find(context)


@CHECKS.register("starts_with")
@dataclass(frozen=True, slots=True, kw_only=True)
class StartsWith(_OneText):
    """The answer starts with the text; white space before it counts."""

    def find(self, context: Context) -> Finding:
        """Looks at the start of the answer."""
        text, answer = self._pair(context)
        passed = answer.startswith(text)
        return verdict(passed=passed, reason=_place("starts", self.text, shown(context.output), passed=passed))


@CHECKS.register("ends_with")
@dataclass(frozen=True, slots=True, kw_only=True)
class EndsWith(_OneText):
    """The answer ends with the text; white space after it counts."""

    def find(self, context: Context) -> Finding:
        """Looks at the end of the answer."""
        text, answer = self._pair(context)
        passed = answer.endswith(text)
        return verdict(passed=passed, reason=_place("ends", self.text, shown(context.output[-60:]), passed=passed))


@dataclass(frozen=True, slots=True, kw_only=True)
class _SeveralTexts(BuiltInCheck):
    """What looks for several texts."""

    texts: list[str] = argument("The texts to look for.")
    ignore_case: bool = argument(_IGNORE_CASE, default=False)

    def __post_init__(self) -> None:
        require_some(*self.texts)

    def _found(self, context: Context) -> list[str]:
        """Those of the texts that stand in the answer."""
        answer = comparable(context.output, ignore_case=self.ignore_case)
        return [text for text in self.texts if comparable(text, ignore_case=self.ignore_case) in answer]


@CHECKS.register("contains_any")
@dataclass(frozen=True, slots=True, kw_only=True)
class ContainsAny(_SeveralTexts):
    """The answer contains at least one of the texts."""

    def find(self, context: Context) -> Finding:
        """Looks for each text anywhere in the answer."""
        found = self._found(context)
        if found:
            return verdict(passed=True, reason=f"contains {listed(found)}")
        return verdict(passed=False, reason=f"{shown(context.output)} contains none of {listed(self.texts)}")


@CHECKS.register("contains_all")
@dataclass(frozen=True, slots=True, kw_only=True)
class ContainsAll(_SeveralTexts):
    """The answer contains all of the texts; its value is the share that was found."""

    def find(self, context: Context) -> Finding:
        """Looks for each text anywhere in the answer."""
        found = self._found(context)
        missing = [text for text in self.texts if text not in found]
        reason = f"contains {listed(found)}" if found else f"nothing found in {shown(context.output)}"
        if missing:
            reason = f"missing: {listed(missing)}; {reason}"
        return verdict(passed=not missing, reason=reason, value=len(found) / len(self.texts))


@CHECKS.register("one_of")
@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf(BuiltInCheck):
    """The answer is one of the texts; unlike with `equals`, white space around it is ignored unless told otherwise."""

    texts: list[str] = argument("The answers that are right.")
    ignore_case: bool = argument(_IGNORE_CASE, default=False)
    strip: bool = argument("Whether white space around the answer and the texts is ignored.", default=True)

    def __post_init__(self) -> None:
        require_some(*self.texts)

    def find(self, context: Context) -> Finding:
        """Compares the whole answer with each text."""
        answer = self._comparable(context.output)
        passed = any(self._comparable(text) == answer for text in self.texts)
        allowed = "" if passed else f", not one of {listed(self.texts)}"
        return verdict(passed=passed, reason=f"is {shown(context.output)}{allowed}")

    def _comparable(self, text: str) -> str:
        return comparable(text.strip() if self.strip else text, ignore_case=self.ignore_case)


def _place(verb: str, text: str, there: str, *, passed: bool) -> str:
    return f"{verb} with {shown(text)}" if passed else f"{verb} with {there}, not with {shown(text)}"


def _difference(expected: str, answer: str) -> str:
    """Where two texts part, with what stands there in each."""
    lengths = range(1, min(len(expected), len(answer)) + 1)
    at = bisect_left(lengths, 1, key=lambda length: expected[:length] != answer[:length])
    start = max(0, at - 20) if at > 40 else 0
    place = f"from character {at + 1} on, " if start else ""
    return f"{place}answered {shown(answer[start:])}, expected {shown(expected[start:])}"
