"""JSON Schema validators that fetch nothing and whose patterns stop."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from evalkit.checks.timed_keywords import timed
from evalkit.checks.timed_regex import compiled, time_limit
from evalkit.errors import CheckFailedToRun

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_ERRORS_AT_MOST = 100
"""Of so many the most telling one is named; a long list could break the schema at each of its items."""


def misfit(schema: Any, value: Any) -> str | None:
    """The most telling reason why `value` does not fit `schema`, with its place; None where it fits.

    Raises CheckFailedToRun where it cannot be said.
    """
    from referencing.exceptions import Unresolvable

    try:
        with time_limit():
            return _most_telling(validator(schema).iter_errors(value))
    except RecursionError as error:
        raise CheckFailedToRun("the answer is nested too deeply, or the schema refers to itself endlessly") from error
    except Unresolvable as error:
        raise CheckFailedToRun(f"$ref leads nowhere: {error.ref}") from error


def validator(schema: Any) -> Validator:
    """The validator for a schema, made once. Raises ValueError where it is none, or leads out of itself."""
    try:
        return _make(json.dumps(schema, sort_keys=True, allow_nan=False))
    except TypeError as error:
        raise ValueError(f"the schema is no JSON: {error}") from error


@lru_cache(maxsize=256)
def _make(schema_text: str) -> Validator:
    from referencing import Registry

    schema = json.loads(schema_text)
    dialect = _dialect(schema)
    wrong = _most_telling(dialect(dialect.META_SCHEMA, registry=Registry()).iter_errors(schema))
    if wrong:
        raise ValueError(f"this is no JSON Schema: {wrong}")
    _refuse_untimed(schema)
    _try_out(schema)
    return timed(dialect)(_without_dialect(schema), registry=Registry())


def _dialect(schema: Any) -> type[Validator]:
    """The validator class that `$schema` asks for; draft 2020-12 where it is silent."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    if not isinstance(schema, dict) or "$schema" not in schema:
        return Draft202012Validator
    named, unknown = schema["$schema"], None
    dialect = validator_for(schema, default=unknown) if isinstance(named, str) else unknown  # type: ignore[arg-type]
    if dialect is None:
        raise ValueError(f"unknown $schema {named!r}; leave it out for draft 2020-12")
    return dialect


def _without_dialect(schema: Any) -> Any:
    """`jsonschema` would go back from the timed validator to its own wherever it meets `$schema`."""
    return {key: value for key, value in schema.items() if key != "$schema"} if isinstance(schema, dict) else schema


def _refuse_untimed(schema: Any) -> None:
    """What would have patterns run by `jsonschema` itself, without a time limit."""
    nested = list(_mappings(_without_dialect(schema)))
    if any(isinstance(mapping.get("$schema"), str) for mapping in nested):
        raise ValueError("$schema may stand only at the top of the schema")
    if all(any(key in mapping for mapping in nested) for key in ("unevaluatedProperties", "patternProperties")):
        raise ValueError(
            "unevaluatedProperties and patternProperties in one schema are not supported; use additionalProperties"
        )


def _mappings(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _mappings(child)


def _try_out(schema: Any) -> None:
    """Finds now what would fail on the first answer: patterns that do not compile, references that lead nowhere."""
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]
    from referencing import Resource
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    root = Resource.from_contents(schema, default_specification=DRAFT202012)
    try:
        _try_out_part(root, REGISTRY.resolver_with_root(root))
    except Unresolvable as error:
        raise ValueError(f"$ref leads nowhere: {error.ref}; nothing is fetched, so put it into $defs") from error


def _try_out_part(resource: Any, resolver: Any) -> None:
    part = resource.contents if isinstance(resource.contents, dict) else {}
    compiled(part.get("pattern", ""))
    for pattern in part.get("patternProperties", ()):
        compiled(pattern)
    for key in ("$ref", "$dynamicRef"):
        if key in part:
            resolver.lookup(part[key])
    for below in resource.subresources():
        _try_out_part(below, resolver.in_subresource(below))


def _most_telling(errors: Iterable[Any]) -> str | None:
    """The error that says most, with its place; None where there is none."""
    from jsonschema.exceptions import best_match

    error = best_match(islice(errors, _ERRORS_AT_MOST))
    if error is None:
        return None
    branches = "; ".join(_brief(branch.message) for branch in error.context[:3])
    return f"{error.json_path}: {_brief(error.message)}{f' ({branches})' if branches else ''}"


def _brief(message: str) -> str:
    """A message begins with the value, however long, and ends with what is wrong with it."""
    return message if len(message) <= 200 else f"{message[:80]} … {message[-100:]}"
