"""How a run ends: its exit code, and the last line on stderr that says why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from evalkit.report.cells import plural

if TYPE_CHECKING:
    from evalkit.analysis.frames import JudgedRun
    from evalkit.running.job import Ending

PRECEDENCE = (130, 143, 129, 2, 4, 3, 5, 1, 0)
"""Which code wins where several apply. A storage error, which goes before 2, ends a command before it comes here."""


SIGNALLED = 128
"""A code above it names the signal that ended the run."""
End = tuple[int, str]
"""An exit code, and the reason in words."""


def verdict_of_run(run: JudgedRun, ending: Ending, *, max_error_rate: float, strict: bool) -> End:
    """How one run ends."""
    return worst(_reasons(run, ending, max_error_rate=max_error_rate, strict=strict))


def worst(ends: Iterable[End]) -> End:
    """The end that counts where there are several; of equal ones, the first."""
    return min(ends, key=lambda end: PRECEDENCE.index(end[0]))


def _reasons(run: JudgedRun, ending: Ending, *, max_error_rate: float, strict: bool) -> Iterator[End]:
    rows = run.summary.models
    passed, failed = sum(row.passed for row in rows), sum(row.failed for row in rows)
    errors, made = sum(row.errors for row in rows), sum(row.n for row in rows)
    if ending.signal_number is not None:
        planned = made + sum(row.not_run for row in rows)
        yield SIGNALLED + ending.signal_number, f"interrupted: {made}/{planned} trials saved"
    if ending.over_budget is not None:
        yield 4, f"stopped by the budget: {ending.over_budget}"
    if ending.run_stopped is not None:
        yield 3, f"stopped: {ending.run_stopped.message}"
    for model, fault in ending.stopped.items():
        yield 3, f"stopped asking {model}: {fault.message}"
    if ending.unanswered and not made:
        yield 5, f"no answer is stored for any of {plural(len(ending.unanswered), 'trial')}, and nothing was sent"
    if made and errors / made > max_error_rate:
        ended = f"{errors} of {plural(made, 'trial')} ended in errors"
        yield 3, f"{ended}, over the {max_error_rate:.3g} that --max-error-rate allows"
    if run.in_doubt:
        gates = ", ".join(str(gate) for gate in run.in_doubt)
        yield 3, f"{plural(errors, 'error')} could have decided a gate otherwise: {gates}"
    yield from _verdict(run, passed, failed, strict=strict)


def _verdict(run: JudgedRun, passed: int, failed: int, *, strict: bool) -> Iterator[End]:
    """Where gates are given, only they decide between 0 and 1."""
    gates = run.summary.gates
    broken = [gate.gate for gate in gates if gate.result == "fail"]
    open_gates = [gate.gate for gate in gates if gate.result == "inconclusive"]
    if broken:
        yield 1, f"gate failed: {', '.join(broken)}"
    if open_gates:
        yield int(strict), f"INCONCLUSIVE: {', '.join(open_gates)}" + (" (--strict)" if strict else "")
    cases_failed, cases = (sum(getattr(row, name) for row in run.summary.models) for name in ("cases_failed", "cases"))
    comparison = run.summary.comparison
    if not gates and comparison is not None and comparison.verdict == "regressed":
        yield 1, f"regressed against {comparison.base}"
    if not gates and cases_failed:
        yield (
            1,
            _told_of_cases(run, cases_failed, cases) or f"{failed} of {plural(passed + failed, 'scored trial')} failed",
        )
    if gates:
        yield 0, f"{len(gates) - len(open_gates)} of {plural(len(gates), 'gate')} passed"
    else:
        yield 0, f"{passed} of {plural(passed + failed, 'scored trial')} passed"


def _told_of_cases(run: JudgedRun, failed: int, cases: int) -> str:
    """What failed, where cases are asked several times; "" where a case is a trial."""
    rows = run.summary.models
    if not any(row.repeats > 1 for row in rows):
        return ""
    over = ", over all models and prompts" if len(rows) > 1 else ""
    return f"{failed} of {plural(cases, 'case')} failed{over}"
