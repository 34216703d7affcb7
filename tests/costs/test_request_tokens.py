"""Whole requests are counted as they are billed: with frames, names, tools, pictures and files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.costs.request_tokens import message_tokens, most_tokens, request_tokens
from evalkit.costs.tokens import BYTES
from evalkit.types import Document, Image, Request
from tests.costs.asked import model, request, says

GOLDEN = Path(__file__).parents[1] / "golden"

JARGON = (
    says(
        "You are a helpful, pattern-following assistant that translates corporate jargon into plain English.",
        role="system",
    ),
    says("New synergies will help drive top-line growth.", role="system", name="example_user"),
    says("Things working well together will increase revenue.", role="system", name="example_assistant"),
    says(
        "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
        role="system",
        name="example_user",
    ),
    says("Let's talk later when we're less busy about how to do better.", role="system", name="example_assistant"),
    says("This late pivot means we don't have time to boil the ocean for the client deliverable."),
)
WEATHER = (
    says("You are a helpful assistant that can answer to questions about the weather.", role="system"),
    says("What's the weather like in San Francisco?"),
)
WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Get the current weather in a given location",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
                "unit": {
                    "type": "string",
                    "description": "The unit of temperature to return",
                    "enum": ["celsius", "fahrenheit"],
                },
            },
            "required": ["location"],
        },
    },
}


@pytest.mark.parametrize(
    ("model_id", "billed"), [("gpt-4o", 124), ("gpt-4o-mini", 124), ("gpt-4-0613", 129), ("gpt-3.5-turbo", 129)]
)
def test_a_conversation_costs_what_openai_published(model_id, billed):
    assert request_tokens(request(*JARGON), model(model_id)).expected == billed


@pytest.mark.parametrize(
    ("model_id", "billed"), [("gpt-4o", 101), ("gpt-4o-mini", 101), ("gpt-4", 105), ("gpt-3.5-turbo", 105)]
)
def test_a_tool_costs_what_openai_published(model_id, billed):
    assert request_tokens(request(*WEATHER, tools=[WEATHER_TOOL]), model(model_id)).expected == billed


@pytest.mark.parametrize(
    ("file", "model_id", "expected", "billed"),
    [
        ("gpt-4o", "gpt-4o", 11, 14),
        ("gemini-2.5-pro", "gemini-2.5-pro", 4, 4),
        ("o4-mini", "o4-mini", 11, 11),
        ("o3", "o3", 20, 18),
        ("doubao", "doubao-1-5-vision-pro-32k-250115", 5147, 5147),
    ],
)
def test_the_gateways_documents_bill_within_the_limits(file, model_id, expected, billed):
    asked = json.loads((GOLDEN / f"{file}.request.json").read_text())
    told = json.loads((GOLDEN / f"{file}.response.json").read_text())["usage"]["prompt_tokens"]
    tokens = request_tokens(as_request(asked), model(model_id))
    assert told == billed
    assert tokens.low <= billed <= tokens.high
    assert tokens.expected == expected


def as_request(body: dict) -> Request:
    """A documented body, its picture measured: 2560×1669 is what the document's address leads to."""
    (turn,) = body.get("messages") or body["input"]
    parts = turn["content"] if isinstance(turn["content"], list) else [{"text": turn["content"]}]
    pictures = [Image(url=part["image_url"]["url"], width=2560, height=1669) for part in parts if "image_url" in part]
    return request(says("".join(part.get("text", "") for part in parts), *pictures))


def test_the_picture_of_doubaos_document_alone_is_5120():
    pictured = says(
        "Doubao,What is in this image?", Image(url="https://e.com/a.jpg", width=2560, height=1669, detail="high")
    )
    tokens = request_tokens(request(pictured), model("doubao-1-5-vision-pro-32k-250115"))
    assert tokens.parts["images"].expected == 5120
    assert tokens.low >= 5120


def test_a_picture_of_unknown_size_is_said():
    tokens = request_tokens(request(says("Look", Image(url="https://example.com/b.png"))), model("gpt-4o"))
    assert tokens.notes == ("1 remote picture of unknown size",)
    assert tokens.parts["images"].low < tokens.parts["images"].high


def test_a_file_whose_pages_are_assumed_is_said():
    asked = request(says("Read", files=(Document(name="c.pdf", url="https://example.com/c.pdf"),)))
    tokens = request_tokens(asked, model("claude-sonnet-4"))
    assert tokens.notes == ("c.pdf: 1 to 100 pages assumed",)
    assert set(tokens.parts) == {"text", "frame", "documents"}


def test_the_parts_make_the_whole():
    asked = request(
        says("Be brief.", role="system"),
        says("What is this?", Image(url="https://example.com/b.png", width=640, height=480)),
        tools=[WEATHER_TOOL],
        response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
    )
    tokens = request_tokens(asked, model("gpt-4o"))
    assert set(tokens.parts) == {"text", "frame", "images", "tools", "response_format"}
    for name in ("low", "expected", "high", "worst"):
        assert getattr(tokens, name) == sum(getattr(part, name) for part in tokens.parts.values())


def test_a_tool_with_nested_properties_costs_more_than_its_outline():
    flat = {"type": "object", "properties": {"where": {"type": "object", "description": "A place"}}}
    inner = {"type": "object", "properties": {"street": {"type": "string"}, "number": {"type": "integer"}}}
    nested = {"type": "object", "properties": {"where": {**inner, "description": "A place"}}}
    listed = {"type": "object", "properties": {"where": {"type": "array", "items": inner, "description": "A place"}}}

    def tokens(parameters: dict) -> int:
        tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
        return request_tokens(request("Hi", tools=[tool]), model("gpt-4o")).parts["tools"].expected

    assert tokens(flat) + 10 < tokens(nested)
    assert abs(tokens(nested) - tokens(listed)) < 3


@pytest.mark.parametrize("tools", [[], None, "none", [1], [{}], [{"type": "function", "function": {"parameters": []}}]])
@pytest.mark.parametrize("model_id", ["gpt-4o", "claude-sonnet-4", "doubao-seed-1.6"])
def test_odd_tools_are_borne(model_id, tools):
    assert request_tokens(request("Hi", tools=tools), model(model_id)).expected >= 1


def test_claude_adds_its_preamble_for_tools_once():
    one = request_tokens(request("Hi", tools=[WEATHER_TOOL]), model("claude-sonnet-4")).parts["tools"]
    two = request_tokens(request("Hi", tools=[WEATHER_TOOL] * 2), model("claude-sonnet-4")).parts["tools"]
    assert 346 < one.expected < two.expected < 2 * one.expected


def test_a_form_of_text_or_none_costs_nothing():
    for form in (None, {"type": "text"}):
        assert "response_format" not in request_tokens(request("Hi", response_format=form), model("gpt-4o")).parts


def test_what_a_target_is_handed_is_all_that_is_counted():
    asked = Request(model="app", messages=(says("not sent " * 100),), payload={"question": "What is it?"})
    tokens = request_tokens(asked, model("gpt-4o"))
    assert set(tokens.parts) == {"text"}
    assert 4 <= tokens.expected <= 15


def test_further_turns_cost_their_texts_and_frames():
    first, answer, second = says("My name is Ada."), says("Hello Ada!", role="assistant"), says("What is my name?")
    whole = request_tokens(request(first, answer, second), model("gpt-4o"))
    grown = (
        request_tokens(request(first), model("gpt-4o")).expected
        + message_tokens([answer, second], model("gpt-4o")).expected
    )
    assert grown == whole.expected


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.text(max_size=60), min_size=1, max_size=5),
    st.sampled_from(["gpt-4o", "gemini-2.5-pro", "claude-x", "?"]),
)
def test_limits_are_in_order_and_more_messages_never_cost_less(texts, model_id):
    asked = model(model_id)
    tokens = request_tokens(request(*texts), asked)
    assert 0 <= tokens.low <= tokens.expected <= tokens.high <= tokens.worst
    longer = request_tokens(request(*texts, "more"), asked)
    assert longer.expected >= tokens.expected + 1
    assert longer.worst > tokens.worst


@pytest.mark.parametrize(
    "asked",
    [
        Request(model="m", messages=(says("plain"),)),
        Request(model="m", messages=(says("巴黎 🗼 \ud800", role="system"), says(""))),
        Request(model="m", messages=(says("x", name="Ada"),)),
        Request(model="m", messages=(says("x", Image(url="https://example.com/a.png")),)),
        Request(model="m", messages=(says("x"),), params={"tools": [WEATHER_TOOL]}),
        Request(model="m", messages=(), payload={"question": "x"}),
    ],
    ids=["text", "texts", "name", "picture", "tools", "payload"],
)
@pytest.mark.parametrize("model_id", ["gpt-4o", "gemini-2.5-pro", "somebody/else"])
def test_the_quick_bound_is_the_worst_case_by_bytes(asked, model_id):
    worst = request_tokens(asked, model(model_id), counter=BYTES).worst
    assert most_tokens(asked, model(model_id)) == worst


@pytest.mark.parametrize(
    ("billed", "odd"), [(0, True), (87, True), (88, False), (105, False), (124, False), (125, True)]
)
def test_a_bill_far_beyond_the_limits_is_noticed(billed, odd):
    tokens = request_tokens(request("a " * 97), model("gpt-4o"))
    assert (tokens.low, tokens.high) == (103, 108)
    assert tokens.disagrees_with(billed) is odd
