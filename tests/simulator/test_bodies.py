from __future__ import annotations

import pytest

from evalkit.simulator import bodies
from evalkit.simulator.answers import answer

CREATED = 1_700_000_000


def _keys(body):
    """The keys at every level, in order."""
    if isinstance(body, list):
        return [_keys(item) for item in body]
    return {key: _keys(value) for key, value in body.items()} if isinstance(body, dict) else None


def _spelt(body):
    return repr(_keys(body))


SORTED = {"choices": [{"finish_reason": 0, "index": 0, "message": {"content": 0, "role": 0}}], "created": 0, "id": 0,
          "model": 0, "object": 0}  # fmt: skip
SAMPLES = {
    "gpt-4o": {
        "id": 0, "object": 0, "created": 0, "model": 0,
        "choices": [{"index": 0, "message": {"role": 0, "content": 0}, "finish_reason": 0}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    },
    "gemini-2.5-pro": {**SORTED, "usage": {"completion_tokens": 0, "prompt_tokens": 0, "total_tokens": 0}},
    "o4-mini": {
        **SORTED, "system_fingerprint": 0,
        "usage": {
            "completion_tokens": 0,
            "completion_tokens_details": {
                "accepted_prediction_tokens": 0, "audio_tokens": 0, "reasoning_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
            "prompt_tokens": 0, "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 0}, "total_tokens": 0,
        },
    },
    "doubao-1-5-vision-pro-32k-250115": {
        "choices": [{"finish_reason": 0, "index": 0, "logprobs": 0, "message": {"content": 0, "role": 0}}],
        "created": 0, "id": 0, "model": 0, "service_tier": 0, "object": 0,
        "usage": {
            "completion_tokens": 0, "prompt_tokens": 0, "total_tokens": 0,
            "prompt_tokens_details": {"cached_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0},
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("model", SAMPLES)
def test_a_chat_body_has_the_keys_of_the_documented_sample_in_its_order(ask, model):
    question = ask(model)
    assert _spelt(bodies.chat(question, answer(question, seed=0), CREATED)) == _spelt(SAMPLES[model])


def test_a_snapshot_answers_under_its_own_name(ask):
    question = ask("gpt-4o")
    assert bodies.chat(question, answer(question, seed=0), CREATED)["model"] == "gpt-4o-2024-08-06"


def test_gemini_hides_its_reasoning_in_the_completion_tokens(ask):
    question = ask("gemini-2.5-pro")
    drawn = answer(question, seed=0)
    usage = bodies.chat(question, drawn, CREATED)["usage"]
    assert drawn.reasoning_tokens > 0
    assert usage["completion_tokens"] == drawn.reasoning_tokens + drawn.visible_tokens


def test_usage_adds_up_in_every_dialect(ask):
    for model in SAMPLES:
        question = ask(model)
        usage = bodies.chat(question, answer(question, seed=0), CREATED)["usage"]
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_a_refusal_stands_in_its_own_field(ask):
    question = ask("gpt-4o", "[[refusal]]")
    drawn = answer(question, seed=0)
    assert bodies.chat(question, drawn, CREATED)["choices"][0]["message"] == {
        "role": "assistant", "content": None, "refusal": drawn.refusal,
    }  # fmt: skip
    (message,) = bodies.responses("list", question, drawn, CREATED)["output"]
    assert message["content"] == [{"type": "refusal", "refusal": drawn.refusal}]


def test_the_string_form_is_the_documented_one(ask):
    question = ask("o3")
    drawn = answer(question, seed=0)
    assert bodies.responses("string", question, drawn, CREATED) == {
        "id": f"resp-{drawn.id}", "object": "response", "created": CREATED, "model": "o3", "output": drawn.text,
        "usage": {
            "prompt_tokens": drawn.prompt_tokens, "completion_tokens": drawn.completion_tokens,
            "total_tokens": drawn.total_tokens,
        },
    }  # fmt: skip


def test_the_list_form_has_reasoning_before_the_message(ask):
    question = ask("o3")
    drawn = answer(question, seed=0)
    body = bodies.responses("list", question, drawn, CREATED)
    reasoning, message = body["output"]
    assert reasoning["type"] == "reasoning"
    assert message["content"][0]["text"] == drawn.text
    assert (body["status"], body["incomplete_details"]) == ("completed", None)
    assert body["usage"]["output_tokens_details"]["reasoning_tokens"] == drawn.reasoning_tokens
    assert body["usage"]["output_tokens"] == drawn.completion_tokens


def test_a_model_that_does_not_reason_lists_its_message_alone(ask):
    question = ask("gpt-4.1")
    body = bodies.responses("list", question, answer(question, seed=0), CREATED)
    assert [item["type"] for item in body["output"]] == ["message"]


def test_the_chat_form_is_a_chat_completion(ask):
    question = ask("o3")
    drawn = answer(question, seed=0)
    assert bodies.responses("chat", question, drawn, CREATED) == bodies.chat(question, drawn, CREATED)


@pytest.mark.parametrize("form", ["string", "list"])
def test_a_cut_answer_is_incomplete_and_says_why(ask, form):
    question = ask("o3", max_completion_tokens=16)
    body = bodies.responses(form, question, answer(question, seed=0), CREATED)
    assert body["status"] == "incomplete"
    assert body["incomplete_details"] == {"reason": "max_output_tokens"}
    assert "message" not in repr(body["output"])
