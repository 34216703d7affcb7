"""The cache's file: an SQLite database that several processes may use at once; damage to it is noticed."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

from evalkit.errors import UsageError
from evalkit.stored.cache_folder import CacheLimits

__all__ = ["Damaged", "Database", "Row", "set_aside"]

_FORMAT = 1
_BUSY_S = 20.0
"""For how long one process waits for another's writing."""
_TABLE = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY NOT NULL,
    origin TEXT NOT NULL,
    model TEXT NOT NULL,
    created_at REAL NOT NULL,
    used_at REAL NOT NULL,
    bytes INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    question BLOB NOT NULL,
    answer BLOB NOT NULL
)
"""
_BEGINNING = (
    "PRAGMA auto_vacuum = INCREMENTAL",  # heard only by a file that is new
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    _TABLE,
    "CREATE INDEX IF NOT EXISTS by_use ON answers (used_at)",
    f"PRAGMA user_version = {_FORMAT}",
    "SELECT key, origin, model, created_at, used_at, bytes, crc, question, answer FROM answers LIMIT 1",
)
_KEEP_NEWEST = """
INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET created_at = excluded.created_at, used_at = excluded.used_at, bytes = excluded.bytes,
crc = excluded.crc, question = excluded.question, answer = excluded.answer WHERE excluded.created_at > created_at
"""
_BEYOND = """
DELETE FROM answers WHERE key IN (
    SELECT key FROM (SELECT key, sum(bytes) OVER (ORDER BY used_at DESC, key) AS so_far FROM answers) WHERE so_far > ?
)
"""


class Damaged(Exception):
    """The file is no database any more."""


class Row(NamedTuple):
    """A question with its answer, both as JSON."""

    key: str
    origin: str
    model: str
    created_at: float
    """Seconds since 1970: when the answer was given."""
    question: bytes
    answer: bytes


class Database:
    """The answers in one file, as a context manager; each thread needs one of its own.

    Raises `Damaged` where the file is none of ours any more, UsageError where it cannot be opened, and sqlite3.Error
    where the disk fails later on.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _one_at_a_time(path), _damage_noticed():
                self._connection = self.connect(path)
        except (OSError, sqlite3.Error) as error:
            why = getattr(error, "strerror", None) or error
            hint = "name another folder in EVALKIT_CACHE_DIR, or go without --cache"
            raise UsageError(f"the cache {path} cannot be opened: {why}; {hint}") from error

    @staticmethod
    def connect(path: Path) -> sqlite3.Connection:
        """A connection to the file, which is made ours where it is new."""
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        try:
            _demand_format(connection, path)
            for statement in _BEGINNING:
                connection.execute(statement).fetchall()
        except BaseException:
            connection.close()
            raise
        return connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def find(self, key: str, *, given_since: float) -> bytes | None:
        """The answer to a question, if it is no older; one whose bytes went bad is forgotten."""
        with _damage_noticed():
            found = self._connection.execute(
                "SELECT crc, question, answer FROM answers WHERE key = ? AND created_at >= ?", (key, given_since)
            ).fetchone()
            if found is None:
                return None
            crc, question, answer = found
            if _is_whole(crc, key, question, answer):
                return bytes(answer)
            self._connection.execute("DELETE FROM answers WHERE key = ?", (key,))
            return None

    def keep(self, rows: Iterable[Row], *, now: float, used: Sequence[str] = ()) -> int:
        """Writes rows, all or none; of one question the newer answer stays. `used`: keys that were found lately.

        Returns how many were written.
        """
        values = [
            (*row[:4], now, len(row.question) + len(row.answer), _crc(row.key, row.question, row.answer), *row[4:])
            for row in rows
        ]
        with _damage_noticed(), self._transaction():
            before = self._connection.total_changes
            self._connection.executemany(_KEEP_NEWEST, values)
            written = self._connection.total_changes - before
            self._connection.executemany("UPDATE answers SET used_at = ? WHERE key = ?", [(now, key) for key in used])
        return written

    def trim(self, limits: CacheLimits, *, now: float) -> int:
        """Removes what is too old, then what was used longest ago until the rest fits. Returns how many went."""
        with _damage_noticed(), self._transaction():
            before = self._connection.total_changes
            self._connection.execute("DELETE FROM answers WHERE created_at < ?", (now - limits.max_age_s,))
            self._connection.execute(_BEYOND, (limits.max_bytes,))
            removed = self._connection.total_changes - before
        if removed:
            self._give_space_back()
        return removed

    def remove(self, *, given_before: float | None = None) -> int:
        """Removes all answers, or the older ones. Returns how many."""
        with _damage_noticed():
            where, values = ("", ()) if given_before is None else (" WHERE created_at < ?", (given_before,))
            removed = self._connection.execute(f"DELETE FROM answers{where}", values).rowcount  # noqa: S608 ours
        self._give_space_back()
        return removed

    def rows(self) -> Iterator[Row]:
        """All of them, by key."""
        with _damage_noticed():
            columns = "key, origin, model, created_at, question, answer, crc"
            for *row, crc in self._connection.execute(f"SELECT {columns} FROM answers ORDER BY key"):  # noqa: S608
                if _is_whole(crc, row[0], row[-2], row[-1]):
                    yield Row(*row)

    def by_model(self) -> list[tuple[str, str, int, int, float, float]]:
        """Origin, model, number of answers, their bytes, when the oldest and the newest was given."""
        with _damage_noticed():
            return self._connection.execute(
                "SELECT origin, model, count(*), sum(bytes), min(created_at), max(created_at) FROM answers "
                "GROUP BY origin, model ORDER BY origin, model"
            ).fetchall()

    def _give_space_back(self) -> None:
        with _damage_noticed():
            self._connection.executescript("PRAGMA incremental_vacuum")  # execute() would free one page and stop
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk has ended it already
                self._connection.execute("ROLLBACK")
            raise


def _demand_format(connection: sqlite3.Connection, path: Path) -> None:
    (made_for,) = connection.execute("PRAGMA user_version").fetchone()
    if made_for not in (0, _FORMAT):
        raise UsageError(f"the cache {path} is of format {made_for}, and this evalkit's are of {_FORMAT}: remove it")


def set_aside(path: Path) -> Path | None:
    """Moves a damaged database out of the way. Returns where it is then; None where another process was quicker."""
    aside = path.with_name(f"{path.name}.damaged")
    with _one_at_a_time(path):
        if _is_usable(path):
            return None
        for end in ("", "-wal", "-shm"):
            part = path.with_name(path.name + end)
            if part.exists():
                part.replace(aside.with_name(aside.name + end))
    return aside


def _is_usable(path: Path) -> bool:
    try:
        with _damage_noticed(), closing(Database.connect(path)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except (Damaged, UsageError, sqlite3.Error):
        return False


_RUINED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""The last: statements that fit our tables do not fit what is there."""


@contextmanager
def _damage_noticed() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _RUINED:  # the low byte is the class of the error
            raise Damaged(str(error)) from error
        raise
    except UnicodeDecodeError as error:  # what SQLite had to say quotes bytes of the file that are no text
        raise Damaged("malformed schema") from error


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Opening sets modes for which SQLite waits for nobody, so it is done by one process after another."""
    with path.with_name(f"{path.name}.lock").open("ab") as file:
        with suppress(ImportError):  # Windows has no such lock; of two that open at once one may fail
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_whole(crc: Any, key: str, question: Any, answer: Any) -> bool:
    return isinstance(question, bytes) and isinstance(answer, bytes) and crc == _crc(key, question, answer)


def _crc(key: str, question: bytes, answer: bytes) -> int:
    """With the key in it: one bit that went bad there would make it another question's answer."""
    return zlib.crc32(answer, zlib.crc32(question, zlib.crc32(key.encode())))
