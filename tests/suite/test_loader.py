"""A suite file as a whole: everything that is wrong with it, at once and in its place."""

from __future__ import annotations

from contextlib import suppress

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import SuiteInvalid, UsageError
from evalkit.suite.loader import digest, load_suite
from evalkit.suite.plan import Plan
from evalkit.suite.traffic import Traffic

HEAD = "models: [gpt-4o]\nprompts: ['{{ q }}']\n"
CASE = "  - {id: a, vars: {q: hi}, checks: [{contains: x}]}\n"


def test_a_suite_is_what_its_file_says(load, home):
    text = HEAD + "name: n\ndescription: d\nmax_concurrency: 3\nmatrix: {l: [1, 2]}\ncases:\n" + CASE
    suite = load(text)
    assert (suite.name, suite.description, suite.max_concurrency, suite.matrix) == ("n", "d", 3, {"l": (1, 2)})
    assert (suite.root, suite.file, suite.source) == (home, home / "s.yaml", text)
    assert [case.id for case in suite.cases()] == ["a"]


def test_a_suite_without_a_name_is_called_like_its_file(load):
    assert load(HEAD + "cases:\n" + CASE).name == "s"


def test_the_environment_is_the_process_own_unless_given(write, monkeypatch):
    monkeypatch.setenv("MODEL", "o3")
    path = write("s.yaml", "models: ['${MODEL}']\nprompts: [x]\n")
    assert load_suite(path).models[0].id == "o3"
    with pytest.raises(SuiteInvalid, match="environment variable MODEL is not set"):
        load_suite(path, environ={})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["s.yaml: is empty: a suite has `models`, `prompts` and `cases`"]),
        ("# only words\n", ["s.yaml: is empty: a suite has `models`, `prompts` and `cases`"]),
        ("- 1\n", ["s.yaml:1:1: is no mapping: a suite has `models`, `prompts` and `cases`"]),
        ("models\n", ["s.yaml: is no mapping: a suite has `models`, `prompts` and `cases`"]),
        (b"\xef\xbb\xbfa: 1", ["s.yaml:1:1: begins with a byte order mark (BOM): save it as UTF-8 without one"]),
        (b"a: \xff", ["s.yaml:1:4: not UTF-8: byte 0xff at offset 3; save it as UTF-8"]),
        ("{}", ["s.yaml:1:1: 'models' is missing", "s.yaml:1:1: 'prompts' is missing"]),
        ("models: []\nprompts: []\n", ["s.yaml:1:9: must not be empty", "s.yaml:2:10: must not be empty"]),
        (
            "models: gpt-4o\nprompts: {user: x}\ncases: 5\ndatasets: d.jsonl\nproviders: []\ngates: 1\ndefaults: x\n",
            [
                "s.yaml:1:9: expected a list, found 'gpt-4o'",
                "s.yaml:2:10: expected a list, found a mapping",
                "s.yaml:3:8: expected a list, found '5'",
                "s.yaml:4:11: expected a list, found 'd.jsonl'",
                "s.yaml:5:12: expected a mapping, found a list",
                "s.yaml:6:8: expected a mapping, found '1'",
                "s.yaml:7:11: expected a mapping, found 'x'",
            ],
        ),
        (
            HEAD + "name: [a]\ndescription: {a: 1}\nmax_concurrency: 2.5\nmatrix: {l: []}\n",
            [
                "s.yaml:3:7: expected text, found a list",
                "s.yaml:4:14: expected text, found a mapping",
                "s.yaml:5:18: expected a whole number, found '2.5'",
                "s.yaml:6:13: must not be empty",
            ],
        ),
        (
            HEAD + "matrix: {l: x, m: [a, b, a], case: [1], n: [1, '1'], o: [null, '']}\n",
            [
                "s.yaml:3:13: expected a list, found 'x'",
            ],
        ),
        (
            HEAD + "matrix: {m: [a, b, a], case: [1], n: [1, '1'], o: [null, ''], p: [1.0, 1]}\n",
            [
                "s.yaml:3:20: 'a' stands in this dimension already",
                "s.yaml:3:30: 'case' is the case itself in templates: choose another name",
                "s.yaml:3:42: '1' stands in this dimension already",
                "s.yaml:3:58: '' stands in this dimension already",
            ],
        ),
        (HEAD + "nmae: x\n", ["s.yaml:3:1: unknown key 'nmae'; did you mean 'name'?"]),
        (
            HEAD + "zzz: x\n",
            ["s.yaml:3:1: unknown key 'zzz'; known here: budget, cases, datasets, defaults, description, gates, "
             "judges, matrix, max_concurrency, models, name, prompts, providers, root, traffic"],
        ),
        (HEAD + "root: nowhere\n", ["s.yaml:3:7: root 'nowhere' is no folder"]),
        (HEAD + 'root: "\\0"\n', ["s.yaml:3:7: root '\0' is no usable path: embedded null byte"]),
        (HEAD + "defaults: {repeat: 0, checks: {contains: x}}\n", [
            "s.yaml:3:20: must be greater than or equal to 1",
            "s.yaml:3:31: expected a list, found a mapping",
        ]),
        (HEAD + "defaults: {transform: '{{ output', checks: [{contain: x}]}\n", [
            "s.yaml:3:23: template: unexpected end of template, expected 'end of print statement'.",
            "s.yaml:3:46: unknown check 'contain'; did you mean 'contains'?",
        ]),
        (HEAD + "defaults: {params: {temprature: 0}}\n", [
            "s.yaml:3:21: unknown key 'temprature'; did you mean 'temperature'?",
        ]),
        (HEAD + "max_concurrency: yes\n", ["s.yaml:3:18: expected a whole number, found 'yes'"]),
        (HEAD + "max_concurrency: true\n", ["s.yaml:3:18: expected a whole number, found true"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_head_is_told_in_its_place(problems, text, expected):
    assert problems(text) == expected


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_file(problems, write):
    write("p.yaml", "- {role: usr, content: x}\n")
    text = """\
name: []
models:
  - gtp-4o
  - {id: o3, timeout_s: soon, nmae: 5}
  - {id: o4-mini, provider: nobody}
  - {id: gpt-4o, params: {temperature: hot}}
prompts:
  - {name: a, user: '{{ q'}
  - {name: b, file: p.yaml}
  - {name: a, user: x}
providers:
  local: {base_url: "${BASE}"}
gates: {pass_rate: 0.9}
cases:
  - {id: a, vars: {q: 1}, chekcs: []}
  - {id: b, vars: {q: 1}, checks: [{contains: x}], images: [none.png]}
  - {id: c, id: d, vars: {q: 1}, checks: [{contain: x}]}
datasets: [none.csv]
max_concurrency: 0
"""
    assert problems(text) == [
        "s.yaml:1:7: expected text, found a list",
        "s.yaml:3:5: unknown model 'gtp-4o'; did you mean 'gpt-4o'?; a model without a preset needs `provider` and "
        "`api`",
        "s.yaml:4:25: expected a number, found 'soon'",
        "s.yaml:4:31: unknown key 'nmae'; did you mean 'name'?",
        "s.yaml:5:29: unknown provider 'nobody'; known: gptproto, local",
        "s.yaml:6:40: temperature is a number from 0 to 2, found 'hot'",
        "s.yaml:8:21: template: unexpected end of template, expected 'end of print statement'.",
        "s.yaml:10:5: two prompts are called 'a'",
        "s.yaml:12:21: environment variable BASE is not set",
        "s.yaml:13:20: gate 'pass_rate' wants an operator and a number, as in \">= 0.9\"; found '0.9'",
        "s.yaml:15:5: no checks: nothing looks at this case's answer; add a check, or say `checks: none`",
        "s.yaml:15:27: unknown key 'chekcs'; did you mean 'checks'?",
        "s.yaml:16:61: no such file: 'none.png' (looked in HOME)",
        "s.yaml:17:13: duplicate key 'id': it stands on line 17 already",
        "s.yaml:17:44: unknown check 'contain'; did you mean 'contains'?",
        "s.yaml:18:12: no such file: 'none.csv' (looked in HOME)",
        "s.yaml:19:18: must be greater than or equal to 1",
        "p.yaml:1:10: expected 'system', 'developer', 'user' or 'assistant', found 'usr'; did you mean 'user'?",
    ]


WORKING = """\
name: triage
description: Reads invoices.
root: ..
x-note: ignored
providers:
  local: {base_url: "${LOCAL_BASE:-http://127.0.0.1:9000/v1}", api_key_env: LOCAL_KEY, auth: bearer}
models:
  - gpt-4o
  - {id: o4-mini, params: {max_output_tokens: 2000, reasoning_effort: low}}
  - {id: o3, api: responses, stream: false, timeout_s: 600, max_attempts: 5, max_wait_s: 120, max_concurrency: 8}
  - {name: o3-chat, id: o3, api: chat}
  - {name: gemini, id: gemini-2.5-pro, max_concurrency: 20}
  - {name: doubao, id: doubao-1-5-vision-pro-32k-250115, price: {input: 0.36, output: 1, cached_input: 0.1, batch: 0.5}}
  - {name: here, id: some-model, provider: local, api: chat}
prompts:
  - name: terse
    system: You answer in one word.
    user: "{{ question }} in {{ language }}"
  - name: careful
    messages:
      - {role: developer, content: Think first.}
      - {role: user, content: Capital of Spain?}
      - {role: assistant, content: Madrid}
      - {role: user, content: "{{ question }}"}
    variants:
      gemini: {file: words/gemini.md}
  - {name: filed, file: ../extract.md}
matrix:
  language: [English, 中文]
defaults:
  params: {temperature: 0, top_p: 1, seed: 1, stop: [END], extra_body: {top_k: 1}}
  repeat: 3
  pass_if: 2/3
  stream: false
  transform: "{{ output | trim }}"
  checks:
    - max_latency_s: 60
    - regex: .
cases:
  - id: capital
    tags: [geography]
    vars: {question: "Capital of France?"}
    expected: Paris
    checks:
      - icontains: "{{ expected }}"
      - not: {contains: Lyon}
  - id: total
    vars: {question: "The total?"}
    images: [dot.png, {url: dot.png, detail: high}, "https://example.com/b.png"]
    expected: 118.4
    models: [gpt-4o, doubao]
    prompts: [terse]
    params: {temperature: null}
    accept: [length, refusal, content_policy]
    threshold: 0.8
    checks:
      - {number: {value: "{{ expected }}", tolerance: 0.01}, weight: 2}
  - id: known-bad
    vars: {question: "…"}
    xfail: gateway bug 12
    cluster: invoice-7
    checks: [{contains: x}]
  - id: dialogue
    turns:
      - {user: "My name is Ada.", checks: [{contains: Ada}]}
      - {user: "What is my name?", checks: [{icontains: ada}], images: [dot.png]}
  - {id: expanded, vars: {question: hi}, checks: none}
  - {id: later, vars: {question: hi}, skip: waiting for images, checks: [{contains: x}]}
datasets:
  - data/*.jsonl
  - {file: data/invoices.csv, id: number, images: picture, expected: total, sample: 1, seed: 7}
budget: {max_cost_usd: 5}
traffic: {requests: 50000/day}
max_concurrency: 128
gates:
  pass_rate: ">= 0.9"
  p95_latency_s: "<= 15"
  models: {o3: {cost_usd: "<= 2"}}
"""


@pytest.fixture
def working(write, picture):
    """The suite that uses every key which works, with its files."""
    write("extract.md", "{{ question }}")
    write("suites/words/gemini.md", "{{ question }}!")
    write("suites/dot.png", picture("PNG"))
    write("suites/data/a.jsonl", '{"id": "row", "vars": {"question": "q"}, "checks": [{"contains": "x"}]}\n')
    write("suites/data/invoices.csv", "number,picture,total,question\n7,dot.png,5,q\n8,dot.png,6,q\n")
    return write("suites/s.yaml", WORKING)


def test_every_key_that_works_works(working):
    suite = load_suite(working, environ={})
    assert [model.name for model in suite.models] == [
        "gpt-4o", "o4-mini", "o3", "o3-chat", "gemini", "doubao", "here",
    ]  # fmt: skip
    census = Plan(suite).prepare()
    assert (census.cases, census.skipped) == (7, {"later": "waiting for images"})
    # all but one: 7 models × 3 prompts; total: 2 models × 1 prompt; × 2 × 3
    assert census.trials == (6 * 7 * 3 + 2) * 2 * 3
    assert (suite.budget_usd, suite.traffic) == (5, Traffic(requests_per_day=50_000))


def test_a_list_at_the_top_has_its_place_and_its_line(load):
    with pytest.raises(SuiteInvalid) as caught:
        load("\n- a\n")
    [problem] = caught.value.problems
    assert (problem.line, problem.column, problem.source) == (2, 1, "- a")


def test_a_digest_tells_texts_apart():
    assert digest("a") == digest("a") != digest("b")


def test_dotted_overrides_are_read_before_the_suite_is_judged(problems):
    text = HEAD + "cases:\n" + CASE
    assert problems(text, overrides=("max_concurrency=0",)) == [
        "s.yaml:1:1: 'max_concurrency': must be greater than or equal to 1"
    ]
    assert problems(text, overrides=("models.0=gtp-4o", "models.0=o3")) == []


ODD = st.text(st.characters(codec="utf-8"), max_size=200) | st.binary(max_size=200)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
KEYS = st.sampled_from(
    ["models", "prompts", "cases", "defaults", "gates", "matrix", "datasets", "providers", "root", "name", "id",
     "user", "messages", "role", "content", "file", "checks", "contains", "not", "number", "value", "equals", "vars",
     "expected", "images", "url", "params", "temperature", "stop", "repeat", "tags", "weight", "price", "input",
     "output", "variants", "pass_rate", "transform", "skip", "threshold", "accept", "json_schema", "one_of", "texts",
     "turns", "xfail", "cluster", "pass_if", "budget", "max_cost_usd", "traffic"]
) | st.text(max_size=4)  # fmt: skip
VALUES = st.recursive(
    SCALARS | st.sampled_from(["gpt-4o", "o3", "none", "{{ q }}", "{{ output }}", "{{ q", "a.jsonl", ">= 1", "user"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


def refused_properly(path) -> None:
    """Whatever stands there, the suite is refused in words or becomes trials."""
    with suppress(UsageError):
        chosen = Plan(load_suite(path, environ={}))
        chosen.prepare()
        for model in chosen.models:
            list(chosen.trials(model))


@given(ODD)
@settings(max_examples=150, deadline=None)
def test_no_text_at_all_brings_the_loader_down(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "odd.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    refused_properly(path)


@given(st.dictionaries(KEYS, VALUES, max_size=6), st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_data_at_all_brings_the_loader_down(tmp_path_factory, data, sound):
    if sound:  # get past the head
        data = {"models": ["gpt-4o"], "prompts": ["{{ q }}"], "cases": [data, {"checks": [data]}]}
    path = tmp_path_factory.getbasetemp() / "odd.yaml"
    path.write_text(yaml.dump(data, allow_unicode=True), encoding="utf-8", errors="replace")
    refused_properly(path)
