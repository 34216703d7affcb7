"""Where files may lie."""

from __future__ import annotations

import os

import pytest

from evalkit.suite.places import PathInvalid, below_root, default_root, existing_folder, shown


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "root/sub").mkdir(parents=True)
    (tmp_path / "root/a.txt").write_text("a")
    (tmp_path / "root/sub/b.txt").write_text("b")
    (tmp_path / "out.txt").write_text("out")
    (tmp_path / "root/link").symlink_to(tmp_path / "out.txt")
    (tmp_path / "root/inner").symlink_to("a.txt")
    (tmp_path / "root/away").symlink_to(tmp_path)
    (tmp_path / "root/round").symlink_to("round")
    os.mkfifo(tmp_path / "root/pipe")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "found"),
    [("b.txt", "sub/b.txt"), ("../a.txt", "a.txt"), ("../inner", "a.txt"), ("./../sub/./b.txt", "sub/b.txt")],
)
def test_a_file_below_the_root_is_found(tree, text, found):
    root = tree / "root"
    assert below_root(text, base=root / "sub", root=root) == root / found
    assert below_root(str(root / found), base=root / "sub", root=root) == root / found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("../out.txt", "'../out.txt' lies outside the suite's root (ROOT); set `root:` if that is meant"),
        ("/etc/passwd", "'/etc/passwd' lies outside the suite's root (ROOT); set `root:` if that is meant"),
        ("link", "'link' lies outside the suite's root (ROOT); set `root:` if that is meant"),
        ("away/out.txt", "'away/out.txt' lies outside the suite's root (ROOT); set `root:` if that is meant"),
        ("../none", "'../none' lies outside the suite's root (ROOT); set `root:` if that is meant"),
        ("none.txt", "no such file: 'none.txt' (looked in ROOT)"),
        ("a.txt/b", "no such file: 'a.txt/b' (looked in ROOT)"),
        ("sub", "'sub' is not a regular file"),
        ("", "'' is not a regular file"),
        ("pipe", "'pipe' is not a regular file"),
        ("a\0b", "'a\0b' is no usable path: embedded null byte"),
    ],
)
def test_what_leads_elsewhere_or_nowhere_is_refused(tree, text, message):
    root = tree / "root"
    with pytest.raises(PathInvalid) as caught:
        below_root(text, base=root, root=root)
    assert str(caught.value).replace(str(root), "ROOT") == message


@pytest.mark.parametrize("text", ["round", "x" * 5000])
def test_a_path_that_cannot_be_followed_is_refused(tree, text):
    with pytest.raises(PathInvalid):
        below_root(text, base=tree / "root", root=tree / "root")


def test_a_sibling_whose_name_begins_alike_is_outside(tree):
    (tree / "root2").mkdir()
    (tree / "root2/x.txt").write_text("x")
    with pytest.raises(PathInvalid, match="outside"):
        below_root("../root2/x.txt", base=tree / "root", root=tree / "root")


def test_the_root_is_the_nearest_folder_under_version_control(tree):
    (tree / ".git").mkdir()
    assert default_root(tree / "root/sub") == tree
    (tree / "root/.git").write_text("gitdir: elsewhere")
    assert default_root(tree / "root/sub") == tree / "root"


@pytest.mark.parametrize(("text", "found"), [("..", "."), ("sub", "root/sub"), (".", "root")])
def test_a_folder_is_found(tree, text, found):
    assert existing_folder(text, base=tree / "root") == (tree / found).resolve()


@pytest.mark.parametrize("text", ["none", "a.txt", "\0", "x" * 5000])
def test_what_is_no_folder_is_refused(tree, text):
    with pytest.raises(PathInvalid):
        existing_folder(text, base=tree / "root")


def test_a_file_is_shown_from_the_working_folder_where_it_lies_below_it(tree, monkeypatch):
    monkeypatch.chdir(tree / "root")
    assert shown(tree / "root/sub/b.txt") == "sub/b.txt"
    assert shown(tree / "out.txt") == str(tree / "out.txt")
