"""YAML to report over HTTP, through the real command, against a gateway that shares no code with evalkit."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.another_gateway import DOCUMENTS, AnotherGateway, Answer, Arrived, document
from tests.command import evalkit, reason

KEY = "sk-canary-Zq8-5501-tweety"
BOARDWALK = (
    "https://upload.wikimedia.org/wikipedia/commons/thumb/d/dd/Gfp-wisconsin-madison-the-nature-boardwalk.jpg/"
    "2560px-Gfp-wisconsin-madison-the-nature-boardwalk.jpg"
)
SUITE = f"""
name: five documents
models:
  - {{id: gpt-4o, stream: false}}
  - {{id: gemini-2.5-pro, stream: false}}
  - {{id: o4-mini, stream: false}}
  - {{id: doubao-1-5-vision-pro-32k-250115, params: {{max_output_tokens: 5000}}}}
  - o3
prompts: ["{{{{ question }}}}"]
cases:
  - id: who
    vars: {{question: Who are you?}}
    models: [gpt-4o, gemini-2.5-pro, o4-mini]
    checks:
      - contains: "I am a"
      - finish_reason: stop
  - id: look
    vars: {{question: "Doubao,What is in this image?"}}
    images: ["{BOARDWALK}"]
    models: [doubao-1-5-vision-pro-32k-250115]
    checks:
      - icontains: boardwalk
  - id: poem
    vars: {{question: Write a short poem about artificial intelligence and its impact on humanity.}}
    models: [o3]
    checks:
      - starts_with: In circuits deep and silicon bright,
      - ends_with: We shape the future of our kind.
gates:
  pass_rate: "== 1"
"""


@dataclass(frozen=True)
class Expected:
    """What a document says, read by eye; tokens are input, output, reasoning, cached, total."""

    answered_by: str
    finish_reason: str | None
    tokens: tuple[int | None, ...]
    cost_usd: float
    """By the published prices: gpt-4o 14 × 1.75 + 208 × 7 millionths, and so on."""


EXPECTED = {
    "gpt-4o": Expected("gpt-4-gizmo", "stop", (14, 208, None, None, 222), 0.0014805),
    "gemini-2.5-pro": Expected("gemini-2.5-pro", "stop", (4, 946, None, None, 950), 0.005679),
    "o4-mini": Expected("o4-mini", "stop", (11, 42, 0, 0, 53), 0.00017721),
    "doubao-1-5-vision-pro-32k-250115": Expected(
        "doubao-1-5-vision-pro-32k-250115", "stop", (5147, 133, 0, 0, 5280), 0.0020198798
    ),
    "o3": Expected("o3", None, (18, 145, None, None, 163), 0.0010764),
}
TOKENS = ("input_tokens", "output_tokens", "reasoning_tokens", "cached_input_tokens", "total_tokens")


@dataclass(frozen=True)
class Road:
    """A finished run over the five documents."""

    folder: Path
    stdout: str
    stderr: str
    arrived: dict[str, Arrived]
    """By model."""

    def records(self) -> dict[str, dict]:
        lines = (self.folder / "records.jsonl").read_text(encoding="utf-8").splitlines()
        return {record["model"]: record for record in map(json.loads, lines)}


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Road:
    place = tmp_path_factory.mktemp("road")
    (place / "suite.yaml").write_text(SUITE, encoding="utf-8")
    with AnotherGateway() as gateway:
        variables = {"GPTPROTO_API_BASE": gateway.base_url, "GPTPROTO_API_KEY": KEY}
        done = evalkit("run", "suite.yaml", "-o", "out", "-v", cwd=place, **variables)
    assert done.returncode == 0, done.stderr
    assert len(gateway.arrived) == 5
    (folder,) = (place / "out").iterdir()
    return Road(folder, done.stdout, done.stderr, {each.body["model"]: each for each in gateway.arrived})


@pytest.mark.parametrize("model", EXPECTED)
def test_the_request_is_the_documents_own(road, model):
    path, name = DOCUMENTS[model]
    assert road.arrived[model].path == path
    assert road.arrived[model].body == document(name, "request")


@pytest.mark.parametrize("model", EXPECTED)
def test_requests_are_signed_and_say_nothing_of_the_suite(road, model):
    headers = road.arrived[model].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["content-type"] == "application/json"
    assert [name for name in headers if name.startswith("x-")] == []


@pytest.mark.parametrize("model", EXPECTED)
def test_the_record_says_what_the_document_says(road, model):
    expected, record = EXPECTED[model], road.records()[model]
    body = document(DOCUMENTS[model][1], "response")
    text = body["output"] if model == "o3" else body["choices"][0]["message"]["content"]
    response = record["response"]
    assert response["text"] == text
    assert (response["model"], response["finish_reason"]) == (expected.answered_by, expected.finish_reason)
    assert response["outcome"] == "ok"
    assert tuple(response["usage"][name] for name in TOKENS) == expected.tokens
    assert response["raw"] == body
    assert record["request"] == document(DOCUMENTS[model][1], "request")
    assert record["cost_usd"] == pytest.approx(expected.cost_usd, rel=1e-12)
    assert (record["passed"], record["score"], record["error"], record["attempts"]) == (True, 1.0, None, 1)


@pytest.mark.parametrize("model", EXPECTED)
def test_the_summary_says_what_the_document_says(road, model):
    summary = json.loads((road.folder / "summary.json").read_text(encoding="utf-8"))
    row = next(row for row in summary["models"] if row["model"] == model)
    expected = EXPECTED[model]
    assert tuple(row[name] for name in TOKENS[:4]) == expected.tokens[:4]
    assert row["cost_usd"] == pytest.approx(expected.cost_usd, rel=1e-12)
    assert (row["n"], row["passed"], row["failed"], row["errors"], row["not_run"]) == (1, 1, 0, 0, 0)
    assert row["answered_by"] == [expected.answered_by]
    assert row["latency_s"]["n"] == 1


def test_the_run_says_what_it_was(road):
    manifest = json.loads((road.folder / "run.json").read_text(encoding="utf-8"))
    assert manifest["stand_in"] is False
    assert manifest["suite_source"] == SUITE
    assert [model["name"] for model in manifest["models"]] == list(EXPECTED)
    assert manifest["started_at"] < manifest["ended_at"]
    assert {model["host"].partition(":")[0] for model in manifest["models"]} == {"127.0.0.1"}
    summary = json.loads((road.folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["verdict"] == "pass"
    assert [(gate["result"], gate["value"], gate["n"]) for gate in summary["gates"]] == [("pass", 1.0, 5)]


def test_the_table_and_the_lists_hold_all_five(road):
    rows = list(csv.DictReader((road.folder / "summary.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["model"] for row in rows] == list(EXPECTED)
    markdown = (road.folder / "summary.md").read_text(encoding="utf-8")
    for model in EXPECTED:
        assert model in markdown
        assert model in road.stdout
    assert "gpt-4-gizmo" in road.stdout
    assert reason(road.stderr) == "exit 0: 1 of 1 gate passed"


def everything(folder: Path, *texts: str) -> bytes:
    files = [file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()]
    assert files
    return b"\n".join([*files, *(text.encode() for text in texts)])


def test_the_key_is_nowhere(road):
    assert KEY.encode() not in everything(road.folder, road.stdout, road.stderr)


def chatter(text: str) -> bytes:
    message = {"role": "assistant", "content": text}
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], "model": text}).encode()


ECHOES = {
    "in an error": lambda key: Answer(json.dumps({"error": {"message": f"bad key {key}", "type": key}}).encode(), 401),
    "in an escaped error": lambda key: Answer(
        b'{"error": {"message": "%s"}}' % "".join(f"\\u{ord(char):04x}" for char in key).encode(), 403
    ),
    "in a page": lambda key: Answer(f"<html><body>{key}</body></html>".encode(), 502, {"content-type": "text/html"}),
    "in an answer": lambda key: Answer(chatter(f"your key is {key}")),
    "in a redirect": lambda key: Answer(b"", 302, {"location": f"http://127.0.0.1:9/?key={key}"}),
    "in broken JSON": lambda key: Answer(f'{{"oops": "{key}'.encode()),
}


@pytest.mark.parametrize("where", ECHOES)
def test_a_key_that_the_gateway_echoes_is_nowhere(tmp_path, where):
    def echo(arrived: Arrived) -> Answer:
        return ECHOES[where](arrived.headers["authorization"].removeprefix("Bearer "))

    suite = {
        "models": [{"id": "gpt-4o", "max_attempts": 1}],
        "prompts": ["{{ q }}"],
        "cases": [{"id": "c", "vars": {"q": "hi"}, "checks": [{"equals": "never"}]}],
    }
    (tmp_path / "suite.yaml").write_text(json.dumps(suite))
    with AnotherGateway(echo) as gateway:
        done = evalkit(
            "run", "suite.yaml", "-o", "out", "-v", "--base-url", gateway.base_url, cwd=tmp_path, GPTPROTO_API_KEY=KEY
        )
    assert len(gateway.arrived) == 1
    assert gateway.arrived[0].headers["authorization"] == f"Bearer {KEY}"
    assert done.returncode == (1 if where == "in an answer" else 3), done.stderr
    assert KEY.encode() not in everything(tmp_path / "out", done.stdout, done.stderr)


def test_a_bare_key_is_sent_where_the_provider_wants_it(tmp_path):
    with AnotherGateway() as gateway:
        suite = {
            "providers": {"own": {"base_url": "${OWN_BASE}", "api_key_env": "OWN_KEY", "auth": "raw"}},
            "models": [{"id": "gpt-4o", "provider": "own"}],
            "prompts": ["{{ q }}"],
            "cases": [{"vars": {"q": "Who are you?"}, "checks": [{"contains": "I am"}]}],
        }
        (tmp_path / "suite.yaml").write_text(json.dumps(suite))
        (tmp_path / "keys.env").write_text(f"OWN_KEY={KEY}\nOWN_BASE={gateway.base_url}\n", encoding="utf-8-sig")
        done = evalkit("run", "suite.yaml", "-o", "out", "--env-file", "keys.env", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [arrived.headers["authorization"] for arrived in gateway.arrived] == [KEY]
    assert KEY.encode() not in everything(tmp_path / "out", done.stdout, done.stderr)
