"""`evalkit recover`: the journal of a run, verified and repaired."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.errors import StorageError, UsageError

if TYPE_CHECKING:
    from evalkit.journal import Attempt
    from evalkit.journal.recovery import Recovered

SHOWN = 20
"""Damaged places, or attempts in doubt, that are named one by one."""


@click.command("recover")
@click.argument("run", type=click.Path(path_type=Path))
def command(run: Path) -> None:
    """Verifies a run's records, and repairs the file where it is damaged.

    RUN is a run folder (or its run.json). Nothing is thrown away: damaged lines go to records.damaged beside the
    records, which are then written anew, whole or not at all. Reports are not touched; `evalkit report` makes them
    again.
    """
    from evalkit.journal.attempts import in_doubt
    from evalkit.journal.recovery import recover
    from evalkit.run_folder import MANIFEST, RECORDS

    folder = run.parent if run.name in (MANIFEST, RECORDS) else run
    if not any((folder / name).exists() for name in (MANIFEST, RECORDS)):
        raise UsageError(f"{folder}: no run folder: it has neither {MANIFEST} nor {RECORDS}")
    if (folder / RECORDS).exists():
        _tell(folder, recover(folder))
    else:
        click.echo(f"{folder}: no record was kept yet; there is nothing to repair")
    _tell_doubts(in_doubt(folder))
    _verify_manifest(folder / MANIFEST)


def _tell(folder: Path, recovered: Recovered) -> None:
    from evalkit.report.cells import plural
    from evalkit.run_folder import DAMAGED

    kept = plural(recovered.records, "record")
    if not recovered.changed:
        click.echo(f"{folder}: {kept}, all of them whole; nothing was changed")
        return
    for piece in recovered.damaged[:SHOWN]:
        whose = f" ({piece.trial})" if piece.trial else ""
        click.echo(f"line {piece.number}{whose}: {plural(len(piece.data), 'byte')} that are no whole record")
    if len(recovered.damaged) > SHOWN:
        click.echo(f"and {len(recovered.damaged) - SHOWN} more")
    aside = plural(len(recovered.damaged), "damaged piece")
    click.echo(f"{folder}: {kept} kept" + (f"; {aside} set aside in {DAMAGED}" if recovered.damaged else ""))


def _tell_doubts(attempts: list[Attempt]) -> None:
    from evalkit.journal.attempts import doubt_notes

    for note in doubt_notes(attempts):
        click.echo(note)
    for attempt in attempts[:SHOWN]:
        click.echo(f"  {attempt}")
    if len(attempts) > SHOWN:
        click.echo(f"  and {len(attempts) - SHOWN} more")


def _verify_manifest(path: Path) -> None:
    import msgspec

    from evalkit.types import Manifest

    try:
        msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise StorageError(
            f"{path} cannot be read ({why}), and cannot be made again from the records; reports need it"
        ) from error
