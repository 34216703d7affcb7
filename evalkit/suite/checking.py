"""The checks of a suite between its YAML and an answer: arguments without templates are settled once, at load; those
with templates per trial; those that speak of `output` per answer.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema, create_model

from evalkit.errors import EvalkitError
from evalkit.findings import reaching
from evalkit.registry import CHECKS
from evalkit.suite.beside import NOTHING, Beside
from evalkit.suite.schema import Text, definition
from evalkit.suite.templates import demand_names, evaluate, names_in, render_all, templates_in
from evalkit.suite.validation import phrase
from evalkit.types import BindCheck, BoundCheck, Check

InnerCheck = Annotated[Any, WithJsonSchema(definition("InnerCheck"))]


class ArgumentInvalid(EvalkitError):
    """An argument that a check cannot take. `argument` is its name, where it is one of them alone."""

    def __init__(self, message: str, argument: str | None = None) -> None:
        super().__init__(message)
        self.argument = argument


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The arguments of a check: the fields of its dataclass, in order."""

    hints: Mapping[str, Any]
    """Name → type."""
    required: frozenset[str]
    first: str | None
    """The argument that may stand alone."""
    mapping_first: bool
    """Whether that one may itself be a mapping."""
    code: frozenset[str] = frozenset()
    """Those that are code, or name it: the metadata of their fields says so."""


@lru_cache(maxsize=256)
def signature(name: str) -> Signature:
    """What a check takes. Raises UnknownName."""
    definition = CHECKS[name]
    hints = get_type_hints(definition)
    fields = dataclasses.fields(definition)  # type: ignore[arg-type]
    first = fields[0].name if fields else None
    return Signature(
        hints={item.name: hints[item.name] for item in fields},
        required=frozenset(
            item.name
            for item in fields
            if item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
        ),
        first=first,
        mapping_first=first is not None and _takes_mapping(hints[first]),
        code=frozenset(item.name for item in fields if item.metadata.get("code")),
    )


def _takes_mapping(hint: Any) -> bool:
    options = get_args(hint) or (hint,)
    return hint in (Any, Check) or get_origin(hint) is dict or any(get_origin(option) is dict for option in options)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSpec:
    """A check of a suite, before it is bound to a trial."""

    name: str
    arguments: Mapping[str, Any]
    """By field name; values may hold templates, and other CheckSpecs where a field takes a check."""
    beside: Beside = NOTHING
    place: Any = field(default=None, compare=False)
    """The mapping it was read from, to find its place again."""
    templates: tuple[str, ...] = ()
    """Every template in its arguments, those of nested checks included."""
    made: Check | None = field(default=None, compare=False)
    """The check itself, where it is the same in every trial: no argument is a template, or holds code."""

    @property
    def weight(self) -> float:
        """Its share in the score, if it has one."""
        return 1.0 if self.beside.weight is None else self.beside.weight

    def bind(self, variables: Mapping[str, Any]) -> BoundCheck:
        """The check for one trial. Raises TemplateInvalid or ArgumentInvalid."""
        when = self.beside.when
        return BoundCheck(
            name=self.name,
            bind=self._binder(variables),
            weight=self.weight,
            metric=self.beside.metric,
            threshold=self.beside.threshold,
            when=when.condition(variables) if when is not None else None,
            in_score=self.beside.weight is not None or not self.operational,
        )

    def _binder(self, variables: Mapping[str, Any]) -> BindCheck:
        if self.speaks_of("output"):
            return lambda output: self.make({**variables, "output": output})
        check = self.make(variables)
        return lambda output: check  # noqa: ARG005 the same whatever was answered

    def make(self, variables: Mapping[str, Any]) -> Check:
        """The check with its arguments rendered. Raises TemplateInvalid or ArgumentInvalid.

        One that has a method `with_variables`, as code has, is handed the variables themselves.
        """
        check = self.made if self.made is not None else make_check(self.name, _settled(self.arguments, variables))
        takes = getattr(check, "with_variables", None)
        return check if takes is None else takes(variables)

    def examine(self, variables: Mapping[str, Any]) -> None:
        """Makes what can be made before there is an answer. Raises TemplateInvalid or ArgumentInvalid."""
        for text in self.beside.when.templates if self.beside.when is not None else ():
            demand_names([text], variables)
            if "output" not in names_in(text):
                evaluate(text, variables)
        if self.speaks_of("output"):
            demand_names(self.templates, variables)
        else:
            self.make(variables)

    def speaks_of(self, name: str) -> bool:
        """Whether a template in its arguments uses the variable `name`."""
        return any(name in names_in(text) for text in self.templates)

    @property
    def nested(self) -> Iterator[CheckSpec]:
        """The checks that its arguments are, or hold."""
        for value in self.arguments.values():
            yield from (each for each in _several(value) if isinstance(each, CheckSpec))

    @property
    def code(self) -> Iterator[tuple[CheckSpec, str]]:
        """Every piece of code that it runs, itself or in a check it holds, with the check that runs it."""
        for name in signature(self.name).code & self.arguments.keys():
            yield self, str(self.arguments[name])
        for spec in self.nested:
            yield from spec.code

    @property
    def operational(self) -> bool:
        """True where it looks at latency, cost and the like, not at what was answered."""
        itself = getattr(CHECKS[self.name], "operational", False)
        if isinstance(itself, bool):
            return itself
        nested = list(self.nested)  # one that is as those it holds
        return bool(nested) and all(spec.operational for spec in nested)


def specify(name: str, arguments: Mapping[str, Any], *, beside: Beside = NOTHING, place: Any = None) -> CheckSpec:
    """A check of a suite; made at once where no argument is a template. Raises TemplateInvalid or ArgumentInvalid."""
    templates = tuple(text for value in arguments.values() for text in _templates(value))
    for text in templates:
        names_in(text)  # compiles it
    made = None if templates else make_check(name, _settled(arguments, {}))
    spec = CheckSpec(name=name, arguments=arguments, beside=beside, place=place, templates=templates)
    if templates:
        return spec
    made = make_check(name, _settled(arguments, {}))
    holds_code = any(True for inner in spec.nested for _ in inner.code)  # which is handed each trial's variables
    return spec if holds_code else dataclasses.replace(spec, made=made)


def make_check(name: str, arguments: Mapping[str, Any]) -> Check:
    """A check from its arguments. Raises ArgumentInvalid where one has the wrong type or value."""
    try:
        valid = arguments_model(name).model_validate(arguments)
    except ValidationError as error:
        finding = _most_telling(error.errors(include_url=False))
        place = ".".join(_steps(finding))
        raise ArgumentInvalid(f"{place}: {phrase(finding)}", str(finding["loc"][0])) from error
    try:
        return CHECKS[name](**{key.removesuffix("_"): value for key, value in valid})
    except ValueError as error:
        first = str(error).partition(" ")[0]  # most complaints begin with the name of what they are about
        raise ArgumentInvalid(str(error), first if first in signature(name).hints else None) from error


def _most_telling(findings: Sequence[Any]) -> Any:
    """The first, or of the same value, where it may be of several kinds, the one that came furthest into it."""
    first = findings[0]
    about_it = [finding for finding in findings if finding["loc"][:1] == first["loc"][:1]]
    return max(about_it, key=lambda finding: len(_steps(finding)))


def _steps(finding: Any) -> list[str]:
    """Where a finding is, without pydantic's names for the kinds that a value may be of."""
    return [str(step) for step in finding["loc"] if isinstance(step, int) or not _KIND.fullmatch(step)]


_KIND = re.compile(r".*\[.*|[A-Z]\w*|str|int|float|bool")


@lru_cache(maxsize=256)
def arguments_model(name: str) -> type[BaseModel]:
    """A pydantic model of a check's arguments, made from its dataclass's fields."""
    hints = signature(name).hints
    fields: dict[str, Any] = {}
    for item in dataclasses.fields(CHECKS[name]):  # type: ignore[arg-type]
        description = item.metadata.get("description")
        if item.default_factory is not dataclasses.MISSING:
            default = Field(default_factory=item.default_factory, description=description, alias=item.name)
        elif item.default is not dataclasses.MISSING:
            default = Field(default=item.default, description=description, alias=item.name)
        else:
            default = Field(description=description, alias=item.name)
        fields[f"{item.name}_"] = (_argument_type(hints[item.name]), default)  # pydantic keeps `schema` for itself
    return create_model(name, __config__=_ARGUMENTS, **fields)


_ARGUMENTS = ConfigDict(extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False, protected_namespaces=())


def _argument_type(hint: Any) -> Any:
    """A field's type as its argument may be written: text takes bare numbers, a check is a CheckSpec already made."""
    if hint is str:
        return Text
    if takes_check(hint):
        return InnerCheck
    if get_origin(hint) is list:
        return list[_argument_type(item_type(hint))]  # type: ignore[misc]
    if _is_union(hint):
        return Union[tuple(map(_argument_type, get_args(hint)))]  # noqa: UP007 made of parts known only now
    return hint


def takes_check(hint: Any) -> bool:
    """Whether an argument of this type is another check, or may be left out and is one otherwise."""
    return hint is Check or (_is_union(hint) and Check in get_args(hint))


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, UnionType)


def item_type(hint: Any) -> Any:
    """`str` of `list[str]`; None of what is no list."""
    return get_args(hint)[0] if get_origin(hint) is list and get_args(hint) else None


def _settled(arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _settle(value, variables) for name, value in arguments.items()}


def _settle(value: Any, variables: Mapping[str, Any]) -> Any:
    if isinstance(value, CheckSpec):
        check, threshold = value.make(variables), value.beside.threshold
        return check if threshold is None else reaching(check, threshold)
    if isinstance(value, list):
        return [_settle(item, variables) for item in value]
    return render_all(value, variables)


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else (value,)


def _templates(value: Any) -> Sequence[str]:
    if isinstance(value, CheckSpec):
        return value.templates
    if isinstance(value, list):
        return [text for item in value for text in _templates(item)]
    return templates_in(value)
