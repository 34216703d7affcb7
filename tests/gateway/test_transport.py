from __future__ import annotations

from evalkit.gateway.transport import timeout


def test_connecting_ends_before_the_deadline_of_the_attempt():
    assert timeout(600)["connect"] == 30
    assert timeout(10)["connect"] == 9
    assert timeout(10)["read"] is None
