"""The pages of PDFs are counted from their bytes, and cost what is documented for a page."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.costs.document_tokens import document_tokens, pages_in
from evalkit.costs.pdf_pages import LARGEST, count_pages
from evalkit.types import Document
from tests.costs import pdfs


@pytest.mark.parametrize("make", [pdfs.plain, pdfs.packed, pdfs.edited])
@pytest.mark.parametrize("pages", [1, 2, 3, 40, 500])
def test_pages_are_counted_however_the_file_was_written(make, pages):
    assert count_pages(make(pages)) == pages


@pytest.mark.parametrize(
    "data",
    [b"", b"%PDF-1.4", pdfs.sealed(), b"%PDF-1.4 /Type /Pages /Count 0", pdfs.packed(3)[:90]],
    ids=["empty", "head", "encrypted", "none", "cut"],
)
def test_pages_that_cannot_be_seen_are_unknown(data):
    assert count_pages(data) is None


def test_a_claim_beyond_belief_is_not_believed():
    assert count_pages(b"<< /Type /Pages /Count 999999999 >> << /Type /Page >>") == 1
    assert count_pages(b"<< /Type /Pages /Count 999999999 >>") == 10_000


def test_a_bomb_is_unpacked_only_so_far():
    data = pdfs.bomb()
    tracemalloc.start()
    began_s = time.process_time()
    try:
        assert count_pages(data) is None
        assert tracemalloc.get_traced_memory()[1] < 3 * LARGEST
        assert time.process_time() - began_s < 3
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=400), st.integers(0, 200))
def test_any_bytes_are_borne(noise, at):
    whole = pdfs.packed(4)
    assert count_pages(noise) in (None, *range(1, 401))
    assert (count_pages(whole[:at] + noise + whole[at:]) or 1) >= 1


def saved(tmp_path, data: bytes) -> Document:
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    return Document(name="a.pdf", path=path, sha256=str(hash(data)))


@pytest.mark.parametrize(
    ("model_id", "low", "expected", "high"),
    [("gemini-2.5-pro", 258, 258, 560), ("claude-sonnet-4", 1500, 3000, 4600), ("gpt-4o", 300, 1500, 2600)],
)
def test_a_page_costs_what_is_documented(tmp_path, model_id, low, expected, high):
    span = document_tokens(saved(tmp_path, pdfs.plain(7)), model_id)
    assert (span.low, span.expected, span.high) == (7 * low, 7 * expected, 7 * high)


def test_a_remote_file_has_an_assumed_number_of_pages():
    remote = Document(name="b.pdf", url="https://example.com/b.pdf")
    pages = pages_in(remote)
    assert (pages.low, pages.expected, pages.high) == (1, 10, 100)
    assert document_tokens(remote, "claude-sonnet-4").low == 1500


def test_a_file_that_cannot_be_looked_into_is_judged_by_its_size(tmp_path):
    pages = pages_in(saved(tmp_path, pdfs.sealed()))
    assert 1 <= pages.low < pages.expected < pages.high <= 100


def test_a_file_that_has_gone_is_assumed_like_a_remote_one(tmp_path):
    document = saved(tmp_path, pdfs.plain(3))
    document.path.unlink()
    assert not pages_in(document).is_exact
