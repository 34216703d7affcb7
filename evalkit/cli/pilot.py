"""A pilot: a few trials, spread over models, prompts and tags, asked before the rest to learn how long answers are."""

from __future__ import annotations

import dataclasses
import hashlib
import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

from msgspec.structs import replace

from evalkit.cli.budgets import set_budgets
from evalkit.cli.earlier import SuiteText
from evalkit.cli.ending import SIGNALLED
from evalkit.cli.options import Options
from evalkit.cli.preparing import Prepared, prepare_all
from evalkit.cli.progress import say
from evalkit.cli.reports import write_reports
from evalkit.cli.session import ask, begin, ended, stand_in_for
from evalkit.cli.starting import Storage
from evalkit.estimate.history import PILOT
from evalkit.journal import Journal, index_records
from evalkit.report.cells import plural
from evalkit.report.estimate_words import probably
from evalkit.run_folder import RECORDS, write_manifest
from evalkit.running.job import Ending
from evalkit.suite.models import BASE_URL_VARIABLE
from evalkit.suite.plan import Plan
from evalkit.suite.selection import TrialSet
from evalkit.types import CostEstimate

__all__ = ["Pilot", "choose_trials", "run_pilot"]

Triple = tuple[str, str, str]
"""Case, prompt, model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """A pilot that is over."""

    folder: Path | None
    """None where it has no answer: `code` says how it ended."""
    code: int
    reuse: str
    """How to use its answers in the run that follows."""


def run_pilot(
    path: Path, plan: Plan, options: Options, environ: Mapping[str, str], *, trials: int, before: CostEstimate
) -> Pilot:
    """Asks so many trials once, within --max-cost, into a run folder of their own. Raises EvalkitError."""
    chosen = choose_trials(plan, trials)
    environ = {**environ, BASE_URL_VARIABLE: options.base_url} if options.base_url else environ
    options = dataclasses.replace(options, repeat=1, limit=None, sample=None, reports=("json",))
    storage = Storage(only=TrialSet(chosen))
    with stand_in_for(options) as stand_in:
        url = stand_in.base_url if stand_in else None
        (prepared,) = prepare_all([SuiteText(path)], options, environ, url, storage)
        set_budgets([prepared], options.max_cost)
        _announce(len(chosen), before, options)
        folder, ending = _ask(prepared, options, storage, trials)
    answered = sum(entry.error is None for entry in index_records(folder / RECORDS).values())
    _say_how_it_ended(ending, answered, len(chosen), folder)
    return Pilot(
        folder=folder if answered and not _code(ending) > SIGNALLED else None,
        code=_code(ending),
        reuse=f"the pilot's answers are in {folder}; to use them: {_command(path, options, folder)}",
    )


def choose_trials(plan: Plan, number: int) -> list[Triple]:
    """So many trials: models and prompts in turn, and of each the tags in turn, the cases by lot."""
    strata: dict[tuple[str, str], dict[tuple[str, ...], list[Triple]]] = defaultdict(lambda: defaultdict(list))
    for model in plan.models:
        for trial in plan.trials(model):
            if not trial.repeat:
                found = strata[model.name, trial.prompt][trial.tags[:1]]
                found.append((trial.case_id, trial.prompt, model.name))
    in_turn = [list(_alternating([sorted(cases, key=_lot) for cases in by_tag.values()])) for by_tag in strata.values()]
    return list(_alternating(in_turn))[:number]


def _alternating(lists: list[list[Triple]]) -> Iterator[Triple]:
    return (triple for triple in chain.from_iterable(zip_longest(*lists)) if triple is not None)


def _lot(triple: Triple) -> bytes:
    """By case alone, so that all models are asked the same cases as far as that goes."""
    return hashlib.blake2b(triple[0].encode(), digest_size=8).digest()


def _announce(number: int, before: CostEstimate, options: Options) -> None:
    """What it may cost, before anything is sent."""
    share = number / before.trials
    cost = before.priced_cost_usd
    text = f"pilot: {plural(number, 'trial')} of {before.trials:,}"
    if cost is not None:
        scaled = replace(cost, low=share * cost.low, median=share * cost.median, high=share * cost.high)
        text += f", probably {probably(scaled, lambda usd: f'{usd:.2g}')} USD"
        text += f", at most {share * cost.worst:.2g}" if cost.worst is not None else ""
    if before.unpriced:
        text += f"; {', '.join(before.unpriced)}: unpriced"
    say(f"{text}; {_limit(options)}")


def _limit(options: Options) -> str:
    if options.offline:
        return "asked of the stand-in, which costs nothing"
    return "no limit is set (--max-cost)" if options.max_cost is None else f"never more than {options.max_cost:g} USD"


def _ask(prepared: Prepared, options: Options, storage: Storage, trials: int) -> tuple[Path, Ending]:
    folder, manifest = begin(prepared, options, storage)
    manifest = replace(manifest, selection={**manifest.selection, PILOT: trials}, estimate=None)
    write_manifest(folder, manifest)
    with Journal(folder) as journal:
        ending = ask(prepared, journal, folder, options)
    write_manifest(folder, ended(manifest, ending, folder))
    _report(folder)
    return folder, ending


def _report(folder: Path) -> None:
    from evalkit.analysis.frames import load_run
    from evalkit.gates import judge

    write_reports(judge(load_run(folder)), folder, ("md", "csv", "json"))


def _code(ending: Ending) -> int:
    if ending.signal_number is not None:
        return SIGNALLED + ending.signal_number
    return 4 if ending.over_budget is not None else 3


def _say_how_it_ended(ending: Ending, answered: int, asked: int, folder: Path) -> None:
    reasons = [f"stopped by the budget: {ending.over_budget}"] if ending.over_budget is not None else []
    reasons += [f"{model} was asked no more: {fault.message}" for model, fault in ending.stopped.items()]
    reasons += [f"stopped: {ending.run_stopped.message}"] if ending.run_stopped is not None else []
    reasons += ["interrupted"] if ending.signal_number is not None else []
    told = f"; {'; '.join(reasons)}" if reasons else ""
    say(f"pilot: {answered} of {plural(asked, 'trial')} answered, kept in {folder}{told}")


def _command(path: Path, options: Options, folder: Path) -> str:
    words = ["evalkit", "run", str(path), "--replay", str(folder), *(["--offline"] if options.offline else [])]
    chosen = {"-m": options.models, "-p": options.prompts, "-k": options.cases, "--tag": options.tags}
    for flag, values in {**chosen, "--set": options.overrides}.items():
        words += [word for value in values for word in (flag, value)]
    return shlex.join(words)
