"""What a PDF costs in input tokens: by page and family of models, where that is documented, within wide limits."""

from __future__ import annotations

from evalkit.costs.model_ids import first_match
from evalkit.costs.pdf_pages import pages_of
from evalkit.costs.spans import Span, within
from evalkit.types import Document

_PAGE_COSTS: tuple[tuple[str, Span], ...] = (
    # 258 a page is documented; Gemini 3 looks closer, at up to 560 tokens, and some gateways send a page as text too.
    (r"gemini\b.*", within(258, 258, 560, 3000)),
    # Documented: 1,500 to 3,000 tokens of text, and each page once more as a picture of at most 1,600.
    (r"claude\b.*", within(1500, 3000, 4600, 6000)),
    # Documented: the text of a page and a picture of it (765 or 1105 for a page of A4 or Letter).
    (r"(gpt-|o[1-9]\b|chatgpt-).*", within(300, 1500, 2600, 6000)),
)
"""Model id → tokens for one page; the first that matches. `worst` is a page densely set in small print."""
_UNKNOWN = within(250, 1500, 4600, 6000)

REMOTE_PAGES = within(1, 10, 100)
"""Of a PDF that is not here: 100 pages is what the models' own APIs take at most, Gemini's (1000) apart."""
_BYTES_A_PAGE = (400_000, 60_000, 4_000)
"""Where pages cannot be seen, as in an encrypted file: of scans, of usual and of very spare pages."""


def document_tokens(document: Document, model_id: str) -> Span:
    """What a PDF costs a model, with its limits."""
    page = first_match(_PAGE_COSTS, model_id) or _UNKNOWN
    pages = pages_in(document)
    return within(
        page.low * pages.low, page.expected * pages.expected, page.high * pages.high, page.worst * pages.worst
    )


def pages_in(document: Document) -> Span:
    """How many pages it has: counted, told by its size, or assumed where it is not here."""
    if document.path is None:
        return REMOTE_PAGES
    pages = pages_of(document.path, document.sha256)
    if pages is not None:
        return within(pages, pages, pages)
    try:
        size = document.path.stat().st_size
    except OSError:
        return REMOTE_PAGES
    low, expected, high = (max(1, size // each) for each in _BYTES_A_PAGE)
    return within(low, expected, high)
