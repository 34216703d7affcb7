"""A journal through any life: appended to, synced, killed, unplugged, damaged, opened again; against a plain dict."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from evalkit.journal import Journal, in_doubt, index_records, iter_records, read_record
from evalkit.types import Record
from tests.journal.journals import NASTY, attempt, record, reopened

KEYS = [f"k{n}" for n in range(6)]


class Life(RuleBasedStateMachine):
    """`told` are records that were reported safe, `written` all of this process, `sent` the requests under way."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
        self.path = self.folder / "records.jsonl"
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(os, "fsync", lambda handle: None)
        self.patch.setattr("evalkit.journal.writing._flush", lambda handle: None)
        self.told: list[Record] = []
        self.written: list[Record] = []
        self.sent: set[str] = set()
        self.lost: list[str] = []
        self.safe_size = 0
        self.serial = 0
        self._open()

    def _open(self) -> None:
        self.journal = Journal(self.folder)
        self.journal.__enter__()
        self.safe_size = self.journal.size

    def _die(self) -> None:
        """As kill -9 has it: the handles go, and nobody tidies up."""
        os.close(self.journal._handle)
        self.journal.attempts.close()

    @rule(key=st.sampled_from(KEYS))
    def send(self, key: str) -> None:
        self.serial += 1
        self.journal.attempts.sent(attempt(key, number=self.serial, records_size=self.journal.size))
        self.sent.add(key)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), lost=st.booleans())
    def fail(self, data: st.DataObject, lost: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.sent)))
        self.journal.attempts.failed(key, "turn 0", lost=lost)
        self.sent.remove(key)
        self.lost += [key] * lost

    @rule(key=st.sampled_from(KEYS), text=st.sampled_from(NASTY), times=st.integers(0, 3))
    def append(self, key: str, text: str, times: int) -> None:
        self.serial += 1
        self.written.append(record(self.serial, text * times, key=key))
        self.journal.append(self.written[-1])
        self.sent.discard(key)

    @rule()
    def sync(self) -> None:
        self.journal.sync()
        self.told += self.written
        self.written = []
        self.safe_size = self.journal.size

    @rule()
    def end_and_resume(self) -> None:
        self.sync()
        self.journal.__exit__(None, None, None)
        assert (self.folder / "attempts.jsonl").exists() == bool(self.sent or self.lost)
        self._resume()

    @rule(torn=st.binary(max_size=30).filter(lambda tail: b"\n" not in tail))
    def be_killed_and_resume(self, torn: bytes) -> None:
        """What was written stays written, and a line that was being written may be torn."""
        self._die()
        self.path.write_bytes(self.path.read_bytes() + torn)
        self.told += self.written
        self.written = []
        self._resume()

    @rule(data=st.data())
    def be_unplugged_and_resume(self, data: st.DataObject) -> None:
        """What was not synced is lost in part, from any point on or with holes."""
        self._die()
        size = self.path.stat().st_size
        file = bytearray(self.path.read_bytes()[: data.draw(st.integers(self.safe_size, size), label="length")])
        for start in data.draw(st.lists(st.integers(self.safe_size, size), max_size=2), label="holes"):
            file[start : start + 64] = bytes(len(file[start : start + 64]))
        self.path.write_bytes(file)
        found, _ = reopened(self.folder)
        kept = found[len(self.told) :]
        assert found[: len(self.told)] == self.told
        assert [each for each in self.written if each in kept] == kept
        self.told, self.written = found, []
        # Requests whose record went with the rest are in doubt again; which, the machine cannot say better than it.
        self.lost, self.sent = [each.key for each in in_doubt(self.folder)], set()
        self._open()

    def _resume(self) -> None:
        self.lost += self.sent
        self.sent = set()
        self._open()
        assert list(iter_records(self.path)) == self.told

    @invariant()
    def the_file_says_what_was_written(self) -> None:
        last = {each.key: each for each in [*self.told, *self.written]}
        index = index_records(self.path)
        assert {key: read_record(self.path, entry) for key, entry in index.items()} == last
        assert sorted(each.key for each in in_doubt(self.folder)) == sorted([*self.lost, *self.sent])
        assert sorted(each.key for each in self.journal.attempts.in_doubt) == sorted([*self.lost, *self.sent])

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self._die()
            self.patch.undo()
            shutil.rmtree(self.folder)


TestAnyLife = Life.TestCase
TestAnyLife.settings = settings(
    max_examples=500 if os.environ.get("EVALKIT_TORTURE") == "1" else 60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
