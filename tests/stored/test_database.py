"""The cache's file: limits, damage, and several processes at once."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys

import pytest

from evalkit.errors import UsageError
from evalkit.stored.cache import open_database
from evalkit.stored.cache_folder import CacheLimits
from evalkit.stored.database import Damaged, Database, Row, set_aside

NO_LIMITS = CacheLimits(max_bytes=10**9, max_age_s=10**9)


def row(key: str, answer: bytes = b"{}", created_at: float = 100.0) -> Row:
    return Row(key, "origin", "model", created_at, b"question", answer)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "answers.sqlite3"


@pytest.fixture
def database(path):
    with Database(path) as opened:
        yield opened


def test_what_was_kept_is_found_as_long_as_it_is_young_enough(database):
    assert database.keep([row("a", b"1")], now=100.0) == 1
    assert database.find("a", given_since=100.0) == b"1"
    assert database.find("a", given_since=100.1) is None
    assert database.find("b", given_since=0.0) is None


def test_of_one_question_the_newer_answer_stays(database):
    database.keep([row("a", b"new", 200.0)], now=0.0)
    assert database.keep([row("a", b"old", 100.0), row("a", b"same age", 200.0)], now=0.0) == 0
    assert database.find("a", given_since=0.0) == b"new"


def test_all_rows_are_written_or_none(database):
    with pytest.raises(sqlite3.Error):
        database.keep([row("a"), row("b")._replace(model=None)], now=0.0)
    assert list(database.rows()) == []


def test_what_is_too_old_goes_first_then_what_was_used_longest_ago(database):
    for number, key in enumerate("abcd"):
        database.keep([row(key, b"x" * 92, created_at=100.0 + number)], now=float(number))  # 100 bytes each
    database.keep([], now=9.0, used=["b"])
    assert database.trim(CacheLimits(max_bytes=10**9, max_age_s=50.0), now=151.0) == 1
    assert [kept.key for kept in database.rows()] == ["b", "c", "d"]
    assert database.trim(CacheLimits(max_bytes=200, max_age_s=10**9), now=151.0) == 1
    assert [kept.key for kept in database.rows()] == ["b", "d"]
    assert database.trim(CacheLimits(max_bytes=200, max_age_s=10**9), now=151.0) == 0


def test_space_is_given_back(path, database):
    database.keep([row(str(n), b"x" * 4000) for n in range(500)], now=0.0)
    database.trim(CacheLimits(max_bytes=10_000, max_age_s=10**9), now=0.0)
    assert path.stat().st_size < 100_000


def test_an_answer_whose_bytes_went_bad_is_forgotten(database):
    database.keep([row("a"), row("b")], now=0.0)
    database._connection.execute("UPDATE answers SET answer = ? WHERE key = 'a'", (b"[]",))
    assert [kept.key for kept in database.rows()] == ["b"]
    assert database.find("a", given_since=0.0) is None
    assert len(database.by_model()) == 1
    assert database.by_model()[0][2] == 1


def test_a_file_that_is_no_database_is_damage(path):
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(Damaged):
        Database(path)
    assert path.read_bytes().startswith(b"no database")
    told: list[str] = []
    with open_database(path, told.append) as database:
        assert database.keep([row("a")], now=0.0) == 1
    assert len(told) == 1
    assert (path.parent / "answers.sqlite3.damaged").read_bytes().startswith(b"no database")


def test_a_whole_database_is_not_set_aside(path, database):
    database.keep([row("a")], now=0.0)
    set_aside(path)
    assert path.exists()
    assert not (path.parent / "answers.sqlite3.damaged").exists()


@pytest.mark.parametrize("seed", range(30))
def test_bytes_that_went_bad_anywhere_are_a_miss_or_damage_never_another_answer(path, seed):
    lots = random.Random(seed)
    answers = {f"key{n}": f"answer {n}".encode() * 20 for n in range(60)}
    with Database(path) as database:
        database.keep([row(key, answer) for key, answer in answers.items()], now=0.0)
    data = bytearray(path.read_bytes())
    for _ in range(20):
        data[lots.randrange(len(data))] ^= 1 << lots.randrange(8)
    path.write_bytes(bytes(data))
    try:
        with Database(path) as database:
            found = {key: database.find(key, given_since=0.0) for key in answers}
    except (Damaged, UsageError):
        return
    except sqlite3.Error as error:
        pytest.fail(f"damage that is not noticed as such: {error!r}")
    assert all(answer in (None, answers[key]) for key, answer in found.items())


WRITER = """
import sys, pathlib
from evalkit.stored.database import Database, Row
path, name, count = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True); sys.stdin.readline()
with Database(path) as database:
    for n in range(count):
        rows = [Row(key, "o", "m", 1.0, b"q", name.encode()) for key in (f"{name}-{n}", "shared")]
        database.keep(rows, now=1.0)
        assert database.find(f"{name}-{n}", given_since=0.0) == name.encode()
"""


def test_eight_processes_open_and_fill_one_cache(path):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, path, str(number), "25"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(8)
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    ends = [(*writer.communicate(timeout=60), writer.returncode) for writer in writers]
    assert [(error, code) for _, error, code in ends] == [("", 0)] * 8
    with Database(path) as database:
        assert sum(row.key != "shared" for row in database.rows()) == 8 * 25
