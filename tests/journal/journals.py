"""Records and journals for tests: small ones, made without a runner."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from evalkit.errors import StorageError
from evalkit.journal import Attempt, Journal, iter_records
from evalkit.journal.lines import seal
from evalkit.journal.recovery import recover
from evalkit.types import Record, Response, Timing, Usage

NASTY = [
    "two\nlines\r\nand more",
    "U+2028 \u2028 U+0085 \x85 NUL \x00",
    '巴黎 🗼 "quoted" \\',
    ',"crc":"00000000"}',
    '{"key":"k0","crc":"00000000"}\n',
    "",
]


def record(number: int = 0, text: str = "hi", *, key: str | None = None) -> Record:
    return Record(
        key=key or f"k{number}",
        case_id=f"c{number}",
        prompt="p",
        model="m",
        repeat=0,
        passed=True,
        score=1.0,
        request={"messages": [{"role": "user", "content": text}]},
        response=Response(text=text, model="m-1", finish_reason="stop", outcome="ok", usage=Usage(input_tokens=3)),
        scores=(),
        error=None,
        timing=Timing(queue_s=0.0, backoff_s=0.0, latency_s=0.5, e2e_s=0.5),
        attempts=1,
        cached=False,
        cost_usd=None,
        started_at="2026-11-21T18:41:00.123Z",
    )


def attempt(key: str = "k0", *, part: str = "turn 0", number: int = 1, **fields) -> Attempt:
    sent_at = f"2026-11-21T18:41:00.{number:03}Z"
    return Attempt(
        key=key,
        case_id="c",
        prompt="p",
        model="m",
        repeat=0,
        part=part,
        number=number,
        **{"sent_at": sent_at, **fields},
    )


def sealed(each: Record) -> bytes:
    return seal(msgspec.json.encode(each))


def write(folder: Path, records: Iterable[Record]) -> Path:
    """records.jsonl of a folder."""
    path = folder / "records.jsonl"
    path.write_bytes(b"".join(map(sealed, records)))
    return path


def lines(folder: Path) -> list[bytes]:
    return (folder / "records.jsonl").read_bytes().splitlines(keepends=True)


def reopened(folder: Path) -> tuple[list[Record], bool]:
    """What is found after a crash, and whether it took `recover`; an opening must not refuse what it has mended."""
    try:
        with Journal(folder):
            needed_recover = False
    except StorageError:
        recover(folder)
        needed_recover = True
        with Journal(folder):
            pass
    return list(iter_records(folder / "records.jsonl")), needed_recover
