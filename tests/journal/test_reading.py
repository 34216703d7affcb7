"""The one reader: records that are finished, being written, or not as they were written."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import msgspec
import pytest

from evalkit.errors import StorageError
from evalkit.journal import index_records, iter_records, read_record
from evalkit.journal.lines import seal
from evalkit.journal.reading import last_offsets, whole_lines
from evalkit.types import Fault
from tests.journal.journals import NASTY, record, sealed, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path, [record(n, text) for n, text in enumerate(NASTY)])


def test_records_come_back_as_they_were_in_order(path):
    assert list(iter_records(path)) == [record(n, text) for n, text in enumerate(NASTY)]


def test_the_index_knows_where_the_last_record_of_a_trial_is_and_what_it_says(path):
    failed = msgspec.structs.replace(
        record(1),
        response=None,
        passed=None,
        attempts=3,
        error=Fault(kind="timeout", status=None, message="late", in_doubt=True),
    )
    path.write_bytes(path.read_bytes() + sealed(failed))
    index = index_records(path)
    assert list(index) == [f"k{n}" for n in range(len(NASTY))]
    assert read_record(path, index["k1"]) == failed
    assert (index["k1"].outcome, index["k1"].error, index["k1"].attempts) == (None, failed.error, 3)
    for n, text in enumerate(NASTY):
        if n != 1:
            assert read_record(path, index[f"k{n}"]) == record(n, text)
            assert (index[f"k{n}"].outcome, index[f"k{n}"].passed, index[f"k{n}"].case_id) == ("ok", True, f"c{n}")
    assert last_offsets(path) == {key: entry.offset for key, entry in index.items()}


def test_the_index_holds_no_bodies(tmp_path):
    path = tmp_path / "records.jsonl"
    with path.open("wb") as file:
        for n in range(200):
            file.write(sealed(record(n, "x" * 50_000)))
    tracemalloc.start()
    index = index_records(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(index) == 200
    assert peak < path.stat().st_size / 10


def test_there_are_no_records_where_there_is_no_file(tmp_path):
    missing = tmp_path / "records.jsonl"
    assert (list(iter_records(missing)), index_records(missing), last_offsets(missing)) == ([], {}, {})


def test_a_run_that_is_being_written_is_read_up_to_its_last_whole_line(path):
    data, wholes = path.read_bytes(), [line.offset + len(line.data) for line in whole_lines(path)]
    for cut in range(0, len(data), 17):
        path.write_bytes(data[:cut])
        assert len(list(iter_records(path))) == sum(end - 1 <= cut for end in wholes)


def test_a_line_that_was_changed_is_not_believed_though_it_is_json(path):
    path.write_bytes(path.read_bytes().replace(b'"passed":true', b'"passed":null', 1))
    for read in (list, dict):
        with pytest.raises(StorageError, match=r"records\.jsonl:1: not a record as it was written.*evalkit recover"):
            read(iter_records(path) if read is list else index_records(path))
    assert set(last_offsets(path)) == {f"k{n}" for n in range(1, len(NASTY))}


def test_a_sealed_line_that_is_no_record_is_named(path):
    path.write_bytes(path.read_bytes() + seal(b'{"key":"k9"}'))
    with pytest.raises(StorageError, match=rf"records\.jsonl:{len(NASTY) + 1}: not a record \(.*newer evalkit"):
        list(iter_records(path))


def test_an_entry_of_another_file_is_not_believed(path):
    entry = index_records(path)["k3"]
    path.write_bytes(path.read_bytes()[1:])
    with pytest.raises(StorageError, match="is not there any more; the file was changed"):
        read_record(path, entry)
    path.unlink()
    with pytest.raises(StorageError, match="cannot be read: No such file"):
        read_record(path, entry)
