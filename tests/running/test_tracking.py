"""Every request is noted before it goes, each attempt by itself, and what became of it."""

from __future__ import annotations

import anyio
import httpx
import pytest

from evalkit.gateway import retry
from evalkit.journal import in_doubt
from tests.stage import Asked, ok, refusal, stage_run

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BASE_S", 0.01)


def noted(run) -> list[tuple[str, int]]:
    """The requests in doubt as the disk has them now: those under way."""
    return [(attempt.case_id, attempt.number) for attempt in in_doubt(run.folder)]


async def test_each_attempt_is_on_disk_before_its_request_arrives(tmp_path):
    run = stage_run(tmp_path, {"a": {"max_attempts": 5}}, cases=1)
    seen = []

    async def script(asked: Asked):
        seen.append(noted(run))
        if asked.number == 2:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")  # sent again at once
        return ok() if asked.number == 4 else refusal(500)

    run.stage.script = script
    await run.go()
    assert seen == [[("c1", number)] for number in (1, 2, 3, 4)]
    assert noted(run) == []
    assert not (tmp_path / "attempts.jsonl").exists()


async def test_a_further_round_goes_on_counting(tmp_path):
    run = stage_run(tmp_path, {"a": {"max_attempts": 2}}, cases=1)
    seen = []

    async def script(asked: Asked):
        seen.extend(noted(run))
        return ok() if asked.number == 3 else refusal(503)

    run.stage.script = script
    await run.go()
    assert seen == [("c1", 1), ("c1", 2), ("c1", 3)]


async def test_between_two_attempts_nothing_is_in_doubt_but_after_a_silence(tmp_path):
    run = stage_run(tmp_path, {"a": {"timeout_s": 0.05}}, cases=1)
    between = []

    async def script(asked: Asked):
        if asked.number == 1:
            return refusal(500)
        if asked.number == 2:
            await anyio.sleep_forever()
        return ok()

    run.stage.script = script
    run.watched.waiting = lambda *_: between.append(noted(run))
    await run.go()
    assert between == [[], [("c1", 2)]]
    assert [(each.number, each.fate) for each in in_doubt(tmp_path)] == [(2, "lost")]
    assert run.records[0].attempts == 3


async def test_a_last_silence_is_in_doubt_beside_its_record(tmp_path):
    run = stage_run(tmp_path, {"a": {"timeout_s": 0.05, "price": {"input": 1, "output": 1}}}, cases=1)

    async def script(asked: Asked):
        await anyio.sleep_forever()

    run.stage.script = script
    await run.go()
    assert (run.records[0].error.kind, run.records[0].error.in_doubt) == ("timeout", True)
    assert noted(run) == [("c1", 1), ("c1", 2)]
    assert all(attempt.worst_case_usd > 0 for attempt in in_doubt(tmp_path))


async def test_a_trial_that_never_went_is_not_in_doubt(tmp_path):
    run = stage_run(tmp_path, {"a": {}}, cases=5)

    async def script(asked: Asked):
        return refusal(401)

    run.stage.script = script
    await run.go()
    assert noted(run) == []
