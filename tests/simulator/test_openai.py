"""A client that nobody here wrote: what it accepts is an OpenAI-compatible API."""

from __future__ import annotations

import base64

import httpx
import openai
import pytest


@pytest.fixture
def connected(child):
    def client(key: str = "sk-test") -> openai.OpenAI:
        return openai.OpenAI(
            base_url=child.base_url, api_key=key, max_retries=0, http_client=httpx.Client(trust_env=False)
        )

    clients = []

    def opened(**options):
        clients.append(client(**options))
        return clients[-1]

    yield opened
    for opened_one in clients:
        opened_one.close()


@pytest.mark.parametrize("model", ["gpt-4o", "gemini-2.5-pro", "o4-mini", "doubao-1-5-vision-pro-32k-250115"])
def test_a_chat_completion_is_read(connected, model):
    completion = connected().chat.completions.create(
        model=model,
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who are you?"}],
    )
    assert completion.choices[0].message.content
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens


def test_a_response_is_read(connected):
    response = connected().responses.create(
        model="o3",
        input=[{"role": "user", "content": [{"type": "input_text", "text": "Hello"}]}],
        reasoning={"effort": "low"},
    )
    assert response.output_text
    assert [item.type for item in response.output] == ["reasoning", "message"]
    assert response.status == "completed"
    assert response.usage.output_tokens_details.reasoning_tokens > 0


def test_a_response_that_was_cut_off_says_so(connected):
    response = connected().responses.create(model="o3", input="Hello", max_output_tokens=16)
    assert response.status == "incomplete"
    assert response.incomplete_details.reason == "max_output_tokens"
    assert response.output_text == ""


def test_a_refusal_is_read(connected):
    completion = connected().chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "[[refusal]]"}]
    )
    assert completion.choices[0].message.refusal


def test_an_invalid_request_is_a_bad_request(connected):
    with pytest.raises(openai.BadRequestError) as caught:
        connected().chat.completions.create(model="o3", messages=[{"role": "user", "content": "x"}], max_tokens=5)
    assert caught.value.param == "max_tokens"
    assert caught.value.code == "unsupported_parameter"


def test_a_wrong_key_is_an_authentication_error(connected):
    with pytest.raises(openai.AuthenticationError):
        connected(key="wrong").responses.create(model="o3", input="Hello")


def test_an_unknown_model_is_not_found(connected):
    with pytest.raises(openai.NotFoundError):
        connected().chat.completions.create(model="gpt-99", messages=[{"role": "user", "content": "x"}])


def test_the_models_are_listed(connected):
    assert "o3" in {model.id for model in connected().models.list()}


@pytest.mark.parametrize("model", ["gpt-4o", "gemini-2.5-pro", "o4-mini", "doubao-1-5-vision-pro-32k-250115"])
def test_a_streamed_completion_is_read(connected, model):
    asked = {"model": model, "messages": [{"role": "user", "content": "Who are you?"}]}
    whole = connected().chat.completions.create(**asked)
    with connected().chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}) as stream:
        chunks = list(stream)
    said = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert said == whole.choices[0].message.content
    assert [chunk.usage for chunk in chunks if chunk.usage] == [whole.usage]
    assert chunks[0].choices[0].delta.role == "assistant"


def test_a_streamed_response_is_read(connected):
    with connected().responses.create(model="o3", input="Hello", stream=True) as stream:
        events = list(stream)
    final = events[-1]
    assert final.type == "response.completed"
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == (
        final.response.output_text
    )
    assert final.response.usage.output_tokens_details.reasoning_tokens > 0


def test_a_streamed_response_is_put_together(connected):
    with connected().responses.stream(model="o3", input="Hello") as stream:
        final = stream.get_final_response()
    assert final.output_text == connected().responses.create(model="o3", input="Hello").output_text


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_call_is_read(connected, stream):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    asked = {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "What is the weather like?"}],
        "tools": [{"type": "function", "function": {"name": "weather", "parameters": schema}}],
        "tool_choice": "required",
    }
    if stream:
        with connected().chat.completions.stream(**asked) as events:
            completion = events.get_final_completion()
    else:
        completion = connected().chat.completions.create(**asked)
    [call] = completion.choices[0].message.tool_calls
    assert (call.function.name, call.function.arguments) == ("weather", '{"city": "text"}')
    assert completion.choices[0].finish_reason == "tool_calls"


def test_a_function_call_of_a_response_is_read(connected):
    tool = {"type": "function", "name": "now", "parameters": {"type": "object", "properties": {}}, "strict": False}
    events = list(connected().responses.create(model="o3", input="[[tool]]", tools=[tool], stream=True))
    assert [item.type for item in events[-1].response.output] == ["reasoning", "function_call"]
    assert events[-1].response.output[1].arguments == "{}"


def test_a_file_is_accepted(connected):
    data = base64.b64encode(b"%PDF-1.7").decode()
    file = {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{data}"}}
    content = [{"type": "text", "text": "Sum it up."}, file]
    completion = connected().chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": content}])
    assert completion.usage.prompt_tokens > 1000
