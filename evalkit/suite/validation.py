"""Plain data against the format's sections: pydantic's findings in an author's words, each in its place."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError

from evalkit.errors import Problem, did_you_mean
from evalkit.suite.located import Places
from evalkit.suite.numbers import as_text
from evalkit.suite.schema import Section
from evalkit.suite.templates import TemplateInvalid, names_in

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
        self.later = 0
        """How many keys were met whose feature is still to come."""

    def add(self, message: str, container: Any = None, key: str | int | None = None, *, of_key: bool = False) -> None:
        """Notes a problem with `container`, with its value under `key`, or with that key."""
        self.problems.append(self.places.problem(message, container, key, of_key=of_key))

    def unknown_key(self, container: dict[str, Any], key: str, known: list[str]) -> None:
        """Notes a key that the format does not have."""
        hint = did_you_mean(key, known) or f"; known here: {', '.join(known)}"
        self.add(f"unknown key '{key}'{hint}", container, key, of_key=True)

    def later_key(self, container: dict[str, Any], key: str) -> None:
        """Notes a key whose feature is still to come."""
        self.later += 1
        self.add(f"'{key}' is not supported yet", container, key, of_key=True)


def validate(
    section: type[S], data: Any, mistakes: Mistakes, *, container: Any = None, key: str | int | None = None
) -> S | None:
    """`data` as a section, its unknown keys noted; None, and its mistakes noted, where a value is wrong.

    `container` holds it under `key`: what is no mapping has no place of its own.
    """
    later_before = mistakes.later
    try:
        return section.model_validate(data, context=mistakes)
    except ValidationError as error:
        for finding in error.errors(include_url=False):
            if finding["type"] == "missing" and mistakes.later > later_before:
                continue  # what is still to come may do without it
            mistakes.add(*_described(finding, data, container, key))
        return None


def validate_items(
    section: type[S], container: dict[str, Any], key: str, mistakes: Mistakes, *, at_least: int = 0
) -> list[tuple[int, S]]:
    """The items of a list that are sections, with their numbers from 0; the others are noted and left away."""
    items = container.get(key)
    if items is None:
        return []
    if not isinstance(items, list):
        mistakes.add(f"expected a list, found {describe(items)}", container, key)
        return []
    if len(items) < at_least:
        mistakes.add("must not be empty", container, key)
    read = (validate(section, item, mistakes, container=items, key=index) for index, item in enumerate(items))
    return [(index, item) for index, item in enumerate(read) if item is not None]


def compile_template(text: str, mistakes: Mistakes, container: Any, key: str | int) -> None:
    """Notes a template that does not compile."""
    try:
        names_in(text)
    except TemplateInvalid as error:
        mistakes.add(str(error), container, key)


def _described(finding: Any, data: Any, container: Any, key: str | int | None) -> tuple[str, Any, str | int | None]:
    """A finding's message, and where it stands: its container and its key there."""
    here = data
    if container is None:
        container = data
    for step in finding["loc"]:
        if _holds(here, step):
            container, key, here = here, step, here[step]
        elif isinstance(here, dict) and step == finding["loc"][-1]:
            return phrase(finding, str(step)), here, None
    return phrase(finding), container, key


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
    if kind == "missing_argument":
        return f"'{finding['loc'][-1]}' is missing"
    if kind == "unexpected_keyword_argument":
        return "unknown key"
    if kind in ("string_too_short", "too_short"):
        return "must not be empty"
    message = str(finding["msg"]).removeprefix("Value error, ").removeprefix("Input should ")
    return f"must {message}" if message.startswith("be ") else message


def describe(value: Any) -> str:
    """A value in an author's words: "a list", "'abc'", "true", "nothing"."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = as_text(value) or str(value)
    return text if isinstance(value, bool) else f"'{text if len(text) <= 40 else text[:39] + '…'}'"
