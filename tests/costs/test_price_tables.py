"""GPTProto's table comes along, and younger ones that were fetched go before it."""

from __future__ import annotations

from datetime import date

import pytest

from evalkit.costs import price_tables
from evalkit.costs.price_tables import BUILT_IN, PriceTable, data_folder, find, keep, newest
from evalkit.costs.prices import prices_date
from evalkit.errors import StorageError, UsageError
from evalkit.types import Price


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def table(day: str, **models: tuple[float, float]) -> PriceTable:
    prices = {name.replace("_", "-"): Price(input=rates[0], output=rates[1]) for name, rates in models.items()}
    return PriceTable(date=day, source="a test", models=prices)


def test_what_comes_along_is_in_force_at_first():
    assert newest() is BUILT_IN
    assert prices_date() == "2026-09-25"


def test_a_younger_table_goes_before_and_the_older_one_still_has_what_it_lacks():
    keep(table("2026-12-01", gpt_4o=(1.5, 6)))
    assert prices_date() == "2026-12-01"
    price, where = find("gpt-4o")
    assert (price.input, where.date) == (1.5, "2026-12-01")
    price, where = find("o3")
    assert (price.input, where.date) == (1.8, "2026-09-25")


def test_an_older_table_than_the_one_that_comes_along_is_history():
    keep(table("2026-01-01", gpt_4o=(2, 8)))
    assert find("gpt-4o")[0].input == 1.75
    assert find("gpt-4o", date(2026, 2, 1))[0].input == 2


def test_a_price_is_that_of_its_day():
    keep(table("2026-12-01", gpt_4o=(1.5, 6)))
    keep(table("2027-03-01", gpt_4o=(1.2, 5)))
    found = [
        find("gpt-4o", day)[0].input
        for day in (date(2026, 9, 25), date(2026, 12, 1), date(2027, 2, 28), date(2028, 1, 1))
    ]
    assert found == [1.75, 1.5, 1.5, 1.2]
    assert find("gpt-4o", date(2026, 9, 24)) is None


def test_a_fetched_price_keeps_the_tiers_that_are_known():
    keep(table("2026-12-01", **{"gemini-2.5-pro": (0.7, 5), "o3": (1, 2)}))
    assert find("gemini-2.5-pro")[0].tiers == BUILT_IN.models["gemini-2.5-pro"].tiers
    assert find("gemini-2.5-pro")[0].input == 0.7
    assert find("o3")[0].tiers == ()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"date": "never", "source": "", "models": {}}', b"\xff\xfe"])
def test_a_table_that_cannot_be_read_is_named_with_what_to_do(content):
    path = keep(table("2026-12-01", gpt_4o=(1.5, 6)))
    path.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        find("gpt-4o")
    assert str(path) in str(raised.value)
    assert "evalkit prices refresh" in str(raised.value)
    price_tables._all.cache_clear()


def test_a_place_that_cannot_be_written_is_a_storage_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        keep(table("2026-12-01"), tmp_path / "file" / "table.json")


def test_nothing_half_written_is_left():
    keep(table("2026-12-01", gpt_4o=(1.5, 6)))
    assert [path.name for path in data_folder().iterdir()] == ["gptproto-prices-2026-12-01.json"]
