"""The JSON Schema of a suite file: pydantic's, with the checks and parameters that the registries know."""

from __future__ import annotations

from typing import Any

from evalkit.registry import CHECKS
from evalkit.suite.beside import KEYS as BESIDE
from evalkit.suite.beside import WITHIN
from evalkit.suite.checking import arguments_model, signature
from evalkit.suite.params import SCHEMA as PARAMS
from evalkit.suite.schema import PARTS, Section, SuiteFile
from evalkit.suite.tool_params import TOOL_PARTS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def suite_schema() -> dict[str, Any]:
    """A schema in draft 2020-12 that editors can complete and mark by."""
    schema = SuiteFile.model_json_schema()
    definitions: dict[str, Any] = schema.pop("$defs", {})
    for part in (*PARTS, *TOOL_PARTS):
        definition = part.model_json_schema()
        definitions |= {**definition.pop("$defs", {}), part.__name__: definition}
    definitions["Params"] = PARAMS
    definitions["Check"] = _any_check(tuple(BESIDE))
    definitions["InnerCheck"] = _any_check(WITHIN)
    for name in CHECKS:
        check = _check(name)
        definitions |= {**check.pop("$defs", {}), f"check.{name}": check}
    for section in [schema, *definitions.values()]:
        _allow_notes(section)
    for model in _sections(Section):
        _allow_shorthand(model, definitions)
    whole: dict[str, Any] = _referred({"$schema": _DIALECT, **schema, "$defs": dict(sorted(definitions.items()))})
    return whole


def _referred(schema: Any) -> Any:
    """`schema` with references in place of the marks that `schema.py` leaves for definitions made here."""
    if isinstance(schema, list):
        return [_referred(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "x-definition" in schema:
        return {"$ref": f"#/$defs/{schema['x-definition']}"}
    return {key: _referred(item) for key, item in schema.items()}


def _any_check(beside: tuple[str, ...]) -> dict[str, Any]:
    """A mapping with one check's name, or the bare name of a check that needs no argument."""
    names = list(CHECKS)
    properties: dict[str, Any] = {name: {"$ref": f"#/$defs/check.{name}"} for name in names}
    properties |= {key: BESIDE[key] for key in beside}
    mapping = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in names],
    }
    bare = {"enum": [name for name in names if not signature(name).required]}
    return {"description": "One check: its name to its argument.", "anyOf": [mapping, bare]}


def _check(name: str) -> dict[str, Any]:
    """What may stand behind a check's name: its arguments, or the first of them alone; a template fits anywhere."""
    model = arguments_model(name)
    arguments = model.model_json_schema()
    description = (CHECKS[name].__doc__ or "").strip().splitlines()[0]
    first = next(iter(arguments.get("properties", {}).values()), None)
    arguments["properties"] = {
        key: {"anyOf": [value, {"type": "string"}]} | _described(value)
        for key, value in arguments.get("properties", {}).items()
    }
    alone = [first] if first is not None else []
    optional = [{"type": "null"}] if not arguments.get("required") else []
    shared = arguments.pop("$defs", {})
    return {"description": description, "anyOf": [arguments, *alone, {"type": "string"}, *optional], "$defs": shared}


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": schema["description"]} if "description" in schema else {}


def _allow_notes(section: dict[str, Any]) -> None:
    if section.get("additionalProperties") is False and "properties" in section:
        section.setdefault("patternProperties", {})["^x-"] = {}


def _sections(base: type[Section]) -> list[type[Section]]:
    return [model for child in base.__subclasses__() for model in (child, *_sections(child))]


def _allow_shorthand(model: type[Section], definitions: dict[str, Any]) -> None:
    """A section with a shorthand may also be a bare scalar."""
    if model.shorthand is None or model.__name__ not in definitions:
        return
    definition = definitions[model.__name__]
    definitions[model.__name__] = {"anyOf": [definition, {"type": ["string", "number"]}]} | _described(definition)
