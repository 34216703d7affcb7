"""Cases: from a mapping, inline or a dataset's row, to what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from evalkit.errors import Problem, SuiteInvalid, did_you_mean
from evalkit.suite.case_ids import CaseIds, content_id
from evalkit.suite.check_reading import read_check
from evalkit.suite.checking import CheckSpec
from evalkit.suite.code import FindFile
from evalkit.suite.datasets import Dataset, Row
from evalkit.suite.media import MediaInvalid, MediaStore
from evalkit.suite.params import read_params
from evalkit.suite.parts import Case, CaseTurn
from evalkit.suite.schema import CaseFile, DefaultsFile, ImageFile, TurnFile
from evalkit.suite.templates import RESERVED, is_template
from evalkit.suite.validation import Mistakes, compile_template, describe, validate
from evalkit.types import Image, Media

G = TypeVar("G")
M = TypeVar("M", bound=Media)

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
    find_file: FindFile

    def read(self, container: Any, key: int, mistakes: Mistakes) -> Case | None:
        """The case that `container` holds under `key`; None, and its mistakes noted, where it is none."""
        value = container[key]
        before, later_before = len(mistakes.problems), mistakes.later
        given = validate(CaseFile, value, mistakes, container=container, key=key)
        if given is None:
            return None
        case = self._case(given, value, mistakes)
        if mistakes.later == later_before:
            _demand_checks(case, given, value, mistakes)
        return case if len(mistakes.problems) == before else None

    def _case(self, given: CaseFile, value: dict[str, Any], mistakes: Mistakes) -> Case:
        self._known(given.models, value, "models", self.models, mistakes)
        self._known(given.prompts, value, "prompts", self.prompts, mistakes)
        for name in given.vars.keys() & RESERVED:
            message = f"'{name}' is {RESERVED[name]} in templates: give this var another name"
            mistakes.add(message, value["vars"], name, of_key=True)
        transform = given.transform if given.transform is not None else self.defaults.transform
        examine_transform(given.transform, mistakes, value)
        return Case(
            id=given.id or content_id(given),
            vars=given.vars,
            expected=given.expected,
            tags=tuple(given.tags),
            images=_media(given.images, value, "images", self._image, mistakes),
            files=_media(given.files, value, "files", self.media.document, mistakes),
            models=frozenset(given.models) if given.models is not None else None,
            prompts=frozenset(given.prompts) if given.prompts is not None else None,
            checks=self._checks(given.checks, value, mistakes),
            params=read_params(value, mistakes),
            repeat=given.repeat or self.defaults.repeat or 1,
            transform=transform or None,
            accept=frozenset(given.accept),
            threshold=given.threshold,
            skip=given.skip,
            xfail=given.xfail,
            cluster=given.cluster,
            pass_if=given.pass_if if given.pass_if is not None else self.defaults.pass_if,
            turns=tuple(self._turn(turn, value["turns"], at, mistakes) for at, turn in enumerate(given.turns or ())),
            places=mistakes.places,
            origin=value,
        )

    def _checks(self, given: Any, value: dict[str, Any], mistakes: Mistakes) -> tuple[CheckSpec, ...]:
        return () if given == "none" else self.default_checks + self._read_checks(given, value, mistakes)

    def _read_checks(self, given: Any, value: dict[str, Any], mistakes: Mistakes) -> tuple[CheckSpec, ...]:
        return read_checks(given, value, "checks", mistakes, self.find_file)

    def _turn(self, given: TurnFile, turns: list[Any], index: int, mistakes: Mistakes) -> CaseTurn:
        """The turn at `index`: a mapping, or a bare text, which is what the user says."""
        value = turns[index] if isinstance(turns[index], dict) else {}
        compile_template(given.user, mistakes, *((value, "user") if value else (turns, index)))
        return CaseTurn(
            user=given.user,
            expected=given.expected,
            images=_media(given.images, value, "images", self._image, mistakes),
            files=_media(given.files, value, "files", self.media.document, mistakes),
            checks=self._read_checks(given.checks, value, mistakes),
        )

    def _known(
        self, names: list[str] | None, value: dict[str, Any], key: str, known: frozenset[str], mistakes: Mistakes
    ) -> None:
        for index, name in enumerate(names or ()):
            if name not in known:
                hint = did_you_mean(name, known)
                mistakes.add(f"no {key[:-1]} of this suite is called '{name}'{hint}", value[key], index)

    def _image(self, given: ImageFile) -> Image:
        return self.media.image(given.url, given.detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStream:
    """All cases of a suite: the inline ones, read once, then the datasets' rows, read anew each time."""

    inline: tuple[Case, ...]
    datasets: tuple[Dataset, ...]
    reader: CaseReader
    ids: CaseIds = field(default_factory=CaseIds)

    def __call__(self, problems: list[Problem] | None = None) -> Iterator[Case]:
        """The cases in order. What is wrong goes to `problems`; without these, SuiteInvalid is raised at the end."""
        found: list[Problem] = [] if problems is None else problems
        before, ids = len(found), self.ids.new_pass()
        for case in self._cases(found):
            yield case if case.origin.get("id") else replace(case, id=ids.number(case.id))
        if len(found) == before:
            self.ids.ended(ids)
        if found and problems is None:
            raise SuiteInvalid(found)

    def _cases(self, problems: list[Problem]) -> Iterator[Case]:
        """As they stand there: ids that no case names may be the same."""
        yield from self.inline
        for dataset in self.datasets:
            try:
                for row in dataset.rows():
                    case = self._read(row, problems)
                    if case is not None:
                        yield case
                    if len(problems) >= MAX_PROBLEMS:
                        break
            except SuiteInvalid as error:
                problems += error.problems

    def _read(self, row: Row, problems: list[Problem]) -> Case | None:
        if row.problem is not None:
            problems.append(row.problem)
            return None
        mistakes = Mistakes(row.places)
        case = self.reader.read([row.value], 0, mistakes)
        problems += mistakes.problems
        return case


def _media(
    given: list[G], value: dict[str, Any], key: str, find: Callable[[G], M], mistakes: Mistakes
) -> tuple[M, ...]:
    """What a case's list of pictures or files names, those that cannot be sent noted and left away."""
    found: list[M] = []
    for index, item in enumerate(given):
        try:
            found.append(find(item))
        except MediaInvalid as error:
            mistakes.add(str(error), value[key], index)
    return tuple(found)


def examine_transform(text: str | None, mistakes: Mistakes, container: Any) -> None:
    """Notes a transform that does not compile, or would put the same text in the place of every answer."""
    if text:
        compile_template(text, mistakes, container, "transform")
        if is_template(text) and "output" in text:
            return
        mistakes.add("transform rewrites the answer, which is `{{ output }}` in it", container, "transform")


def _demand_checks(case: Case, given: CaseFile, value: dict[str, Any], mistakes: Mistakes) -> None:
    """A case nobody looks at would be green whatever was answered."""
    checks = [*case.checks, *(check for turn in case.turns for check in turn.checks)]
    if given.checks == "none" or any(check.weight > 0 and not check.operational for check in checks):
        return
    if checks:
        found = "only checks that are operational or weigh nothing"
    elif given.checks or any(turn.checks for turn in given.turns or ()):
        return  # what stands there is wrong, and noted
    else:
        found = "no checks"
    mistakes.add(f"{found}: nothing looks at this case's answer; add a check, or say `checks: none`", value)


def read_checks(given: Any, container: Any, key: str, mistakes: Mistakes, find_file: FindFile) -> tuple[CheckSpec, ...]:
    """A list of checks, those that are wrong noted and left away."""
    if not isinstance(given, list):
        mistakes.add(f"checks is a list (or `none`), found {describe(given)}", container, key)
        return ()
    read = [
        read_check(value, mistakes, container=given, key=index, find_file=find_file)
        for index, value in enumerate(given)
    ]
    return tuple(check for check in read if check is not None)


def read_inline(data: dict[str, Any], reader: CaseReader, mistakes: Mistakes) -> tuple[Case, ...]:
    """The cases that stand in the suite file itself, those that are wrong noted and left away."""
    given = data.get("cases")
    if given is None:
        return ()
    if not isinstance(given, list):
        mistakes.add(f"expected a list, found {describe(given)}", data, "cases")
        return ()
    read = [reader.read(given, index, mistakes) for index in range(len(given))]
    return tuple(case for case in read if case is not None)
