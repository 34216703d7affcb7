"""How a run ends before its end: refused keys, dead models, signals, full disks, data that changes."""

from __future__ import annotations

import os
import signal

import anyio
import pytest

from evalkit.errors import StorageError
from evalkit.gateway import retry
from evalkit.journal import Journal
from evalkit.running import runner
from tests.stage import Asked, ok, refusal, stage_run

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BASE_S", 0.01)


async def test_a_refused_key_stops_the_run_with_one_request_a_model(tmp_path):
    run = stage_run(tmp_path, {"a": {}, "b": {}, "c": {}}, cases=50)

    async def script(asked: Asked):
        return refusal(401, "bad key")

    run.stage.script = script
    ending = await run.go()
    assert 1 <= len(run.stage.asked) <= 3
    assert (ending.run_stopped.kind, ending.run_stopped.status, ending.stopped) == ("auth", 401, {})
    assert "TEST_KEY" in ending.run_stopped.message
    assert run.watched.stops == [None]
    assert [record.error.kind for record in run.records] == ["auth"] * len(run.stage.asked)


async def test_a_key_that_is_revoked_midway_stops_all_models(tmp_path):
    run = stage_run(tmp_path, {"a": {"max_concurrency": 2}, "b": {"max_concurrency": 2}}, cases=50)

    async def script(asked: Asked):
        return refusal(401) if asked.model == "b" and asked.number >= 10 else ok()

    run.stage.script = script
    ending = await run.go()
    assert ending.run_stopped.kind == "auth"
    assert run.stage.times("b") <= 10 + 2
    assert run.stage.times("a") < 50
    assert len(run.records) == len(run.stage.asked)


@pytest.mark.parametrize(
    ("status", "kind"), [(403, "permission"), (402, "quota"), (404, "not_found"), (302, "redirect")]
)
async def test_a_model_that_is_given_up_gets_no_more_requests_and_the_others_go_on(tmp_path, status, kind):
    run = stage_run(tmp_path, {"a": {}, "b": {"max_concurrency": 2}}, cases=30)

    async def script(asked: Asked):
        return refusal(status) if asked.model == "b" and asked.number >= 5 else ok()

    run.stage.script = script
    ending = await run.go()
    assert {name: fault.kind for name, fault in ending.stopped.items()} == {"b": kind}
    assert ending.run_stopped is None
    assert run.watched.stops == ["b"]
    assert 5 <= run.stage.times("b") <= 5 + 2
    assert len(run.of("b")) == run.stage.times("b")
    assert len(run.of("a")) == 30


@pytest.mark.parametrize("models", [{"a": {}, "b": {}}, {"b": {"max_concurrency": 1}, "a": {}}])
async def test_a_request_that_no_trial_could_make_stops_its_model_at_the_first(tmp_path, models):
    run = stage_run(tmp_path, models, cases=20)

    async def script(asked: Asked):
        return refusal(400, "unknown parameter") if asked.model == "b" else ok()

    run.stage.script = script
    ending = await run.go()
    assert run.stage.times("b") == 1
    assert ending.stopped["b"].kind == "bad_request"
    assert len(run.of("a")) == 20


async def test_a_bad_request_later_on_is_one_trials_own(tmp_path):
    run = stage_run(tmp_path, {"a": {}}, cases=20)

    async def script(asked: Asked):
        return refusal(400) if asked.text == "q7" else ok()

    run.stage.script = script
    ending = await run.go()
    assert ending.stopped == {}
    assert [record.case_id for record in run.records if record.error] == ["c7"]
    assert len(run.records) == 20


async def test_a_blocked_first_answer_is_an_outcome_and_stops_nothing(tmp_path):
    run = stage_run(tmp_path, {"a": {}}, cases=5)

    async def script(asked: Asked):
        return refusal(400, "content policy violation") if asked.number == 1 else ok()

    run.stage.script = script
    ending = await run.go()
    assert ending.stopped == {}
    assert sorted(record.response.outcome for record in run.records) == ["content_policy"] + ["ok"] * 4


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGUSR1)


SIGNALS = (signal.SIGUSR1,)


async def test_the_first_signal_drains_what_is_under_way_and_sends_nothing_more(tmp_path):
    run = stage_run(tmp_path, {"a": {"max_concurrency": 4}}, cases=50)
    heard = anyio.Event()
    run.watched.when_interrupted = heard.set

    async def script(asked: Asked):
        if asked.number == 5:
            interrupt()
        if asked.number > 1:
            await heard.wait()
        return ok()

    run.stage.script = script
    ending = await run.go(signals=SIGNALS)
    assert ending.signal_number == signal.SIGUSR1
    assert run.watched.signals == [signal.SIGUSR1]
    assert len(run.stage.asked) == 5
    assert [record.passed for record in run.records] == [True] * 5


async def test_the_second_signal_cancels(tmp_path):
    run = stage_run(tmp_path, {"a": {}}, cases=50)
    run.watched.when_interrupted = interrupt

    async def script(asked: Asked):
        if asked.number == 2:
            interrupt()
        if asked.number > 1:
            await anyio.sleep_forever()
        return ok()

    run.stage.script = script
    ending = await run.go(signals=SIGNALS)
    assert ending.signal_number == signal.SIGUSR1
    assert len(run.records) == 1


async def test_draining_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "DRAIN_S", 0.05)
    run = stage_run(tmp_path, {"a": {}}, cases=50)

    async def script(asked: Asked):
        if asked.number == 2:
            interrupt()
        if asked.number > 1:
            await anyio.sleep_forever()
        return ok()

    run.stage.script = script
    ending = await run.go(signals=SIGNALS)
    assert ending.signal_number == signal.SIGUSR1
    assert run.watched.signals == [signal.SIGUSR1]
    assert len(run.records) == 1


async def test_a_request_that_waits_for_its_next_attempt_gives_up_when_the_run_does(tmp_path):
    run = stage_run(tmp_path, {"a": {}}, cases=3)

    async def script(asked: Asked):
        return refusal(429, "slow down", retry_after="100")

    run.stage.script = script
    waiting = run.watched.waiting

    def interrupt_then(*told) -> None:
        waiting(*told)
        interrupt()

    run.watched.waiting = interrupt_then
    await run.go(signals=SIGNALS)
    assert len(run.stage.asked) == 1
    assert run.records == []  # nothing gave it up: it is not run, and no error


async def test_the_handlers_of_signals_are_put_back(tmp_path):
    run = stage_run(tmp_path, {"a": {}}, cases=1)
    before = signal.getsignal(signal.SIGUSR1)
    await run.go(signals=SIGNALS)
    assert signal.getsignal(signal.SIGUSR1) == before


async def test_a_result_that_cannot_be_kept_ends_the_run(tmp_path, monkeypatch):
    run = stage_run(tmp_path, {"a": {"max_concurrency": 2}, "b": {"max_concurrency": 2}}, cases=50)
    append, kept = Journal.append, []

    def full(journal, record):
        if len(kept) == 10:
            raise StorageError("a result cannot be written: No space left on device")
        append(journal, record)
        kept.append(record.key)

    monkeypatch.setattr(Journal, "append", full)
    with pytest.raises(StorageError, match="No space left"):
        await run.go()
    assert [record.key for record in run.records] == kept
    assert len(run.stage.asked) <= 10 + 4 + 4


async def test_data_that_changes_under_a_run_ends_it(tmp_path):
    data = tmp_path / "data.jsonl"
    row = '{"id": "r%d", "vars": {"q": "q"}, "checks": [{"equals": "yes"}]}\n'
    data.write_text("".join(row % number for number in range(200)))
    run = stage_run(tmp_path, {"a": {"max_concurrency": 1}}, cases=[], datasets=["data.jsonl"])

    data.write_text(row % 0 + "{broken\n")
    with pytest.raises(StorageError, match=r"data\.jsonl: was changed after the suite was read") as caught:
        await run.go()
    assert caught.value.exit_code == 3
    assert len(run.records) <= 1


async def test_a_dataset_that_is_gone_ends_the_run_in_words(tmp_path):
    data = tmp_path / "data.jsonl"
    data.write_text('{"id": "r", "vars": {"q": "q"}, "checks": [{"equals": "yes"}]}\n')
    run = stage_run(tmp_path, {"a": {}}, cases=[], datasets=["data.jsonl"])
    data.unlink()
    with pytest.raises(StorageError, match=r"cannot be read any more.*data\.jsonl"):
        await run.go()
    assert run.stage.asked == []
