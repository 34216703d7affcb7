"""Where the cache lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.errors import UsageError
from evalkit.stored import cache_folder as room
from evalkit.stored.cache_folder import CacheLimits, cache_folder, cache_limits

HOME = Path.home()


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("linux", {}, HOME / ".cache" / "evalkit"),
        ("linux", {"XDG_CACHE_HOME": "/x"}, Path("/x/evalkit")),
        ("linux", {"XDG_CACHE_HOME": "relative"}, HOME / ".cache" / "evalkit"),
        ("linux", {"XDG_CACHE_HOME": "/x", "EVALKIT_CACHE_DIR": "/mine"}, Path("/mine")),
        ("linux", {"EVALKIT_CACHE_DIR": "~/mine"}, HOME / "mine"),
        ("darwin", {"XDG_CACHE_HOME": "/x"}, HOME / "Library" / "Caches" / "evalkit"),
        ("win32", {"LOCALAPPDATA": "/local"}, Path("/local/evalkit/cache")),
        ("win32", {}, HOME / "AppData" / "Local" / "evalkit" / "cache"),
    ],
)
def test_it_lies_where_the_system_keeps_caches(monkeypatch, platform, environ, folder):
    monkeypatch.setattr(room.sys, "platform", platform)
    assert cache_folder(environ) == folder


def test_limits_come_from_the_environment():
    assert cache_limits({}) == CacheLimits(max_bytes=2**30, max_age_s=30 * 86_400)
    given = {"EVALKIT_CACHE_MAX_MB": "0.5", "EVALKIT_CACHE_MAX_DAYS": "2"}
    assert cache_limits(given) == CacheLimits(max_bytes=2**19, max_age_s=172_800)


@pytest.mark.parametrize("value", ["many", "0", "-1", "nan", "inf"])
@pytest.mark.parametrize("name", ["EVALKIT_CACHE_MAX_MB", "EVALKIT_CACHE_MAX_DAYS"])
def test_a_limit_is_a_number_above_zero(name, value):
    with pytest.raises(UsageError, match=f"{name} is '{value}': set it to a number above 0"):
        cache_limits({name: value})
