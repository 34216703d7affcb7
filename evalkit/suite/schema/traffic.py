"""A rollout, for the estimate of what it costs."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from evalkit.suite.schema.sections import PositiveFloat, PositiveInt, Section

_Amount = Annotated[Any, WithJsonSchema({"type": "string", "pattern": r"^\s*[0-9].*(/|per|a)\s*[a-z]+\s*$"})]
_Growth = Annotated[Any, WithJsonSchema({"type": ["string", "number"]})]
_Part = Annotated[
    Any,
    WithJsonSchema(
        {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": r"^\s*[0-9.]+\s*%$"}]}
    ),
]
_Weights = dict[str, PositiveFloat]


class WeightsFile(Section):
    """How much more often than others some cases come; one that is not named weighs 1."""

    tag: _Weights = {}
    case: _Weights = {}


class TrafficFile(Section):
    """A rollout, for `evalkit estimate`: judges, repeats and cached answers of the evaluation are no part of it."""

    requests: _Amount
    """A number and a time: 50000/day, 20/s, 1.5M/month."""
    growth: _Growth = None
    """In per cent, compound: 10%/month."""
    months: Annotated[PositiveInt, Field(le=120)] | None = None
    """How far to look; 1, or 12 where there is growth."""
    mix: Annotated[Any, WithJsonSchema({"type": "object"})] = None
    """Model to its share of the requests; 1 in all."""
    cached_input_share: _Part = None
    """Of the input tokens that are billed at the rate for cached ones."""
    retry_rate: _Part = None
    """Requests that are billed once more, as a share of all."""
    weights: WeightsFile | None = None
    requests_file: str | None = None
    """A JSONL file of production requests in place of the cases."""
