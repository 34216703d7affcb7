"""`{{ … }}` in prompts, vars, check arguments and `transform`: sandboxed jinja2; an undefined name is an error."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, Undefined, UndefinedError, meta
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from evalkit.errors import EvalkitError, did_you_mean
from evalkit.suite.numbers import as_text

MAX_OUTPUT = 16 * 1024 * 1024
"""Characters that one template may produce."""
MAX_BITS = 4096
"""Of an integer that a template computes."""

MAX_CHAIN = 64
"""Of vars that refer to each other."""
RESERVED = {"case": "the case itself", "expected": "the case's `expected`", "output": "the answer"}
"""Names that have a meaning of their own in templates, so that no var may be called so."""

_SOLE_EXPRESSION = re.compile(r"\{\{[-+]?(?P<expression>(?:(?!\{\{|\}\}).)*?)-?\}\}", re.DOTALL)


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
    return _json(value) if isinstance(value, (dict, list, tuple)) else _word(value)


def _word(value: Any) -> str:
    """The text of a scalar. What has none would be written as an address in memory: it is refused."""
    text = as_text(value)
    if text is None:
        hint = "call it, or write ['name'] for a key of that name" if callable(value) else "make it a list: | list"
        raise TemplateInvalid(f"template: {type(value).__name__} is no text; {hint}")
    return text


def _json(value: Any) -> str:
    """JSON in which numbers are spelt as in the suite."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(str(key))}: {_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_json(item) for item in value) + "]"
    if value is None:
        return "null"
    return _quoted(str(value)) if isinstance(value, (str, Undefined)) else _word(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def write(value: Any) -> str:
    """A value as a template would write it."""
    return str(_finalize(value))


def _environment() -> _Sandbox:
    environment = _Sandbox(undefined=StrictUndefined, finalize=_finalize, keep_trailing_newline=True)
    del environment.globals["lipsum"], environment.filters["random"]  # no chance in a prompt that is compared
    environment.filters["json"] = _parsed
    return environment


def _parsed(text: Any) -> Any:
    """What a text says in JSON, by itself or in one code fence: `{{ (output | json).total }}`."""
    text = str(text).strip()
    opening, _, inside = text.partition("\n")
    if opening.startswith("```") and inside.endswith("```"):
        text = inside.removesuffix("```")
    try:
        return json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise TemplateInvalid(f"the filter json: this is not JSON: {error or type(error).__name__}") from error


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


_ENVIRONMENT = _environment()


def is_template(text: str) -> bool:
    """True where `text` has anything for jinja2 to do."""
    return "{{" in text or "{%" in text or "{#" in text


@lru_cache(maxsize=4096)
def names_in(text: str) -> frozenset[str]:
    """The variables that a template speaks of. Raises TemplateInvalid for a syntax error."""
    return frozenset(_guarded(lambda: meta.find_undeclared_variables(_ENVIRONMENT.parse(text)), {}))


def unknown_names(text: str, known: Container[str]) -> list[str]:
    """The variables of a template that are none of `known`. Raises TemplateInvalid for a syntax error."""
    return sorted(name for name in names_in(text) if name not in known)


def demand_names(texts: Iterable[str], variables: Collection[str]) -> None:
    """Raises TemplateInvalid for a variable that is none of these, and not the answer."""
    for name in (name for text in texts for name in unknown_names(text, variables) if name != "output"):
        raise TemplateInvalid(f"no variable '{name}'{did_you_mean(name, [*variables, 'output'])}")


def render(text: str, variables: Mapping[str, Any]) -> str:
    """The text of a template. Raises TemplateInvalid."""
    if not is_template(text):
        return text
    name = _plain_name(text, variables)
    if name is not None:
        return write(variables[name])
    rendered: str = _guarded(lambda: _sendable(_capped(_compile(text).generate(variables))), variables)
    return rendered


def evaluate(text: str, variables: Mapping[str, Any]) -> Any:
    """Like `render`, but what is one expression and nothing else keeps its value's type: a list stays a list."""
    name = _plain_name(text, variables)
    if name is not None:
        return variables[name]
    sole = _SOLE_EXPRESSION.fullmatch(text)
    if sole is None:
        return render(text, variables)
    return _guarded(lambda: _plain(_compile_expression(sole["expression"])(variables)), variables)


def _plain_name(text: str, variables: Mapping[str, Any]) -> str | None:
    """The one variable that is all of `text`: the most common template by far, and it needs no jinja2."""
    name = text[2:-2].strip() if text.startswith("{{") and text.endswith("}}") else ""
    return name if name in variables and name not in _CONSTANTS else None


_CONSTANTS = frozenset({"true", "false", "none", "True", "False", "None", "self"})


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
    if not any(templates_in(value) for value in variables.values()):
        return dict(variables)
    resolved: dict[str, Any] = {}

    def settle(name: str, chain: tuple[str, ...]) -> None:
        if name in resolved or name not in variables:
            return
        if name in chain:
            raise TemplateInvalid(f"vars refer to each other in a circle: {' → '.join((*chain, name))}")
        if len(chain) >= MAX_CHAIN:
            raise TemplateInvalid(f"vars refer to each other over more than {MAX_CHAIN} steps")
        value = variables[name]
        for other in sorted({other for text in templates_in(value) for other in names_in(text)}):
            settle(other, (*chain, name))
        resolved[name] = render_all(value, resolved)

    for name in variables:
        settle(name, ())
    return resolved


@lru_cache(maxsize=4096)
def _compile(text: str) -> Any:
    return _ENVIRONMENT.from_string(text)


@lru_cache(maxsize=4096)
def _compile_expression(text: str) -> Any:
    return _ENVIRONMENT.compile_expression(text, undefined_to_none=False)


def _plain(value: Any) -> Any:
    """A value that is one of YAML's kinds, or made into one; anything else is refused."""
    if isinstance(value, str):
        return _sendable(str(value))
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return _finalize(value) if not isinstance(value, Undefined) else str(value)  # a StrictUndefined explains itself


def _sendable(text: str) -> str:
    """`text`, which a template may have given half a surrogate pair."""
    if not text.isascii():
        text.encode("utf-8")
    return text


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
    except TemplateInvalid:
        raise
    except UndefinedError as error:
        raise TemplateInvalid(_explain_undefined(error, variables)) from error
    except UnicodeEncodeError as error:
        raise TemplateInvalid("template: its text has half of a surrogate pair, which cannot be sent") from error
    except TemplateError as error:
        raise TemplateInvalid(f"template: {error.message}") from error
    except Exception as error:  # a filter, and the compiler, raise whatever they please
        raise TemplateInvalid(f"template: {error}") from error


def _explain_undefined(error: UndefinedError, variables: Mapping[str, Any]) -> str:
    name = re.match(r"'(\w+)' is undefined", error.message or "")
    if name is None:
        return f"template: {error.message}"
    hint = did_you_mean(name[1], variables) or (f"; known: {', '.join(sorted(variables))}" if variables else "")
    return f"no variable '{name[1]}'{hint}"
