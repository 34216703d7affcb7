"""Opening what a crash left: mended where only the end is damaged, refused where the middle is."""

from __future__ import annotations

import os

import pytest

from evalkit.errors import StorageError
from evalkit.journal import Journal, iter_records
from evalkit.journal.recovery import recover
from tests.journal.journals import NASTY, lines, record, reopened, sealed, write

FOUR = [record(n, text) for n, text in enumerate(NASTY[:4])]
BYTES = b"".join(map(sealed, FOUR))
ENDS = [len(b"".join(map(sealed, FOUR[:n]))) for n in range(5)]
EVERY_BIT = os.environ.get("EVALKIT_TORTURE") == "1"


def test_a_file_cut_off_at_any_byte_keeps_every_whole_record_and_goes_on(quick_folder):
    path = quick_folder / "records.jsonl"
    for cut in range(len(BYTES) + 1):
        path.write_bytes(BYTES[:cut])
        with Journal(quick_folder) as journal:
            journal.append(record(9))
        whole = [each for each, end in zip(FOUR, ENDS[1:], strict=True) if end - 1 <= cut]
        assert list(iter_records(path)) == [*whole, record(9)], cut
        assert path.read_bytes().endswith(b"\n")
        assert bool(journal.notes) == (cut not in ENDS and cut + 1 not in ENDS), cut
    assert not (quick_folder / "records.damaged").exists()


def test_a_bit_flipped_at_any_byte_costs_at_most_the_record_it_is_in(quick_folder):
    path = quick_folder / "records.jsonl"
    for place in range(len(BYTES)):
        for bit in range(8) if EVERY_BIT else [place * 5 % 8]:
            flipped = bytearray(BYTES)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            (quick_folder / "records.damaged").unlink(missing_ok=True)
            hit = next(n for n, end in enumerate(ENDS[1:]) if place < end)
            is_line_feed = place + 1 == ENDS[hit + 1]
            found, _ = reopened(quick_folder)
            assert found == [each for n, each in enumerate(FOUR) if n != hit or is_line_feed], (place, bit)


def test_what_a_flipped_bit_hits_is_set_aside_not_thrown_away(quick_folder):
    path = quick_folder / "records.jsonl"
    for place in range(0, len(BYTES), 11):
        flipped = bytearray(BYTES)
        flipped[place] ^= 1
        path.write_bytes(flipped)
        (quick_folder / "records.damaged").unlink(missing_ok=True)
        reopened(quick_folder)
        kept = path.read_bytes() + (quick_folder / "records.damaged").read_bytes()
        assert bytes(flipped[place : place + 1]) in kept
        assert sorted(kept.replace(b"\n", b"")) == sorted(bytes(flipped).replace(b"\n", b"")), place


def test_a_damaged_line_before_whole_ones_is_refused_with_its_place_and_the_way_out(tmp_path):
    path = write(tmp_path, FOUR)
    damaged = lines(tmp_path)
    damaged[1] = damaged[1].replace(b'"passed":true', b'"passed":null')  # still JSON
    path.write_bytes(b"".join(damaged))
    before = path.read_bytes()
    with pytest.raises(StorageError) as caught, Journal(tmp_path):
        pass
    assert str(caught.value).startswith(f"{path}:2: not a record as it was written")
    assert f"`evalkit recover {tmp_path}`" in str(caught.value)
    assert path.read_bytes() == before


def test_a_folder_with_spaces_is_quoted_in_the_command(tmp_path):
    folder = tmp_path / "my run"
    folder.mkdir()
    (folder / "records.jsonl").write_bytes(b"x\n" + BYTES)
    with pytest.raises(StorageError, match=r"`evalkit recover '.*my run'`"), Journal(folder):
        pass


def test_a_cut_is_told_and_a_broken_last_line_is_kept_aside(tmp_path):
    broken = sealed(record(7)).replace(b"hi", b"ho")
    (tmp_path / "records.jsonl").write_bytes(BYTES + broken)
    for _ in range(2):
        with Journal(tmp_path) as journal:
            journal.append(record(8))
    assert (tmp_path / "records.damaged").read_bytes() == broken
    assert [each.key for each in iter_records(tmp_path / "records.jsonl")] == ["k0", "k1", "k2", "k3", "k8", "k8"]

    (tmp_path / "records.jsonl").write_bytes(BYTES + broken)
    with Journal(tmp_path) as journal:
        (note,) = journal.notes
    assert f"its last {len(broken)} bytes were no whole record and were cut off; they are kept in" in note
    assert (tmp_path / "records.damaged").read_bytes() == broken  # once


def test_a_tail_of_zeros_as_a_file_system_may_leave_it_is_cut(tmp_path):
    (tmp_path / "records.jsonl").write_bytes(BYTES + b"\x00" * 5000)
    with Journal(tmp_path):
        pass
    assert (tmp_path / "records.jsonl").read_bytes() == BYTES


def test_line_feeds_turned_into_those_of_windows_are_not_taken_for_a_torn_tail(tmp_path):
    path = tmp_path / "records.jsonl"
    path.write_bytes(BYTES.replace(b"\n", b"\r\n"))
    with pytest.raises(StorageError, match=r"records\.jsonl:1: not a record as it was written"), Journal(tmp_path):
        pass
    recover(tmp_path)
    assert list(iter_records(path)) == FOUR


def test_what_is_found_is_made_safe_before_it_is_believed(tmp_path, monkeypatch):
    write(tmp_path, FOUR)
    synced, real = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino) or real(handle))
    with Journal(tmp_path):
        assert synced == [(tmp_path / "records.jsonl").stat().st_ino, tmp_path.stat().st_ino]
