"""Checks as suites write them: `contains: Paris`, `number: {value: …, tolerance: …}`, `not: {contains: Lyon}`."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from evalkit.errors import EvalkitError, UnknownName, did_you_mean
from evalkit.registry import CHECKS, missing_extra
from evalkit.suite.beside import KEYS, read_beside
from evalkit.suite.checking import ArgumentInvalid, CheckSpec, Signature, item_type, signature, specify, takes_check
from evalkit.suite.code import FindFile, settle_code
from evalkit.suite.validation import Mistakes, describe
from evalkit.types import Check

Where = tuple[Any, str | int]
"""A container and the key in it that a complaint is about."""


def read_check(
    value: Any, mistakes: Mistakes, *, container: Any, key: str | int, find_file: FindFile
) -> CheckSpec | None:
    """A check from its mapping (or bare name); None, and its mistakes noted, where it is none."""
    return _Reader(mistakes, find_file).read(value, (container, key))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one check and all that are in it."""

    mistakes: Mistakes
    find_file: FindFile
    inside: str | None = None
    """The name of the check that holds this one."""

    def read(self, value: Any, where: Where) -> CheckSpec | None:
        if isinstance(value, str):
            return self._named(value, {value: None}, where)
        if not isinstance(value, dict):
            self.mistakes.add(f"expected a check, such as 'contains: Paris', found {describe(value)}", *where)
            return None
        names = [name for name in value if name not in KEYS]
        if len(names) == 1:
            return self._named(names[0], value, where)
        found = ", ".join(f"'{name}'" for name in names) or "none"
        self.mistakes.add(f"a check is a mapping with one check's name; found {found}", *where)
        return None

    def _named(self, name: str, value: dict[str, Any], where: Where) -> CheckSpec | None:
        """`value` holds the check under its name; it stands at `where`, which is all the place a bare name has."""
        bare = isinstance(where[0][where[1]], str)
        place = where if bare else (value, name)
        try:
            missing = missing_extra(CHECKS[name])
        except UnknownName as error:
            self.mistakes.add(str(error), *place, of_key=not bare)
            return None
        if missing:
            self.mistakes.add(f"check '{name}' needs the extra: {missing}", *place, of_key=not bare)
            return None
        beside = read_beside(value, self.mistakes, inside=self.inside)
        arguments = self._arguments(name, value[name], place)
        if beside is None or arguments is None:
            return None
        try:
            return specify(name, arguments, beside=beside, place=value)
        except EvalkitError as error:
            argument = error.argument if isinstance(error, ArgumentInvalid) else None
            self._complain(name, str(error), value[name], argument, place)
            return None

    def _complain(self, name: str, what: str, given: Any, argument: str | None, place: Where) -> None:
        at = (given, argument) if isinstance(given, dict) and argument in given else place
        self.mistakes.add(f"check '{name}': {what}", *at)

    def _arguments(self, name: str, given: Any, place: Where) -> dict[str, Any] | None:
        """The arguments by name, from a mapping of them or from the first of them alone."""
        takes = signature(name)
        if isinstance(given, dict) and _are_arguments(given, takes):
            if self._are_wrong(name, given, takes):
                return None
            return self._settled(name, dict(given), {key: (given, key) for key in given})
        if given is None:
            if takes.required:
                self.mistakes.add(f"check '{name}': '{_first_missing(takes, ())}' is missing", *place)
            return None if takes.required else {}
        if takes.first is None:
            self.mistakes.add(f"check '{name}' takes no argument", *place)
            return None
        others = takes.required - {takes.first}
        if others:
            self.mistakes.add(f"check '{name}': '{_first_missing(takes, (takes.first,))}' is missing", *place)
            return None
        return self._settled(name, {takes.first: given}, {takes.first: place})

    def _are_wrong(self, name: str, given: dict[str, Any], takes: Signature) -> bool:
        """Notes arguments that are unknown or missing; whether there are any."""
        unknown = [key for key in given if key not in takes.hints]
        for key in unknown:
            hint = did_you_mean(key, takes.hints) or _hint_at_list(name, key, takes)
            hint = hint or f"; it takes {', '.join(takes.hints)}"
            self.mistakes.add(f"check '{name}': unknown argument '{key}'{hint}", given, key, of_key=True)
        missing = not takes.required <= set(given)
        if missing and not unknown:
            self.mistakes.add(f"check '{name}': '{_first_missing(takes, given)}' is missing", given)
        return missing or bool(unknown)

    def _settled(self, name: str, arguments: dict[str, Any], places: dict[str, Where]) -> dict[str, Any] | None:
        """Arguments in which every field that takes a check holds a CheckSpec, and code has the path of its file."""
        before = len(self.mistakes.problems)
        takes, inner = signature(name), _Reader(self.mistakes, self.find_file, name)
        for argument, value in arguments.items():
            hint = takes.hints[argument]
            if hint is Check or (takes_check(hint) and value is not None):
                arguments[argument] = inner.read(value, places[argument])
            elif item_type(hint) is Check and isinstance(value, list):
                arguments[argument] = [inner.read(item, (value, index)) for index, item in enumerate(value)]
            elif argument in takes.code and isinstance(value, str):
                try:
                    arguments[argument] = settle_code(value, self.find_file)
                except (EvalkitError, ValueError) as error:
                    self.mistakes.add(f"check '{name}': {error}", *places[argument])
        return arguments if len(self.mistakes.problems) == before else None


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


def _hint_at_list(name: str, key: str, takes: Signature) -> str:
    """What to say of a check that stands where a list of them is wanted."""
    wants_list = takes.first is not None and item_type(takes.hints[takes.first]) is Check
    return f"; '{name}' takes a list: write '- {key}: …' below it" if wants_list and key in CHECKS else ""


def _first_missing(takes: Signature, given: Container[str]) -> str:
    return next(key for key in takes.hints if key in takes.required and key not in given)
