"""The check that matches the answer with a regular expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from evalkit.checks.contract import BuiltInCheck, argument, shown, verdict, written
from evalkit.checks.normal_form import comparable
from evalkit.checks.timed_regex import compiled, search, time_limit
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding


@CHECKS.register("regex")
@dataclass(frozen=True, slots=True, kw_only=True)
class Regex(BuiltInCheck):
    r"""The regular expression matches somewhere in the answer.

    The syntax is that of Python's `re`, extended by the package `regex` (`\p{Han}`, possessive quantifiers); inline
    flags such as `(?s)` and `(?m)` work. A match that takes longer than a second is stopped: an error, no verdict.
    """

    blocking: ClassVar[bool] = True

    pattern: str = argument("The regular expression.")
    ignore_case: bool = argument("Whether upper and lower case count as equal.", default=False)
    full_match: bool = argument("Whether it must match the whole answer instead of any part.", default=False)

    def __post_init__(self) -> None:
        if not self.pattern:
            raise ValueError("an empty pattern matches every answer; write the pattern to look for")
        compiled(comparable(self.pattern), ignore_case=self.ignore_case)

    def find(self, context: Context) -> Finding:
        """Searches the answer."""
        pattern = compiled(comparable(self.pattern), ignore_case=self.ignore_case)
        with time_limit():
            match = search(pattern, comparable(context.output), full_match=self.full_match)
        if match is None:
            whole = " as a whole" if self.full_match else ""
            answer = shown(context.output)
            return verdict(passed=False, reason=f"{answer}{whole} does not match {written(self.pattern)}")
        return verdict(passed=True, reason=f"{shown(match.group())} matches {written(self.pattern)}")
