"""Checks as suites write them: `contains: Paris`, `number: {value: …, tolerance: …}`, `not: {contains: Lyon}`."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args, get_origin, get_type_hints

from evalkit.errors import EvalkitError, UnknownName, did_you_mean
from evalkit.registry import CHECKS
from evalkit.suite.checking import CheckSpec, item_type
from evalkit.suite.validation import Mistakes, describe
from evalkit.types import Check

BESIDE = ("weight",)
"""What stands beside a check's name and is not its argument."""
BESIDE_LATER = ("metric", "threshold", "when")
Where = tuple[Any, str | int | None]
"""A container and the key in it (None: the container itself) that a complaint is about."""


def read_check(value: Any, mistakes: Mistakes, *, container: Any, key: str | int) -> CheckSpec | None:
    """A check from its mapping (or bare name); None, and its mistakes noted, where it is none."""
    if isinstance(value, str):
        where: Where = (container, key)
        value = {value: None}
    else:
        where = (value, None)
    if not isinstance(value, dict):
        mistakes.add(f"expected a check, such as 'contains: Paris', found {describe(value)}", container, key)
        return None
    names = [name for name in value if name not in BESIDE and name not in BESIDE_LATER]
    for name in value:
        if name in BESIDE_LATER:
            mistakes.later_key(value, name)
    if len(names) != 1:
        found = ", ".join(f"'{name}'" for name in names) or "none"
        mistakes.add(f"a check is a mapping with one check's name; found {found}", *where)
        return None
    return _read_named(names[0], value, mistakes, where)


def _read_named(name: str, value: dict[str, Any], mistakes: Mistakes, where: Where) -> CheckSpec | None:
    try:
        definition = CHECKS[name]
    except UnknownName as error:
        mistakes.add(str(error), *((value, name) if where[1] is None else where), of_key=where[1] is None)
        return None
    arguments = _arguments(name, definition, value, mistakes)
    weight = value.get("weight", 1.0)
    if not isinstance(weight, (int, float)) or isinstance(weight, bool) or not 0 <= weight < float("inf"):
        mistakes.add(f"weight is a number of at least 0, found {describe(weight)}", value, "weight")
        return None
    if arguments is None:
        return None
    spec = CheckSpec(name=name, arguments=arguments, weight=float(weight), place=value)
    return _made_if_static(spec, mistakes, value)


def _made_if_static(spec: CheckSpec, mistakes: Mistakes, value: dict[str, Any]) -> CheckSpec | None:
    try:
        if spec.templates():
            spec.speaks_of("output")  # compiles them all
            return spec
        return dataclasses.replace(spec, made=spec.make({}))
    except EvalkitError as error:
        mistakes.add(f"check '{spec.name}': {error}", value, spec.name)
        return None


def _arguments(name: str, definition: type[Check], value: Any, mistakes: Mistakes) -> dict[str, Any] | None:
    """The arguments by field name, from a mapping of them or from the shorthand for the first."""
    given = value[name]
    fields = {item.name: item for item in dataclasses.fields(definition)}  # type: ignore[arg-type]
    required = [item.name for item in fields.values() if _is_required(item)]
    first = next(iter(fields), None)
    hints = get_type_hints(definition)
    if given is None:
        arguments: dict[str, Any] = {}
    elif isinstance(given, dict) and set(required) <= set(given) <= set(fields):
        arguments = dict(given)
    elif isinstance(given, dict) and first is not None and not _takes_mapping(hints[first]):
        _name_wrong_arguments(name, given, fields, required, mistakes)
        return None
    elif first is None:
        mistakes.add(f"check '{name}' takes no argument", value, name)
        return None
    else:
        arguments = {first: given}
    missing = [key for key in required if key not in arguments]
    if missing:
        mistakes.add(f"check '{name}': '{missing[0]}' is missing", value, name)
        return None
    holder = given if arguments and isinstance(given, dict) and set(arguments) == set(given) else value
    return _with_nested(arguments, hints, mistakes, holder, name)


def _name_wrong_arguments(
    name: str, given: dict[str, Any], fields: Any, required: list[str], mistakes: Mistakes
) -> None:
    unknown = [key for key in given if key not in fields]
    for key in unknown:
        hint = did_you_mean(key, fields) or f"; it takes {', '.join(fields)}"
        mistakes.add(f"check '{name}': unknown argument '{key}'{hint}", given, key, of_key=True)
    missing = [key for key in required if key not in given]
    if missing and not unknown:
        mistakes.add(f"check '{name}': '{missing[0]}' is missing", given)


def _with_nested(
    arguments: dict[str, Any], hints: dict[str, Any], mistakes: Mistakes, holder: Any, name: str
) -> dict[str, Any] | None:
    """Arguments in which every field that takes a check holds a CheckSpec."""
    before = len(mistakes.problems)
    for key, value in arguments.items():
        place = key if isinstance(holder, dict) and key in holder else name
        if hints[key] is Check:
            arguments[key] = read_check(value, mistakes, container=holder, key=place)
        elif item_type(hints[key]) is Check and isinstance(value, list):
            arguments[key] = [read_check(item, mistakes, container=value, key=i) for i, item in enumerate(value)]
    return arguments if len(mistakes.problems) == before else None


def _takes_mapping(hint: Any) -> bool:
    options = get_args(hint) or (hint,)
    return hint in (Any, Check) or get_origin(hint) is dict or any(get_origin(option) is dict for option in options)


def _is_required(item: dataclasses.Field[Any]) -> bool:
    return item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
