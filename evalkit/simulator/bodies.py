"""Spells an answer as the gateway's documents do: a dialect for each family in chat, three forms in responses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from evalkit.simulator.answers import Answer
from evalkit.simulator.profiles import Dialect
from evalkit.simulator.question import Question

ResponsesForm = Literal["string", "list", "chat"]
Body = dict[str, Any]


def chat(question: Question, answer: Answer, created: int) -> Body:
    """A `chat.completion` in the dialect of the model; `created` in Unix seconds."""
    return _DIALECTS[question.profile.dialect](question.profile.answers_as, answer, created)


def responses(form: ResponsesForm, question: Question, answer: Answer, created: int) -> Body:
    """A body of `/v1/responses` in one of its forms."""
    return _FORMS[form](question, answer, created)


def _bare(model: str, answer: Answer, created: int) -> Body:
    message = {"role": "assistant", "content": answer.text, **_refusal(answer), **_calls(answer)}
    return {
        "id": f"chatcmpl-{answer.id}",
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": answer.finish_reason}],
        "usage": {
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "total_tokens": answer.total_tokens,
        },
    }


def _sorted(model: str, answer: Answer, created: int) -> Body:
    return {
        "choices": [_sorted_choice(answer)],
        "created": created,
        "id": f"chatcmpl-{answer.id}",
        "model": model,
        "object": "chat.completion",
        "usage": {
            "completion_tokens": answer.completion_tokens,
            "prompt_tokens": answer.prompt_tokens,
            "total_tokens": answer.total_tokens,
        },
    }


def _detailed(model: str, answer: Answer, created: int) -> Body:
    return {
        "choices": [_sorted_choice(answer)],
        "created": created,
        "id": f"chatcmpl-{answer.id}",
        "model": model,
        "object": "chat.completion",
        "system_fingerprint": "fp_5e1f0a71b9",
        "usage": {
            "completion_tokens": answer.completion_tokens,
            "completion_tokens_details": {
                "accepted_prediction_tokens": 0,
                "audio_tokens": 0,
                "reasoning_tokens": answer.reasoning_tokens,
                "rejected_prediction_tokens": 0,
            },
            "prompt_tokens": answer.prompt_tokens,
            "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 0},
            "total_tokens": answer.total_tokens,
        },
    }


def _ark(model: str, answer: Answer, created: int) -> Body:
    return {
        "choices": [{"finish_reason": answer.finish_reason, "index": 0, "logprobs": None, "message": _message(answer)}],
        "created": created,
        "id": f"02{answer.id}",
        "model": model,
        "service_tier": "default",
        "object": "chat.completion",
        "usage": {
            "completion_tokens": answer.completion_tokens,
            "prompt_tokens": answer.prompt_tokens,
            "total_tokens": answer.total_tokens,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
        },
    }


def _sorted_choice(answer: Answer) -> Body:
    return {"finish_reason": answer.finish_reason, "index": 0, "message": _message(answer)}


def _message(answer: Answer) -> Body:
    thinking = {} if answer.thoughts is None else {"reasoning_content": answer.thoughts}
    return {"content": answer.text, **thinking, **_refusal(answer), **_calls(answer), "role": "assistant"}


def _calls(answer: Answer) -> Body:
    if answer.call is None:
        return {}
    function = {"name": answer.call.name, "arguments": answer.call.arguments}
    return {"tool_calls": [{"id": f"call_{answer.id}", "type": "function", "function": function}]}


def _refusal(answer: Answer) -> Body:
    return {} if answer.refusal is None else {"refusal": answer.refusal}


def _string(question: Question, answer: Answer, created: int) -> Body:
    """The documented form; it has no place for a refusal but the text, and states a status only when cut off.

    A call does not fit into a text: it makes the answer a list.
    """
    if answer.call is not None:
        return _list(question, answer, created)
    cut = {} if answer.finish_reason == "stop" else {"status": "incomplete", **_incomplete(answer)}
    return {
        "id": f"resp-{answer.id}",
        "object": "response",
        "created": created,
        "model": question.profile.answers_as,
        **cut,
        "output": answer.text or answer.refusal or "",
        "usage": {
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "total_tokens": answer.total_tokens,
        },
    }


def _list(question: Question, answer: Answer, created: int) -> Body:
    """The official form."""
    return {
        "id": f"resp_{answer.id}",
        "object": "response",
        "created_at": created,
        "status": _status(answer),
        "error": None,
        **_incomplete(answer),
        "instructions": None,
        "max_output_tokens": question.cap,
        "metadata": {},
        "model": question.profile.answers_as,
        "output": _items(question, answer),
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": {
            "input_tokens": answer.prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": answer.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
            "total_tokens": answer.total_tokens,
        },
    }


def _items(question: Question, answer: Answer) -> list[Body]:
    reasoning = {"id": f"rs_{answer.id}", "type": "reasoning", "summary": []}
    items = [reasoning] if question.profile.reasoning_tokens else []
    if answer.call is not None:
        call = {"call_id": f"call_{answer.id}", "name": answer.call.name, "arguments": answer.call.arguments}
        return [*items, {"id": f"fc_{answer.id}", "type": "function_call", "status": _status(answer), **call}]
    if answer.refusal is not None:
        content: Body = {"type": "refusal", "refusal": answer.refusal}
    elif answer.text is not None:
        content = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
    else:
        return items
    message = {"type": "message", "status": _status(answer), "role": "assistant", "content": [content]}
    return [*items, {"id": f"msg_{answer.id}", **message}]


def _status(answer: Answer) -> str:
    return "incomplete" if answer.finish_reason == "length" else "completed"


def _incomplete(answer: Answer) -> Body:
    reason = {"reason": "max_output_tokens"} if answer.finish_reason == "length" else None
    return {"incomplete_details": reason}


_DIALECTS: dict[Dialect, Callable[[str, Answer, int], Body]] = {
    "bare": _bare,
    "sorted": _sorted,
    "detailed": _detailed,
    "ark": _ark,
}
_FORMS: dict[ResponsesForm, Callable[[Question, Answer, int], Body]] = {"string": _string, "list": _list, "chat": chat}
