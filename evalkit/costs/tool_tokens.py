"""What tools and a demanded form of the answer add to a prompt: models are told of them in text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.costs.model_ids import plain_id
from evalkit.costs.spans import ZERO, Span, within
from evalkit.costs.tokens import Counter

_OPENAI = re.compile(r"(chatgpt-|gpt-|o[1-9]\b).*")
_CL100K = re.compile(r"(gpt-4(-|$)|gpt-3).*")
_PREAMBLES = {"claude": within(290, 346, 530)}
"""What a family adds once where there are tools. Claude: 313 to 530, by Anthropic's table of models and choices."""
_NO_PREAMBLE = within(0, 8, 60)


def tools_span(tools: Any, model_id: str, counter: Counter) -> Span:
    """Tokens of the `tools` of a chat request."""
    if not isinstance(tools, Sequence) or not tools:
        return ZERO
    plain = plain_id(model_id)
    written = counter.span(compact(tools))
    if _OPENAI.fullmatch(plain) and counter.source == "exact":
        tokens = _by_openai(tools, counter, per_function=10 if _CL100K.fullmatch(plain) else 7)
        return within(0.8 * tokens, tokens, max(1.2 * tokens, tokens + 8), 2 * written.worst + 60)
    preamble = next((span for family, span in _PREAMBLES.items() if plain.startswith(family)), _NO_PREAMBLE)
    return preamble + within(0.6 * written.low, 0.9 * written.expected, 1.1 * written.high, 2 * written.worst)


def form_span(response_format: Any, counter: Counter) -> Span:
    """Tokens of the `response_format` of a chat request: its schema, as far as the model is shown it."""
    if not isinstance(response_format, Mapping) or response_format.get("type") in (None, "text"):
        return ZERO
    if response_format["type"] != "json_schema":
        return within(0, 0, 12, 60)
    written = counter.span(compact(response_format.get("json_schema", response_format)))
    return within(0, written.expected, 1.2 * written.high + 12, 2 * written.worst + 60)


def compact(value: Any) -> str:
    """JSON without blanks, and with its letters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _by_openai(tools: Sequence[Any], counter: Counter, *, per_function: int) -> int:
    """As OpenAI's own cookbook counts functions; it does so exactly for properties that are no objects themselves."""
    tokens = 12
    for tool in tools:
        function = tool.get("function", tool) if isinstance(tool, Mapping) else {}
        described = str(function.get("description", "")).removesuffix(".")
        tokens += per_function + counter.count(f"{function.get('name', '')}:{described}")
        tokens += sum(_properties(function.get("parameters"), counter))
    return tokens


def _properties(schema: Any, counter: Counter) -> Iterator[int]:
    """Tokens of each property of a JSON Schema, and of those below it."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(properties, Mapping) or not properties:
        return
    yield 3
    for name, given in properties.items():
        what = given if isinstance(given, Mapping) else {}
        described = str(what.get("description", "")).removesuffix(".")
        yield 3 + counter.count(f"{name}:{what.get('type', '')}:{described}")
        if isinstance(what.get("enum"), Sequence):
            yield -3 + sum(3 + counter.count(str(choice)) for choice in what["enum"])
        yield from _properties(what, counter)
        yield from _properties(what.get("items"), counter)
