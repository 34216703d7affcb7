"""What a run amounts to in sentences: its scope, its counts, its verdict, and what readers should know of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evalkit.report.cells import percent, plural, usd
from evalkit.types import Manifest, ModelSummary, Summary

if TYPE_CHECKING:
    from evalkit.analysis.frames import JudgedRun

__all__ = ["STAND_IN", "counts", "label", "remarks", "scope", "verdict"]

STAND_IN = "Answers from the stand-in gateway: they say nothing about any model; latencies are scaled."

_NAMED = 5
_RARE = {
    "unscored": "unscored",
    "xfailed": "failed as expected",
    "xpassed": "passed unexpectedly",
    "not_run": "not run",
}
_RESULTS = {"fail": "failed", "inconclusive": "could not be decided", "pass": "passed"}
_OUTCOMES = {"length": "cut off at the cap", "refusal": "refused", "content_policy": "blocked by a content policy"}


def scope(run: JudgedRun) -> str:
    """`12 cases × 5 models × 2 prompts × 3 repeats`; "" where the product is not the number of the run's trials."""
    rows, models, prompts = run.summary.models, len(run.manifest.models), len(run.manifest.prompts)
    if run.records.empty:
        return ""
    cases, repeats = int(run.records["case_id"].nunique()), int(run.records["repeat"].max()) + 1
    even = len(rows) == models * prompts and all(row.n + row.not_run == cases * repeats for row in rows)
    parts = [plural(cases, "case"), plural(models, "model")]
    parts += [plural(n, noun) for n, noun in ((prompts, "prompt"), (repeats, "repeat")) if n > 1]
    return " × ".join(parts) if even else ""


def label(manifest: Manifest, model: str, prompt: str) -> str:
    """`gpt-4o [terse]`; the model alone where all were asked with the same prompt."""
    return f"{model} [{prompt}]" if len(manifest.prompts) > 1 else model


def counts(summary: Summary) -> str:
    """`60 trials: 51 passed, 7 failed, 2 errors · 0.0412 USD`; of the rarer states only what occurred."""

    def over(field: str) -> int:
        return sum(getattr(row, field) for row in summary.models)

    parts = [f"{over('passed'):,} passed", f"{over('failed'):,} failed", plural(over("errors"), "error")]
    parts += [f"{over(field):,} {word}" for field, word in _RARE.items() if over(field)]
    cached = f" · cached {over('cached'):,}/{over('n'):,}" if over("cached") else ""
    return f"{plural(over('n'), 'trial')}: {', '.join(parts)}{_spent(summary)}{cached}"


def _spent(summary: Summary) -> str:
    costs = [row.cost_usd for row in summary.models if row.cost_usd is not None]
    complete = all(row.known["cost_usd"] == sum(row.outcomes.values()) for row in summary.models)
    spent = f" · {'' if complete else '≥'}{usd(sum(costs))} USD" if costs else ""
    asked = [row for row in summary.models if row.judge_calls]
    judging = [row.judge_cost_usd for row in asked if row.judge_cost_usd is not None]
    if not judging:
        return spent
    return f"{spent} · judges {'' if len(judging) == len(asked) else '≥'}{usd(sum(judging))} USD"


def verdict(summary: Summary) -> str:
    """Why the verdict is what it is."""
    if summary.gates:
        gates = plural(len(summary.gates), "gate")
        results = ((word, sum(gate.result == each for gate in summary.gates)) for each, word in _RESULTS.items())
        return f"of {gates}, " + ", ".join(f"{n} {word}" for word, n in results if n)
    if summary.verdict == "fail":
        if any(row.repeats > 1 for row in summary.models):
            over = ", over all models and prompts" if len(summary.models) > 1 else ""
            return f"{plural(sum(row.cases_failed for row in summary.models), 'case')} failed{over}"
        return f"{plural(sum(row.failed for row in summary.models), 'trial')} failed"
    if summary.verdict == "pass":
        if any(row.failed for row in summary.models):
            return "every scored case passed, in as many of its repeats as `pass_if` asks"
        return "every scored trial passed"
    if any(row.passed for row in summary.models):
        return "nothing failed, but some trials have no answer or could not be checked"
    return "nothing was scored"


def remarks(run: JudgedRun) -> Iterator[str]:
    """What the figures do not show by themselves, one sentence each; names in them come from the suite."""
    if run.manifest.ended_at is None:
        yield "The run has not ended: it is still going on, or it was stopped."
    yield from run.manifest.notes
    skipped = [f"{case} ({why})" for case, why in run.manifest.skipped.items()]
    if skipped:
        rest = f"; +{len(skipped) - _NAMED:,} more in run.json" if len(skipped) > _NAMED else ""
        yield f"{plural(len(skipped), 'case')} skipped: {'; '.join(skipped[:_NAMED])}{rest}"
    yield from _stored(run)
    yield from _unexpected(run)
    for row in run.summary.models:
        yield from _of_row(label(run.manifest, row.model, row.prompt), row)
    yield from _other_names(run.manifest, run.summary)


def _stored(run: JudgedRun) -> Iterator[str]:
    """What stands in the figures and what does not, where answers were given before the run."""
    cached = run.records["cached"].fillna(value=False)
    if not cached.any():
        return
    fresh = run.records.loc[~cached & run.records["outcome"].notna(), "cost_usd"]
    spent = f"the others cost {'≥' if fresh.isna().any() else ''}{usd(float(fresh.sum()))} USD"
    stored = f"cached {int(cached.sum()):,}/{len(run.records):,}: stored answers, whose latencies are left out"
    yield f"{stored} and whose costs are those of then; {spent if len(fresh) else 'nothing was spent on others'}."


def _unexpected(run: JudgedRun) -> Iterator[str]:
    """Which cases passed that were expected to fail: their `xfail` may go."""
    passed = run.records[run.records["status"] == "xpassed"].drop_duplicates("case_id")
    for case, why in list(zip(passed["case_id"], passed["xfail"], strict=True))[:_NAMED]:
        yield f"{case} passed, although it was expected to fail: {why}"
    if len(passed) > _NAMED:
        yield f"+{len(passed) - _NAMED:,} more that passed, although they were expected to fail"


def _of_row(name: str, row: ModelSummary) -> Iterator[str]:
    if row.pass_rate_bounds:
        low, high = row.pass_rate_bounds
        errors = plural(row.errors, "error")
        yield f"{name}: {errors}; with answers instead, its pass rate would lie in {percent(low)}–{percent(high)} %."
    ended = [f"{row.outcomes[outcome]:,} {words}" for outcome, words in _OUTCOMES.items() if row.outcomes.get(outcome)]
    if ended:
        yield f"{name}: {', '.join(ended)}."
    if row.usage_mismatches:
        answers = plural(sum(row.outcomes.values()), "answer")
        yield f"{name}: usage does not add up in {row.usage_mismatches:,} of {answers}: prompt + completion ≠ total."


def _other_names(manifest: Manifest, summary: Summary) -> Iterator[str]:
    for model in manifest.models:
        names = {name for row in summary.models if row.model == model.name for name in row.answered_by} - {model.id}
        if names:
            yield f"{model.name}: asked as {model.id}, answered by {', '.join(sorted(names))}."
