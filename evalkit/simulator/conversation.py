"""Rules for messages that the APIs share. Every function raises `ApiError`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from evalkit.simulator.errors import empty_array, missing, unknown_parameter, unknown_value, wrong_type
from evalkit.simulator.question import Document, Picture, Turn

ReadPart = Callable[[Mapping[str, Any], str, str], str | Picture | Document]
"""Reads one part of a content list, given its role and its place."""

_ROLES = ("system", "developer", "user", "assistant")


def turns(messages: Any, param: str, read: Callable[[Mapping[str, Any], str], Turn]) -> tuple[Turn, ...]:
    """Every message of a list that must not be empty."""
    places = [f"{param}[{index}]" for index in range(len(_filled(messages, param)))]
    return tuple(read(_object(message, place), place) for message, place in zip(messages, places, strict=True))


def role(message: Mapping[str, Any], place: str) -> str:
    """Who speaks."""
    return choice(message, "role", place, _ROLES)


def turn(speaker: str, content: Any, param: str, read: ReadPart) -> Turn:
    """A message of plain text or of parts, whose texts are joined by line breaks."""
    if isinstance(content, str):
        return Turn(role=speaker, text=content)
    parts = []
    for index, part in enumerate(_filled(content, param, "a string or an array of objects")):
        place = f"{param}[{index}]"
        parts.append(read(_object(part, place), speaker, place))
    texts = [part for part in parts if isinstance(part, str)]
    pictures = tuple(part for part in parts if isinstance(part, Picture))
    documents = tuple(part for part in parts if isinstance(part, Document))
    return Turn(role=speaker, text="\n".join(texts), pictures=pictures, documents=documents)


def only(owner: Mapping[str, Any], place: str, *keys: str) -> None:
    """No keys but these."""
    for key in owner:
        if key not in keys:
            raise unknown_parameter(f"{place}.{key}")


def choice(owner: Mapping[str, Any], key: str, place: str, supported: Collection[str]) -> str:
    """A word that must be there and be one of those supported."""
    value = owner.get(key)
    if value is None:
        raise missing(f"{place}.{key}")
    if value not in supported:
        raise unknown_value(f"{place}.{key}", value, supported)
    return str(value)


def text(owner: Mapping[str, Any], key: str, place: str) -> str:
    """A string that must be there."""
    value = owner.get(key)
    if value is None:
        raise missing(f"{place}.{key}")
    if not isinstance(value, str):
        raise wrong_type(f"{place}.{key}", "a string", value)
    return value


def _object(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise wrong_type(place, "an object", value)
    return value


def _filled(value: Any, param: str, wanted: str = "an array of objects") -> list[Any]:
    if not isinstance(value, list):
        raise wrong_type(param, wanted, value)
    if not value:
        raise empty_array(param)
    return value
