"""Rules for the top-level fields of a request that both APIs share. Every function raises `ApiError`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.simulator import conversation
from evalkit.simulator.errors import above, below, empty_array, invalid, missing, unknown_value, unsupported, wrong_type
from evalkit.simulator.profiles import PROFILES, Profile
from evalkit.simulator.question import Turn

Body = Mapping[str, Any]

_FORMATS = ("text", "json_object", "json_schema")


def profile_of(body: Body) -> Profile:
    """The model that is asked."""
    name = body.get("model")
    if name is None:
        raise invalid("you must provide a model parameter")
    if not isinstance(name, str):
        raise wrong_type("model", "a string", name)
    if name not in PROFILES:
        raise invalid(
            f"The model `{name}` does not exist or you do not have access to it. The stand-in's models: "
            f"{', '.join(PROFILES)}.",
            param="model", code="model_not_found", status=404,
        )  # fmt: skip
    return PROFILES[name]


def streamed(body: Body) -> bool:
    """Whether a stream is asked for."""
    shaped(body, stream=bool)
    return bool(body.get("stream"))


def supported(body: Body, profile: Profile) -> None:
    """Parameters that this model rejects, by name; the default temperature of 1 is let through."""
    for name in sorted(profile.rejects & body.keys()):
        if name == "max_tokens":
            raise unsupported(name, instead="max_completion_tokens")
        if name != "temperature":
            raise unsupported(name)
        if decimal(body, name, 0, 2) != 1:
            message = (
                f"Unsupported value: 'temperature' does not support {body[name]} with this model. "
                "Only the default (1) value is supported."
            )
            raise invalid(message, param=name, code="unsupported_value")


def decimal(body: Body, name: str, low: float, high: float) -> float | None:
    """A number from `low` to `high`."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong_type(name, "a decimal", value)
    _within(name, "decimal", value, low, high)
    return float(value)


def integer(body: Body, name: str, low: int = -(2**63), high: int = 2**63 - 1) -> int | None:
    """A whole number from `low` to `high`."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(name, "an integer", value)
    _within(name, "integer", value, low, high)
    return value


def _within(name: str, kind: str, value: float, low: float, high: float) -> None:
    if value < low:
        raise below(name, kind, value, low)
    if value > high:
        raise above(name, kind, value, high)


def shaped(body: Body, **kinds: type) -> None:
    """Fields that must only be of a JSON type: `str`, `dict`, `list` or `bool`."""
    words = {str: "a string", dict: "an object", list: "an array", bool: "a boolean"}
    for name, kind in kinds.items():
        value = body.get(name)
        if value is not None and not isinstance(value, kind):
            raise wrong_type(name, words[kind], value)


def stops(body: Body) -> tuple[str, ...]:
    """Up to four texts that end the answer."""
    value = body.get("stop")
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise wrong_type("stop", "a string or an array of strings", value)
    if not value:
        raise empty_array("stop")
    if len(value) > 4:
        wanted = "Expected an array with maximum length 4, but got a longer one instead."
        raise invalid(f"Invalid 'stop': array too long. {wanted}", param="stop", code="array_above_max_length")
    return tuple(value)


def effort(value: Any, param: str, profile: Profile) -> str:
    """How long to think."""
    if value is None:
        return "medium"
    if not profile.efforts:
        raise unsupported(param)
    if value not in profile.efforts:
        raise unknown_value(param, value, profile.efforts)
    return str(value)


def as_json(wanted: Any, param: str, turns: tuple[Turn, ...], *, schema_in: str | None) -> bool:
    """Whether an output format asks for JSON. A schema and its name lie in its field `schema_in`, or in itself."""
    if wanted is None:
        return False
    if not isinstance(wanted, dict):
        raise wrong_type(param, "an object", wanted)
    kind = conversation.choice(wanted, "type", param, _FORMATS)
    if kind == "json_object" and not any("json" in turn.text.lower() for turn in turns):
        message = f"The messages must contain the word 'json' in some form, to use '{param}' of type 'json_object'."
        raise invalid(message, param=param)
    if kind == "json_schema" and schema_in:
        _named_schema(wanted.get(schema_in), f"{param}.{schema_in}")
    elif kind == "json_schema":
        _named_schema(wanted, param)
    return kind != "text"


def _named_schema(owner: Any, param: str) -> None:
    if owner is None:
        raise missing(param)
    if not isinstance(owner, dict):
        raise wrong_type(param, "an object", owner)
    conversation.text(owner, "name", param)
    if not isinstance(owner.get("schema"), dict):
        raise wrong_type(f"{param}.schema", "an object", owner.get("schema"))
