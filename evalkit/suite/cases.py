"""Cases: from a mapping, inline or a dataset's row, to what it means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evalkit.errors import EvalkitError, SuiteInvalid
from evalkit.suite.check_reading import read_check
from evalkit.suite.checking import CheckSpec
from evalkit.suite.datasets import Dataset
from evalkit.suite.media import MediaInvalid, MediaStore
from evalkit.suite.params import read_params
from evalkit.suite.parts import Case
from evalkit.suite.schema import CaseFile, DefaultsFile
from evalkit.suite.templates import names_in
from evalkit.suite.validation import Mistakes, describe, validate
from evalkit.types import Image

MAX_PROBLEMS = 100
"""After so many problems a stream of cases is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReader:
    """Reads cases with the names and defaults of their suite."""

    models: frozenset[str]
    prompts: frozenset[str]
    defaults: DefaultsFile
    default_checks: tuple[CheckSpec, ...]
    media: MediaStore

    def read(self, value: Any, mistakes: Mistakes, default_id: str) -> Case | None:
        """A case; None, and its mistakes noted, where it is none."""
        before = len(mistakes.problems)
        given = validate(CaseFile, value, mistakes)
        if given is None:
            return None
        case = self._case(given, value, mistakes, default_id)
        return case if len(mistakes.problems) == before else None

    def _case(self, given: CaseFile, value: dict[str, Any], mistakes: Mistakes, default_id: str) -> Case:
        self._known(value, "models", self.models, mistakes)
        self._known(value, "prompts", self.prompts, mistakes)
        transform = given.transform if given.transform is not None else self.defaults.transform
        if given.transform is not None:
            compile_template(given.transform, mistakes, value, "transform")
        return Case(
            id=given.id or default_id,
            vars=given.vars,
            expected=given.expected,
            tags=tuple(given.tags),
            images=self._images(given, value, mistakes),
            models=frozenset(given.models) if given.models is not None else None,
            prompts=frozenset(given.prompts) if given.prompts is not None else None,
            checks=self._checks(given.checks, value, mistakes),
            params=read_params(value, mistakes),
            repeat=given.repeat or self.defaults.repeat or 1,
            transform=transform,
            accept=frozenset(given.accept),
            threshold=given.threshold,
            skip=given.skip,
            places=mistakes.places,
            origin=value,
        )

    def _known(self, value: dict[str, Any], key: str, known: frozenset[str], mistakes: Mistakes) -> None:
        names = value.get(key) or []
        for index, name in enumerate(names):
            if name not in known:
                mistakes.add(f"no {key[:-1]} of this suite is called '{name}'", names, index)

    def _checks(self, given: Any, value: dict[str, Any], mistakes: Mistakes) -> tuple[CheckSpec, ...]:
        if given == "none":
            return ()
        before = len(mistakes.problems)
        checks = self.default_checks + read_checks(given, value, "checks", mistakes)
        if len(mistakes.problems) == before and all(check.operational for check in checks):
            found = "only operational checks" if checks else "no checks"
            mistakes.add(f"{found}: nothing looks at this case's answer; add a check, or say `checks: none`", value)
        return checks

    def _images(self, given: CaseFile, value: dict[str, Any], mistakes: Mistakes) -> tuple[Image, ...]:
        images = []
        for index, image in enumerate(given.images):
            try:
                images.append(self.media.image(image.url, image.detail))
            except MediaInvalid as error:
                mistakes.add(str(error), value["images"], index)
        return tuple(images)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStream:
    """All cases of a suite: the inline ones, read once, then the datasets' rows, read anew each time."""

    inline: tuple[Case, ...]
    datasets: tuple[Dataset, ...]
    reader: CaseReader

    def __call__(self) -> Iterator[Case]:
        """The cases in order. Raises SuiteInvalid after the last one if some were wrong."""
        yield from self.inline
        problems = []
        for dataset in self.datasets:
            try:
                for row in dataset.rows():
                    mistakes = Mistakes(row.places)
                    case = self.reader.read(row.value, mistakes, row.default_id)
                    problems += mistakes.problems
                    if case is not None:
                        yield case
                    if len(problems) >= MAX_PROBLEMS:
                        break
            except SuiteInvalid as error:
                problems += error.problems
        if problems:
            raise SuiteInvalid(problems)


def read_checks(given: Any, container: Any, key: str, mistakes: Mistakes) -> tuple[CheckSpec, ...]:
    """A list of checks, those that are wrong noted and left away."""
    if not isinstance(given, list):
        mistakes.add(f"checks is a list (or `none`), found {describe(given)}", container, key)
        return ()
    read = [read_check(value, mistakes, container=given, key=index) for index, value in enumerate(given)]
    return tuple(check for check in read if check is not None)


def compile_template(text: str, mistakes: Mistakes, container: Any, key: str) -> None:
    """Notes a template that does not compile."""
    try:
        names_in(text)
    except EvalkitError as error:
        mistakes.add(str(error), container, key)


def read_inline(given: Any, reader: CaseReader, mistakes: Mistakes) -> tuple[Case, ...]:
    """The cases that stand in the suite file itself, those that are wrong noted and left away."""
    if not isinstance(given, list):
        return ()
    read = [reader.read(value, mistakes, f"case-{index}") for index, value in enumerate(given, start=1)]
    return tuple(case for case in read if case is not None)
