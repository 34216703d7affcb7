"""The check `code_block`."""

from __future__ import annotations

import warnings

import pytest

from evalkit.registry import CHECKS


def block(code: str, language: str = "python") -> str:
    return f"Here you are:\n\n```{language}\n{code}\n```\n\nHope this helps!"


@pytest.mark.parametrize(
    ("answer", "arguments", "passed"),
    [
        (block("x = 1"), {}, True),
        (block("x = 1"), {"language": "python"}, True),
        (block("x = 1", "py"), {"language": "python"}, True),
        (block("x = 1", "python3"), {"language": "Py"}, True),
        (block("x = 1", ""), {"language": "python"}, False),
        (block("x = 1", ""), {}, True),
        (block("x = "), {"language": "python"}, False),
        (block("x = "), {"language": "python", "parses": False}, True),
        (block("größe = '北京'"), {"language": "python"}, True),
        (block('{"a": 1}', "json"), {"language": "json"}, True),
        (block("{'a': 1}", "json"), {"language": "json"}, False),
        (block("a: [1", "yml"), {"language": "yaml"}, False),
        (block("a: 1", "yaml"), {"language": "yaml"}, True),
        (block("a = 1", "toml"), {"language": "toml"}, True),
        (block("a = ", "toml"), {"language": "toml"}, False),
        (block("<a/>", "xml"), {"language": "xml"}, True),
        (block("<a>", "svg"), {"language": "xml"}, False),
        (block("fn main() {", "rust"), {"language": "rust"}, True),
        (block("fn main() {", "rs"), {}, True),
        (block("x = 1", ""), {"parses": True}, False),
        (block("x = ") + block("x = 1"), {"language": "python"}, True),
        (block("", "python"), {"language": "python"}, False),
        ("x = 1", {}, False),
        ("", {}, False),
        ("x" * 1_000_000, {}, False),
        ("import os; os._exit(3)", {}, False),
        (block("import os; os._exit(3)"), {"language": "python"}, True),
    ],
)
def test_a_block_is_parsed_and_never_run(find, answer, arguments, passed):
    finding = find("code_block", answer, **arguments)
    assert finding.passed is passed, finding.reason
    assert finding.value == float(passed)
    assert len(finding.reason) < 400


@pytest.mark.parametrize(
    ("answer", "arguments", "reason"),
    [
        ("Paris", {}, "no code block in 'Paris'"),
        (block("x", "rust"), {"language": "python"}, "no code block in python, only in 'rust'"),
        (block("x", ""), {"language": "python"}, "no code block in python, only in 'none'"),
        (block("x = \n"), {}, "the python block does not parse: invalid syntax at line 1"),
        (block("{", "json"), {}, "the json block does not parse: Expecting property name"),
        (block("a: *x", "yaml"), {}, "the yaml block does not parse: the alias 'x' stands for nothing"),
        (block(" "), {}, "the python block is empty"),
        (block("x = 1"), {}, "python block: 'x = 1'"),
    ],
)
def test_what_is_wrong_with_a_block_is_said(find, answer, arguments, reason):
    assert find("code_block", answer, **arguments).reason.startswith(reason)


@pytest.mark.parametrize(("text", "passed"), [("def f", True), ("class", False)])
def test_the_code_is_handed_to_the_inner_check(find, text, passed):
    check = CHECKS["contains"](text=text)
    finding = find("code_block", block("def f(): ..."), language="python", check=check)
    assert finding.passed is passed
    assert finding.reason.startswith("in the code block: ")


def test_the_last_block_that_is_right_is_handed_on(find):
    check = CHECKS["equals"](value="b = 2")
    assert find("code_block", block("a = 1") + block("b = 2") + block("c ="), check=check).passed


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "code",
    [
        "(" * 100_000, "-" * 200_000 + "1", "not " * 200_000 + "1", "1" + "+1" * 100_000, "a" + ".a" * 100_000,
        "a" + "()" * 100_000, "lambda:" * 100_000 + "1", "[" * 100_000, "1 if 1 else " * 50_000 + "1", "9" * 1_000_000,
        "if 1:pass\n" + "elif 1:pass\n" * 20_000, "x\0", "'\ud800'", "a" + "[0]" * 100_000, "\u0301" * 100_000,
    ],
)  # fmt: skip
def test_hostile_code_is_read_or_refused_but_harms_nothing(find, code):
    assert not find("code_block", block(code), language="python").passed


@pytest.mark.parametrize(("language", "code"), [("toml", "a = " + "[" * 10_000), ("json", "[" * 100_000)])
def test_hostile_data_is_refused(find, language, code):
    assert "does not parse" in find("code_block", block(code, language)).reason


def test_odd_code_warns_nobody(find):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find("code_block", block(r"x = '\d'"), language="python").passed


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"language": ""}, "the language is empty"),
        ({"language": "rust", "parses": True}, "rust cannot be parsed here; python, json, yaml, toml, xml can"),
    ],
)
def test_what_cannot_be_asked_is_refused(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        CHECKS["code_block"](**arguments)
