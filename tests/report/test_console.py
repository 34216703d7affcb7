"""The terminal shows what matters, at every width, for every name."""

from __future__ import annotations

import re

import pytest

from evalkit.display import width
from evalkit.registry import REPORTS
from evalkit.report.console import Console
from evalkit.types import Opinion, Score
from tests.analysis.run_folder import answer, errored, gate, record, unchecked
from tests.report.runs import GATES, full, judged

ANSI = re.compile(r"\x1b\[\d+m")


@pytest.mark.parametrize("scale", [1, 1_000_000])
def test_no_line_is_wider_than_the_terminal(tmp_path, scale):
    names = ("gpt-4o", "豆包视觉理解模型专业版三十二千上下文二五零一一五预览", "a-name-without-any-end-" * 5)
    run = full(
        tmp_path,
        models=names,
        prompts=("terse", "详细的提示词"),
        scale=scale,
        stand_in=True,
        suite="发票分类" * 30,
        gates=(gate(model=names[1]), gate("cost_usd", "<=", 2, names[2]), gate("p99_latency_s", "<=", 20)),
        notes=("这是一个没有空格的很长的说明" * 10, "w" * 300),
        skipped={f"case-{number}": "waiting for images" for number in range(40)},
        ended_at=None,
    )
    for columns in (40, *range(60, 201, 3), 200):
        lines = Console(columns=columns).render(run).splitlines()
        widest = max(lines, key=width)
        assert width(widest) <= columns, widest


def test_no_line_ends_in_blanks(tmp_path):
    run = full(tmp_path, gates=GATES, stand_in=True)
    for columns in (40, 80, 100, 140):
        assert not [line for line in Console(columns=columns).render(run).splitlines() if line != line.rstrip()]


def test_colour_changes_nothing_but_the_colour(tmp_path):
    run = full(tmp_path, gates=GATES, stand_in=True)
    colored = Console(columns=100, color=True).render(run)
    assert ANSI.sub("", colored) == Console(columns=100).render(run)
    assert "\x1b[31m✗ FAIL" in colored
    assert "\x1b" not in Console(columns=100).render(run)


def test_the_table_shows_the_figures_of_each_model(tmp_path):
    usage = {"input_tokens": 700, "output_tokens": 1234, "cached_input_tokens": 0}
    records = [
        *(
            record(latency_s=1.25, cost_usd=0.01, response=answer(answered_by="o3", **usage), model="o3")
            for _ in range(6)
        ),
        record(False, score=0.3, latency_s=1.25, response=answer(answered_by="o3", **usage), model="o3"),
        errored(model="o3"),
        record(model="gpt-4o", response=answer(input_tokens=5)),
    ]
    run = judged(tmp_path, records, models=("o3", "gpt-4o"), planned={("o3", "terse"): 10, ("gpt-4o", "terse"): 1})
    shown = Console(columns=200).render(run).split("\n\n")[1].splitlines()
    assert [" ".join(line.split()) for line in shown[1:]] == [
        "n pass wrong error not run n pass % 95 % CI score 95 % CI n p50 95 % CI p95 95 % CI"
        " total n cases 95 % CI passes 95 % CI in out reason cached",
        "o3 8 6 1 1 2 7 85.7 48–98 0.900 0.55–0.99 7 1.25 1.25–1.25 – – ≥0.0600 6 10.00 10.0–10.0 – – 4,900 8,638 – 0",
        "gpt-4o 1 1 0 0 0 1 100.0 20–100 1.000 0.20–1.00 1 – – – – – 0 – – – – 5 – – –",
        "– is unknown, or of too few answers; ≥ marks a sum of which a part is unknown",
    ]


def test_outcomes_have_a_column_each_where_they_occur(tmp_path):
    records = [
        record(),
        record(False),
        record(False, response=answer("Par", outcome="length")),
        record(False, response=answer("", outcome="refusal")),
        record(False, response=answer("", outcome="content_policy")),
        errored(),
        unchecked(),
        unchecked("no verdict", judge_failed=True),
        record(None),
        record(False, xfail="bug 12"),
        record(True, xfail="bug 13", case_id="mended"),
        record(cached=True),
    ]
    shown = Console(columns=160).render(judged(tmp_path, records))
    table = [" ".join(line.split()) for line in shown.split("\n\n")[1].splitlines()]
    assert table[1].startswith(
        "n pass wrong cut refused policy error check err judge err unscored xfail xpass cached n pass %"
    )
    assert table[2].startswith("gpt-4o 12 2 1 1 1 1 1 1 1 1 1 1 1 6 33.3 ")
    assert "1 failed as expected, 1 passed unexpectedly · cached 1/12" in shown
    assert "· mended passed, although it was expected to fail: bug 13" in shown


def test_repeats_show_what_they_say_together(tmp_path):
    shares = {"a": [True] * 3, "b": [True, False, True], "c": [False] * 3}
    records = [
        record(passed, case_id=case, repeat=repeat)
        for case, each in shares.items()
        for repeat, passed in enumerate(each)
    ]
    shown = Console(columns=160).render(judged(tmp_path, records))
    table = [" ".join(line.split()) for line in shown.split("\n\n")[1].splitlines()]
    assert "pass fail n pass@3 95 % CI pass^3 95 % CI flaky 95 % CI" in table[1]
    assert " 1 2 3 66.7 20–94 33.3 6–80 33.3 6–80" in table[2]
    assert shown.splitlines()[-1] == "✗ FAIL: 2 cases failed"


def test_a_metric_has_columns_of_its_own(tmp_path):
    scores = (
        Score(check="icontains", value=1.0, passed=True),
        Score(check="judge", value=0.5, passed=True, metric="clarity"),
    )
    shown = Console(columns=160).render(judged(tmp_path, [record(scores=scores) for _ in range(4)]))
    assert re.search(r"clarity ─+\n.* n +mean +95 % CI\n.* 4  0\.500  0\.29–0\.71", shown)


def test_judges_are_paid_apart(tmp_path):
    opinion = Opinion(model="o3", response=answer(input_tokens=50, output_tokens=7), cost_usd=0.25)
    scores = (Score(check="judge", value=1.0, passed=True, opinions=(opinion,)),)
    shown = Console(columns=200).render(judged(tmp_path, [record(scores=scores, cost_usd=0.5) for _ in range(4)]))
    assert "4 trials: 4 passed, 0 failed, 0 errors · 2.00 USD · judges 1.00 USD" in shown
    assert re.search(r"judges ─+\n.* calls +USD +tokens\n.*  4  1\.00 +228\n", shown)


def test_a_sum_with_unknown_parts_is_marked(tmp_path):
    records = [record(cost_usd=0.5, usage={"input_tokens": 1234}), record()]
    shown = Console(columns=140).render(judged(tmp_path, records))
    assert "≥1,234" in shown
    assert "2 trials: 2 passed, 0 failed, 0 errors · ≥0.500 USD" in shown


def test_failures_are_listed_with_their_reason_up_to_ten(tmp_path):
    records = [record(False, case_id=f"case-{number}", reason=f"no {number}") for number in range(12)]
    shown = Console().render(judged(tmp_path, records))
    assert "Failed (12)" in shown
    assert "  case-9  gpt-4o  icontains: no 9\n  +2 more: evalkit report RUN --format md\n" in shown
    assert "no 10" not in shown


def test_a_reason_goes_on_below_itself_and_ends_after_two_lines(tmp_path):
    reason = "answered 'the year in which it was built', expected 'the year in which it was opened'"
    records = [record(False, case_id="a", reason=reason), record(False, case_id="b", reason="word " * 40)]
    shown = Console(columns=70).render(judged(tmp_path, records)).splitlines()
    failed = shown[shown.index("Failed (2)") + 1 :][:4]
    assert failed == [
        "  a  gpt-4o  icontains: answered 'the year in which it was built',",
        "             expected 'the year in which it was opened'",
        f"  b  gpt-4o  icontains: {'word ' * 9}".rstrip(),
        f"             {'word ' * 11}w…",
    ]


def test_errors_are_told_apart_from_failures(tmp_path):
    records = [record(), errored("timeout", "no answer within 600 s"), errored("timeout", "no answer within 600 s")]
    shown = Console().render(judged(tmp_path, [*records, unchecked("no such schema")]))
    assert "Failed" not in shown
    assert "Errors (3)" in shown
    assert "timeout × 2      gpt-4o  no answer within 600 s" in shown
    assert "check_error × 1  gpt-4o  json_schema: no such schema" in shown
    assert "gpt-4o: 3 errors; with answers instead, its pass rate would lie in 25.0–100.0 %." in shown


@pytest.mark.parametrize(
    ("cases", "models", "prompts", "repeats", "scope"),
    [
        (1, ("o3",), ("terse",), 1, "1 case × 1 model"),
        (2, ("o3", "gpt-4o"), ("terse",), 1, "2 cases × 2 models"),
        (2, ("o3",), ("terse", "careful"), 3, "2 cases × 1 model × 2 prompts × 3 repeats"),
    ],
)
def test_the_headline_multiplies_to_the_number_of_trials(tmp_path, cases, models, prompts, repeats, scope):
    records = [
        record(case_id=str(case), model=model, prompt=prompt, repeat=repeat)
        for case in range(cases)
        for model in models
        for prompt in prompts
        for repeat in range(repeats)
    ]
    shown = Console().render(judged(tmp_path, records, models=models, prompts=prompts)).splitlines()
    assert shown[0] == f"quickstart: {scope}"
    assert shown[1].startswith(f"{len(records)} trial{'s' if len(records) > 1 else ''}: ")


@pytest.mark.parametrize(
    "records",
    [
        [record(case_id="a"), record(case_id="a", repeat=1), record(case_id="b")],
        [record(case_id="a"), record(case_id="b"), record(case_id="a", prompt="careful")],
        [record(case_id="a")],  # the other prompt has no trial
    ],
)
def test_where_nothing_multiplies_the_headline_says_the_trials_only(tmp_path, records):
    shown = Console().render(judged(tmp_path, records, prompts=("terse", "careful"))).splitlines()
    assert shown[0] == "quickstart"
    assert shown[1].startswith(f"{len(records)} trial")


def test_a_score_that_says_the_same_as_the_pass_rate_has_no_column(tmp_path):
    assert "score" not in Console().render(judged(tmp_path / "a", [record(), record(False)]))
    assert "score" in Console().render(judged(tmp_path / "b", [record(score=0.9), record(False)]))


def test_marks_that_do_not_occur_are_not_explained(tmp_path):
    usage = {"input_tokens": 1, "output_tokens": 1, "reasoning_tokens": 0, "cached_input_tokens": 0}
    records = [record(usage=usage, cost_usd=0.5) for _ in range(20)]
    assert "unknown" not in Console().render(judged(tmp_path, records))


@pytest.mark.parametrize("columns", [80, 140])
def test_gates_show_their_result_value_and_interval(tmp_path, columns):
    shown = " ".join(Console(columns=columns).render(full(tmp_path, gates=GATES)).split())
    assert re.search(r"✗ FAIL pass_rate >= 90 % \d\d\.\d % \(95 % CI \d\d–\d\d %, n = 50\); 5 of 65 trials", shown)
    assert "? INCONCLUSIVE o3: p95_latency_s <= 15 s unknown: n = 10 is too few for this percentile" in shown
    assert "✓ PASS doubao-1-5-vision-pro-32k-250115: pass_rate >= 10 % " in shown


@pytest.mark.parametrize(
    ("records", "gates", "last"),
    [
        ([record()], (), "✓ PASS: every scored trial passed"),
        ([record(), record(False)], (), "✗ FAIL: 1 trial failed"),
        ([record(), errored()], (), "? INCONCLUSIVE: nothing failed, but some trials have no answer or could not be"),
        ([record(None)], (), "? INCONCLUSIVE: nothing was scored"),
        ([], (), "? INCONCLUSIVE: nothing was scored"),
        ([record()], (gate(),), "✓ PASS: of 1 gate, 1 passed"),
        (
            [record()],
            (gate(), gate("cost_usd", "<=", 1)),
            "? INCONCLUSIVE: of 2 gates, 1 could not be decided, 1 passed",
        ),
    ],
)
def test_the_last_line_is_the_verdict(tmp_path, records, gates, last):
    shown = Console().render(judged(tmp_path, records, gates=gates))
    assert shown.splitlines()[-1].startswith(last)


def test_a_stand_in_is_said(tmp_path):
    told = "Answers from the stand-in gateway: they say nothing about any model; latencies are scaled."
    assert told in Console().render(judged(tmp_path, [record()], stand_in=True))
    assert told not in Console().render(judged(tmp_path, [record()]))


def test_readers_are_told_what_figures_hide(tmp_path):
    records = [
        record(response=answer("Par", outcome="length", answered_by="gpt-4-gizmo")),
        record(False, response=answer("", outcome="refusal"), repeat=1, case_id="a"),
        record(response=answer(input_tokens=3, output_tokens=4, total_tokens=9)),
    ]
    run = judged(tmp_path, records, ended_at=None, notes=("temperature was left out",), skipped={"later": "no images"})
    shown = Console().render(run)
    for told in (
        "· The run has not ended: it is still going on, or it was stopped.",
        "· temperature was left out",
        "· 1 case skipped: later (no images)",
        "· gpt-4o: 1 cut off at the cap, 1 refused.",
        "· gpt-4o: usage does not add up in 1 of 3 answers: prompt + completion ≠ total.",
        "· gpt-4o: asked as gpt-4o, answered by gpt-4-gizmo.",
        "  a #2  gpt-4o  icontains",
    ):
        assert told in shown


def test_many_skipped_cases_are_named_in_part(tmp_path):
    run = judged(tmp_path, [record()], skipped={f"c{number}": "later" for number in range(7)})
    shown = " ".join(Console().render(run).split())
    assert "· 7 cases skipped: c0 (later); c1 (later); c2 (later); c3 (later); c4 (later); +2 more" in shown


def test_an_answer_cannot_steer_the_terminal(tmp_path):
    record_ = record(False, case_id="\x1b[2J\nevil", reason="\x1b]0;title\x07")
    shown = Console().render(judged(tmp_path, [record_]))
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "�[2J evil" in shown


def test_the_console_goes_to_the_screen_only():
    assert REPORTS["console"].filename is None
