from __future__ import annotations

from urllib.parse import quote

import pytest

from evalkit.simulator.answers import answer

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Who are you?"}]}


@pytest.mark.parametrize("key", ["Bearer sk-1", "bearer sk-1", "sk-1"])
def test_a_key_is_accepted_bare_or_as_a_bearer(client, key):
    assert client.post("/chat/completions", json=BODY, headers={"Authorization": key}).status_code == 200


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer ", "Bearer wrong", "sk-", "Basic sk-1"])
@pytest.mark.parametrize("path", ["/chat/completions", "/responses"])
def test_no_key_no_answer(client, path, key):
    reply = client.post(path, json=BODY, headers={"Authorization": key})
    assert reply.status_code == 401
    assert reply.json() == {"error": {"message": "API key is missing or invalid", "type": "401"}}


def test_a_missing_key_goes_before_everything_else(client):
    del client.headers["Authorization"]
    assert client.post("/chat/completions", content=b"{").status_code == 401
    assert client.get("/models").status_code == 401


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"\xff\xfe", b'{"model": NaN}', b"[" * 100_000, b'{"model": ' + b"9" * 5000 + b"}",
        b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "\\ud800"}]}',
    ],
)  # fmt: skip
def test_what_is_not_json_is_rejected(client, content):
    reply = client.post("/chat/completions", content=content)
    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error")
    assert "could not parse" in reply.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/chat/completions", "/responses"])
def test_a_body_must_be_an_object(client, path):
    assert "must be an object" in client.post(path, json=[BODY]).json()["error"]["message"]


def test_an_unknown_path_or_method_gets_a_json_error(client):
    for reply, status in ((client.post("/completions"), 404), (client.get("/chat/completions"), 405)):
        assert reply.status_code == status
        assert reply.json()["error"]["message"].startswith("Invalid URL")


def test_the_models_are_listed(client):
    listed = client.get("/models").json()
    assert listed["object"] == "list"
    assert {"gpt-4o", "o3", "doubao-1-5-vision-pro-32k-250115"} <= {model["id"] for model in listed["data"]}


def test_a_policy_block_is_a_400_that_calls_itself_503(client):
    asked = {"model": "o3", "input": "Say something [[content_policy]]"}
    reply = client.post("/responses", json=asked)
    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "503")
    assert "content policy" in reply.json()["error"]["message"]


def test_the_expected_answer_comes_percent_encoded(client):
    expected = "Zürich & 北京\n100 %"
    texts = []
    for repeat in range(10):
        headers = {"x-evalkit-expected": quote(expected), "x-evalkit-repeat": str(repeat)}
        reply = client.post("/chat/completions", json=BODY, headers=headers)
        texts.append(reply.json()["choices"][0]["message"]["content"])
    assert expected in texts


@pytest.mark.parametrize(
    "header", [{"x-evalkit-expected": "%ff"}, {"x-evalkit-repeat": "one"}, {"x-evalkit-repeat": "9" * 5000}]
)
def test_a_broken_header_is_rejected_by_name(client, header):
    reply = client.post("/chat/completions", json=BODY, headers=header)
    assert reply.status_code == 400
    assert next(iter(header)) in reply.json()["error"]["message"]


def test_a_repeat_changes_the_draw_and_nothing_else_does(client):
    def asked(repeat):
        reply = client.post("/chat/completions", json=BODY, headers={"x-evalkit-repeat": repeat})
        return {key: value for key, value in reply.json().items() if key != "created"}

    assert asked("0") == asked("0")
    assert asked("0") != asked("1")


@pytest.mark.parametrize(("form", "kind"), [("string", str), ("list", list)])
def test_the_responses_form_is_a_setting(connect, form, kind):
    body = connect(responses_form=form).post("/responses", json={"model": "o3", "input": "Hello"}).json()
    assert isinstance(body["output"], kind)


def test_the_responses_form_can_be_a_chat_completion(connect):
    body = connect(responses_form="chat").post("/responses", json={"model": "o3", "input": "Hello"}).json()
    assert body["object"] == "chat.completion"


def test_faults_come_with_the_gateways_bodies(connect):
    client = connect(fault_rate=1.0)
    replies = [client.post("/chat/completions", json=BODY) for _ in range(20)]
    assert {reply.status_code for reply in replies} == {429, 500, 503}
    assert {reply.headers.get("retry-after") for reply in replies if reply.status_code == 429} == {"1"}
    assert all(reply.json()["error"]["message"] for reply in replies)


def test_an_invalid_request_is_rejected_before_any_fault(connect):
    assert connect(fault_rate=1.0).post("/chat/completions", json={**BODY, "foo": 1}).status_code == 400


def test_the_latency_is_the_drawn_one_times_the_scale(connect, ask, monkeypatch):
    slept = []

    async def sleep(delay):
        slept.append(delay)

    monkeypatch.setattr("evalkit.simulator.app.anyio.sleep", sleep)
    connect(latency_scale=0.5, seed=4).post("/chat/completions", json=BODY)
    assert slept == [answer(ask("gpt-4o"), seed=4).latency_s * 0.5]
