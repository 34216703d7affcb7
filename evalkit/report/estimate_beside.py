"""What each model of a run cost beside what was expected of it, for the reports of the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from evalkit.report import cells
from evalkit.types import CostEstimate, Manifest, ModelEstimate

if TYPE_CHECKING:
    from evalkit.analysis.frames import JudgedRun

__all__ = ["HEADINGS", "beside", "estimate_in"]

HEADINGS = ("cost, USD", "expected", "95 %", "within", "off by", "tokens out", "expected")
"""After the model's name."""
_PLACES = {True: "yes", False: "NO", None: cells.UNKNOWN}


def beside(run: JudgedRun) -> Iterator[tuple[str, list[str]]]:
    """Each model with a cell for each of `HEADINGS`; nothing where nothing was expected, or nothing can be compared."""
    estimate = estimate_in(run.manifest)
    for row in estimate.models if estimate is not None else ():
        if row.actual is not None and row.actual.cost_usd is not None and row.cost_usd is not None:
            yield row.model, _cells(row)


def estimate_in(manifest: Manifest) -> CostEstimate | None:
    """What was expected of a run; None where nothing was, or another version of evalkit wrote it in another form."""
    try:
        return msgspec.convert(manifest.estimate, CostEstimate | None)
    except msgspec.ValidationError:
        return None


def _cells(row: ModelEstimate) -> list[str]:
    actual, cost = row.actual, row.cost_usd
    assert actual is not None  # noqa: S101  (the caller has just looked)
    assert cost is not None  # noqa: S101
    share = actual.trials / row.trials if row.trials else 1.0
    of = "" if actual.trials == row.trials else f" ({actual.trials:,} of {row.trials:,} trials)"
    low, middle, high = (cells.usd_in_short(share * end) for end in (cost.low, cost.median, cost.high))
    return [
        f"{cells.usd_in_short(actual.cost_usd or 0.0)}{of}",
        middle,
        f"{low}–{high}",
        _PLACES[actual.inside],
        cells.UNKNOWN if actual.bias is None else f"{100 * actual.bias:+.0f} %",
        cells.tokens(actual.output_tokens),
        cells.tokens(round(share * row.output_tokens.median)),
    ]
