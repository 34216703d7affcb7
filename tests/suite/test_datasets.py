"""Cases from files: JSONL, CSV and YAML, row by row."""

from __future__ import annotations

import itertools
import tracemalloc
from pathlib import Path

import pytest

from evalkit.suite.datasets import draw

HEAD = "models: [gpt-4o]\nprompts: ['{{ q }}']\ndefaults: {checks: [{contains: x}]}\n"


def cases(load, datasets: str) -> list[tuple]:
    suite = load(f"{HEAD}datasets: {datasets}\n")
    return [(case.id, dict(case.vars), case.expected, case.tags) for case in suite.cases()]


def test_a_jsonl_row_has_the_keys_of_a_case(load, write):
    write(
        "d.jsonl", '{"id": "a", "vars": {"q": 1.10}, "expected": ["x"], "tags": ["t", 2]}\n\n  \n{"vars": {"q": "é"}}\n'
    )
    assert cases(load, "[d.jsonl]") == [("a", {"q": 1.1}, ["x"], ("t", "2")), ("é-99606c82", {"q": "é"}, None, ())]


def test_a_yaml_row_has_the_keys_of_a_case(load, write):
    write("d.yaml", "- id: a\n  vars: {q: no}\n- {vars: {q: 0123}, checks: none}\n")
    assert cases(load, "[d.yaml]") == [("a", {"q": "no"}, None, ()), ("0123-35293f23", {"q": 123}, None, ())]


def test_csv_columns_are_vars_but_for_a_few(load, write, picture):
    write("p.png", picture("PNG"))
    write(
        "d.csv",
        b'\xef\xbb\xbfid,q,expected,tags,images,n\na,"x, ""y""\nz",5,s | t,p.png|https://h/b.png,1.10\nb,,,,,\n',
    )
    suite = load(f"{HEAD}datasets: [d.csv]\n")
    first, second = suite.cases()
    assert (first.id, first.vars, first.expected, first.tags) == (
        "a", {"q": 'x, "y"\nz', "n": "1.10"}, "5", ("s", "t"),
    )  # fmt: skip
    assert [image.url or image.path.name for image in first.images] == ["p.png", "https://h/b.png"]
    assert (second.vars, second.expected, second.tags, second.images) == ({"q": "", "n": ""}, None, (), ())


def test_csv_columns_may_have_other_names(load, write):
    write("d.csv", "number,q,answer,id\n7,x,y,z\n")
    assert cases(load, "[{file: d.csv, id: number, expected: answer}]") == [("7", {"q": "x", "id": "z"}, "y", ())]


def test_empty_lines_of_a_csv_are_no_rows(load, write):
    write("d.csv", "q\r\n1\r\n\r\n2\r\n")
    assert [case[1] for case in cases(load, "[d.csv]")] == [{"q": "1"}, {"q": "2"}]


def test_a_row_inserted_above_changes_no_id(load, write):
    write("d.csv", "q\nold\nolder\n")
    before = [case[0] for case in cases(load, "[d.csv]")]
    write("d.csv", "q\nnew\nold\nolder\n")
    assert [case[0] for case in cases(load, "[d.csv]")][1:] == before


def test_equal_rows_are_numbered_over_all_files_and_in_every_pass(load, write):
    write("a.csv", "q\nx\ny\nx\n")
    write("b.csv", "q\nx\n")
    suite = load(f"{HEAD}cases: [{{vars: {{q: x}}}}]\ndatasets: [a.csv, b.csv]\n")
    ids = [case.id for case in suite.cases()]
    first, other = ids[0], ids[2]
    assert ids == [first, f"{first}-2", other, f"{first}-3", f"{first}-4"]
    assert ids == [case.id for case in suite.cases()] == [case.id for case in suite.cases()]


def test_passes_that_overlap_number_alike(load, write):
    write("a.csv", "q\nx\nx\n")
    suite = load(f"{HEAD}datasets: [a.csv]\n")
    pairs = list(zip(suite.cases(), suite.cases(), strict=True))
    assert [one.id for one, _ in pairs] == [other.id for _, other in pairs]
    assert len({one.id for one, _ in pairs}) == 2


def test_a_pattern_names_files_in_order(load, write):
    for name in ("b", "a", "deep/c"):
        write(f"data/{name}.jsonl", f'{{"id": "{name}", "vars": {{"q": 1}}}}\n')
    assert [case[0] for case in cases(load, "['data/*.jsonl']")] == ["a", "b"]
    assert [case[0] for case in cases(load, "['data/**/*.jsonl']")] == ["a", "b", "deep/c"]


def test_a_file_whose_name_looks_like_a_pattern_is_found(load, write):
    write("d[1].csv", "q\n1\n")
    assert len(cases(load, "['d[1].csv']")) == 1


def test_an_empty_file_of_rows_has_none(load, write):
    for name in ("a.jsonl", "b.yaml"):
        write(name, "")
    assert cases(load, "[a.jsonl, b.yaml]") == []


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("d.jsonl", b'{"vars": {"q": 1}}\n{"a"\n\n{"vars": {"q": 1}, "vars": {}}\n{"vars": {"q": "\\ud800"}}\n', [
            "d.jsonl:2: not JSON: Expecting ':' delimiter at column 5",
            "d.jsonl:4: not JSON: duplicate key 'vars'",
            "d.jsonl:5: half of a surrogate pair (\\ud800 to \\udfff) is no text that can be sent",
        ]),
        ("d.jsonl", b'[1]\n5\nnull\n"x"\n', [
            "d.jsonl:1: expected a mapping, found a list",
            "d.jsonl:2: expected a mapping, found '5'",
            "d.jsonl:3: expected a mapping, found nothing",
            "d.jsonl:4: expected a mapping, found 'x'",
        ]),
        ("d.jsonl", b'{"vars": {"q": 1}, "chekcs": []}\n', ["d.jsonl:1: unknown key 'chekcs'; did you mean 'checks'?"]),
        ("d.jsonl", b'{"vars": {}}\n', ["d.jsonl:1: case 'case-7c4aaee9', prompt 'default': no variable 'q'; "
                                        "known: case, expected"]),
        ("d.jsonl", b'\xef\xbb\xbf{}', [
            "d.jsonl:1:1: begins with a byte order mark (BOM): save it as UTF-8 without one",
        ]),
        ("d.jsonl", b'{"vars": {"q": "\xff"}}', ["d.jsonl:1: not UTF-8: byte 0xff"]),
        ("d.csv", b"", ["d.csv:1: is empty: the first line names the columns"]),
        ("d.csv", b"\nq\n", ["d.csv:1: is empty: the first line names the columns"]),
        ("d.csv", b"q,id,q\n", ["d.csv:1: two columns are called 'q'"]),
        ("d.csv", b"q,output\n", ["d.csv:1: 'output' is the answer in templates: give this column another name"]),
        ("d.csv", b'q,id\n1,a,2\n"x\ny"\n2,b\n', [
            "d.csv:2: this row has 3 cells, the header has 2",
            "d.csv:3: this row has 1 cells, the header has 2",
        ]),
        ("d.csv", b'q\n"x"y\n', ["d.csv:2: not CSV: ',' expected after '\"'"]),
        ("d.csv", b'q\n1\n"x\n2\n', ["d.csv:4: not CSV: unexpected end of data"]),
        ("d.csv", b"q\nx\0\n", ["d.csv:2:2: NUL is no text"]),
        ("d.csv", b"q\n1\n\xe9\n", ["d.csv:3:1: not UTF-8: byte 0xe9"]),
        ("d.csv", b"id,q\na,1\na,2\n", ["d.csv:3: two cases have the id 'a'"]),
        ("d.yaml", b"a: 1\n", ["d.yaml:1:1: expected a list of cases"]),
        ("d.yaml", b"- 5\n- {vars: {q: 1}}\n- \n- x\n", [
            "d.yaml:1: expected a mapping, found '5'",
            "d.yaml:3: expected a mapping, found nothing",
            "d.yaml:4: expected a mapping, found 'x'",
        ]),
        ("d.yaml", b"- {vars: {q: 1}}\n- {vars: {q: 1}, chekcs: x}\n", [
            "d.yaml:2:18: unknown key 'chekcs'; did you mean 'checks'?",
        ]),
        ("d.yaml", b"- {vars: {q: 1}}\n- {vars: {q: 1}, id: a, id: b}\n", [
            "d.yaml:2:25: duplicate key 'id': it stands on line 2 already",
        ]),
        ("d.yaml", b"- {vars: {q: 1}}\n---\n- {vars: {q: 1}}\n", [
            "d.yaml:2:1: a dataset is one YAML document; a second one begins here",
        ]),
        ("d.yaml", b"- {vars: {q: '\xff'}}", ["d.yaml:1:15: not UTF-8: byte 0xff"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row_is_told_with_its_line(problems, write, name, content, expected):
    write(name, content)
    assert problems(f"{HEAD}datasets: [{name}]\n") == expected


@pytest.mark.parametrize(
    ("datasets", "message"),
    [
        ("[▸none.csv]", "no such file: 'none.csv' (looked in HOME)"),
        ("[▸'none/*.csv']", "no file matches 'none/*.csv'"),
        ("[▸'\\0*']", None),
        ("[▸d.txt]", "a dataset ends in one of .jsonl, .ndjson, .csv, .yaml, .yml, .parquet: 'd.txt'"),
        ("[▸'../*.csv']", "'../out.csv' lies outside the suite's root (HOME); set `root:` if that is meant"),
        ("[▸away.csv]", "'away.csv' lies outside the suite's root (HOME); set `root:` if that is meant"),
        ("[▸{file: d.jsonl, id: n}]",
         "`id`, `images` and `expected` name columns of a table; 'd.jsonl' has the keys of a case"),
        ("[▸{id: n}]", "'file' is missing"),
        ("[{file: ▸[d.jsonl]}]", "expected text, found a list"),
        ("[{file: d.csv, sample: ▸0}]", "must be greater than or equal to 1"),
        ("[{file: d.csv, sample: ▸many}]", "expected a whole number, found 'many'"),
        ("[{file: d.csv, ▸smaple: 5}]", "unknown key 'smaple'; did you mean 'sample'?"),
    ],
)  # fmt: skip
def test_a_dataset_that_cannot_be_used_is_told_in_its_place(problems, write, home, marked, datasets, message):
    for name in ("d.txt", "d.jsonl", "d.csv"):
        write(name, "")
    (home.parent / "out.csv").write_text("q\n1\n")
    (home / "away.csv").symlink_to(home.parent / "out.csv")
    text, place = marked(f"{HEAD}datasets: {datasets}\n")
    [found] = problems(text)
    assert found == (f"{place}: {message}" if message else f"{place}: no file matches '\\0*'")


@pytest.mark.parametrize(
    ("given", "message"),
    [("id: n", "no column 'n' (the dataset's `id`)"), ("images: n", "no column 'n' (the dataset's `images`)")],
)
def test_a_column_that_is_not_there_is_told(problems, write, given, message):
    write("d.csv", "q\n1\n")
    assert problems(f"{HEAD}datasets: [{{file: d.csv, {given}}}]\n") == [f"d.csv:1: {message}"]


def test_a_file_that_vanished_is_told(load, write, home):
    path = write("d.csv", "q\n1\n")
    suite = load(f"{HEAD}datasets: [d.csv]\n")
    path.unlink()
    found: list = []
    assert list(suite.cases(found)) == []
    assert [str(problem) for problem in found] == [f"{path}: cannot be read: No such file or directory"]


def test_reading_gives_up_after_a_hundred_problems(problems, write):
    write("d.jsonl", "5\n" * 5000)
    assert len(problems(f"{HEAD}datasets: [d.jsonl]\n")) == 100


@pytest.mark.parametrize("ending", ["jsonl", "csv", "yaml"])
def test_a_sample_depends_on_its_seed_alone(load, write, ending):
    rows = {
        "jsonl": [f'{{"id": "{n}", "vars": {{"q": 1}}}}' for n in range(200)],
        "csv": ["id,q", *(f"{n},1" for n in range(200))],
        "yaml": [f"- {{id: '{n}', vars: {{q: 1}}}}" for n in range(200)],
    }
    write(f"d.{ending}", "\n".join(rows[ending]))
    drawn = [
        [case[0] for case in cases(load, f"[{{file: d.{ending}, sample: 20, seed: {seed}}}]")] for seed in (7, 7, 8)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert [len(sample) for sample in drawn] == [20, 20, 20]
    assert drawn[0] == sorted(drawn[0], key=int)


def test_a_sample_larger_than_the_file_is_all_of_it(load, write):
    write("d.csv", "q\n1\n2\n")
    assert len(cases(load, "[{file: d.csv, sample: 300}]")) == 2


def test_a_broken_row_is_told_even_if_it_was_not_drawn(problems, write):
    write("d.jsonl", '{"vars": {"q": 1}}\n' * 50 + "{\n")
    text = f"{HEAD}datasets: [{{file: d.jsonl, sample: 1, seed: 1}}]\n"
    assert problems(text) == ["d.jsonl:51: not JSON: Expecting property name enclosed in double quotes at column 2"]


def test_a_draw_depends_on_seed_and_name():
    assert draw(1, "a") == draw(1, "a")
    assert len({draw(seed, name) for seed in range(10) for name in "abc"}) == 30


@pytest.mark.parametrize(
    ("ending", "first", "row"),
    [
        ("jsonl", "", '{{"id": "{0}", "vars": {{"q": "{1}"}}}}\n'),
        ("csv", "id,q\n", "{0},{1}\n"),
        ("yaml", "", "- {{id: '{0}', vars: {{q: {1}}}}}\n"),
    ],
)
def test_rows_are_not_held(load, home: Path, ending, first, row):
    with (home / f"d.{ending}").open("w") as handle:
        handle.write(first)
        for number in range(8000):
            handle.write(row.format(number, "x" * 500))
    suite = load(f"{HEAD}datasets: [d.{ending}]\n")
    stream = suite.cases()
    tracemalloc.start()
    next(stream)
    for _ in itertools.islice(stream, 1000):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000  # of 4 MB
