"""The command line in the test's own process, against a gateway that answers "yes"."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evalkit.cli.main import main
from tests.another_gateway import AnotherGateway, Answer, Arrived
from tests.command import reason

KEY = "sk-test-4711-0815"


def says(text: str) -> Answer:
    """A complete chat answer with usage."""
    body = {
        "model": "gpt-4o-2024-08-06",
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
    }
    return Answer(json.dumps(body).encode())


def fails(status: int, message: str = "no") -> Answer:
    """An error."""
    return Answer(json.dumps({"error": {"message": message}}).encode(), status)


def asked(arrived: Arrived) -> str:
    """The text of a chat request."""
    return arrived.body["messages"][-1]["content"]


@pytest.fixture
def gateway() -> Iterator[AnotherGateway]:
    with AnotherGateway(lambda _: says("yes")) as running:
        yield running


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str
    place: Path

    @property
    def reason(self) -> str:
        """The last line on stderr."""
        return reason(self.err)

    @property
    def folder(self) -> Path:
        """The only run folder."""
        (folder,) = (self.place / "results").iterdir()
        return folder

    @property
    def records(self) -> list[dict[str, Any]]:
        """What was kept."""
        return [json.loads(line) for line in (self.folder / "records.jsonl").read_text("utf-8").splitlines()]


Cli = Callable[..., Ended]


@pytest.fixture
def cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], gateway: AnotherGateway
) -> Cli:
    """Runs a command in a folder of its own, with a key and the gateway in its environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GPTPROTO_API_KEY", KEY)
    monkeypatch.setenv("GPTPROTO_API_BASE", gateway.base_url)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: str | Path) -> Ended:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Ended(code, *capsys.readouterr(), tmp_path)

    return run


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a suite of one model, one prompt and two cases, or with other values: `write(models=["o4-mini"])`."""

    def written(file: str = "suite.yaml", **changes: Any) -> Path:
        suite = {
            "models": ["gpt-4o"],
            "prompts": ["{{ q }}"],
            "cases": [case("first"), case("second", tags=["late"])],
            **changes,
        }
        path = tmp_path / file
        path.write_text(json.dumps(suite, ensure_ascii=False), encoding="utf-8")
        return path

    return written


def case(name: str, wanted: str = "yes", **more: Any) -> dict[str, Any]:
    """A case that asks its own name."""
    return {"id": name, "vars": {"q": name}, "checks": [{"equals": wanted}], **more}
