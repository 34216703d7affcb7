"""`evalkit prices`: shows what models cost and who says so, and fetches the gateway's own prices."""

from __future__ import annotations

import csv
import io
import json

import pytest

from evalkit.costs import price_tables
from tests.gateway.test_catalogue import answers, serving


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def catalogue(**models: tuple) -> bytes:
    names = ("platformInputPrice", "platformOutPrice", "platformReadCachePrice")
    rows = [
        {"modelName": name.replace("_", "-"), **dict(zip(names, rates, strict=False))} for name, rates in models.items()
    ]
    return json.dumps({"data": rows}).encode()


def test_all_known_models_are_shown_with_layer_and_day(cli):
    ended = cli("prices", "show")
    assert ended.code == 0
    heading, *lines = ended.out.splitlines()
    assert heading.split()[:2] == ["model", "layer"]
    rows = {line.split()[0]: line.split() for line in lines}
    assert rows["gpt-4o"] == ["gpt-4o", "gptproto", "2026-09-25", "1.75", "7", "0.875", "–"]
    assert rows["gpt-5"][1] == "list"
    assert "USD per 1,000,000 tokens" in ended.err


def test_an_unpriced_model_is_said_and_is_no_error(cli):
    ended = cli("prices", "show", "nobody's", "o3")
    assert ended.code == 0
    assert ended.out.splitlines()[1].split()[:3] == ["nobody's", "unpriced", "–"]
    assert "nobody's is unpriced: give it a `price` in the suite." in ended.err


def test_json_has_numbers_and_null(cli):
    rows = json.loads(cli("prices", "show", "gemini-2.5-pro", "nobody's", "--format", "json").out)
    assert [(row["model"], row["layer"], row["input"], row["output"]) for row in rows] == [
        ("gemini-2.5-pro", "gptproto", 0.75, 6.0),
        ("nobody's", None, None, None),
    ]
    assert rows[0]["tiers"] == [{"above_input_tokens": 200_000, "input": 2.5, "output": 15.0, "cached_input": 0.25}]
    assert rows[0].keys() == rows[1].keys()


def test_csv_and_markdown_have_a_row_a_model(cli):
    rows = list(csv.DictReader(io.StringIO(cli("prices", "show", "gpt-4o", "gemini-2.5-pro", "--format", "csv").out)))
    assert [(row["model"], row["input"], row["cached_input"]) for row in rows] == [
        ("gpt-4o", "1.75", "0.875"),
        ("gemini-2.5-pro", "0.75", "0.075"),
    ]
    assert rows[1]["tiers"] == ">200000: 2.5 / 15 / 0.25"
    lines = cli("prices", "show", "gpt-4o", "a|b", "--format", "md").out.splitlines()
    assert lines[2].startswith("| gpt-4o | gptproto | 2026-09-25 | 1.75 | 7 |")
    assert lines[3].startswith("| a\\|b | unpriced |")


def test_prices_of_another_day_are_those_of_that_day(cli):
    assert cli("prices", "show", "o3", "--at", "2025-06-01").out.splitlines()[1].split()[:5] == [
        "o3", "list", "2025-06-01", "10", "40",
    ]  # fmt: skip
    ended = cli("prices", "show", "o3", "--at", "yesterday")
    assert (ended.code, ended.reason) == (2, "evalkit: --at yesterday: a day is written YYYY-MM-DD")


def test_fetched_prices_are_kept_and_go_before_the_others(cli):
    with serving(answers(catalogue(gpt_4o=("1.5", "$6.00", None), flux=(None, None)))) as base_url:
        ended = cli("prices", "refresh", "--base-url", base_url)
    assert ended.code == 0
    assert ended.out.strip().startswith(str(price_tables.data_folder()))
    assert "gpt-4o: 1.75 in, 7 out → 1.5 in, 6 out" in ended.err
    assert "1 left out, such as flux: no platformInputPrice" in ended.err
    shown = json.loads(cli("prices", "show", "gpt-4o", "o3", "--format", "json").out)
    assert [(row["input"], row["layer"]) for row in shown] == [(1.5, "gptproto"), (1.8, "gptproto")]
    assert shown[0]["date"] > shown[1]["date"] == "2026-09-25"


def test_the_gateway_of_the_environment_is_asked(cli, monkeypatch):
    with serving(answers(catalogue(o3=(1, 2)))) as base_url:
        monkeypatch.setenv("GPTPROTO_API_BASE", base_url)
        assert cli("prices", "refresh").code == 0


def test_a_table_may_go_elsewhere(cli, tmp_path):
    with serving(answers(catalogue(o3=(1, 2)))) as base_url:
        ended = cli("prices", "refresh", "--base-url", base_url, "--out", tmp_path / "here.json")
    assert ended.out.strip() == str(tmp_path / "here.json")
    assert json.loads((tmp_path / "here.json").read_text())["models"]["o3"]["output"] == 2
    assert not price_tables.data_folder().exists()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "answered with a web page"),
        (b"[]", "there is no model with platformInputPrice"),
        (catalogue(gpt_4o=(0.00175, 0.007)), "another unit"),
    ],
    ids=["html", "empty", "unit"],
)
def test_a_catalogue_that_says_nothing_leaves_the_prices_alone(cli, body, reason):
    with serving(answers(body)) as base_url:
        ended = cli("prices", "refresh", "--base-url", base_url)
    assert (ended.code, ended.out) == (3, "")
    assert reason in ended.reason
    assert ended.reason.endswith("the prices in force stay")
    assert not price_tables.data_folder().exists()


def test_a_base_url_that_is_none_is_a_usage_error(cli):
    assert cli("prices", "refresh", "--base-url", "nonsense").code == 2


def test_a_broken_table_is_named_with_what_to_do(cli):
    folder = price_tables.data_folder()
    folder.mkdir(parents=True)
    (folder / "gptproto-prices-2027-01-01.json").write_text("{")
    ended = cli("prices", "show", "gpt-4o")
    assert ended.code == 2
    assert "delete it, or run: evalkit prices refresh" in ended.reason


def test_a_run_says_of_which_day_its_prices_are(cli, write):
    with serving(answers(catalogue(gpt_4o=(1.5, 6)))) as base_url:
        cli("prices", "refresh", "--base-url", base_url)
    ended = cli("run", write())
    manifest = json.loads((ended.folder / "run.json").read_text())
    assert manifest["prices_date"] == price_tables.newest().date > "2026-09-25"
    assert manifest["models"][0]["price"]["input"] == 1.5
    assert ended.records[0]["cost_usd"] == pytest.approx((10 * 1.5 + 2 * 6) / 1e6)


@pytest.mark.parametrize(
    ("price", "message"),
    [
        ({"input": -1, "output": 2}, "must be greater than or equal to 0"),
        ({"input": 250_000, "output": 2}, "250,000 is more than any model costs (at most 10,000)"),
        ({"input": 1, "output": 2, "batch": 50}, "must be less than or equal to 1"),
        ({"input": 1}, "'output' is missing"),
    ],
)
def test_a_price_beyond_belief_is_a_mistake_of_its_suite(cli, write, price, message):
    ended = cli("validate", write(models=[{"id": "gpt-4o", "price": price}]))
    assert ended.code == 2
    assert message in ended.err
