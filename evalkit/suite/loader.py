"""A suite file to a Suite: all its mistakes at once, or none."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from evalkit.errors import SuiteInvalid
from evalkit.suite.cases import CaseReader, CaseStream, compile_template, read_checks, read_inline
from evalkit.suite.datasets import find_datasets
from evalkit.suite.limits import parse_limit
from evalkit.suite.media import MediaStore
from evalkit.suite.models import interpolate_settings, read_models, read_providers
from evalkit.suite.overrides import override
from evalkit.suite.params import read_params
from evalkit.suite.parts import Suite
from evalkit.suite.places import default_root
from evalkit.suite.prompts import DEFAULT_NAME, PromptReader
from evalkit.suite.schema import DefaultsFile, GateSet, SuiteFile
from evalkit.suite.source import read_document
from evalkit.suite.validation import Mistakes, validate
from evalkit.types import Gate


def load_suite(path: Path, *, environ: Mapping[str, str] | None = None, overrides: Iterable[str] = ()) -> Suite:
    """Reads a suite. `overrides` are `key=value` with dotted keys. Raises SuiteInvalid with everything that is wrong.

    Datasets are opened only when the cases are asked for; `plan.Plan.prepare` reads every row once.
    """
    document = read_document(path, str(path))
    mistakes = Mistakes(document)
    mistakes.problems += document.problems
    if not isinstance(document.value, dict):
        found = "is empty" if document.value is None else "is no mapping"
        mistakes.add(f"{found}: a suite has `models`, `prompts` and `cases`", document.value)
        raise SuiteInvalid(mistakes.problems)
    for text in overrides:
        override(document.value, text)
    interpolate_settings(document.value, os.environ if environ is None else environ, mistakes)
    suite = _Loader(path, document.text, document.value, mistakes).load(os.environ if environ is None else environ)
    if suite is None or mistakes.problems:
        raise SuiteInvalid(sorted(mistakes.problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
    return suite


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
        given = validate(SuiteFile, self._data, self._mistakes)
        root = self._root()
        media = MediaStore(base=self._base, root=root)
        reader = self._case_reader(media)
        inline = read_inline(self._data.get("cases"), reader, self._mistakes)
        if given is None:
            return None
        models = read_models(given, self._data, read_providers(given, environ), self._mistakes)
        prompts = PromptReader(base=self._base, root=root, mistakes=self._mistakes)
        datasets = find_datasets(given, self._data, base=self._base, root=root, mistakes=self._mistakes)
        return Suite(
            name=given.name or self._path.stem,
            description=given.description,
            file=self._path,
            source=self._text,
            root=root,
            models=models,
            model_params=self._model_params(),
            default_params=read_params(self._section("defaults"), self._mistakes),
            stream=given.defaults.stream,
            prompts=prompts.read(given.prompts, self._data["prompts"], _model_names(self._data)),
            matrix={name: tuple(values) for name, values in given.matrix.items()},
            cases=CaseStream(inline=inline, datasets=datasets, reader=reader),
            media=media,
            max_concurrency=given.max_concurrency,
            gates=self._gates(given),
        )

    def _section(self, key: str) -> dict[str, Any]:
        value = self._data.get(key)
        return value if isinstance(value, dict) else {}

    def _root(self) -> Path:
        text = self._data.get("root")
        if not isinstance(text, str):
            return default_root(self._base)
        root = (self._base / text).resolve()
        if not root.is_dir():
            self._mistakes.add(f"root '{text}' is no folder", self._data, "root")
        return root

    def _case_reader(self, media: MediaStore) -> CaseReader:
        """Works from the raw names, so that the cases of a suite are judged even if its head is wrong."""
        data = self._section("defaults")
        defaults = validate(DefaultsFile, data, Mistakes(self._mistakes.places)) or DefaultsFile()
        checks = read_checks(data.get("checks") or [], data, "checks", self._mistakes)
        if defaults.transform is not None:
            compile_template(defaults.transform, self._mistakes, data, "transform")
        if defaults.stream:
            self._mistakes.add("'stream: true' is not supported yet", data, "stream")
        return CaseReader(
            models=frozenset(_model_names(self._data)),
            prompts=frozenset(_prompt_names(self._data)),
            defaults=defaults,
            default_checks=checks,
            media=media,
        )

    def _model_params(self) -> dict[str, dict[str, Any]]:
        models = self._data["models"]
        sections = [model if isinstance(model, dict) else {} for model in models]
        read = [read_params(section, self._mistakes) for section in sections]
        return dict(zip(_model_names(self._data), read, strict=True))

    def _gates(self, given: SuiteFile) -> tuple[Gate, ...]:
        data = self._section("gates")
        gates = self._gate_set(given.gates, data, None)
        for model, limits in given.gates.models.items():
            if model not in _model_names(self._data):
                message = f"gates of '{model}', which is no model of this suite"
                self._mistakes.add(message, data["models"], model, of_key=True)
            gates += self._gate_set(limits, data["models"][model], model)
        return tuple(gates)

    def _gate_set(self, limits: GateSet, data: dict[str, Any], model: str | None) -> list[Gate]:
        gates = []
        for metric in GateSet.model_fields:
            limit = getattr(limits, metric)
            if limit is None:
                continue
            try:
                gates.append(parse_limit(metric, limit, model=model))
            except ValueError as error:
                self._mistakes.add(str(error), data, metric)
        return gates


def _model_names(data: dict[str, Any]) -> list[str]:
    """What the models of a suite are called in it, even where the rest of them is wrong."""
    models = data.get("models")
    return [_name(model, "name", "id") if isinstance(model, dict) else str(model) for model in _list(models)]


def _prompt_names(data: dict[str, Any]) -> list[str]:
    prompts = _list(data.get("prompts"))
    names = [_name(prompt, "name") if isinstance(prompt, dict) else "" for prompt in prompts]
    return [DEFAULT_NAME] if names == [""] else names


def _name(section: dict[str, Any], *keys: str) -> str:
    return next((str(section[key]) for key in keys if section.get(key) is not None), "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
