"""The gateway's catalogue is read in whatever shape it comes, and believed only where it can be."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.costs.catalogue import CatalogueReading, read_catalogue
from evalkit.types import Price

DAY = date(2026, 11, 21)


def entry(name: Any = "gpt-4o", fresh: Any = 1.75, answer: Any = 7, cached: Any = 0.875) -> dict[str, Any]:
    return {
        "modelName": name,
        "platformInputPrice": fresh,
        "platformOutPrice": answer,
        "platformReadCachePrice": cached,
        "provider": "OpenAI",
    }


def read(*entries: Any) -> CatalogueReading:
    return read_catalogue(list(entries), day=DAY, source="a test")


def only(*entries: Any) -> Price:
    (price,) = read(*entries).table.models.values()
    return price


def test_the_documented_fields_are_read():
    reading = read(entry(), entry("o3", 1.8, 7.2, 0.45))
    assert reading.table.date == "2026-11-21"
    assert reading.table.models == {
        "gpt-4o": Price(input=1.75, output=7, cached_input=0.875),
        "o3": Price(input=1.8, output=7.2, cached_input=0.45),
    }
    assert reading.left_out == reading.changed == {}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: rows,
        lambda rows: {"data": rows},
        lambda rows: {"code": 0, "data": {"list": rows, "total": len(rows)}},
        lambda rows: {"data": [{"vendor": "OpenAI", "models": rows}, {"vendor": "None", "models": []}]},
    ],
)
def test_the_list_may_stand_anywhere(wrap):
    reading = read_catalogue(wrap([entry(), entry("o3", 1.8, 7.2)]), day=DAY, source="")
    assert set(reading.table.models) == {"gpt-4o", "o3"}


@pytest.mark.parametrize("written", [1.75, "1.75", " 1.75 ", "$1.75", "1.75 USD", "US$ 1.75", "1.7500"])
def test_numbers_may_be_written_as_text(written):
    assert only(entry(fresh=written)).input == 1.75


def test_thousands_may_be_parted():
    assert only(entry("dear", "1,200.50", 2000)).input == 1200.5


@pytest.mark.parametrize("cached", [None, "", "-", 0, "0"])
def test_a_missing_cached_rate_is_unknown(cached):
    assert only(entry(cached=cached)).cached_input is None
    without = entry()
    del without["platformReadCachePrice"]
    assert only(without).cached_input is None


@pytest.mark.parametrize(
    "wrong",
    [
        None, "", "free", "n/a", "1.75 per image", -1, "-1", 10_001, "1e9", float("nan"), float("inf"), True, [],
        {}, 10**400,
    ],
)  # fmt: skip
@pytest.mark.parametrize("field", ["fresh", "answer"])
def test_what_is_no_price_leaves_its_model_out(field, wrong):
    reading = read(entry("o3", 1.8, 7.2), entry("odd", **{field: wrong}))
    assert set(reading.table.models) == {"o3"}
    assert set(reading.left_out) == {"odd"}


def test_a_price_of_zero_is_not_believed():
    assert "by call" in read(entry("o3", 1.8, 7.2), entry("picture", 0, 0)).left_out["picture"]


def test_of_two_prices_for_a_model_the_dearer_counts():
    assert only(entry("x", 1, 2), entry("X", 3, 4), entry("x", 2, 3)).output == 4


def test_a_model_with_one_good_entry_is_not_left_out():
    reading = read(entry("x", None, None), entry("x", 1, 2))
    assert reading.left_out == {}


@pytest.mark.parametrize(
    "body",
    [None, 1, "text", [], {}, {"data": None}, [[]], [{"modelName": ""}], [{"modelName": 5}], [entry("\x1b[2Jgpt-4o")]],
)
def test_a_catalogue_without_prices_is_refused(body):
    with pytest.raises(ValueError, match="no model with"):
        read_catalogue(body, day=DAY, source="")


@pytest.mark.parametrize("factor", [0.001, 1000])
def test_another_unit_is_noticed(factor):
    """Prices for 1,000 tokens, or for a billion, would pass for cheap or dear models one by one."""
    with pytest.raises(ValueError, match="another unit"):
        read(entry("gpt-4o", 1.75 * factor, 7 * factor), entry("o3", 1.8 * factor, 7.2 * factor))


def test_changes_are_told():
    assert read(entry("gpt-4o", 1.5, 6)).changed["gpt-4o"][1].input == 1.5


@given(st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.just(entry()) | st.just(entry("z", "x")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
))  # fmt: skip
def test_any_json_is_borne(body):
    try:
        reading = read_catalogue(body, day=DAY, source="")
    except ValueError:
        return
    assert all(0 < price.input <= 10_000 for price in reading.table.models.values())
