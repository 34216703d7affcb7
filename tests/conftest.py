"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """evalkit runs on asyncio; its code speaks anyio."""
    return "asyncio"


@pytest.fixture(autouse=True, scope="session")
def _nobodys_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees the prices that whoever runs it has fetched."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield
