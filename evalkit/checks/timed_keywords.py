"""The keywords of JSON Schema that could take for ever on a hostile answer, done so that they do not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from evalkit.checks.contract import shown, written
from evalkit.checks.timed_regex import compiled, search

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

Errors = Iterator["ValidationError"]


@lru_cache
def timed(dialect: type[Validator]) -> type[Validator]:
    """`dialect` with all its patterns under the time limit of `timed_regex`, and lists compared in linear time."""
    from jsonschema.validators import extend

    additional = dialect.VALIDATORS["additionalProperties"]

    def additional_properties(validator: Any, extra: Any, instance: Any, schema: Any) -> Errors:
        yield from additional(validator, extra, instance, _with_matched_names(instance, schema))

    own = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": additional_properties,
        "uniqueItems": _unique_items,
    }
    known = {name: keyword for name, keyword in own.items() if name in dialect.VALIDATORS}
    made: type[Validator] = extend(dialect, known)  # type: ignore[no-untyped-call]
    return made


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Errors:  # noqa: ARG001 jsonschema's signature
    from jsonschema.exceptions import ValidationError

    if validator.is_type(instance, "string") and not _matches(pattern, instance):
        yield ValidationError(f"{shown(instance)} does not match {written(pattern)}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Errors:  # noqa: ARG001
    if not validator.is_type(instance, "object"):
        return
    for pattern, subschema in patterns.items():
        for name, value in instance.items():
            if _matches(pattern, name):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _with_matched_names(instance: Any, schema: Any) -> Any:
    """`schema` with the instance's names that its patterns match in place of the patterns."""
    patterns = schema.get("patternProperties", {})
    if not patterns or not isinstance(instance, dict):
        return schema
    matched = {name: True for name in instance if any(_matches(pattern, name) for pattern in patterns)}
    rest = {key: value for key, value in schema.items() if key != "patternProperties"}
    return {**rest, "properties": {**schema.get("properties", {}), **matched}}


def _unique_items(validator: Any, wanted: Any, instance: Any, schema: Any) -> Errors:  # noqa: ARG001
    from jsonschema.exceptions import ValidationError

    if wanted and validator.is_type(instance, "array") and len({_hashable(item) for item in instance}) < len(instance):
        yield ValidationError("the list has equal items")


def _hashable(value: Any) -> Any:
    """A stand-in that is equal for equal JSON: 1 and 1.0, not 1 and true."""
    if isinstance(value, dict):
        return "object", frozenset((name, _hashable(item)) for name, item in value.items())
    if isinstance(value, list):
        return "array", tuple(map(_hashable, value))
    return ("boolean", value) if isinstance(value, bool) else value


def _matches(pattern: str, text: str) -> bool:
    return search(compiled(pattern), text) is not None
