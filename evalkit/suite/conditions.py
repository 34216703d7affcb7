"""`when:` beside a check: a template whose value decides whether the check is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.suite.templates import evaluate, is_template, names_in
from evalkit.types import Condition

FALSE_WORDS = frozenset({"", "0", "false", "no", "none", "null", "off"})
"""Texts that mean "do not ask", in any case: what a template writes, and what stands in a CSV file."""


@dataclass(frozen=True, slots=True)
class When:
    """A condition of a suite. Raises ValueError for what is neither true, false nor a template."""

    given: str | bool

    def __post_init__(self) -> None:
        if isinstance(self.given, str):
            if not is_template(self.given):
                raise ValueError(f"when is a template, such as {_example(self.given)}, or true or false")
            names_in(self.given)  # compiles it
        elif not isinstance(self.given, bool):
            raise ValueError("when is a template, such as '{{ output | length > 20 }}', or true or false")  # noqa: TRY004

    @property
    def templates(self) -> tuple[str, ...]:
        """What is to be rendered."""
        return (self.given,) if isinstance(self.given, str) else ()

    def condition(self, variables: Mapping[str, Any]) -> Condition:
        """Whether the check is asked, given an answer. Raises TemplateInvalid when called."""
        return lambda output: self.holds({**variables, "output": output})

    def holds(self, variables: Mapping[str, Any]) -> bool:
        """Whether it is true. Raises TemplateInvalid."""
        return self.given if isinstance(self.given, bool) else is_true(evaluate(self.given, variables))


def is_true(value: Any) -> bool:
    """False for nothing, 0, what is empty, and the texts that say so; true for all else."""
    return value.strip().lower() not in FALSE_WORDS if isinstance(value, str) else bool(value)


def _example(text: str) -> str:
    """What may have been meant by an expression without its braces."""
    return f"'{{{{ {text} }}}}'" if 0 < len(text) <= 60 else "'{{ output | length > 20 }}'"
