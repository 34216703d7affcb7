"""What CI obeys: limits on the figures of a run."""

from __future__ import annotations

from evalkit.suite.limits import LATER_METRICS
from evalkit.suite.schema.sections import Limit, Section


class GateSet(Section):
    """Limits on metrics of the summary, each an operator and a number: `">= 0.9"`."""

    later = frozenset(LATER_METRICS)
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


class GatesFile(GateSet):
    """Over the whole run; over one model below `models`."""

    models: dict[str, GateSet] = {}
