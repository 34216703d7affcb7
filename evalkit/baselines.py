"""Baselines: what a run came to, in a sorted file that is checked in and reviewed like a snapshot.

One trial a line, without the answers themselves (their digest tells whether they changed), so that a diff shows which
cases came out otherwise. Answers of the stand-in gateway and those of models never stand in one file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from evalkit.analysis.frames import load_run
from evalkit.analysis.lines import Status
from evalkit.analysis.order import natural
from evalkit.analysis.sides import Side, side_of_trials
from evalkit.errors import UsageError
from evalkit.run_folder import read_manifest, write_whole
from evalkit.types import AskedModel, Manifest

__all__ = ["Baseline", "BaselineTrial", "baseline_of", "merged", "read_baseline", "side_of_baseline", "write_baseline"]

FORMAT = 1
_DIGEST = 16
"""Hexadecimal digits of an answer's hash."""
_RENAMED = {"error": "error_kind", "answer": "text"}
"""What is made of another column of a run's records."""


class BaselineTrial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One trial, as `RunFrames.records` has it."""

    case_id: str
    prompt: str
    model: str
    repeat: int
    passed: bool | None
    """None where there is no verdict."""
    score: float | None = None
    error: str | None = None
    """The kind of the error that it ended in."""
    outcome: str | None = None
    answered_by: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: float | None = None
    latency_s: float | None = None
    ttft_s: float | None = None
    cluster: str | None = None
    xfail: str | None = None
    pass_if: float | None = None
    key: str
    """Of the question: it changes with the prompt, the case or a parameter."""
    answer: str | None = None
    """The digest of the answer's text."""

    @property
    def place(self) -> tuple[object, ...]:
        """What it is sorted by."""
        return natural(self.case_id), self.prompt, self.model, self.repeat

    @property
    def status(self) -> Status:
        """As `RunFrames.records` calls it."""
        if self.error is not None:
            return "error"
        if self.passed is None:
            return "unscored"
        if self.xfail is not None:
            return "xpassed" if self.passed else "xfailed"
        return "passed" if self.passed else "failed"

    @property
    def identity(self) -> tuple[str, str, str, int]:
        """What it is paired by."""
        return self.case_id, self.prompt, self.model, self.repeat


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """A baseline file."""

    evalkit_baseline: int = FORMAT
    suite: str
    suite_digest: str
    run: str
    """The run that it was made of last."""
    started_at: str
    stand_in: bool
    prices_date: str | None = None
    models: tuple[AskedModel, ...] = ()
    trials: tuple[BaselineTrial, ...] = ()


def baseline_of(folder: Path, *, with_latency: bool = False) -> Baseline:
    """The baseline that a run makes. Latencies differ each time, and are kept only if asked for.

    Raises UsageError where the folder is no run, or one without a trial.
    """
    manifest = read_manifest(folder)
    columns = [column for column in BaselineTrial.__struct_fields__ if column not in _RENAMED]
    if not with_latency:
        columns = [column for column in columns if column not in ("latency_s", "ttft_s")]
    records = load_run(folder, columns=[*columns, *_RENAMED.values()], scores=False).records
    if records.empty:
        raise UsageError(f"{folder}: no trial has ended in this run: there is nothing to make a baseline of")
    rows: list[dict[str, Any]] = records.astype(object).where(records.notna(), None).to_dict("records")  # type: ignore[assignment]
    trials = (
        BaselineTrial(
            **{column: row[column] for column in columns}, error=row["error_kind"], answer=_digest(row["text"])
        )
        for row in rows
    )
    return Baseline(
        suite=manifest.suite,
        suite_digest=manifest.suite_digest,
        run=manifest.id,
        started_at=manifest.started_at,
        stand_in=manifest.stand_in,
        prices_date=manifest.prices_date,
        models=tuple(map(_anywhere, manifest.models)) if manifest.stand_in else manifest.models,
        trials=_sorted(trials),
    )


def merged(old: Baseline, new: Baseline) -> Baseline:
    """`new`, and of `old` the trials that `new` does not have."""
    known = {trial.identity for trial in new.trials}
    names = {model.name for model in new.models}
    return replace(
        new,
        models=(*new.models, *(model for model in old.models if model.name not in names)),
        trials=_sorted([*new.trials, *(trial for trial in old.trials if trial.identity not in known)]),
    )


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Writes a file with one trial a line. Raises StorageError; UsageError where its folder cannot be made."""
    head = msgspec.json.format(msgspec.json.encode(replace(baseline, trials=())), indent=1).decode()
    lines = ",\n".join(msgspec.json.encode(trial).decode() for trial in baseline.trials)
    text = head.removesuffix('"trials": []\n}') + f'"trials": [\n{lines}\n]}}\n'
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path.parent} cannot be made: {error.strerror}; name another file with -o") from error
    write_whole(path, text.encode())


def read_baseline(path: Path) -> Baseline:
    """Reads a file. Raises UsageError with what is wrong and what to do."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: no baseline: it cannot be read ({error.strerror})") from error
    try:
        baseline = msgspec.json.decode(data, type=Baseline)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        made = "make one with: evalkit baseline update RUN"
        raise UsageError(f"{path}: not a baseline ({error}); {made}") from error
    if baseline.evalkit_baseline != FORMAT:
        wanted = f"this evalkit reads format {FORMAT}; use a newer one"
        raise UsageError(f"{path}: a baseline of format {baseline.evalkit_baseline}, and {wanted}")
    _demand_single(path, baseline)
    return baseline


def side_of_baseline(path: Path) -> Side:
    """A file as one side of a comparison. Raises UsageError."""
    baseline = read_baseline(path)
    manifest = Manifest(
        id=baseline.run,
        suite=baseline.suite,
        suite_file=str(path),
        suite_source="",
        suite_digest=baseline.suite_digest,
        started_at=baseline.started_at,
        ended_at=baseline.started_at,
        stand_in=baseline.stand_in,
        models=baseline.models,
        prompts=tuple(dict.fromkeys(trial.prompt for trial in baseline.trials)),
        prices_date=baseline.prices_date,
    )
    trials = [asdict(trial) | {"status": trial.status, "cached": False} for trial in baseline.trials]
    return side_of_trials(str(path), manifest, trials)


def _anywhere(model: AskedModel) -> AskedModel:
    """The stand-in gateway has another address each time, which would show in every diff."""
    return replace(model, host="stand-in")


def _demand_single(path: Path, baseline: Baseline) -> None:
    """Raises UsageError for a file in which a trial stands twice, as after a merge of two branches."""
    seen: set[tuple[str, str, str, int]] = set()
    for trial in baseline.trials:
        if trial.identity in seen:
            where = f"case '{trial.case_id}', prompt '{trial.prompt}', model '{trial.model}', repeat {trial.repeat}"
            raise UsageError(f"{path}: {where} stands there twice; make it anew: evalkit baseline update RUN -o {path}")
        seen.add(trial.identity)


def _sorted(trials: Iterable[BaselineTrial]) -> tuple[BaselineTrial, ...]:
    return tuple(sorted(trials, key=lambda trial: trial.place))


def _digest(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
