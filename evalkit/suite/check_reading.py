"""Checks as suites write them: `contains: Paris`, `number: {value: …, tolerance: …}`, `not: {contains: Lyon}`."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from evalkit.errors import EvalkitError, UnknownName, did_you_mean
from evalkit.registry import CHECKS, missing_extra
from evalkit.suite.checking import ArgumentInvalid, CheckSpec, Signature, item_type, signature, specify, takes_check
from evalkit.suite.validation import Mistakes, describe
from evalkit.types import Check

BESIDE = ("weight",)
"""What stands beside a check's name and is not its argument."""
BESIDE_LATER = ("metric", "threshold", "when")
CHECKS_LATER = ("judge",)
Where = tuple[Any, str | int]
"""A container and the key in it that a complaint is about."""


def read_check(value: Any, mistakes: Mistakes, *, container: Any, key: str | int) -> CheckSpec | None:
    """A check from its mapping (or bare name); None, and its mistakes noted, where it is none."""
    where: Where = (container, key)
    if isinstance(value, str):
        return _read_named(value, {value: None}, mistakes, where)
    if not isinstance(value, dict):
        mistakes.add(f"expected a check, such as 'contains: Paris', found {describe(value)}", *where)
        return None
    later = [name for name in value if name in BESIDE_LATER or name in CHECKS_LATER]
    for name in later:
        mistakes.later_key(value, name)
    names = [name for name in value if name not in BESIDE and name not in later]
    if len(names) == 1:
        return _read_named(names[0], value, mistakes, where)
    if names or not later:
        found = ", ".join(f"'{name}'" for name in names) or "none"
        mistakes.add(f"a check is a mapping with one check's name; found {found}", *where)
    return None


def _read_named(name: str, value: dict[str, Any], mistakes: Mistakes, where: Where) -> CheckSpec | None:
    """`value` holds the check under its name; it stands at `where`, which is all the place that a bare name has."""
    bare = isinstance(where[0][where[1]], str)
    try:
        missing = missing_extra(CHECKS[name])
    except UnknownName as error:
        mistakes.add(str(error), *(where if bare else (value, name)), of_key=not bare)
        return None
    if missing:
        mistakes.add(f"check '{name}' needs the extra: {missing}", *(where if bare else (value, name)), of_key=not bare)
        return None
    weight = value.get("weight", 1.0)
    if not isinstance(weight, (int, float)) or isinstance(weight, bool) or not 0 <= weight < float("inf"):
        mistakes.add(f"weight is a number of at least 0, found {describe(weight)}", value, "weight")
        return None
    place = where if bare else (value, name)
    arguments = _arguments(name, value[name], mistakes, place)
    if arguments is None:
        return None
    try:
        return specify(name, arguments, weight=float(weight), place=value)
    except EvalkitError as error:
        argument = error.argument if isinstance(error, ArgumentInvalid) else None
        given = value[name]
        at = (given, argument) if isinstance(given, dict) and argument in given else place
        mistakes.add(f"check '{name}': {error}", *at)
        return None


def _arguments(name: str, given: Any, mistakes: Mistakes, place: Where) -> dict[str, Any] | None:
    """The arguments by name, from a mapping of them or from the first of them alone."""
    takes = signature(name)
    if isinstance(given, dict) and _are_arguments(given, takes):
        if _complain_of_arguments(name, given, takes, mistakes):
            return None
        return _with_nested(dict(given), {key: (given, key) for key in given}, takes, mistakes)
    if given is None:
        if takes.required:
            mistakes.add(f"check '{name}': '{_first_missing(takes, ())}' is missing", *place)
        return None if takes.required else {}
    if takes.first is None:
        mistakes.add(f"check '{name}' takes no argument", *place)
        return None
    others = takes.required - {takes.first}
    if others:
        mistakes.add(f"check '{name}': '{_first_missing(takes, (takes.first,))}' is missing", *place)
        return None
    return _with_nested({takes.first: given}, {takes.first: place}, takes, mistakes)


def _are_arguments(given: dict[str, Any], takes: Signature) -> bool:
    """Whether a mapping names arguments, and is not the first of them itself.

    Where the first may be a mapping, it names them if the required ones are among its keys and every other one is an
    argument, or nearly spelt like one.
    """
    if not takes.mapping_first:
        return takes.first is not None
    if not takes.required <= set(given):
        return False
    unknown = [key for key in given if key not in takes.hints]
    return not unknown or any(did_you_mean(key, takes.hints) for key in unknown)


def _complain_of_arguments(name: str, given: dict[str, Any], takes: Signature, mistakes: Mistakes) -> bool:
    """Notes arguments that are unknown or missing; whether there are any."""
    unknown = [key for key in given if key not in takes.hints]
    for key in unknown:
        hint = did_you_mean(key, takes.hints) or f"; it takes {', '.join(takes.hints)}"
        mistakes.add(f"check '{name}': unknown argument '{key}'{hint}", given, key, of_key=True)
    missing = not takes.required <= set(given)
    if missing and not unknown:
        mistakes.add(f"check '{name}': '{_first_missing(takes, given)}' is missing", given)
    return missing or bool(unknown)


def _first_missing(takes: Signature, given: Container[str]) -> str:
    return next(key for key in takes.hints if key in takes.required and key not in given)


def _with_nested(
    arguments: dict[str, Any], places: dict[str, Where], takes: Signature, mistakes: Mistakes
) -> dict[str, Any] | None:
    """Arguments in which every field that takes a check holds a CheckSpec."""
    before = len(mistakes.problems)
    for name, value in arguments.items():
        hint, (container, key) = takes.hints[name], places[name]
        if hint is Check or (takes_check(hint) and value is not None):
            arguments[name] = read_check(value, mistakes, container=container, key=key)
        elif item_type(hint) is Check and isinstance(value, list):
            arguments[name] = [read_check(item, mistakes, container=value, key=i) for i, item in enumerate(value)]
    return arguments if len(mistakes.problems) == before else None
