"""Plain data against the format's sections: pydantic's findings in an author's words, each in its place."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError

from evalkit.errors import Problem, did_you_mean
from evalkit.suite.schema import Section
from evalkit.suite.source import Places

S = TypeVar("S", bound=Section)

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "int_parsing": "a whole number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


class Mistakes:
    """Collects problems with the parts of one document."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.problems: list[Problem] = []

    def add(self, message: str, container: Any = None, key: str | int | None = None, *, of_key: bool = False) -> None:
        """Notes a problem with `container`, with its value under `key`, or with that key."""
        self.problems.append(self.places.problem(message, container, key, of_key=of_key))

    def unknown_key(self, container: dict[str, Any], key: str, known: list[str]) -> None:
        """Notes a key that the format does not have."""
        hint = did_you_mean(key, known) or f"; known here: {', '.join(known)}"
        self.add(f"unknown key '{key}'{hint}", container, key, of_key=True)

    def later_key(self, container: dict[str, Any], key: str) -> None:
        """Notes a key whose feature is still to come."""
        self.add(f"'{key}' is not supported yet", container, key, of_key=True)


def validate(section: type[S], data: Any, mistakes: Mistakes) -> S | None:
    """`data` as a section, its unknown keys noted; None, and its mistakes noted, where a value is wrong."""
    try:
        return section.model_validate(data, context=mistakes)
    except ValidationError as error:
        for finding in error.errors(include_url=False):
            container, key, missing = _locate(data, finding["loc"])
            mistakes.add(phrase(finding, missing), container, key)
        return None


def _locate(data: Any, loc: tuple[str | int, ...]) -> tuple[Any, str | int | None, str | None]:
    """Where a finding stands: its container, its key there, and the name of what is missing, if that is the matter."""
    container, key, here = data, None, data
    for step in loc:
        if _holds(here, step):
            container, key, here = here, step, here[step]
        elif isinstance(here, dict) and step == loc[-1]:
            return here, None, str(step)
    return container, key, None


def _holds(container: Any, key: str | int) -> bool:
    if isinstance(container, list):
        return isinstance(key, int) and key < len(container)
    return isinstance(container, dict) and key in container


def phrase(finding: Any, missing: str | None = None) -> str:
    """One of pydantic's findings in an author's words."""
    kind, context = finding["type"], finding.get("ctx", {})
    if kind == "missing":
        return f"'{missing or finding['loc'][-1]}' is missing"
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}, found {describe(finding['input'])}"
    if kind == "literal_error":
        choices = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        hint = did_you_mean(str(finding["input"]), choices)
        return f"expected {context['expected']}, found {describe(finding['input'])}{hint}"
    if kind in ("string_too_short", "too_short"):
        return "must not be empty"
    message = str(finding["msg"]).removeprefix("Value error, ").removeprefix("Input should ")
    return f"must {message}" if message.startswith("be ") else message


def describe(value: Any) -> str:
    """A value in an author's words: "a list", "'abc'", "nothing"."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    return f"'{text if len(text) <= 40 else text[:39] + '…'}'"
