"""A comparison for pull requests: tables in which nothing from suites or answers is markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from evalkit.report import cells, differences
from evalkit.report.conditions import condition, found
from evalkit.report.markup import code, plain
from evalkit.report.matrix import matrices
from evalkit.types import Comparison, Flip, Pair

__all__ = ["comparison_markdown", "comparison_section"]

_LISTED = 20


def comparison_markdown(comparison: Comparison) -> str:
    """The whole report, the verdict first."""
    head = [
        f"# {differences.MARKS[comparison.verdict]}: {plain(comparison.new)} against {plain(comparison.base)}",
        f"{differences.headline(comparison).capitalize()}.",
    ]
    stand_in = [
        plain(name)
        for name, is_ in ((comparison.base, comparison.base_stand_in), (comparison.new, comparison.new_stand_in))
        if is_
    ]
    if stand_in:
        head.append(f"**Answers of the stand-in gateway, which say nothing about any model: {', '.join(stand_in)}.**")
    return "\n\n".join([*head, "## Comparison", *_tables(comparison, "##")]) + "\n"


def comparison_section(comparison: Comparison, room: int) -> str:
    """What the report of a run says of its baseline, in about `room` bytes."""
    verdict = f"{differences.MARKS[comparison.verdict]}: {differences.headline(comparison)}."
    parts = [f"## Against {plain(comparison.base)}", plain(verdict)]
    for part in _tables(comparison, "###"):
        if sum(len(each.encode()) for each in (*parts, part)) > room:
            parts.append("The rest is in `comparison.json`.")
            break
        parts.append(part)
    return "\n\n".join(parts)


def _tables(comparison: Comparison, mark: str) -> Iterator[str]:
    """Its sections, those below the first under headings with this mark."""
    shown = differences.evidence()
    rows = (
        [code(differences.label(pair, comparison)), *(cell.spell(pair) for cell in shown)] for pair in comparison.pairs
    )
    yield plain(differences.families(comparison))
    yield _table(["", *(cell.name for cell in shown)], rows)
    for title, names, matrix in matrices(comparison):
        yield plain(title)
        yield _table(["", *map(code, names)], ([code(name), *row] for name, row in zip(names, matrix, strict=True)))
    yield from _changes(comparison, mark)
    for kind, heading in differences.kinds(comparison).items():
        flips = [(flip, pair) for pair in comparison.pairs for flip in pair.flips if flip.kind == kind]
        if flips:
            yield from _flips(comparison, f"{mark} {heading} ({len(flips):,})", flips)
    if comparison.gates:
        gates = ([cells.MARKS[gate.result], code(condition(gate)), plain(found(gate))] for gate in comparison.gates)
        yield f"{mark} Gates"
        yield _table(["result", "gate", "value"], gates)
    remarks = [f"- {plain(remark)}" for remark in differences.remarks(comparison)]
    if remarks:
        yield "\n".join([f"{mark} What else is not alike", "", *remarks])


def _changes(comparison: Comparison, mark: str) -> Iterator[str]:
    told = differences.changes(comparison.pairs)
    if not told:
        return
    yield f"{mark} Change of other figures, a case, with its interval"
    rows = (
        [code(differences.label(pair, comparison)), *(spell(pair) for _, spell in told)] for pair in comparison.pairs
    )
    yield _table(["", *(name for name, _ in told)], rows)


def _flips(comparison: Comparison, heading: str, flips: Sequence[tuple[Flip, Pair]]) -> Iterator[str]:
    yield heading
    rows = (
        [
            code(flip.case_id),
            code(differences.label(pair, comparison)),
            f"{flip.base_passed} → {flip.new_passed}",
            *(code(text or "") for text in (flip.base_text, flip.new_text, differences.reason(flip, pair))),
        ]
        for flip, pair in flips[:_LISTED]
    )
    yield _table(["case", "asked", "passed", "base", "new", "reason"], rows)
    if len(flips) > _LISTED:
        yield f"+{len(flips) - _LISTED:,} more in the JSON"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
