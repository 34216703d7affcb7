"""Targets that are no model, an application behind HTTP or a function: read from a suite, handed what a trial has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from evalkit.errors import did_you_mean
from evalkit.lookups import JmesPath, LookupInvalid
from evalkit.suite.instances import Instance
from evalkit.suite.numbers import unspelt
from evalkit.suite.places import PathInvalid
from evalkit.suite.schema import FunctionTargetFile, HttpTargetFile
from evalkit.suite.templates import RESERVED, TemplateInvalid, is_template, names_in, render, render_all
from evalkit.suite.validation import Mistakes, compile_template, describe, validate
from evalkit.types import FunctionTarget, HandOver, HttpTarget, Lookup, Message, Model, Provider

UNSETTLED = "${"
"""What begins a reference to the environment that could not be replaced, which was noted then."""
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_MADE_HERE = ("host", "content-length", "transfer-encoding", "connection", "accept-encoding")
_NOT_TO_SET = dict.fromkeys(_MADE_HERE, "evalkit sets it") | {"authorization": "a key goes by api_key_env and auth"}

FindFile = Callable[[str], Path]
"""The real path of a file that a suite names. Raises PathInvalid."""


# --- reading -----------------------------------------------------------------------------------------------------


def is_target(section: Any) -> bool:
    """Whether a provider of a suite is a target, even one that forgot its `type`."""
    return isinstance(section, dict) and not section.keys().isdisjoint({"type", "url", "function"})


def read_target(name: str, providers: dict[str, Any], mistakes: Mistakes, *, find_file: FindFile) -> Provider | None:
    """A provider that is a target; None for one that is wrong, which is noted."""
    section = providers[name]
    kind = section.get("type", "python" if "function" in section else "http")
    if kind == "http":
        http = validate(HttpTargetFile, section, mistakes, container=providers, key=name)
        return _http(name, http, section, mistakes) if http is not None else None
    if kind == "python":
        function = validate(FunctionTargetFile, section, mistakes, container=providers, key=name)
        return _function(name, function, section, mistakes, find_file) if function is not None else None
    hint = did_you_mean(str(kind), ("http", "python"))
    mistakes.add(f"expected 'http' or 'python', found {describe(kind)}{hint}", section, "type")
    return None


def _http(name: str, given: HttpTargetFile, section: dict[str, Any], mistakes: Mistakes) -> Provider | None:
    mistake = _mistake_in_url(given.url)
    if mistake is not None:
        mistakes.add(mistake, section, "url")
    _examine_headers(given.headers, section["headers"] if given.headers else {}, mistakes)
    _examine_templates(section, "body", mistakes)
    answer = _lookup(given.answer, section, "answer", mistakes)
    usage = _lookup(given.usage, section, "usage", mistakes) if given.usage is not None else None
    if answer is None:
        return None
    headers = {header.lower(): value for header, value in given.headers.items()}
    return Provider(
        name=name,
        base_url=given.url,
        api_key_env=given.api_key_env,
        auth=given.auth or ("bearer" if given.api_key_env else "none"),
        target=HttpTarget(body=given.body, answer=answer, usage=usage, headers=headers),
    )


def _mistake_in_url(url: str) -> str | None:
    if UNSETTLED in url:
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"url cannot be read: {error}"
    if not url.startswith(("http://", "https://")):
        return "url begins with http:// or https://"
    if parts.username is not None:
        return "url has a user or password in it; a key goes by api_key_env"
    if not host or not url.isprintable() or " " in url:
        return "url names no host" if not host else "url has a blank in it; write %20"
    return None


def _examine_headers(headers: Mapping[str, str], section: dict[str, Any], mistakes: Mistakes) -> None:
    seen: set[str] = set()
    for header, value in headers.items():
        if not _HEADER_NAME.fullmatch(header):
            mistakes.add(f"'{header}' is no name of a header", section, header, of_key=True)
        elif header.lower() in _NOT_TO_SET:
            mistakes.add(f"'{header}' cannot be set: {_NOT_TO_SET[header.lower()]}", section, header, of_key=True)
        elif header.lower() in seen:
            mistakes.add(f"'{header}' is set twice", section, header, of_key=True)
        elif is_template(value):
            _examine_templates(section, header, mistakes)
        elif not _is_sendable(value):
            mistakes.add(f"'{header}' {_UNSENDABLE}", section, header)
        seen.add(header.lower())


def _examine_templates(container: Any, key: str | int, mistakes: Mistakes) -> None:
    """Notes templates that do not compile, or that speak of what no target may know."""
    value = container[key]
    if isinstance(value, (dict, list)):
        for inner in value if isinstance(value, dict) else range(len(value)):
            _examine_templates(value, inner, mistakes)
    elif isinstance(value, str) and is_template(value):
        before = len(mistakes.problems)
        compile_template(value, mistakes, container, key)
        for name in ("expected", "output") if len(mistakes.problems) == before else ():
            if name in names_in(value):
                mistakes.add(f"`{name}` is {RESERVED[name]}, which no target is told", container, key)


def _lookup(expression: str, section: dict[str, Any], key: str, mistakes: Mistakes) -> Lookup | None:
    try:
        return JmesPath(expression)
    except LookupInvalid as error:
        mistakes.add(f"{key}: {error}", section, key)
        return None


def _function(
    name: str, given: FunctionTargetFile, section: dict[str, Any], mistakes: Mistakes, find_file: FindFile
) -> Provider | None:
    file, _, function = given.function.rpartition(":")
    if not file.endswith(".py") or not function.isidentifier():
        mistakes.add(f"write path.py:name, found {describe(given.function)}", section, "function")
        return None
    try:
        path = find_file(file)
    except PathInvalid as error:
        mistakes.add(str(error), section, "function")
        return None
    target = FunctionTarget(path=path, name=function)
    return Provider(name=name, base_url="", api_key_env=given.api_key_env, target=target)


# --- what a trial hands over -------------------------------------------------------------------------------------


class Handed(NamedTuple):
    """What a target is handed for one trial; nothing, where a model is asked."""

    payload: Any = None
    headers: Mapping[str, str] = {}


def handed(model: Model, messages: tuple[Message, ...], instance: Instance) -> Handed:
    """The body and headers, or the arguments of the function. Raises TemplateInvalid."""
    target = model.provider.target
    if target is None:
        return Handed()
    if any(message.images or message.files for message in messages):
        raise TemplateInvalid(f"'{model.name}' is a target and is given no pictures or files; `models:` leaves it out")
    said, variables = _said(model, messages), instance.own
    if isinstance(target, FunctionTarget):
        return Handed({**said, "vars": unspelt(variables), "case_id": instance.id})
    return _body_and_headers(model.provider.name, target, {**said, **variables, "case": {"id": instance.id}})


def hand_over_of(model: Model, instance: Instance) -> HandOver | None:
    """What hands a target each further turn of a conversation; None where a model is asked."""
    if model.provider.target is None:
        return None
    return lambda messages: handed(model, messages, instance)


def rehearse(model: Model, opening: tuple[Message, ...], later: tuple[Message, ...], instance: Instance) -> None:
    """Hands over a whole conversation, to see what is wrong with it. Raises TemplateInvalid."""
    said = opening
    handed(model, said, instance)
    for message in later:
        said = (*said, Message(role="assistant", content="…"), message)
        handed(model, said, instance)


def _said(model: Model, messages: tuple[Message, ...]) -> dict[str, Any]:
    """The prompt, as `prompt` and as `messages`."""
    prompt = next((message.content for message in reversed(messages) if message.role == "user"), None)
    if prompt is None:
        raise TemplateInvalid(f"'{model.name}' is a target and asked by the last user message: this prompt has none")
    turns = [{"role": message.role, "content": message.content} for message in messages]
    return {"prompt": prompt, "messages": turns}


def _body_and_headers(provider: str, target: HttpTarget, variables: Mapping[str, Any]) -> Handed:
    try:
        payload = unspelt(render_all(target.body, variables))
        headers = {name: render(value, variables) for name, value in target.headers.items()}
    except TemplateInvalid as error:
        raise TemplateInvalid(f"provider '{provider}': {error}") from error
    for name, value in headers.items():
        if not _is_sendable(value):
            raise TemplateInvalid(f"provider '{provider}': '{name}' {_UNSENDABLE}")
    return Handed(payload, headers)


_UNSENDABLE = "is no value for a header: it takes printable ASCII, without blanks at its ends"


def _is_sendable(value: str) -> bool:
    return value.isascii() and value.isprintable() and value == value.strip()
