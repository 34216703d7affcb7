"""From a suite and flags to its estimate: what will be asked, what earlier runs know of it, and a rollout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click
from msgspec.structs import replace as changed

from evalkit.errors import EvalkitError, UsageError, did_you_mean
from evalkit.estimate.estimating import Estimator
from evalkit.estimate.history import History, read_history
from evalkit.estimate.request_log import Log, read_log
from evalkit.estimate.rollout import roll_out
from evalkit.estimate.survey import MOST_TRIALS, Survey, survey_of
from evalkit.run_folder import RECORDS, file_name, read_manifest
from evalkit.suite.places import shown
from evalkit.suite.plan import Census, Plan
from evalkit.suite.traffic import Traffic
from evalkit.types import AskedModel, CostEstimate, Model, Trial

__all__ = ["Wanted", "estimate_plan", "with_flags"]

_NEWEST = 3
"""Runs of the same suite that are looked into without being named."""
_MOST_BYTES = 64 * 2**20
"""Records of a run that is not named are read up to this size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How an estimate is to be made."""

    runs: tuple[Path, ...] = ()
    """Whose answers tell the lengths; empty: those of the newest runs of the suite that asked just the same."""
    out: Path = Path("results")
    offline: bool = False
    """Runs of the stand-in are looked for, and no others."""
    traffic: Traffic | None = None
    mix_given: bool = False
    """The mix is a flag's: whoever is not asked in it is a mistake, not left out."""
    concurrency: int | None = None
    seed: int = 0
    most_trials: int = MOST_TRIALS
    by_tokenizer: bool | None = None
    """False: count by the rule of thumb, whatever is installed."""


def estimate_plan(
    plan: Plan, census: Census, wanted: Wanted, *, is_stored: Callable[[Trial], bool] | None = None
) -> CostEstimate:
    """The estimate of a plan that was prepared, with its rollout where there is traffic. Raises EvalkitError."""
    count = partial(survey_of, plan, census, most_trials=wanted.most_trials, by_tokenizer=wanted.by_tokenizer)
    survey = count()
    history = _history(plan, survey, wanted)
    left = survey if is_stored is None else count(is_stored=is_stored)
    estimate = Estimator(plan, left, history, concurrency=wanted.concurrency, seed=wanted.seed).estimate()
    traffic = wanted.traffic
    if traffic is None:
        return estimate
    log = _log(traffic)
    if log is None:
        _demand_weighed(survey, traffic)
    known = Estimator(plan, survey, history).known
    mix, notes = _mix(list(known), traffic, given=wanted.mix_given)
    rollout = roll_out(known, traffic, mix=mix, log=log, seed=wanted.seed)
    return changed(estimate, rollout=changed(rollout, notes=(*notes, *rollout.notes)))


# --- what is known -----------------------------------------------------------------------------------------------


def _history(plan: Plan, survey: Survey, wanted: Wanted) -> History:
    models = {model.name: _as_asked(plan, model) for model in plan.models}
    judges = {name: judge.id for name, judge in survey.judges.items()}
    if wanted.runs:
        return read_history(wanted.runs, models, judges, suite=plan.suite.name)
    keys = frozenset(row.key for asked in survey.asked for row in asked.requests)
    runs = _newest(wanted.out, plan.suite.name, stand_in=wanted.offline)
    try:
        return read_history(runs, models, judges, keys=keys)
    except EvalkitError as error:
        click.echo(f"note: earlier runs are of no use for the estimate: {error}", err=True)
        return History()


def _as_asked(plan: Plan, model: Model) -> AskedModel:
    return AskedModel(
        name=model.name,
        id=model.id,
        api=model.api,
        provider=model.provider.name,
        host="",
        family=model.family,
        params=plan.params(model)[0],
    )


def _newest(out: Path, suite: str, *, stand_in: bool) -> list[Path]:
    """The newest runs of a suite below a folder, the stand-in's or the others."""
    found: list[Path] = []
    folders = (folder for folder in out.glob(f"{file_name(suite)}-*") if (folder / RECORDS).is_file())
    for folder in sorted(folders, key=lambda folder: folder.name, reverse=True):
        try:
            manifest = read_manifest(folder)
        except UsageError:
            continue  # whatever it is, it is no run of this suite
        small = (folder / RECORDS).stat().st_size <= _MOST_BYTES
        if manifest.suite == suite and manifest.stand_in == stand_in and small:
            found.append(folder)
        if len(found) == _NEWEST:
            break
    return found


# --- the rollout -------------------------------------------------------------------------------------------------


def _log(traffic: Traffic) -> Log | None:
    if traffic.requests_file is None:
        return None
    return read_log(traffic.requests_file, shown(traffic.requests_file))


def _demand_weighed(survey: Survey, traffic: Traffic) -> None:
    """Raises UsageError for a weight of a tag or a case that nothing has."""
    rows = [row for asked in survey.asked for row in asked.requests]
    tags = {tag for row in rows for tag in row.tags}
    cases = {name for row in rows for name in (row.case_id, row.case_id.partition("[")[0])}
    for called, weights, known in (
        ("has the tag", traffic.tag_weights, tags),
        ("is called", traffic.case_weights, cases),
    ):
        for name in weights:
            if name not in known:
                hint = did_you_mean(name, known)
                raise UsageError(f"traffic: weights: no case that is asked {called} '{name}'{hint}")


def _mix(names: Sequence[str], traffic: Traffic, *, given: bool) -> tuple[Mapping[str, float], Sequence[str]]:
    """Who answers how much of the traffic; of one model alone, all of it."""
    missing = [name for name in traffic.mix if name not in names]
    if missing and given:
        raise UsageError(
            f"--mix: '{missing[0]}' is not asked{did_you_mean(missing[0], names)}; it has {', '.join(names)}"
        )
    if missing:
        return {}, [f"the mix of the suite is left out: {', '.join(missing)} is not among the models that are asked"]
    if traffic.mix:
        return traffic.mix, []
    return ({names[0]: 1.0} if len(names) == 1 else {}), []


def with_flags(
    traffic: Traffic | None,
    *,
    requests: float | None,
    growth: float | None,
    months: int | None,
    mix: Mapping[str, float] | None,
    cached_input_share: float | None,
    retry_rate: float | None,
) -> Traffic | None:
    """The suite's traffic with what flags say instead. Raises UsageError for flags about a traffic that nobody told."""
    given = {"growth_per_month": growth, "months": months, "mix": mix, "cached_input_share": cached_input_share,
             "retry_rate": retry_rate}  # fmt: skip
    changes = {name: value for name, value in given.items() if value is not None}
    if requests is not None:
        changes["requests_per_day"] = requests
    if traffic is None and requests is None:
        if changes:
            raise UsageError("how many requests there are is not told: add --traffic N/day, or `traffic:` to the suite")
        return None
    if growth and months is None and (traffic is None or traffic.months == 1):
        changes["months"] = 12
    if traffic is None:
        return Traffic(**changes)  # type: ignore[arg-type]
    return replace(traffic, **changes)  # type: ignore[arg-type]
