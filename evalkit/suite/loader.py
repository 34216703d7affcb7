"""A suite file to a Suite: all its mistakes at once, or none."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from evalkit.errors import Problem, SuiteInvalid
from evalkit.suite.cases import CaseReader, CaseStream, examine_transform, read_checks, read_inline
from evalkit.suite.code import FindFile
from evalkit.suite.datasets import find_datasets
from evalkit.suite.gate_reading import read_gates
from evalkit.suite.media import MediaStore
from evalkit.suite.models import built_in_gateway, interpolate_settings, read_judges, read_models, read_providers
from evalkit.suite.numbers import as_text
from evalkit.suite.overrides import override
from evalkit.suite.params import read_params
from evalkit.suite.parts import Suite
from evalkit.suite.places import PathInvalid, below_root, default_root, existing_folder
from evalkit.suite.presets import UNSPEAKABLE
from evalkit.suite.prompts import DEFAULT_NAME, PromptReader
from evalkit.suite.schema import DefaultsFile, SuiteFile
from evalkit.suite.source import read_document
from evalkit.suite.templates import RESERVED, write
from evalkit.suite.traffic_reading import read_traffic
from evalkit.suite.validation import Mistakes, validate
from evalkit.types import Model


def load_suite(
    path: Path,
    *,
    text: str | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Iterable[str] = (),
) -> Suite:
    """Reads a suite. `overrides` are `key=value` with dotted keys. Raises SuiteInvalid with everything that is wrong.

    `text` is read in place of the file, which may then be gone; what it names is looked for from where that stood.
    Datasets are opened only when the cases are asked for; `plan.Plan.prepare` reads every row once.
    """
    environ = os.environ if environ is None else environ
    document = read_document(path, str(path), text)
    mistakes = Mistakes(document)
    mistakes.problems += document.problems
    if not isinstance(document.value, dict):
        found = "is empty" if document.value is None else "is no mapping"
        mistakes.add(f"{found}: a suite has `models`, `prompts` and `cases`", document.value)
        raise SuiteInvalid(mistakes.problems)
    for text in overrides:
        override(document.value, text)
    interpolate_settings(document.value, environ, mistakes)
    suite = _Loader(path, document.text, document.value, mistakes).load(environ)
    if suite is None or mistakes.problems:
        raise SuiteInvalid(_in_order(mistakes.problems, str(path)))
    return suite


def _in_order(problems: Iterable[Problem], file: str) -> list[Problem]:
    """Problems by their place, those of the suite's own file first."""
    return sorted(problems, key=lambda p: (p.file != file, p.file, p.line or 0, p.column or 0))


def digest(source: str) -> str:
    """What identifies a suite file's text."""
    return hashlib.sha256(source.encode()).hexdigest()


class _Loader:
    """The steps of reading one suite, over the plain data of its file."""

    def __init__(self, path: Path, text: str, data: dict[str, Any], mistakes: Mistakes) -> None:
        self._path = path
        self._base = path.resolve().parent
        self._text = text
        self._data: dict[str, Any] = data
        self._mistakes = mistakes

    def load(self, environ: Mapping[str, str]) -> Suite | None:
        """The suite. Each part is read whatever is wrong with the others; None where the head itself is wrong."""
        head = validate(SuiteFile, self._data, self._mistakes)
        root = self._root()
        media = MediaStore(base=self._base, root=root)
        find_file = partial(below_root, base=self._base, root=root)
        providers = read_providers(self._data, environ, self._mistakes, find_file=find_file)
        models = read_models(self._data, providers, self._mistakes)
        judges = read_judges(self._data, providers, models, self._mistakes)
        model_params = {**self._model_params("judges"), **self._model_params("models")}
        self._refuse_unspeakable(models, "models", model_params)
        self._refuse_unspeakable(judges, "judges", model_params)
        names = _model_names(self._data)
        prompts = PromptReader(base=self._base, root=root, models=names, mistakes=self._mistakes).read(self._data)
        gates = read_gates(self._data, names, self._mistakes)
        traffic = read_traffic(self._data, names, self._mistakes, find_file)
        reader, defaults = self._case_reader(media, find_file)
        inline = read_inline(self._data, reader, self._mistakes)
        datasets = find_datasets(self._data, base=self._base, root=root, mistakes=self._mistakes)
        if head is None:
            return None
        self._examine_matrix(head.matrix)
        return Suite(
            name=head.name or self._path.stem,
            description=head.description,
            file=self._path,
            source=self._text,
            root=root,
            models=models,
            model_params=model_params,
            default_params=read_params(self._section("defaults"), self._mistakes),
            stream=defaults.stream,
            prompts=prompts,
            matrix={name: tuple(values) for name, values in head.matrix.items()},
            cases=CaseStream(inline=inline, datasets=datasets, reader=reader),
            media=media,
            max_concurrency=head.max_concurrency,
            gates=gates,
            budget_usd=head.budget.max_cost_usd if head.budget is not None else None,
            traffic=traffic,
            judges=judges,
            gateway=providers["gptproto"] or built_in_gateway(environ),
            places=self._mistakes.places,
            origin=self._data,
        )

    def _section(self, key: str) -> dict[str, Any]:
        value = self._data.get(key)
        return value if isinstance(value, dict) else {}

    def _root(self) -> Path:
        text = self._data.get("root")
        if isinstance(text, str):
            try:
                return existing_folder(text, base=self._base)
            except PathInvalid as error:
                self._mistakes.add(f"root {error}", self._data, "root")
        return default_root(self._base)

    def _case_reader(self, media: MediaStore, find_file: FindFile) -> tuple[CaseReader, DefaultsFile]:
        """Works from the raw names, so that the cases of a suite are judged even if its head is wrong."""
        data = self._section("defaults")
        given = self._data.get("defaults")
        defaults = DefaultsFile()
        if given is not None:
            read = validate(DefaultsFile, given, self._mistakes, container=self._data, key="defaults")
            defaults = read or defaults
        checks = read_checks(_list(data.get("checks")), data, "checks", self._mistakes, find_file)
        examine_transform(defaults.transform, self._mistakes, data)
        reader = CaseReader(
            models=frozenset(_model_names(self._data)),
            prompts=frozenset(_prompt_names(self._data)),
            defaults=defaults,
            default_checks=checks,
            media=media,
            find_file=find_file,
        )
        return reader, defaults

    def _model_params(self, key: str) -> dict[str, dict[str, Any]]:
        sections = [model if isinstance(model, dict) else {} for model in _list(self._data.get(key))]
        read = [read_params(section, self._mistakes) for section in sections]
        return dict(zip(_model_names(self._data, key), read, strict=True))

    def _refuse_unspeakable(self, models: Iterable[Model], key: str, params: Mapping[str, Mapping[str, Any]]) -> None:
        """A parameter that was set on a model itself and that its API cannot spell at all is a mistake."""
        sections = dict(zip(_model_names(self._data, key), _list(self._data.get(key)), strict=True))
        for model in models:
            for name, value in params[model.name].items():
                if value is not None and name in UNSPEAKABLE.get(model.api, ()):
                    message = f"the {model.api} API has no '{name}'; what a gateway takes besides goes under extra_body"
                    self._mistakes.add(message, sections[model.name]["params"], name, of_key=True)

    def _examine_matrix(self, matrix: Mapping[str, list[Any]]) -> None:
        """A dimension needs a name of its own, and values that can be told apart in a case's id."""
        for name, values in matrix.items():
            data = self._data["matrix"]
            if name in RESERVED:
                self._mistakes.add(f"'{name}' is {RESERVED[name]} in templates: choose another name", data, name)
            written = [write(value) for value in values]
            doubled = next((index for index, word in enumerate(written) if word in written[:index]), None)
            if doubled is not None:
                self._mistakes.add(f"'{written[doubled]}' stands in this dimension already", data[name], doubled)


def _model_names(data: dict[str, Any], key: str = "models") -> list[str]:
    """What the models of a suite are called in it, even where the rest of them is wrong."""
    models = _list(data.get(key))
    keys = ("name", "id", "provider")
    return [_name(model, *keys) if isinstance(model, dict) else as_text(model) or "" for model in models]


def _prompt_names(data: dict[str, Any]) -> list[str]:
    prompts = _list(data.get("prompts"))
    names = [_name(prompt, "name") if isinstance(prompt, dict) else "" for prompt in prompts]
    return [DEFAULT_NAME] if names == [""] else names


def _name(section: dict[str, Any], *keys: str) -> str:
    return next((text for key in keys if (text := as_text(section.get(key)))), "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
