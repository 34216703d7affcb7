"""`{{ … }}` in prompts, vars, check arguments and `transform`: sandboxed jinja2; an undefined name is an error."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, UndefinedError, meta
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from evalkit.errors import EvalkitError, did_you_mean
from evalkit.suite.numbers import as_text

MAX_OUTPUT = 16 * 1024 * 1024
"""Characters that one template may produce."""
MAX_BITS = 4096
"""Of an integer that a template computes."""

_SOLE_EXPRESSION = re.compile(r"\s*\{\{(?P<expression>(?:(?!\{\{|\}\}).)*)\}\}\s*", re.DOTALL)


class TemplateInvalid(EvalkitError):
    """A template that does not compile, or does not render with the variables at hand."""


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, with products kept small: `{{ 'x' * 10**9 }}` must not take the machine with it."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" and _bits_of_power(left, right) > MAX_BITS:
            raise SecurityError("a power this large is not allowed in a template")
        if operator == "*" and _length_of_repetition(left, right) > MAX_OUTPUT:
            raise SecurityError("a repetition this long is not allowed in a template")
        return super().call_binop(context, operator, left, right)


def _bits_of_power(base: Any, exponent: Any) -> int:
    return base.bit_length() * exponent if isinstance(base, int) and isinstance(exponent, int) else 0


def _length_of_repetition(left: Any, right: Any) -> int:
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, (str, bytes, list, tuple)) and isinstance(times, int):
            return len(sequence) * times
    return 0


def _finalize(value: Any) -> Any:
    """How a value is written into text: numbers as they were spelt, booleans, lists and mappings as JSON."""
    if isinstance(value, Undefined):
        return value
    if value is None:
        return ""
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=str)
    text = as_text(value)
    return value if text is None else text


def write(value: Any) -> str:
    """A value as a template would write it."""
    return str(_finalize(value))


def _environment() -> _Sandbox:
    environment = _Sandbox(undefined=StrictUndefined, finalize=_finalize, keep_trailing_newline=True)
    environment.globals.pop("lipsum", None)  # random text has no place in a prompt that is compared
    return environment


_ENVIRONMENT = _environment()


def is_template(text: str) -> bool:
    """True where `text` has anything for jinja2 to do."""
    return "{{" in text or "{%" in text or "{#" in text


@lru_cache(maxsize=4096)
def names_in(text: str) -> frozenset[str]:
    """The variables that a template speaks of. Raises TemplateInvalid for a syntax error."""
    try:
        return frozenset(meta.find_undeclared_variables(_ENVIRONMENT.parse(text))) - frozenset(_ENVIRONMENT.globals)
    except TemplateSyntaxError as error:
        raise TemplateInvalid(f"template: {error.message}") from error


def render(text: str, variables: Mapping[str, Any]) -> str:
    """The text of a template. Raises TemplateInvalid."""
    if not is_template(text):
        return text
    rendered: str = _guarded(lambda: _capped(_compile(text).generate(variables)), variables)
    return rendered


def evaluate(text: str, variables: Mapping[str, Any]) -> Any:
    """Like `render`, but what is one expression and nothing else keeps its value's type: a list stays a list."""
    sole = _SOLE_EXPRESSION.fullmatch(text)
    if sole is None:
        return render(text, variables)
    return _guarded(lambda: _defined(_compile_expression(sole["expression"])(**variables)), variables)


def render_all(value: Any, variables: Mapping[str, Any]) -> Any:
    """`evaluate` on every string inside lists and mappings."""
    if isinstance(value, str):
        return evaluate(value, variables) if is_template(value) else value
    if isinstance(value, dict):
        return {key: render_all(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [render_all(item, variables) for item in value]
    return value


def templates_in(value: Any) -> list[str]:
    """Every string inside lists and mappings that is a template."""
    if isinstance(value, str):
        return [value] if is_template(value) else []
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for child in children for text in templates_in(child)]


def resolve(variables: Mapping[str, Any]) -> dict[str, Any]:
    """`variables`, those that speak of others rendered, in whatever order. Raises TemplateInvalid on a circle."""
    if not any(isinstance(value, str) and is_template(value) for value in variables.values()):
        return dict(variables)
    resolved: dict[str, Any] = {}

    def settle(name: str, chain: tuple[str, ...]) -> None:
        if name in resolved or name not in variables:
            return
        if name in chain:
            raise TemplateInvalid(f"vars refer to each other in a circle: {' → '.join((*chain, name))}")
        value = variables[name]
        if isinstance(value, str) and is_template(value):
            for other in sorted(names_in(value)):
                settle(other, (*chain, name))
            value = evaluate(value, resolved)
        resolved[name] = value

    for name in variables:
        settle(name, ())
    return resolved


@lru_cache(maxsize=4096)
def _compile(text: str) -> Any:
    return _ENVIRONMENT.from_string(text)


@lru_cache(maxsize=4096)
def _compile_expression(text: str) -> Any:
    return _ENVIRONMENT.compile_expression(text, undefined_to_none=False)


def _defined(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)  # a StrictUndefined explains itself when used
    return value


def _capped(parts: Any) -> str:
    kept: list[str] = []
    length = 0
    for part in parts:
        length += len(part)
        if length > MAX_OUTPUT:
            raise TemplateInvalid(f"a template's text grows over {MAX_OUTPUT:,} characters")
        kept.append(part)
    return "".join(kept)


def _guarded(action: Callable[[], Any], variables: Mapping[str, Any]) -> Any:
    try:
        return action()
    except UndefinedError as error:
        raise TemplateInvalid(_explain_undefined(error, variables)) from error
    except TemplateSyntaxError as error:
        raise TemplateInvalid(f"template: {error.message}") from error
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError, RecursionError) as error:
        raise TemplateInvalid(f"template: {error}") from error


def _explain_undefined(error: UndefinedError, variables: Mapping[str, Any]) -> str:
    name = re.match(r"'(\w+)' is undefined", error.message or "")
    if name is None:
        return f"template: {error.message}"
    hint = did_you_mean(name[1], variables) or (f"; known: {', '.join(sorted(variables))}" if variables else "")
    return f"no variable '{name[1]}'{hint}"
