"""Suites written on the spot, in a folder of their own that is also their root."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from PIL import Image as Pillow

from evalkit.errors import Problem, SuiteInvalid
from evalkit.suite.loader import load_suite
from evalkit.suite.parts import Suite
from evalkit.suite.plan import Plan
from evalkit.suite.selection import Selection
from evalkit.types import Trial


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a .git, and so the root of its suites."""
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    """Makes a picture of some format."""

    def made(form: str, size: tuple[int, int] = (16, 8), **options: Any) -> bytes:
        data = io.BytesIO()
        Pillow.new("RGB", size, (200, 30, 30)).save(data, form, **options)
        return data.getvalue()

    return made


class Write(Protocol):
    def __call__(self, name: str, content: str | bytes) -> Path: ...


@pytest.fixture
def write(home: Path) -> Write:
    """Writes a file below the home folder."""

    def written(name: str, content: str | bytes) -> Path:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.fixture
def load(write: Write) -> Callable[..., Suite]:
    """Loads a suite from its text."""

    def loaded(text: str | bytes, *, environ: dict[str, str] | None = None, overrides: tuple[str, ...] = ()) -> Suite:
        return load_suite(write("s.yaml", text), environ=environ or {}, overrides=overrides)

    return loaded


@pytest.fixture
def plan(load: Callable[..., Suite]) -> Callable[..., Plan]:
    """A suite's text and a selection to a plan."""

    def planned(text: str, *, environ: dict[str, str] | None = None, **selection: Any) -> Plan:
        return Plan(load(text, environ=environ), Selection(**selection))

    return planned


@pytest.fixture
def trials(plan: Callable[..., Plan]) -> Callable[..., list[Trial]]:
    """The trials of a suite's text, model after model; everything was prepared before."""

    def made(text: str, **selection: Any) -> list[Trial]:
        chosen = plan(text, **selection)
        chosen.prepare()
        return [trial for model in chosen.models for trial in chosen.trials(model)]

    return made


@pytest.fixture
def problems(load: Callable[..., Suite], home: Path) -> Callable[..., list[str]]:
    """What is wrong with a suite, as `file:line:column: message`, files relative to the home folder."""

    def found(text: str | bytes, **settings: Any) -> list[str]:
        try:
            Plan(load(text, **settings)).prepare()
        except SuiteInvalid as error:
            return told(error.problems, home)
        return []

    return found


@pytest.fixture
def marked() -> Callable[[str], tuple[str, str]]:
    """A suite's text without its mark ▸, and the place of the mark as problems spell it."""

    def unmarked(text: str) -> tuple[str, str]:
        before, mark, after = text.partition("▸")
        assert mark
        lines = before.split("\n")
        return before + after, f"s.yaml:{len(lines)}:{len(lines[-1]) + 1}"

    return unmarked


def told(problems: tuple[Problem, ...], home: Path) -> list[str]:
    """Problems as text, without the home folder."""
    return [str(problem).replace(f"{home}/", "").replace(str(home), "HOME") for problem in problems]
