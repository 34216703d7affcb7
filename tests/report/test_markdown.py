"""The Markdown report opens with the verdict, stays small, and nothing in it acts."""

from __future__ import annotations

import re

import pytest

from evalkit.registry import REPORTS
from evalkit.report.markdown import code, plain
from tests.analysis.run_folder import errored, gate, record
from tests.report.runs import GATES, full, judged

EVIL = "`</td>|<script>alert(1)</script>\n| **x** [y](http://z) \\| \\\\| ![i](j) @me #1 www.a.b ``"


def render(run):
    return REPORTS["md"].render(run)


def columns(line):
    """The cells of a table row, as GitHub cuts it: at every pipe that has no backslash before it."""
    return re.findall(r"(?:\\.|[^|\\])+", line.strip().strip("|"))


def test_the_verdict_comes_first_and_gates_before_figures(tmp_path):
    text = render(full(tmp_path, gates=GATES, stand_in=True))
    assert text.startswith("# ✗ FAIL: quickstart\n\n**Answers from the stand-in gateway")
    assert (
        text.index("## Gates")
        < text.index("## Quality")
        < text.index("## Cost and tokens")
        < text.index("## Failed (")
        < text.index("## Errors (")
    )
    assert "| ? INCONCLUSIVE | `o3: p95_latency_s <= 15 s` | unknown: n = 10 is too few" in text


def test_every_model_has_its_row(tmp_path):
    text = render(judged(tmp_path, [record(cost_usd=0.5), record(False, cost_usd=0.5), errored()]))
    shown = {}
    for title in ("## Quality\n\n", "## Cost and tokens\n\n"):
        header, _, row = text.split(title)[1].splitlines()[:3]
        cells = list(zip(map(str.strip, columns(header)), map(str.strip, columns(row)), strict=True))
        table = dict(reversed(cells))  # of the intervals, the first
        assert table["model"] == "`gpt-4o`"
        shown |= table
    assert (shown["n"], shown["passed"], shown["wrong"], shown["API errors"]) == ("3", "1", "1", "1")
    assert (shown["pass rate, %"], shown["cases"], shown["cost, USD"]) == ("50.0", "2", "1.00")
    assert (shown["USD per 1,000 passes"], shown["reasoning tokens"]) == ("1,000.00", "–")
    assert "| 50.0 | 9–91 |" in text


def test_five_thousand_failures_stay_under_64_kb(tmp_path):
    records = [record(False, case_id=f"{EVIL}{number}", reason=EVIL * 20) for number in range(5_000)]
    text = render(
        judged(tmp_path, [*records, *(errored(message=f"{EVIL} {n}") for n in range(500))], notes=(EVIL,) * 99)
    )
    assert len(text.encode()) <= 64 * 1024
    assert len(text.encode()) > 50_000
    listed = text.count("icontains")
    assert f"+{5_000 - listed:,} more in `summary.json` and `records.jsonl`" in text


@pytest.mark.parametrize("prompts", [("terse",), ("terse", "careful")])
def test_the_prompt_has_a_column_where_there_are_several(tmp_path, prompts):
    records = [record(False, prompt=prompt) for prompt in prompts]
    tables = render(judged(tmp_path, records, prompts=prompts)).split("## ")[1:5]
    headers = [columns(table.splitlines()[2]) for table in tables]
    assert [" prompt " in header for header in headers] == [len(prompts) > 1] * 4


def test_long_names_everywhere_stay_under_64_kb(tmp_path):
    models = tuple(f"{'豆' * 400}{number}" for number in range(80))
    records = [record(False, model=model, reason="理" * 5_000) for model in models]
    gates = tuple(gate(model=model) for model in models)
    run = judged(
        tmp_path, records, models=models, gates=gates, suite="套" * 9_000, id="标" * 9_000, notes=("记" * 9_000,) * 50
    )
    assert len(render(run).encode()) <= 64 * 1024


def test_a_hostile_cell_stays_in_its_cell(tmp_path):
    text = render(judged(tmp_path, [record(False, case_id=EVIL, model="gpt-4o", reason=EVIL)]))
    rows = text.split("## Failed (1)\n\n")[1].split("\n\n")[0].splitlines()
    assert [len(columns(row)) for row in rows] == [4, 4, 4]


@pytest.mark.parametrize("text", [EVIL, "`", "``", "a`b", "\\|", "|", "x\\", "</code>", "`a``b```c"])
def test_a_code_span_ends_only_at_its_end(text):
    span = code(text)
    fence = re.match("`+", span)[0]
    inside = span[len(fence) : -len(fence)]
    assert span.endswith(fence)
    assert fence not in re.findall("`+", inside)
    assert re.search(r"(?<!\\)\||\\\\\|", inside) is None
    assert "\n" not in span


def test_an_empty_cell_is_a_dash():
    assert code("") == code(" \n ") == "–"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>&amp;", "\\<b\\>\\&amp;"),
        ("**x** _y_ `z`", "\\*\\*x\\*\\* \\_y\\_ \\`z\\`"),
        ("[a](https://b.c)", "\\[a\\](https\\://b.c)"),
        ("www.a.b", "www\\.a.b"),
        ("@me", "\\@\u200bme"),
        ("12. first", "12\\. first"),
        ("- item", "\\- item"),
        ("a\n# b", "a \\# b"),
        ("gpt-4o: 0.85 (95 % CI 0.7–0.9)", "gpt-4o: 0.85 (95 % CI 0.7–0.9)"),
    ],
)
def test_a_sentence_is_text_and_nothing_else(text, shown):
    assert plain(text) == shown


def test_it_is_kept_in_the_run_folder():
    assert REPORTS["md"].filename == "summary.md"
