"""What all tests share."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """evalkit runs on asyncio; its code speaks anyio."""
    return "asyncio"
