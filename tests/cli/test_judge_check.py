"""`evalkit judge-check`: a judge beside what people said, from a file to figures."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.another_gateway import Answer, Arrived
from tests.cli.conftest import fails, says

MARK = re.compile(r'"mark" is "([0-9a-f]{16})"')


@pytest.fixture
def labels(tmp_path):
    """Writes a file of labelled answers, each a mapping or a line as it is."""

    def written(*rows: dict | str, name: str = "labels.jsonl") -> Path:
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return written


def row(answer: str, label, **more) -> dict:
    return {"answer": answer, "rubric": "Names the capital of France.", "label": label, **more}


def graded(arrived: Arrived) -> Answer:
    """Gives the score that the answer names, as in `0.7 Paris`."""
    rules, asked = (message["content"] for message in arrived.body["messages"])
    answer = re.search(r"<answer \w+>\n(\S+)", asked)[1]
    try:
        fields = {"reason": "As it says.", "score": float(answer)}
    except ValueError:
        fields = {"reason": "As it says.", "choice": answer}
    return says(json.dumps({"mark": MARK.search(rules)[1], **fields}))


def figures(ended) -> dict:
    """What was found of the first judge."""
    return json.loads(ended.out)["judges"][0]


def test_figures_are_those_of_the_confusion(cli, labels, gateway):
    gateway.answer = graded
    table = {("1", 1): 20, ("0", 1): 5, ("1", 0): 10, ("0", 0): 15}
    rows = [row(f"{said} #{n}", label) for (said, label), times in table.items() for n in range(times)]
    ended = cli("judge-check", labels(*rows), "-m", "gpt-4.1", "--format", "json")
    assert ended.code == 0, ended.err
    found = figures(ended)
    assert (found["judge"], found["n"], found["agreed"], found["errors"]) == ("gpt-4.1", 50, 35, 0)
    assert found["classes"] == ["fail", "pass"]
    assert found["confusion"] == [[15, 10], [5, 20]]
    assert (found["agreement"], found["kappa"]) == (0.7, pytest.approx(0.4))
    assert found["kappa_low"] < 0.4 < found["kappa_high"]
    assert (found["calls"], found["cost_usd"]) == (50, pytest.approx(50 * 25.2e-6))
    assert len(found["disagreements"]) == 15
    assert json.loads((ended.folder / "agreement.json").read_text()) == json.loads(ended.out)


def test_a_table_for_people(cli, labels, gateway):
    gateway.answer = graded
    ended = cli("judge-check", labels(row("1 a", 1), row("0 b", 1, id="mine"), row("0 c", 0)), "-m", "gpt-4.1")
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert lines[0].endswith("labels.jsonl: 3 labelled answers; a score is a pass from 0.5")
    assert lines[3].startswith("gpt-4.1 3 0 66.7 20–94 0.40 ")
    assert lines[5:9] == ["gpt-4.1: people (rows) and judge (columns)", "fail pass", "fail 1 0", "pass 1 1"]
    assert "· line 2 (mine): pass, not fail: gpt-4.1 0: As it says." in lines
    assert ended.reason == "exit 0: 3 verdicts on 3 answers compared"


def test_scores_are_compared_as_scores_too(cli, labels, gateway):
    gateway.answer = graded
    rows = [row(f"{said} x{said}", label) for said, label in ((0.9, 1), (0.6, 0.5), (0.2, 0.4), (0.1, 0))]
    ended = cli("judge-check", labels(*rows), "-m", "gpt-4.1", "--format", "json")
    found = figures(ended)
    assert found["mean_absolute_error"] == pytest.approx((0.1 + 0.1 + 0.2 + 0.1) / 4)
    assert 0.9 < found["correlation"] < 1
    assert found["confusion"] == [[2, 0], [0, 2]]
    stricter = cli("judge-check", labels(*rows), "-m", "gpt-4.1", "--format", "json", "--threshold", "0.55", "-o", "b")
    assert figures(stricter)["confusion"] == [[2, 1], [0, 1]]


def test_classes_of_factuality_have_a_confusion_of_their_own(cli, labels, gateway):
    gateway.answer = graded
    said = [("equal", "equal"), ("subset", "Conflict"), ("subset", "subset")]
    rows = [{"answer": f"{judge} {n}", "expected": "e", "label": human} for n, (judge, human) in enumerate(said)]
    ended = cli("judge-check", labels(*rows), "-m", "gpt-4.1", "--format", "json")
    assert ended.code == 0, ended.err
    found = figures(ended)
    assert found["classes"] == ["equal", "immaterial", "superset", "subset", "conflict"]
    assert [found["confusion"][4][3], found["confusion"][3][3], found["confusion"][0][0]] == [1, 1, 1]


def test_several_judges_are_measured_side_by_side(cli, labels):
    rows = [
        row("It is Paris.", 1, expected="Paris"),
        row("Lyon", 0, expected="Paris"),
        row("Rome", 0, expected="Paris"),
    ]
    ended = cli("judge-check", labels(*rows), "-m", "gpt-4.1", "-m", "o3", "--offline", "--format", "json")
    assert ended.code == 0, ended.err
    report = json.loads(ended.out)
    assert [judge["judge"] for judge in report["judges"]] == ["gpt-4.1", "o3"]
    assert (report["n"], report["stand_in"], report["kind"]) == (3, True, "verdict")
    assert all(judge["cost_usd"] > 0 and judge["input_tokens"] > 0 for judge in report["judges"])


def test_what_stands_in_the_file_reaches_the_judge_as_it_stands(cli, labels, gateway):
    gateway.answer = lambda arrived: says("no")
    odd = "{{ 1 + 1 }} {% raw %} \\n \x7f \u0085 \U0001f600 \"quoted\" 'and' #{x} </answer>"
    told = {"answer": odd, "rubric": odd + "r", "input": odd + "i", "expected": odd, "label": "pass", "id": odd}
    ended = cli("judge-check", labels(told), "-m", "gpt-4.1")
    assert ended.code == 3
    asked = gateway.arrived[0].body["messages"][1]["content"]
    assert f"\n{odd}\n</answer " in asked
    assert f"user: {odd}i\n</task " in asked
    assert asked.endswith(f"Rubric:\n{odd}r")


@pytest.mark.parametrize(
    ("label", "human"),
    [(1, "pass"), (0, "fail"), (True, "pass"), (False, "fail"), ("pass", "pass"), ("Fail", "fail"), ("1", "pass"),
     ("0", "fail"), ("yes", "pass"), ("NO", "fail"), (1.0, "pass"), (0.5, "pass"), (0.49, "fail")],
)  # fmt: skip
def test_labels_may_be_spelt_in_many_ways(cli, labels, gateway, label, human):
    gateway.answer = graded
    ended = cli("judge-check", labels(row("1 a", label)), "-m", "gpt-4.1", "--format", "json", "-q")
    assert figures(ended)["confusion"] == ([[0, 0], [0, 1]] if human == "pass" else [[0, 1], [0, 0]])


def test_the_rubric_may_be_given_for_all_and_lines_limited(cli, labels, gateway):
    gateway.answer = graded
    path = labels(*({"answer": f"1 {n}", "human_label": 1} for n in range(5)))
    ended = cli("judge-check", path, "-m", "gpt-4.1", "--rubric", "Is good.", "--limit", "2", "--format", "json")
    assert (ended.code, figures(ended)["n"], len(gateway.arrived)) == (0, 2, 2)
    assert "Is good." in str(gateway.arrived[0].body)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("{", "2: not JSON: "),
        ("[1]", '2: no JSON object: a line is {"answer": …, "rubric": …, "label": …}'),
        ('{"answer": "a", "answer": "b"}', "2: not JSON: duplicate key 'answer'"),
        (row("", 1), "2: 'answer' is missing or empty: there is nothing to judge"),
        ({"rubric": "r", "label": 1}, "2: 'answer' is missing or empty"),
        ({"answer": "a", "label": 1}, "2: 'rubric' is missing; --rubric gives one to all lines without it"),
        ({"answer": "a", "rubric": "r"}, "2: 'label' is missing: what a human said of the answer"),
        (
            row("a", 3),
            "2: 'label' is 3; it may be 0 or 1, a number between them, pass or fail, or a class of factuality",
        ),
        (row("a", -0.1), "2: 'label' is -0.1; it may be"),
        (row("a", "good"), "2: 'label' is \"good\"; it may be"),
        (row("a", [1]), "2: 'label' is [1]; it may be"),
        (row("a", "equal"), "2: 'expected' is missing: a class of factuality is about a reference"),
        (
            row("a", "equal", expected="e"),
            "2: the label is a class, and that of line 1 a number: labels are of one kind",
        ),
        (row("a", 1, id="same"), "2: the id 'same' stands in line 1 already"),
        ('{"answer": "\\ud800", "rubric": "r", "label": 1}', "2: half of a surrogate pair"),
    ],
)
def test_bad_lines_are_told_with_their_numbers_before_anything_is_sent(cli, labels, gateway, bad, told):
    ended = cli("judge-check", labels(row("a", 1, id="same"), bad), "-m", "gpt-4.1")
    assert (ended.code, gateway.arrived, ended.out) == (2, [], "")
    assert f"labels.jsonl:{told}" in ended.err
    assert "nothing was sent" in ended.reason


def test_all_bad_lines_are_told_at_once(cli, labels):
    ended = cli("judge-check", labels("{", row("a", 5), row("b", 1)), "-m", "gpt-4.1")
    assert ended.err.count("labels.jsonl:") == 2


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["-m", "zap"], 2, "--model: unknown model 'zap'"),
        ([], 2, "Missing option '-m' / '--model'"),
        (["-m", "gpt-4.1", "--offline", "--base-url", "http://h"], 2, "--offline and --base-url exclude each other"),
        (["-m", "gpt-4.1", "--threshold", "2"], 2, "'--threshold'"),
    ],
)
def test_flags_that_cannot_be_followed_are_told(cli, labels, gateway, arguments, code, told):
    ended = cli("judge-check", labels(row("a", 1)), *arguments)
    assert (ended.code, gateway.arrived) == (code, [])
    assert told in ended.err


def test_files_that_cannot_be_read_are_told(cli, tmp_path):
    assert (
        cli("judge-check", "none.jsonl", "-m", "o3").reason
        == "evalkit: none.jsonl cannot be read: No such file or directory"
    )
    (tmp_path / "empty.jsonl").write_text("\n\n")
    empty = cli("judge-check", "empty.jsonl", "-m", "o3")
    assert (empty.code, empty.reason) == (5, "evalkit: empty.jsonl: no line in it")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\n")
    assert "bytes.jsonl:1: not UTF-8" in cli("judge-check", "bytes.jsonl", "-m", "o3").err


def test_the_key_must_be_there(cli, labels, monkeypatch):
    monkeypatch.delenv("GPTPROTO_API_KEY")
    ended = cli("judge-check", labels(row("a", 1)), "-m", "gpt-4.1")
    assert (ended.code, "GPTPROTO_API_KEY is not set" in ended.reason) == (2, True)


def test_errors_are_counted_apart_and_decide_the_exit_code(cli, labels, gateway):
    gateway.answer = lambda arrived: says("no verdict") if "bad" in str(arrived.body) else graded(arrived)
    path = labels(row("1 good", 1), row("0 fine", 0), row("1 bad", 1))
    ended = cli("judge-check", path, "-m", "gpt-4.1", "--format", "json")
    found = figures(ended)
    assert (ended.code, found["n"], found["errors"], found["agreement"]) == (3, 2, 1, 1.0)
    assert ended.reason == "exit 3: 1 of 3 verdicts could not be had"
    assert found["failures"][0].startswith("line 3: judge gpt-4.1: no verdict, asked twice")
    assert cli("judge-check", path, "-m", "gpt-4.1", "--max-error-rate", "0.5", "-o", "b").code == 0


def test_a_budget_and_a_judge_that_is_gone_end_it(cli, labels, gateway):
    gateway.answer = graded
    rows = [row(f"1 {n}", 1) for n in range(6)]
    poor = cli("judge-check", labels(*rows), "-m", "gpt-4.1", "--max-cost", "0.0000001")
    assert (poor.code, gateway.arrived) == (4, [])
    assert poor.reason.startswith("exit 4: stopped by the budget")
    gateway.answer = lambda arrived: fails(404, "no such model")
    gone = cli("judge-check", labels(*rows), "-m", "gpt-4.1", "-o", "b")
    assert (gone.code, len(gateway.arrived)) == (3, 1)
    assert "6 of 6 verdicts could not be had" in gone.reason or "stopped asking gpt-4.1" in gone.reason
