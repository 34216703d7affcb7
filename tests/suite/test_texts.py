"""Text files: what makes one unreadable, and where."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evalkit.errors import SuiteInvalid
from evalkit.suite.texts import open_bytes, open_text, place_in, read_text


def refused(path: Path) -> str:
    with pytest.raises(SuiteInvalid) as caught:
        read_text(path, "f")
    [problem] = caught.value.problems
    return str(problem)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xef\xbb\xbfa: 1", "f:1:1: begins with a byte order mark (BOM): save it as UTF-8 without one"),
        (b"\xff\xfea\0", "f:1:1: begins with a byte order mark (BOM): save it as UTF-8 without one"),
        (b"a: \xe9", "f:1:4: not UTF-8: byte 0xe9 at offset 3; save it as UTF-8"),
        ("a: 北京\nb: é".encode() + b"\xff", "f:2:5: not UTF-8: byte 0xff at offset 15; save it as UTF-8"),
    ],
)
def test_a_file_that_is_no_plain_utf8_is_refused_at_its_place(tmp_path, data, message):
    path = tmp_path / "s.yaml"
    path.write_bytes(data)
    assert refused(path) == message


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    assert refused(tmp_path / "s.yaml") == "f: no such file"


def test_a_folder_is_said_to_be_one(tmp_path):
    assert refused(tmp_path) == "f: is a folder; name the suite's YAML file"


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "s.yaml")
    assert refused(tmp_path / "s.yaml") == "f: is not a regular file"


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "s.yaml"
    with path.open("wb") as handle:
        handle.truncate(200_000_000)
    assert refused(path) == "f: is 200 MB; it may have 10 MiB (put many cases into a dataset)"


def test_the_largest_file_that_is_allowed_is_read(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_bytes(b"#" * 10 * 1024 * 1024)
    assert len(read_text(path, "f")) == 10 * 1024 * 1024
    path.write_bytes(b"#" * (10 * 1024 * 1024 + 1))
    assert "it may have 10 MiB" in refused(path)


def test_a_name_that_no_file_can_have_is_told(tmp_path):
    assert refused(tmp_path / ("x" * 5000)) == "f: cannot be read: File name too long"


def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    path = tmp_path / "s.yaml"
    path.write_text("a: 1")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert refused(path) == "f: cannot be read: Permission denied"


def test_a_file_that_may_not_be_opened_is_told(tmp_path):
    for opening in (open_text, open_bytes):
        with pytest.raises(SuiteInvalid, match="f: cannot be read: Is a directory"), opening(tmp_path, "f"):
            pass


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"ab\ncd\0e", "f:2:3: NUL is no text"),
        (b"ab\nc\xe9", "f:2:2: not UTF-8: byte 0xe9"),
        (b"\xef\xbb\xbfab", "f:1:1: begins with a byte order mark (BOM): save it as UTF-8 without one"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_file_read_piece_by_piece_is_checked_on_the_way(tmp_path, data, message, size):
    path = tmp_path / "d"
    path.write_bytes(data)

    def read_all() -> None:
        with open_text(path, "f") as text:
            while text.read(size):
                pass

    with pytest.raises(SuiteInvalid) as caught:
        read_all()
    assert str(caught.value) == message


def test_lines_are_checked_too(tmp_path):
    path = tmp_path / "d"
    path.write_bytes("ä\nb\n".encode() + b"c\0")
    seen = []
    with pytest.raises(SuiteInvalid, match="f:3:2: NUL is no text"), open_text(path, "f") as text:
        seen.extend(iter(text))
    with open_text(path, "f") as text:
        assert next(iter(text)) == "ä\n"


def test_a_bom_may_be_allowed(tmp_path):
    path = tmp_path / "d"
    path.write_bytes(b"\xef\xbb\xbfab")
    with open_text(path, "f", bom_allowed=True) as text:
        assert text.read() == "ab"


def test_places_count_every_line_break_that_yaml_has():
    assert place_in("a\nb\r\nc\rd\u2028e\x85f", 11) == (6, 1)
