"""All models, or prompts, against all: which is better than which, and by how much."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.report.differences import points
from evalkit.types import Comparison, Pair

__all__ = ["matrices"]

_SIGNS = {"improved": "▲", "regressed": "▼", "no_difference": "=", "inconclusive": "?"}
_OPPOSITE = {"▲": "▼", "▼": "▲"}
SAME = "·"


def matrices(comparison: Comparison) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """A title, the names, and for each of them a row: how much better the one above is than the one on the left.

    One for each prompt (or model) that the others were compared with; none where only two were compared.
    """
    within = "prompt" if comparison.kind == "models" else "model"
    names = list(dict.fromkeys(name for pair in comparison.pairs for name in (pair.base, pair.new)))
    if comparison.kind == "runs" or len(names) < 3:
        return
    for rest in dict.fromkeys(getattr(pair, within) for pair in comparison.pairs):
        pairs = {(pair.base, pair.new): pair for pair in comparison.pairs if getattr(pair, within) == rest}
        title = f"Columns against rows, points ({within} {rest}); ▲ better, ▼ worse, = no difference, ? undecided"
        yield title, names, [[_cell(pairs, row, column) for column in names] for row in names]


def _cell(pairs: dict[tuple[str, str], Pair], row: str, column: str) -> str:
    if row == column:
        return SAME
    pair = pairs.get((row, column))
    if pair is not None:
        return f"{points(pair.delta)} {_SIGNS[pair.verdict]}"
    pair = pairs.get((column, row))
    if pair is None or pair.delta is None:
        return ""
    sign = _SIGNS[pair.verdict]
    return f"{points(-pair.delta)} {_OPPOSITE.get(sign, sign)}"
