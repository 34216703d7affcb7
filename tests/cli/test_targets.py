"""Targets that are no model, from suite to report: allowed or refused, beside a model, as their page shows them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.another_gateway import AnotherGateway, Answer, Arrived
from tests.cli.conftest import KEY, case
from tests.command import evalkit

PAGE = (Path(__file__).parents[2] / "docs" / "targets.md").read_text(encoding="utf-8")
CODE = """
print("loading the pipeline")

def answer(prompt, vars):
    print("asked", prompt)
    if vars["q"] == "second":
        raise LookupError("nothing about " + prompt)
    return {"text": "yes", "usage": {"prompt_tokens": 5, "completion_tokens": 1}, "model": "mine-1"}
"""
FUNCTION = {"type": "python", "function": "app/pipeline.py:answer"}


def application(arrived: Arrived) -> Answer:
    """Answers as the page's application does; the chat model's requests as a gateway."""
    if arrived.path.endswith("/chat/completions"):
        message = {"role": "assistant", "content": "yes"}
        return Answer(json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode())
    text = "Paris" if "France" in arrived.body["question"] else "yes"
    usage = {"input_tokens": 4, "output_tokens": 1}
    return Answer(json.dumps({"data": {"text": text, "usage": usage}, "echo": dict(arrived.headers)}).encode())


@pytest.fixture
def app() -> AnotherGateway:
    with AnotherGateway(application) as running:
        yield running


@pytest.fixture
def code(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "pipeline.py").write_text(CODE, encoding="utf-8")


def http(app: AnotherGateway, **more: str) -> dict:
    url = app.base_url.replace("/v1", "/ask")
    return {"type": "http", "url": url, "body": {"question": "{{ q }}"}, "answer": "data.text", **more}


def test_an_application_a_function_and_a_model_run_side_by_side(cli, write, app, code):
    gateway = {"base_url": app.base_url}
    models = [
        {"name": "app", "provider": "a", "price": {"input": 1, "output": 1}},
        {"name": "gpt-4o", "provider": "f"},
        {"id": "m", "provider": "g", "api": "chat"},
    ]
    providers = {"a": http(app, usage="data.usage"), "f": FUNCTION, "g": gateway}
    ended = cli("run", write(providers=providers, models=models), "--allow-code", "--max-error-rate", "1")
    assert ended.code == 0, ended.err
    by_model = {record["model"]: record for record in ended.records if record["case_id"] == "first"}
    assert {name: record["passed"] for name, record in by_model.items()} == {"app": True, "gpt-4o": True, "m": True}
    assert by_model["app"]["request"] == {"question": "first"}
    assert by_model["app"]["cost_usd"] == 5e-6
    assert by_model["gpt-4o"]["response"]["usage"]["input_tokens"] == 5
    assert by_model["gpt-4o"]["cost_usd"] is None, "a function costs nothing that a table knows, whatever its name"
    assert by_model["gpt-4o"]["request"]["vars"] == {"q": "first"}
    assert by_model["m"]["response"]["usage"]["input_tokens"] is None
    [fault] = [record["error"] for record in ended.records if record["error"]]
    assert fault == {
        "kind": "function_error",
        "status": None,
        "message": "answer() in pipeline.py raised LookupError: nothing about second",
    }
    models = json.loads((ended.folder / "summary.json").read_text("utf-8"))["models"]
    assert {row["model"]: (row["passed"], row["errors"]) for row in models} == {
        "app": (2, 0),
        "gpt-4o": (1, 1),
        "m": (2, 0),
    }
    asked = {model["name"]: model for model in json.loads((ended.folder / "run.json").read_text("utf-8"))["models"]}
    assert (asked["app"]["api"], asked["app"]["host"]) == ("http", app.base_url[7:-3])
    assert (asked["gpt-4o"]["api"], asked["gpt-4o"]["host"]) == ("python", "this process")


def test_what_a_function_prints_is_no_report(cli, write, code):
    ended = cli("run", write(providers={"f": FUNCTION}, models=[{"provider": "f"}]), "--allow-code", "-q")
    assert "loading the pipeline" in ended.err
    assert "asked first" in ended.err
    assert "asked first" not in ended.out
    assert "loading" not in ended.out
    assert "Traceback" not in ended.err


def test_verbose_shows_the_traceback_that_records_do_not_hold(cli, write, code):
    ended = cli("run", write(providers={"f": FUNCTION}, models=[{"provider": "f"}]), "--allow-code", "-v")
    assert "Traceback (most recent call last):" in ended.err
    assert 'app/pipeline.py", line 7, in answer' in ended.err
    assert "Traceback" not in (ended.folder / "records.jsonl").read_text("utf-8")


def test_code_is_not_run_unasked(cli, write, code, gateway):
    path = write(providers={"f": FUNCTION}, models=["gpt-4o", {"name": "func", "provider": "f"}])
    ended = cli("run", path)
    assert ended.code == 2
    column = path.read_text().index('"app/pipeline.py:answer"') + 1
    said = "this is code, which is run only with --allow-code: read it, then allow it"
    assert f"suite.yaml:1:{column}: {said}" in ended.err
    assert "loading" not in ended.err + ended.out
    assert gateway.arrived == []
    assert not (ended.place / "results").exists()


def test_code_that_is_not_asked_needs_no_permission(cli, write, code):
    path = write(providers={"f": FUNCTION}, models=["gpt-4o", {"name": "func", "provider": "f"}])
    assert cli("run", path, "-m", "gpt-4o").code == 0


def test_code_that_does_not_load_is_told_before_anything_is_sent(cli, write, code, gateway):
    (Path("app") / "pipeline.py").write_text("import no_such_module_anywhere\n", encoding="utf-8")
    path = write(providers={"f": FUNCTION}, models=["gpt-4o", {"name": "func", "provider": "f"}])
    for command in ("run", "validate"):
        ended = cli(command, path, "--allow-code")
        assert ended.code == 2
        said = "pipeline.py cannot be imported: ModuleNotFoundError: No module named 'no_such_module_anywhere' (line 1)"
        assert said in ended.err
        assert "suite.yaml:1:" in ended.err
    assert gateway.arrived == []


def test_validate_imports_nothing_unasked(cli, write, code):
    path = write(providers={"f": FUNCTION}, models=[{"provider": "f"}])
    ended = cli("validate", path)
    assert ended.code == 0
    assert ended.out.rstrip().endswith("2 trials; to run it, --allow-code is needed")
    assert "loading" not in ended.err
    allowed = cli("validate", path, "--allow-code")
    assert allowed.out.rstrip().endswith("2 trials")
    assert "loading the pipeline" in allowed.err


def test_offline_asks_no_target(cli, write, app):
    path = write(providers={"a": http(app)}, models=["gpt-4o", {"name": "app", "provider": "a"}])
    ended = cli("run", path, "--offline")
    assert ended.code == 2
    assert "a target of its own has no stand-in: with --offline, choose the models with -m" in ended.err
    assert cli("run", path, "--offline", "-m", "gpt-4o", "--exit-zero").code == 0
    assert app.arrived == []


def test_a_variable_that_no_case_has_is_told_before_anything_is_sent(cli, write, app):
    provider = http(app) | {"body": {"question": "{{ qq }}"}}
    ended = cli("run", write(providers={"a": provider}, models=[{"provider": "a"}]))
    assert ended.code == 2
    assert "provider 'a': no variable 'qq'; did you mean 'q'?" in ended.err
    assert app.arrived == []


def test_keys_and_secrets_of_an_application_are_nowhere(cli, write, app, monkeypatch):
    monkeypatch.setenv("APP_TOKEN", "token-canary-99-12")
    provider = http(app, api_key_env="GPTPROTO_API_KEY", headers={"X-Token": "${APP_TOKEN}"}) | {"answer": "echo"}
    path = write(providers={"a": provider}, models=[{"provider": "a"}], cases=[case("first", checks="none")])
    ended = cli("run", path, "-v")
    [arrived] = app.arrived
    assert arrived.headers["authorization"] == f"Bearer {KEY}"
    assert arrived.headers["x-token"] == "token-canary-99-12"
    kept = b"".join(file.read_bytes() for file in ended.folder.rglob("*") if file.is_file()).decode()
    for secret in (KEY, "token-canary-99-12"):
        assert secret not in kept + ended.out + ended.err
    assert "Bearer [key]" in kept


def test_a_function_that_never_returns_does_not_keep_the_process(tmp_path, write):
    (tmp_path / "p.py").write_text("import time\ndef answer(prompt):\n    time.sleep(3600)\n", encoding="utf-8")
    models = [{"provider": "f", "timeout_s": 0.1}]
    path = write(providers={"f": {"type": "python", "function": "p.py:answer"}}, models=models)
    done = evalkit("run", path, "--allow-code", cwd=tmp_path)  # `evalkit` gives up after a minute
    assert done.returncode == 3
    assert "did not return within timeout_s (0.1 s)" in done.stdout


def blocks(language: str) -> list[str]:
    """The examples of the page."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_pages_application_runs(cli, app, monkeypatch, tmp_path):
    monkeypatch.setenv("APP_URL", app.base_url.replace("/v1", "/ask"))
    [example] = [block for block in blocks("yaml") if "type: http" in block]
    (tmp_path / "app.yaml").write_text(example, encoding="utf-8")
    ended = cli("run", "app.yaml")
    assert ended.code == 0, ended.err
    [arrived] = app.arrived
    assert arrived.body == {"question": "What is the capital of France?", "top_k": 3}
    assert arrived.headers["x-team"] == "eval"
    [record] = ended.records
    assert record["response"]["usage"]["output_tokens"] == 1


def test_the_pages_function_runs(cli, tmp_path):
    [example] = [block for block in blocks("yaml") if "type: python" in block]
    [program] = blocks("python")
    (tmp_path / "func.yaml").write_text(example, encoding="utf-8")
    (tmp_path / "pipeline.py").write_text(program, encoding="utf-8")
    ended = cli("run", "func.yaml", "--allow-code")
    assert ended.code == 0, ended.err
    [record] = ended.records
    assert record["response"]["text"] == "The capital of France is Paris."
    assert record["response"]["usage"]["input_tokens"] == 6
