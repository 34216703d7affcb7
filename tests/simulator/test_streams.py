from __future__ import annotations

import json
import time
from itertools import pairwise

import pytest

from evalkit.simulator import bodies, streams, tokens
from evalkit.simulator.answers import answer
from evalkit.simulator.profiles import PROFILES
from evalkit.simulator.streams import paced

FORMS = ["string", "list", "chat"]


def parsed(events):
    """The data of events; "[DONE]" stays text."""
    lines = [line for line in b"".join(events).decode().split("\n") if line.startswith("data: ")]
    return [line[6:] if line == "data: [DONE]" else json.loads(line[6:]) for line in lines]


def timed_chunks(question, drawn):
    events = list(streams.chat(question, drawn, 7))
    assert events[-1] == (drawn.latency_s, b"data: [DONE]\n\n")
    return [(at_s, parsed([event])[0]) for at_s, event in events[:-1]]


def joined(chunks, field):
    return "".join(choice["delta"].get(field, "") for chunk in chunks for choice in chunk["choices"])


@pytest.mark.parametrize("model", PROFILES)
@pytest.mark.parametrize("content", ["Who are you?", "[[refusal]]", "[[empty]]"])
def test_the_chunks_of_an_answer_are_the_answer(ask, model, content):
    question = ask(model, content, stream=True, stream_options={"include_usage": True})
    drawn = answer(question, seed=1)
    chunks = [chunk for _, chunk in timed_chunks(question, drawn)]
    assert joined(chunks, "content") == (drawn.text or "")
    assert joined(chunks, "refusal") == (drawn.refusal or "")
    whole = bodies.chat(question, drawn, 7)
    assert joined(chunks, "reasoning_content") == whole["choices"][0]["message"].get("reasoning_content", "")
    for chunk in chunks:
        assert chunk["object"] == "chat.completion.chunk"
        assert (chunk["id"], chunk["model"], chunk["created"]) == (whole["id"], whole["model"], 7)
    assert [chunk["usage"] for chunk in chunks if "usage" in chunk] == [whole["usage"]]
    reasons = [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]]
    assert reasons == [None] * (len(reasons) - 1) + [drawn.finish_reason]


def test_the_role_comes_before_the_first_token_and_without_one(ask):
    question = ask("gpt-4o", stream=True)
    drawn = answer(question, seed=1)
    (role_s, role), (first_s, first), *_ = timed_chunks(question, drawn)
    assert role["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert first["choices"][0]["delta"]["content"]
    assert role_s < first_s == drawn.start_s


def test_usage_comes_only_where_it_was_asked_for(ask):
    question = ask("gpt-4o", stream=True)
    assert all("usage" not in chunk for _, chunk in timed_chunks(question, answer(question, seed=1)))


@pytest.mark.parametrize(("model", "beside"), [("gpt-4o", False), ("gemini-2.5-pro", True)])
def test_usage_comes_behind_the_last_choice_or_beside_it(ask, model, beside):
    question = ask(model, stream=True, stream_options={"include_usage": True})
    *_, (_, last) = timed_chunks(question, answer(question, seed=1))
    assert bool(last["choices"]) is beside


@pytest.mark.parametrize("model", ["gpt-4o", "o4-mini", "doubao-seed-1.6"])
def test_tokens_come_evenly_between_the_first_and_the_last(ask, model):
    question = ask(model, stream=True)
    drawn = answer(question, seed=1)
    times = [at_s for at_s, chunk in timed_chunks(question, drawn)][1:]
    hidden = drawn.reasoning_tokens if model == "o4-mini" else 0
    assert times[0] == pytest.approx(drawn.start_s + hidden / question.profile.tokens_per_s)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == pytest.approx([1 / question.profile.tokens_per_s] * len(gaps))
    assert times[-1] == drawn.latency_s


def test_only_a_model_that_shows_its_thinking_streams_it(ask):
    for model, shows in (("o3", False), ("gemini-2.5-pro", False), ("doubao-seed-1.6", True)):
        question = ask(model, stream=True)
        drawn = answer(question, seed=1)
        assert drawn.reasoning_tokens > 0
        thinking = joined([chunk for _, chunk in timed_chunks(question, drawn)], "reasoning_content")
        assert bool(thinking) is shows
        assert tokens.count(thinking) == (drawn.reasoning_tokens if shows else 0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("content", ["Who are you?", "[[refusal]]"])
def test_a_response_ends_with_the_whole_of_it(ask, form, content):
    question = ask("o3", content, stream=True)
    drawn = answer(question, seed=1)
    events = parsed(event for _, event in streams.responses(form, question, drawn, 7))
    if form != "list":
        assert events.pop() == "[DONE]"
    if form == "chat":
        assert joined(events, "content") or joined(events, "refusal")
        assert events[-1]["usage"] == bodies.chat(question, drawn, 7)["usage"]
        return
    assert events[-1]["type"] == "response.completed"
    assert events[-1]["response"] == bodies.responses(form, question, drawn, 7)
    assert "".join(event.get("delta", "") for event in events) == (drawn.text or drawn.refusal)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))


def test_a_response_that_was_cut_off_ends_incomplete(ask):
    question = ask("o3", stream=True, max_completion_tokens=20)
    drawn = answer(question, seed=1)
    for form in ("string", "list"):
        events = parsed(event for _, event in streams.responses(form, question, drawn, 7))
        assert [event["type"] for event in events if event != "[DONE]"][-1] == "response.incomplete"


def test_the_official_events_come_in_the_official_order(ask):
    question = ask("o3", stream=True)
    events = list(streams.responses("list", question, answer(question, seed=1), 7))
    kinds = [event["type"].removeprefix("response.") for event in parsed(event for _, event in events)]
    assert list(dict.fromkeys(kinds)) == [
        "created", "in_progress", "output_item.added", "output_item.done", "content_part.added", "output_text.delta",
        "output_text.done", "content_part.done", "completed",
    ]  # fmt: skip
    assert [at_s for at_s, _ in events] == sorted(at_s for at_s, _ in events)
    assert all(event.startswith(b"event: response.") for _, event in events)


@pytest.mark.parametrize("text", ["", " ", "a", "Hello, world!\n", "  两个字 and 12345678.9 ", "x\n\n\ty"])
def test_the_pieces_of_a_text_are_its_tokens(text):
    pieces = tokens.pieces(text)
    assert "".join(pieces) == text
    assert len(pieces) == max(tokens.count(text), 1 if text else 0)


@pytest.mark.anyio
async def test_each_event_is_sent_at_its_time():
    began = time.monotonic()
    events = [(0.0, b"a"), (0.5, b"b"), (0.5004, b"c"), (1.0, b"d")]
    sent = [(time.monotonic() - began, piece) async for piece in paced(events, 0.1)]
    assert [piece for _, piece in sent] == [b"a", b"bc", b"d"]
    assert sent[1][0] >= 0.05
    assert sent[2][0] >= 0.1


def test_a_stream_goes_over_http(client):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Who are you?"}]}
    whole = client.post("/chat/completions", json=body).json()["choices"][0]["message"]["content"]
    reply = client.post("/chat/completions", json=body | {"stream": True})
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert joined(parsed([reply.content])[:-1], "content") == whole


def test_a_fault_comes_before_the_stream(connect):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    assert connect(fault_rate=1.0).post("/chat/completions", json=body).status_code in (429, 500, 503)
