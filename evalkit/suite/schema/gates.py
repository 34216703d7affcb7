"""What CI obeys: limits on the figures of a run, and on what changed against a baseline."""

from __future__ import annotations

from pydantic import create_model

from evalkit.suite.limits import COMPARED
from evalkit.suite.schema.sections import Limit, Section


class _OwnGates(Section):
    """Limits on figures, each an operator and a number: `">= 0.9"`."""

    pass_rate: Limit | None = None
    score: Limit | None = None
    error_rate: Limit | None = None
    p50_latency_s: Limit | None = None
    p90_latency_s: Limit | None = None
    p95_latency_s: Limit | None = None
    p99_latency_s: Limit | None = None
    p95_ttft_s: Limit | None = None
    """Of models that are asked with `stream: true`."""
    cost_usd: Limit | None = None
    cost_per_pass_usd: Limit | None = None
    input_tokens: Limit | None = None
    output_tokens: Limit | None = None


GateSet: type[Section] = create_model(  # their names have a dot, which no field that is written out can have
    "GateSet", __base__=_OwnGates, __module__=__name__, __doc__=_OwnGates.__doc__,
    **dict.fromkeys(COMPARED, (Limit | None, None)),  # type: ignore[call-overload]
)  # fmt: skip


class GatesFile(GateSet):  # type: ignore[misc, valid-type]
    """Over the whole run; over one model below `models`."""

    models: dict[str, GateSet] = {}  # type: ignore[valid-type]
