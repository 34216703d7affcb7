"""Which answers a run finds stored before it asks anybody: its own of before, another run's, the cache's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from evalkit.cli.earlier import EarlierRun
from evalkit.errors import StorageError, UsageError
from evalkit.journal import Entry, Journal, read_record
from evalkit.report.cells import plural
from evalkit.run_folder import RECORDS
from evalkit.stored.runs import RunAnswers
from evalkit.stored.source import AnswerSource, FirstOf, NothingStored
from evalkit.suite.loader import digest
from evalkit.suite.plan import Plan
from evalkit.suite.selection import TrialSet

__all__ = ["Everybody", "Recalled", "Resumed", "failed_trials", "go_on", "read_answers", "recall", "trial_names"]


class Everybody(Container[str]):
    """All models: nothing is sent to any of them."""

    def __contains__(self, name: object) -> bool:
        return True


@dataclass(slots=True, kw_only=True)
class Recalled:
    """What of a run is there already."""

    stored: AnswerSource = field(default_factory=NothingStored)
    done: Mapping[str, Entry] = field(default_factory=dict)
    """Trials whose records stand in the run's own journal, by key."""
    left: Mapping[str, int] | None = None
    """Model → trials that are still to be made; None where all are."""
    superseded: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def is_idle(self, model: str) -> bool:
        """Whether there is nothing to ask a model any more."""
        return self.left is not None and not self.left.get(model)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left of the run."""
        return self.left is not None and not any(self.left.values())


@dataclass(frozen=True, slots=True)
class Resumed:
    """A run that is gone on with. Its journal is open, so that nobody else writes to it, until `held` is closed."""

    earlier: EarlierRun
    journal: Journal
    held: ExitStack
    retry_errors: bool


def go_on(earlier: EarlierRun, *, retry_errors: bool) -> Resumed:
    """Takes a run folder over. Raises UsageError where another process has it, or its records are damaged."""
    held = ExitStack()
    try:
        return Resumed(earlier, held.enter_context(Journal(earlier.folder)), held, retry_errors)
    except StorageError as error:
        raise UsageError(str(error)) from error


def read_answers(folder: Path, *, with_faults: bool = False, of_this_run: bool = False) -> RunAnswers:
    """The answers in a run folder. Raises UsageError where its records are damaged."""
    try:
        return RunAnswers(folder, with_faults=with_faults, of_this_run=of_this_run)
    except StorageError as error:
        raise UsageError(str(error)) from error


def trial_names(answers: RunAnswers) -> TrialSet:
    """Case, prompt and model of each record."""
    return TrialSet((entry.case_id, entry.prompt, entry.model) for entry in answers.index.values())


def failed_trials(earlier: EarlierRun) -> TrialSet:
    """What failed in a run or ended in an error: cases of which too few repeats passed, unless that was expected."""
    answers = read_answers(earlier.folder)
    superseded = frozenset(earlier.manifest.superseded)
    repeats: dict[tuple[str, str, str], list[str]] = {}
    for key, entry in answers.index.items():
        if key not in superseded:
            repeats.setdefault((entry.case_id, entry.prompt, entry.model), []).append(key)
    records = earlier.folder / RECORDS
    return TrialSet(name for name, keys in repeats.items() if _failed(answers, keys, records))


def _failed(answers: RunAnswers, keys: list[str], records: Path) -> bool:
    """Whether the repeats of one case, with one prompt and model, make it a failed one."""
    if any(answers.broke_off(key) for key in keys):
        return True
    verdicts = {key: answers.index[key].passed for key in keys}
    failed = next((key for key, passed in verdicts.items() if passed is False), None)
    if failed is None:
        return False
    record = read_record(records, answers.index[failed])
    scored = [passed for passed in verdicts.values() if passed is not None]
    return record.xfail is None and sum(scored) / len(scored) < (1.0 if record.pass_if is None else record.pass_if)


def recall(plan: Plan, resumed: Resumed | None, others: list[AnswerSource]) -> Recalled:
    """What of a plan is there already. Raises UsageError where the run that is resumed is another suite's."""
    if resumed is not None:
        return _recall_own(plan, resumed, others)
    return Recalled(stored=_together(others)) if others else Recalled()


def _recall_own(plan: Plan, resumed: Resumed, others: list[AnswerSource]) -> Recalled:
    answers = read_answers(resumed.earlier.folder, of_this_run=True)
    meant: set[str] = set()
    left: Counter[str] = Counter()
    done: dict[str, Entry] = {}
    for model in plan.models:
        for trial in plan.trials(model):
            entry = answers.index.get(trial.key)
            if entry is not None:
                meant.add(trial.key)
            if entry is None or (resumed.retry_errors and answers.broke_off(trial.key)):
                left[model.name] += 1
            else:
                done[trial.key] = entry
    _demand_match(resumed.earlier, plan, answers, meant)
    superseded = tuple(key for key in answers.index if key not in meant)
    return Recalled(
        stored=_together([answers, *others]),
        done=done,
        left=left,
        superseded=superseded,
        notes=tuple(_notes(resumed.earlier, plan, done, left.total(), len(meant) - len(done), len(superseded))),
    )


def _together(stored: list[AnswerSource]) -> AnswerSource:
    return stored[0] if len(stored) == 1 else FirstOf(stored)


def _demand_match(earlier: EarlierRun, plan: Plan, answers: RunAnswers, meant: set[str]) -> None:
    suite, was = plan.suite, earlier.manifest.suite
    if meant or (not answers.index and suite.name == was):
        return
    if not answers.index:
        raise UsageError(f"{earlier.folder} is a run of '{was}', and {suite.file} is '{suite.name}'")
    raise UsageError(
        f"{earlier.folder}, a run of '{was}': none of its {plural(len(answers.index), 'record')} answers a question of "
        f"{suite.file} as it is now, with these flags; for a new run: evalkit run {suite.file}"
    )


def _notes(
    earlier: EarlierRun, plan: Plan, done: Mapping[str, Entry], left: int, again: int, superseded: int
) -> list[str]:
    resumed = f"resumed with {len(done):,} of {plural(len(done) + left, 'trial')} done"
    if not left:
        trials = plural(len(done), "trial")
        resumed = f"the run was complete when it was resumed: nothing was left to ask of its {trials}"
    notes = [f"{resumed}; {plural(again, 'error')} asked again" if again else resumed]
    if superseded:
        left_over = f"{plural(superseded, 'record')} of questions that the suite and the flags no longer have"
        notes.append(f"kept, but counted nowhere: {left_over}")
    if done and digest(plan.suite.source) != earlier.manifest.suite_digest:
        judged = "what was answered before is judged by the checks of then"
        notes.append(f"the suite was edited since: {judged}; `evalkit rescore` judges all by those of now")
    return notes
