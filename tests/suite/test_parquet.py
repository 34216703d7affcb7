"""Parquet datasets: the same cases as a CSV with these columns, with values that keep their types."""

from __future__ import annotations

import datetime
import decimal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalkit.suite import datasets
from evalkit.suite.parquet import read_parquet

HEAD = "models: [gpt-4o]\nprompts: ['{{ q }}']\ndefaults: {checks: [{contains: x}]}\n"


@pytest.fixture
def table(home: Path):
    """Writes a table below the home folder."""

    def written(name: str, columns: dict, **options) -> Path:
        pq.write_table(pa.table(columns), home / name, **options)
        return home / name

    return written


def test_columns_are_vars_but_for_a_few(load, table):
    table("d.parquet", {
        "id": ["a", None], "q": ["x", None], "n": [1.5, None], "expected": ["5", None], "tags": ["s | t", None],
        "images": ["https://h/b.png", None], "cluster": [7, None],
    })  # fmt: skip
    first, second = load(f"{HEAD}datasets: [d.parquet]\n").cases()
    assert (first.id, first.vars, first.expected, first.tags) == ("a", {"q": "x", "n": 1.5}, "5", ("s", "t"))
    assert ([image.url for image in first.images], first.cluster) == (["https://h/b.png"], "7")
    assert (second.vars, second.expected, second.tags, second.images) == ({"q": None, "n": None}, None, (), ())
    assert second.cluster is None


def test_columns_may_hold_lists_and_mappings_and_have_other_names(load, table):
    table("d.parquet", {
        "number": [7], "q": ["x"], "wanted": [{"total": [1, 2]}], "pages": [["https://h/a.png", "https://h/b.png"]],
        "tags": [["s", "t|u"]],
    })  # fmt: skip
    [case] = load(f"{HEAD}datasets: [{{file: d.parquet, id: number, expected: wanted, images: pages}}]\n").cases()
    assert (case.id, case.expected, case.tags, len(case.images)) == ("7", {"total": [1, 2]}, ("s", "t|u"), 2)


def test_a_wanted_answer_of_zero_or_false_is_wanted(load, table):
    table("d.parquet", {"q": ["x"], "expected": [0]})
    table("e.parquet", {"q": ["x"], "expected": [False]})
    assert [case.expected for case in load(f"{HEAD}datasets: [d.parquet, e.parquet]\n").cases()] == [0, False]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (decimal.Decimal("1.10"), "1.10"),
        (datetime.date(2026, 3, 14), "2026-03-14"),
        (datetime.datetime(2026, 3, 14, 8, 41), "2026-03-14T08:41:00"),
        (datetime.time(8, 41), "08:41:00"),
        (float("nan"), "None"),
        (True, "True"),
        (2**60, str(2**60)),
        ("中文", "中文"),
    ],
)
def test_values_are_such_as_a_suite_may_hold(table, value, plain):
    rows = read_parquet(table("d.parquet", {"v": [value]}))
    assert next(rows) == ["v"]
    [[found]] = rows
    assert str(found) == plain


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"q": ["x", "y"], "b": [None, b"\x00"]},
         "d.parquet: row 2: column 'b' holds bytes, which is no text, number, list or mapping"),
        ({"q": ["x"], "l": [[b"\x00"]]},
         "d.parquet: row 1: column 'l' holds bytes, which is no text, number, list or mapping"),
        ({"q": ["x"], "output": ["y"]},
         "d.parquet: 'output' is the answer in templates: give this column another name"),
        ({"q": ["x", "y"], "id": ["a", "a"]}, "d.parquet: row 2: two cases have the id 'a'"),
        ({"q": ["x"], "images": ["a.txt"]}, "d.parquet: row 1: no such file: 'a.txt' (looked in HOME)"),
        ({"z": ["x"], "id": ["a"]},
         "d.parquet: row 1: case 'a', prompt 'default': no variable 'q'; known: case, expected, z"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_row(problems, table, columns, message):
    table("d.parquet", columns)
    assert problems(f"{HEAD}datasets: [d.parquet]\n") == [message]


def test_a_column_that_is_not_there_is_told(problems, table):
    table("d.parquet", {"q": ["x"]})
    assert problems(f"{HEAD}datasets: [{{file: d.parquet, id: number}}]\n") == [
        "d.parquet: no column 'number' (the dataset's `id`)"
    ]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"q\nx\n", b"PAR1" + bytes(200) + b"PAR1"])
def test_what_is_no_parquet_is_told(problems, write, content):
    write("d.parquet", content)
    [problem] = problems(f"{HEAD}datasets: [d.parquet]\n")
    assert problem.startswith("d.parquet: not Parquet that can be read: ")


def test_a_file_that_is_cut_off_in_the_middle_is_told(problems, table):
    path = table("d.parquet", {"q": [f"{n}" * 50 for n in range(5000)]}, compression="none", use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[1000:2000] = b"\xff" * 1000
    path.write_bytes(data)
    [problem] = problems(f"{HEAD}datasets: [d.parquet]\n")
    assert problem.startswith("d.parquet: not ")


def test_without_the_extra_it_is_named(problems, table, monkeypatch):
    table("d.parquet", {"q": ["x"]})
    monkeypatch.setattr(datasets, "is_installed", lambda: False)
    [problem] = problems(f"{HEAD}datasets: [d.parquet]\n")
    assert problem == "s.yaml:4:12: a Parquet dataset needs the extra: evalkit-harness[parquet]"


def test_a_sample_is_the_same_each_time(load, table):
    table("d.parquet", {"q": [str(n) for n in range(50)], "id": [str(n) for n in range(50)]})
    suite = load(f"{HEAD}datasets: [{{file: d.parquet, sample: 5, seed: 3}}]\n")
    drawn = [case.id for case in suite.cases()]
    assert len(drawn) == 5
    assert [case.id for case in suite.cases()] == drawn


def test_a_long_file_is_not_held(table):
    path = table("d.parquet", {"q": [f"{n:0>1000}" for n in range(30_000)]}, row_group_size=1000)
    for _ in zip(range(10), read_parquet(path), strict=False):  # what is imported counts for nothing
        pass
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_parquet(path)) == 30_001
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_nobody_else_pays_for_it():
    program = "import evalkit.suite.loader, sys; sys.exit('pyarrow' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
