"""YAML's own rules: what is refused, where it stands, and which scalars are text."""

from __future__ import annotations

import io

import pytest

from evalkit.errors import SuiteInvalid
from evalkit.suite.source import MAX_ALIASED_NODES, Document, read_document, stream_items


def told(text: str) -> list[str]:
    return [str(problem) for problem in Document("f", text).problems]


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", ["f:3:1: duplicate key 'a': it stands on line 1 already"]),
        ("a:\n  b: 1\n  b: 2\n", ["f:3:3: duplicate key 'b': it stands on line 2 already"]),
        ("{a: 1, 'a': 2}", ["f:1:8: duplicate key 'a': it stands on line 1 already"]),
        ("a: 1\na: 2\na: 3\n", [f"f:{line}:1: duplicate key 'a': it stands on line 1 already" for line in (2, 3)]),
        ("a: !foo 1\n", ["f:1:4: tag '!foo' is not allowed: a suite holds plain YAML values"]),
        ("!foo a: 1\n", ["f:1:1: tag '!foo' is not allowed: a suite holds plain YAML values"]),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            ["f:1:4: tag 'tag:yaml.org,2002:python/object/apply:os.system' is not allowed: "
             "a suite holds plain YAML values"],
        ),
        (
            "a: !!binary aGk=\n",
            ["f:1:4: tag 'tag:yaml.org,2002:binary' is not allowed: a suite holds plain YAML values"],
        ),
        ("a: 1\n\tb: 2\n", ["f:2:1: a tab cannot indent YAML: use spaces"]),
        ("a:\n\tb: 2\n", ["f:2:1: a tab cannot indent YAML: use spaces"]),
        ("a: 1\nb: x\0y\n", ["f:2:5: character U+0000 is not allowed in YAML"]),
        ("é: '\x07'", ["f:1:5: character U+0007 is not allowed in YAML"]),
        ("a: 1\u2028b: '\x7f'", ["f:2:5: character U+007F is not allowed in YAML"]),
        ("a: '\ud800'", ["f:1:5: character U+D800 is not allowed in YAML"]),
        ("a: 1\n---\nb: 2\n", ["f:2:1: a suite is one YAML document; a second one begins here"]),
        ("a: *b\n", ["f:1:4: alias '*b' has no anchor before it"]),
        ("a: &a [*a]\n", ["f:1:8: alias '*a' stands inside its own anchor"]),
        ("a:\n  <<: 5\n", ["f:2:7: '<<' takes an alias of a mapping"]),
        ("a: 1\n? [b]\n: 2\n", ["f:2:3: a key must be plain text"]),
        ("a: [1, 2\n", ["f:2:1: not YAML: did not find expected ',' or ']' (while parsing a flow sequence)"]),
        ("a: b: c\n", ["f:1:5: not YAML: mapping values are not allowed in this context"]),
        (nested(65), ["f:1:65: nested deeper than 64 levels"]),
        ("a: &a " + nested(40) + "\nb: " + "[" * 30 + "*a" + "]" * 30, ["f:2:34: nested deeper than 64 levels"]),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(text, expected):
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        nested(64),
        "a: &a " + nested(40) + "\nb: " + "[" * 23 + "*a" + "]" * 23,
        "a: &a 1\nb: [*a, *a]\n",
        "---\na: 1\n...\n",
        "a: !!str 5\n",
        "a: ! 5\n",
        "",
        "# nothing\n",
    ],
)
def test_what_is_allowed_is_not_complained_of(text):
    assert told(text) == []


def test_several_faults_of_a_file_are_told_together():
    assert told("a: 1\na: !x 2\nb: {c: 1, c: 2}\n") == [
        "f:2:4: tag '!x' is not allowed: a suite holds plain YAML values",
        "f:2:1: duplicate key 'a': it stands on line 1 already",
        "f:3:11: duplicate key 'c': it stands on line 3 already",
    ]


def test_an_alias_bomb_is_refused_before_it_grows():
    levels = [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 12)]
    [problem] = told("\n".join(["x0: &x0 [lol]", *levels]))
    assert problem.endswith(f"the aliases of this file stand for more than {MAX_ALIASED_NODES:,} values")


def test_a_chain_of_aliases_cannot_outgrow_the_depth():
    chain = "\n".join(f"x{n}: &x{n} [{'[' * 50}*x{n - 1}{']' * 50}]" for n in range(1, 60))
    [problem] = told(f"x0: &x0 1\n{chain}")
    assert problem == "f:3:60: nested deeper than 64 levels"


def test_a_problem_has_the_line_it_stands_in():
    [problem] = Document("f", "a: 1\nb: 北京\nb: 2\n").problems
    assert problem.source == "b: 2"


def test_a_merged_mapping_gives_way_to_the_keys_beside_it():
    document = Document("f", "base: &base {a: 1, b: 2}\nown:\n  b: 3\n  <<: *base\n")
    assert document.value["own"] == {"b": 3, "a": 1}
    assert document.problem("x", document.value["own"], "a", of_key=True).line == 1


def test_a_quoted_merge_key_is_a_key():
    assert Document("f", "{'<<': 1}").value == {"<<": 1}


def test_parts_know_their_places():
    document = Document("f", "a: [1, {b: 2}]\n")
    inner = document.value["a"][1]
    places = [
        document.problem("x", document.value, "a"),
        document.problem("x", document.value, "a", of_key=True),
        document.problem("x", document.value["a"], 1),
        document.problem("x", inner, "b"),
        document.problem("x", inner, "missing"),
        document.problem("x", inner),
    ]
    assert [(place.line, place.column) for place in places] == [(1, 4), (1, 1), (1, 8), (1, 12), (1, 8), (1, 8)]
    assert document.problem("x", {"b": 2}, "b").line is None


def test_an_alias_stands_for_a_value_of_its_own():
    value = Document("f", "a: &a {n: 1}\nb: *a\n").value
    value["b"]["n"] = 2
    assert value["a"] == {"n": 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("1e3x", "1e3x"),
        ("2024-01-31", "2024-01-31"),
        ("1_000", "1_000"),
        ("true", True),
        ("~", None),
        ("5", 5),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e3", 1000.0),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("! 5", "5"),
        ("! '5'", "5"),
        ("!!int '5'", 5),
        ("|\n  5", "5"),
    ],
)
def test_scalars_are_read_by_yaml_1_2(text, value):
    read = Document("f", f"a: {text}").value["a"]
    assert read == value
    assert type(read) is type(value) or isinstance(read, type(value))


def test_keys_are_text_as_spelt():
    assert list(Document("f", "{1.10: a, true: b, ~: c, 0123: d}").value) == ["1.10", "true", "~", "0123"]


def test_a_list_is_streamed_item_by_item():
    items = stream_items("f", io.StringIO("- a: 1\n- a: 2\n- &x 3\n- *x\n"))
    assert [item.value for item in items] == [{"a": 1}, {"a": 2}, 3, 3]


def test_the_first_items_of_a_list_come_before_its_fault():
    items = stream_items("f", io.StringIO("- 1\n- {a: 1, a: 2}\n"))
    assert next(items).value == 1
    with pytest.raises(SuiteInvalid, match="f:2:10: duplicate key 'a'"):
        list(items)


def test_every_item_may_use_aliases_anew():
    row = "- [" + ", ".join(["*x"] * 1000) + "]\n"
    items = stream_items("f", io.StringIO("- &x [" + ", ".join(["1"] * 250) + "]\n" + row * 5))
    assert sum(1 for _ in items) == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1\n---\n- 2\n", "f:2:1: a dataset is one YAML document; a second one begins here"),
        ("a: 1\n", "f:1:1: expected a list of cases"),
        ("5\n", "f:1:1: expected a list of cases"),
        ("- 1\n- [\n", "f:3:1: not YAML: did not find expected node content (while parsing a flow node)"),
    ],
)
def test_a_list_that_breaks_off_is_told(text, message):
    with pytest.raises(SuiteInvalid) as caught:
        list(stream_items("f", io.StringIO(text)))
    assert [str(problem) for problem in caught.value.problems] == [message]


def test_an_item_remembers_its_line():
    *_, last = stream_items("f", io.StringIO("- 1\n- 2\n\n- three\n"))
    assert str(last.problem("x", last.value)) == "f:4: x"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'["hi \ud83d\ude00"]', ["hi 😀"]),
        (r'["\\ud83d\\ude00", "a\/b"]', [r"\ud83d\ude00", "a/b"]),
        ('[\n\t{\n\t\t"role":"user"\n\t}\n]', [{"role": "user"}]),
    ],
)
def test_a_json_file_is_read_as_json(tmp_path, text, value):
    path = tmp_path / "p.json"
    path.write_text(text)
    assert read_document(path, "p.json").value == value


def test_a_document_without_anything_to_build_is_refused_at_once(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("a: [")
    with pytest.raises(SuiteInvalid, match=r"p\.yaml:1:5: not YAML"):
        read_document(path, "p.yaml")
