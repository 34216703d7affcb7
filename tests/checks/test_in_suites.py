"""Checks as suites write them: shorthands, other checks inside, extras that are not there, mistakes in their place."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalkit.cli.main import evalkit
from evalkit.errors import SuiteInvalid
from evalkit.registry import CHECKS
from evalkit.suite.loader import load_suite
from evalkit.suite.plan import Plan
from evalkit.types import Check, Context, Response, Usage

SUITE = """\
name: s
models: [gpt-4o]
prompts: [{{name: p, user: hi}}]
cases:
  - id: c
    expected: {expected}
    checks:
      - {check}
"""


@pytest.fixture
def plan(tmp_path):
    def plan(check: str, expected: str = "Paris") -> Plan:
        path = Path(tmp_path) / "s.yaml"
        path.write_text(SUITE.format(check=check, expected=expected), "utf-8")
        return Plan(load_suite(path, environ={}))

    return plan


def made(plan: Plan, output: str) -> Check:
    plan.prepare()
    (trial,) = plan.trials(plan.models[0])
    return trial.checks[0].bind(output)


@pytest.mark.parametrize(
    ("check", "expected", "answer", "passed"),
    [
        ("word_count: 2", "x", "two words", True),
        ("char_count: {max: 3}", "x", "four", False),
        ("similarity: '{{ expected }}'", "Paris", "Pariss", True),
        ("rouge: '{{ expected }}'", "the cat sat", "the cat sat", True),
        ("bleu: '{{ expected }}'", "the cat sat here", "the cat sat here", True),
        ("chrf: '{{ expected }}'", "北京", "北京", True),
        ("is_refusal", "x", "I can't help with that", True),
        ("is_refusal: false", "x", "I can't help with that", False),
        ("json: {within: fence}", "x", "```\n{}\n```", True),
        ("json_path: total", "x", '{"total": 0}', True),
        ("json_path: {path: total, check: {number: '{{ expected }}'}}", "118.40", '{"total": 118.4}', True),
        ("json_path: {path: total, check: {not: {number: 1}}}", "x", '{"total": 1}', False),
        ("yaml", "x", "a: 1", True),
        ("xml: {root: a}", "x", "<b/>", False),
        ("code_block: python", "x", "```python\nx = 1\n```", True),
        ("code_block: {check: {contains: y}}", "x", "```\nx = 1\n```", False),
        ("choice: '{{ expected }}'", "B", "Answer: B", True),
        ("choice: {value: 2, choices: [1, 2]}", "x", "Answer: 2", True),
        ("number: '{{ expected }}'", "'1,234.50 EUR'", "1.234,50", True),
        ("number: '{{ expected }}'", "1.10", "1.1", True),
        ("set_equals: '{{ expected }}'", "[8, 12]", "12 and 8", True),
        ("list_equals: [a, b]", "x", "a, b", True),
        ("f1: '{{ expected }}'", "42", "42", True),
        ("f1: 4.20", "x", "4.20", True),
        ("exact_match: ['{{ expected }}', Lutetia]", "Paris", "lutetia", True),
        ("exact_match: '{{ expected }}'", "[Paris, Rome]", "the Rome", True),
    ],
)
def test_a_check_works_as_it_is_written(plan, check, expected, answer, passed):
    found = made(plan(check, expected), answer)
    response = Response(text=answer, model=None, finish_reason="stop", outcome="ok", usage=Usage())
    finding = found.find(Context(output=answer, response=response))
    assert finding.passed is passed, finding.reason


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("number: abc", "8:17: check 'number': value must be a number, or a text with one number in it, not 'abc'"),
        ("choice: E", "8:17: check 'choice': 'E' is none of the choices A, B, C, D; name them in 'choices'"),
        ("choice: '{{ expected }}'", "'Paris' is none of the choices A, B, C, D"),
        ("json_path: {path: a, check: {contain: x}}", "8:38: unknown check 'contain'; did you mean 'contains'?"),
        ("json_path: {path: a, check: }", None),
        ("json_path: a..b", "8:20: check 'json_path': no JMESPath"),
        ("rouge: {reference: x, type: rouge3}", "expected 'rouge1', 'rouge2' or 'rougeL', found 'rouge3'"),
        ("word_count: ten", "8:21: check 'word_count': exact: expected a whole number, found 'ten'"),
        (
            "similarity: {text: x, threshold: 80}",
            "8:42: check 'similarity': threshold must lie between 0 and 1, not 80",
        ),
        ("f1: A", "8:13: check 'f1': normalisation leaves nothing of 'A'"),
    ],
)
def test_a_mistake_is_named_in_its_place_before_anything_is_sent(plan, check, message):
    if message is None:
        plan(check).prepare()
        return
    with pytest.raises(SuiteInvalid) as raised:
        plan(check).prepare()
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "check", ["bleu: x", "chrf: x", "not: {bleu: x}", "bleu: '{{ output }}'", "json_path: {path: a, check: {chrf: x}}"]
)
def test_a_check_without_its_extra_is_a_mistake_of_the_suite(plan, check, monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    with pytest.raises(SuiteInvalid) as raised:
        plan(check)
    (problem,) = raised.value.problems
    assert problem.message.endswith("needs the extra: evalkit-harness[metrics]")
    assert (problem.line, problem.column is not None) == (8, True)


def test_checks_that_need_no_extra_work_without_it(plan, monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    assert plan("rouge: x").prepare().trials == 1
    assert {name for name in CHECKS if getattr(CHECKS[name], "extra", None)} >= {"bleu", "chrf"}


@pytest.mark.parametrize("there", [True, False])
def test_list_checks_says_which_extra_a_check_lacks(there, monkeypatch):
    if not there:
        monkeypatch.setitem(sys.modules, "sacrebleu", None)
    listed = CliRunner().invoke(evalkit, ["list", "checks", "--format", "json"], catch_exceptions=False)
    helps = {row["name"]: row["help"] for row in json.loads(listed.output)}
    assert helps["bleu"].startswith("(needs the extra: evalkit-harness[metrics]) ") is not there
    assert not helps["rouge"].startswith("(needs")
