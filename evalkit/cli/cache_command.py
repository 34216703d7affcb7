"""`evalkit cache`: what `evalkit run --cache` keeps of answers."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from evalkit.stored.database import Database

_FILE = click.Path(path_type=Path, dir_okay=False)
_DAY_S = 86_400.0
_MB = 1024 * 1024


@click.group("cache", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Shows, empties, exports or imports the cache of answers.

    It lies in the user's cache folder, or where EVALKIT_CACHE_DIR says. It holds answers of the last 30 days
    (EVALKIT_CACHE_MAX_DAYS) and at most 1024 MB (EVALKIT_CACHE_MAX_MB): those used longest ago go first.
    """


@command.command("info")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def info(form: str) -> None:
    """Shows where the cache is and what is in it."""
    from evalkit.stored.cache_folder import cache_limits

    limits = cache_limits(os.environ)
    path = _path()
    found: dict[str, Any] = {"path": str(path), "answers": 0, "bytes": 0}
    found |= {"max_bytes": limits.max_bytes, "max_age_days": limits.max_age_s / _DAY_S, "models": []}
    if path.exists():
        with _database() as database:
            found["models"] = [_row(*each) for each in database.by_model()]
    for name in ("answers", "bytes"):
        found[name] = sum(row[name] for row in found["models"])
    click.echo(json.dumps(found, indent=1) if form == "json" else _as_text(found))


@command.command("clear")
@click.option("--older-than", type=click.FloatRange(min=0), metavar="DAYS", help="Only answers given before that.")
def clear(older_than: float | None) -> None:
    """Removes all answers, or the older ones."""
    if not _path().exists():
        click.echo(f"{_path()}: nothing is cached")
        return
    with _database() as database:
        before = None if older_than is None else time.time() - older_than * _DAY_S
        removed = database.remove(given_before=before)
    click.echo(f"{_path()}: {_answers(removed)} removed")


@command.command("export")
@click.argument("file", type=_FILE)
def export(file: Path) -> None:
    """Writes all answers to FILE, one a line, sorted: to be read, compared, or checked in."""
    from evalkit.stored.transfer import export_answers

    with _database() as database:
        count = export_answers(database, file)
    click.echo(f"{file}: {_answers(count)}")


@command.command("import")
@click.argument("file", type=_FILE)
def import_(file: Path) -> None:
    """Takes the answers of an export into the cache; of one question the newer answer stays."""
    from evalkit.stored.transfer import import_answers

    with _database() as database:
        count, written = import_answers(database, file, now=time.time())
    click.echo(f"{_path()}: of {_answers(count)} in {file}, {written:,} came in; the cache had the others")


def _path() -> Path:
    from evalkit.stored.cache_folder import DATABASE, cache_folder

    return cache_folder(os.environ) / DATABASE


@contextmanager
def _database() -> Iterator[Database]:
    """The cache, open. Raises UsageError for damage that shows only after it was opened, else StorageError."""
    import sqlite3

    from evalkit.cli.progress import say
    from evalkit.errors import StorageError, UsageError
    from evalkit.stored.cache import open_database
    from evalkit.stored.database import Damaged, set_aside

    with open_database(_path(), lambda text: say(f"note: {text}")) as database:
        try:
            yield database
        except Damaged as error:
            aside = set_aside(_path())
            moved = f"it was moved to {aside}" if aside else "another process has set it aside"
            raise UsageError(f"the cache {_path()} is damaged ({error}); {moved}") from error
        except sqlite3.Error as error:
            raise StorageError(f"the cache {_path()} cannot be read or written: {error}") from error


def _row(origin: str, model: str, answers: int, size: int, oldest: float, newest: float) -> dict[str, Any]:
    days = (time.strftime("%Y-%m-%d", time.gmtime(moment)) for moment in (oldest, newest))
    return {"origin": origin, "model": model, "answers": answers, "bytes": size, **dict(zip(_AGES, days, strict=True))}


_AGES = ("oldest", "newest")


def _as_text(found: dict[str, Any]) -> str:
    limits = f"at most {found['max_bytes'] / _MB:,.0f} MB, for {found['max_age_days']:g} days"
    lines = [f"{found['path']}: {_answers(found['answers'])}, {found['bytes'] / _MB:.1f} MB ({limits})"]
    for row in found["models"]:
        ages = f"{row['oldest']} to {row['newest']}"
        lines.append(f"  {row['model']} at {row['origin']}: {row['answers']:,}, {row['bytes'] / _MB:.1f} MB, {ages}")
    return "\n".join(lines)


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count:,} answers"
