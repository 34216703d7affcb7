"""`evalkit prices`: what models cost and who says so, and fetching the gateway's own prices."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from evalkit.display import pad, width
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.costs.catalogue import CatalogueReading

Row = dict[str, Any]


@click.group("prices")
def command() -> None:
    """Shows what models cost, and refreshes it."""


@command.command("show", short_help="What models cost, and who says so.")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option("--format", "form", type=click.Choice(["table", "json", "md", "csv"]), default="table", show_default=True)
@click.option("--at", "day", metavar="DATE", help="As of a day, YYYY-MM-DD.  [default: today]")
def show(models: tuple[str, ...], form: str, day: str | None) -> None:
    """Prices in USD per 1,000,000 tokens, of all models known here or of those named.

    Layers: gptproto (its published table, or a younger one that was fetched), list (the maker's own prices). A price in
    a suite goes before both.
    """
    at = _day(day)
    rows = [_row(model, at) for model in models or _known()]
    click.echo(_FORMATS[form](rows))
    click.echo("USD per 1,000,000 tokens; batch × is a factor on all rates.", err=True)
    for row in rows:
        if row["layer"] is None:
            click.echo(f"{row['model']} is unpriced: give it a `price` in the suite.", err=True)


@command.command("refresh", short_help="Fetches the gateway's own prices.")
@click.option(
    "--base-url", metavar="URL", help="The gateway.  [default: GPTPROTO_API_BASE, else https://gptproto.com/v1]"
)
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(min=0.1), default=30.0, show_default=True, metavar="SECONDS"
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it, in place of your own table."
)
def refresh(base_url: str | None, timeout_s: float, out: Path | None) -> None:
    """Fetches the gateway's catalogue and keeps its prices as your own table.

    The only command besides `run` that uses the network. No key is sent.
    """
    from evalkit.costs import price_tables
    from evalkit.costs.catalogue import read_catalogue
    from evalkit.gateway.catalogue import CatalogueUnusable, catalogue_url, fetch_catalogue
    from evalkit.suite.models import BASE_URL_VARIABLE, DEFAULT_BASE_URL

    base_url = base_url or os.environ.get(BASE_URL_VARIABLE) or DEFAULT_BASE_URL
    url = catalogue_url(base_url)
    body = fetch_catalogue(base_url, timeout_s=timeout_s)
    try:
        reading = read_catalogue(body, day=datetime.now(UTC).date(), source=url)
    except ValueError as error:
        raise CatalogueUnusable(f"{url}: {error}; the prices in force stay") from error
    path = price_tables.keep(reading.table, out)
    for line in _told(reading):
        click.echo(line, err=True)
    click.echo(path)


def _told(reading: CatalogueReading) -> Iterable[str]:
    """What a person wants to know of a new table."""
    yield f"{len(reading.table.models)} models with prices of {reading.table.date}"
    if reading.left_out:
        some = "; ".join(f"{name}: {why}" for name, why in [*reading.left_out.items()][:3])
        yield f"{len(reading.left_out)} left out, such as {some}"
    for name, (known, now) in reading.changed.items():
        yield f"{name}: {known.input:g} in, {known.output:g} out → {now.input:g} in, {now.output:g} out"


def _day(written: str | None) -> date | None:
    try:
        return None if written is None else date.fromisoformat(written)
    except ValueError as error:
        raise UsageError(f"--at {written}: a day is written YYYY-MM-DD") from error


def _known() -> list[str]:
    """GPTProto's models, then the presets' that it has no price for."""
    from evalkit.costs import price_tables
    from evalkit.suite.presets import PRESETS

    table = price_tables.newest()
    return [*table.models, *(preset.example for preset in PRESETS if table.find(preset.example) is None)]


def _row(model: str, day: date | None) -> Row:
    """What is known of a model's price; None for all that is not."""
    from evalkit.costs.prices import quote

    found = quote(model, at=day)
    if found is None:
        return {**dict.fromkeys(_FIELDS), "model": model, "tiers": []}
    price = msgspec.to_builtins(found.price)
    return {"model": model, "layer": found.layer, "date": found.date, **price, "source": found.source}


def _as_table(rows: Sequence[Row]) -> str:
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    lines = (
        "  ".join(
            pad(cell, room, right=2 < number < 7) for number, (cell, room) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    )
    return "\n".join(line.rstrip() for line in lines)


def _as_markdown(rows: Sequence[Row]) -> str:
    rule = ["---" if number in (0, 1, 2, 7) else "--:" for number in range(len(_HEADINGS))]
    lines = [_HEADINGS, rule, *([cell.replace("|", "\\|") for cell in _cells(row)] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _as_csv(rows: Sequence[Row]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_FIELDS)
    for row in rows:
        writer.writerow([_tiers(row) if field == "tiers" else row[field] for field in _FIELDS])
    return file.getvalue().removesuffix("\n")


def _as_json(rows: Sequence[Row]) -> str:
    return json.dumps(rows, indent=1, ensure_ascii=False)


def _cells(row: Row) -> list[str]:
    rates = ["–" if row[key] is None else f"{row[key]:.10g}" for key in _FIELDS[3:7]]
    return [row["model"], row["layer"] or "unpriced", row["date"] or "–", *rates, _tiers(row)]


def _tiers(row: Row) -> str:
    """`>200000: 2.5 / 15 / 0.25`: the rates in, out and cached for a request with a longer input."""
    return "; ".join(
        f">{tier['above_input_tokens']}: "
        + " / ".join("–" if tier[key] is None else f"{tier[key]:.10g}" for key in ("input", "output", "cached_input"))
        for tier in row["tiers"]
    )


_FIELDS = ("model", "layer", "date", "input", "output", "cached_input", "batch", "tiers", "source")
_HEADINGS = ["model", "layer", "as of", "in", "out", "cached", "batch ×", "tiers (input tokens: in / out / cached)"]
_FORMATS = {"table": _as_table, "json": _as_json, "md": _as_markdown, "csv": _as_csv}
