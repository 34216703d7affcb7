from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from evalkit.errors import StorageError, UsageError
from evalkit.run_folder import create_run_folder, file_name, write_manifest, write_whole
from evalkit.types import Manifest

NOW = datetime(2026, 11, 21, 18, 41, 7, 999_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("invoice-triage", "invoice-triage"),
        ("发票 分类", "发票-分类"),
        ("café", "caf\u00e9"),
        ("cafe\u0301", "caf\u00e9"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c:d*e?f", "a-b-c-d-e-f"),
        ("..", "suite"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("", "suite"),
        ("🎉", "suite"),
        ("a\nb\x00c\ud800d", "a-b-c-d"),
    ],
)
def test_any_name_is_made_safe_for_a_folder(name, safe):
    assert file_name(name) == safe


@pytest.mark.parametrize("name", ["x" * 500, "发" * 100, "a" + "é" * 100])
def test_a_long_name_is_cut_between_characters(name):
    cut = file_name(name)
    assert 75 < len(cut.encode()) <= 80
    assert name.startswith(cut)


def test_a_folder_is_named_for_its_suite_and_its_moment(tmp_path):
    folder = create_run_folder(tmp_path / "deep" / "results", "triage", NOW)
    assert folder == tmp_path / "deep" / "results" / "triage-20261121T184107Z"
    assert list(folder.iterdir()) == []


def test_runs_of_one_second_get_numbers(tmp_path):
    names = [create_run_folder(tmp_path, "triage", NOW).name for _ in range(3)]
    stem = "triage-20261121T184107Z"
    assert names == [stem, f"{stem}-2", f"{stem}-3"]


def test_results_cannot_go_into_a_file(tmp_path):
    (tmp_path / "results").write_text("")
    with pytest.raises(UsageError, match="results: it is a file, not a folder"):
        create_run_folder(tmp_path / "results", "triage", NOW)


@pytest.mark.parametrize("parent", ["file/results", "x" * 300])
def test_a_place_that_cannot_be_made_is_the_users_to_mend(tmp_path, parent):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"results cannot be written below .*; name another folder with -o"):
        create_run_folder(tmp_path / parent, "triage", NOW)


def test_a_folder_that_cannot_be_opened_is_the_users_to_mend(tmp_path, monkeypatch):
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UsageError, match="Permission denied"):
        create_run_folder(tmp_path, "triage", NOW)


def test_a_manifest_reads_back_as_it_was_and_is_replaced_whole(tmp_path):
    manifest = Manifest(
        id="run", suite="发票", suite_file="s.yaml", suite_source="a: 1\n", suite_digest="d", started_at="now"
    )
    write_manifest(tmp_path, manifest)
    ended = msgspec.structs.replace(manifest, ended_at="then", notes=("stopped",))
    write_manifest(tmp_path, ended)
    assert msgspec.json.decode((tmp_path / "run.json").read_bytes(), type=Manifest) == ended
    assert [file.name for file in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_file_that_cannot_be_written_whole_stays_as_it_was(tmp_path, monkeypatch, step):
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    path = tmp_path / "summary.json"
    write_whole(path, b"old")
    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    with pytest.raises(StorageError, match=r"summary\.json cannot be written: Input/output error"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["summary.json"]
