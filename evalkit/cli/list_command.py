"""`evalkit list`: what there is to name in suites and flags."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.types import Manifest

Rows = Iterator[dict[str, Any]]


@click.command("list")
@click.argument("what", type=click.Choice(["models", "checks", "apis", "reports", "runs", "cases"]))
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(what: str, path: Path | None, form: str) -> None:
    """Lists models, checks, apis, reports, runs or cases.

    PATH is the suite of `cases` and, if given, of `models`; of `runs`, the folder they are in (default: results).
    """
    rows = list(_LISTS[what](path))
    if form == "json":
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        _show(rows)


def _show(rows: list[dict[str, Any]]) -> None:
    from evalkit.display import pad, width

    widths: dict[str, int] = {}
    texts = [{key: _text(value) for key, value in _in_words(row).items()} for row in rows]
    for row in texts:
        for key, text in row.items():
            widths[key] = max(widths.get(key, 0), width(text))
    for row in texts:
        click.echo("  ".join(pad(text, widths[key]) for key, text in row.items()).rstrip())


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    """A row for people; that of a run has its numbers in one column."""
    if "planned" not in row:
        return row
    numbers = {"trials": f"{row['trials']} of {row['planned']}", "stand_in": "stand-in" if row["stand_in"] else ""}
    return {key: value for key, value in {**row, **numbers}.items() if key not in ("planned", "ended_at")}


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return "–" if value is None else str(value)


def _models(path: Path | None) -> Rows:
    """Presets, or the models of a suite."""
    from evalkit.costs.prices import price_of
    from evalkit.suite.presets import PRESETS

    if path is None:
        for preset in PRESETS:
            price = price_of(preset.example)
            yield {
                "name": preset.example,
                "pattern": preset.pattern,
                "api": preset.api,
                "provider": preset.provider,
                "rejects": sorted(preset.rejects),
                "price_usd_per_1m": [price.input, price.output] if price else None,
            }
        return
    suite = _plan(path).suite
    for role, models in (("model", suite.models), ("judge", suite.judges)):
        for model in models:
            yield {"name": model.name, "id": model.id, "api": model.api, "provider": model.provider.name, "role": role}


def _checks(_: Path | None) -> Rows:
    import dataclasses

    from evalkit.registry import CHECKS, missing_extra

    for name in CHECKS:
        check = CHECKS[name]
        arguments = [field.name for field in dataclasses.fields(check)]  # type: ignore[arg-type]
        missing = missing_extra(check)
        lacking = f"(needs the extra: {missing}) " if missing else ""
        yield {"name": name, "arguments": arguments, "help": lacking + (check.__doc__ or "").strip().splitlines()[0]}


def _apis(_: Path | None) -> Rows:
    from evalkit.registry import APIS

    for name in APIS:
        yield {"name": name, "path": APIS[name].path}


def _reports(_: Path | None) -> Rows:
    from evalkit.registry import REPORTS

    for name in REPORTS:
        yield {"name": name, "file": REPORTS[name].filename}


def _runs(path: Path | None) -> Rows:
    from evalkit.errors import EvalkitError
    from evalkit.run_folder import MANIFEST, read_manifest

    parent = path or Path("results")
    if path is not None and not path.is_dir():
        raise UsageError(f"{path}: no such folder")
    for folder in sorted(file.parent for file in parent.glob(f"*/{MANIFEST}")):
        try:
            manifest = read_manifest(folder)
            trials, state = _progress(folder, manifest)
        except EvalkitError as error:
            click.echo(str(error), err=True)
            continue
        yield {
            "name": manifest.id,
            "suite": manifest.suite,
            "state": state,
            "trials": trials,
            "planned": sum(row.trials for row in manifest.planned),
            "started_at": manifest.started_at,
            "ended_at": manifest.ended_at,
            "models": [model.name for model in manifest.models],
            "stand_in": manifest.stand_in,
        }


def _progress(folder: Path, manifest: Manifest) -> tuple[int, str]:
    """The trials that have records, and whether there will be more: `running`, `complete` or `interrupted`."""
    from evalkit.journal.locking import is_locked
    from evalkit.journal.reading import last_offsets
    from evalkit.run_folder import RECORDS

    records = folder / RECORDS
    trials = len(last_offsets(records).keys() - set(manifest.superseded))
    if is_locked(records):
        return trials, "running"
    planned = sum(row.trials for row in manifest.planned)
    return trials, "complete" if trials + len(manifest.unanswered) >= planned else "interrupted"


def _cases(path: Path | None) -> Rows:
    if path is None:
        raise UsageError("name the suite: evalkit list cases SUITE")
    for case in _plan(path).suite.cases():
        checks = len(case.checks) + sum(len(turn.checks) for turn in case.turns or ())
        yield {"name": case.id, "tags": list(case.tags), "checks": checks, "skip": case.skip}


def _plan(path: Path) -> Any:
    from evalkit.suite.loader import load_suite
    from evalkit.suite.plan import Plan

    return Plan(load_suite(path))


_LISTS: dict[str, Callable[[Path | None], Rows]] = {
    "models": _models,
    "checks": _checks,
    "apis": _apis,
    "reports": _reports,
    "runs": _runs,
    "cases": _cases,
}
