"""kill -9 at any moment of a run, again and again: nothing reported is lost, and hardly anything is sent twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from evalkit.journal import in_doubt, iter_records
from tests.another_gateway import AnotherGateway, Answer, Arrived
from tests.command import environment

FULL = os.environ.get("EVALKIT_TORTURE") == "1"
KILLS = 1000 if FULL else 50
AT_ONCE = 8
REPEATS = 25
BODY = json.dumps(
    {
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6},
    }
).encode()


@dataclass
class Killer:
    """The gateway's answers: it counts who was asked what, and kills the asker at a request."""

    asked: Counter[str] = field(default_factory=Counter)
    victim: int = 0
    left: int = -1
    """Requests until the kill; negative: nobody is killed."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, arrived: Arrived) -> Answer:
        with self.lock:
            self.asked[arrived.body["messages"][-1]["content"]] += 1
            self.left -= 1
            if self.left == 0:
                os.kill(self.victim, signal.SIGKILL)
        return Answer(BODY)


class Lives:
    """Runs of one suite, one after another, each in a process that may be killed."""

    def __init__(self, folder: Path, killer: Killer, *, base_url: str, cases: int) -> None:
        self.folder, self.killer, self.trials = folder, killer, cases * REPEATS
        self.reported = folder / "reported"
        suite = {
            "name": "killed",
            "providers": {"local": {"base_url": base_url, "api_key_env": "TEST_KEY"}},
            "models": [{"id": "m", "provider": "local", "api": "chat", "price": {"input": 1, "output": 1}}],
            "prompts": ["{{ q }}"],
            "defaults": {"repeat": REPEATS},
            "cases": [{"id": f"c{n}", "vars": {"q": f"q{n}"}, "checks": [{"equals": "yes"}]} for n in range(cases)],
        }
        (folder / "suite.yaml").write_text(json.dumps(suite), encoding="utf-8")
        self._zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.zygote"],
            cwd=Path(__file__).parents[2],
            env=environment(TEST_KEY="sk-test"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def end(self) -> None:
        assert self._zygote.stdin is not None
        self._zygote.stdin.close()
        assert self._zygote.wait(20) == 0
        self._zygote.stdout.close()

    def live(self, *, killed_after: int = -1) -> int:
        """One life; its status as `waitpid` tells it."""
        how = ["--resume", str(self.run)] if self.run else [str(self.folder / "suite.yaml"), "-o", str(self.folder)]
        self.killer.left = -1
        self._zygote.stdin.write(json.dumps([str(self.reported), "run", *how, "-j", str(AT_ONCE)]) + "\n")
        self._zygote.stdin.flush()
        self.killer.victim = int(self._zygote.stdout.readline())
        self.killer.left = killed_after
        return int(self._zygote.stdout.readline())

    @property
    def run(self) -> Path | None:
        return next(iter(self.folder.glob("killed-*")), None)

    @property
    def told(self) -> set[str]:
        """Keys that were reported safe, over all lives."""
        return set(self.reported.read_text().split()) if self.reported.exists() else set()

    @property
    def kept(self) -> list[str]:
        return [record.key for record in iter_records(self.run / "records.jsonl")]

    @property
    def doubted(self) -> list[str]:
        """Cases of which a request is in doubt."""
        return [attempt.case_id for attempt in in_doubt(self.run)]


@pytest.fixture
def killer() -> Iterator[tuple[Killer, str]]:
    killer = Killer()
    with AnotherGateway(killer.answer) as gateway:
        yield killer, gateway.base_url


@pytest.mark.timeout(7200 if FULL else 300)
def test_nothing_reported_is_lost_and_nothing_certain_sent_again_however_often_a_run_is_killed(tmp_path, killer):
    draw = random.Random(4)
    lives = Lives(tmp_path, killer[0], base_url=killer[1], cases=KILLS * 40 // REPEATS)
    for _ in range(KILLS):
        doubted = len(lives.doubted) if lives.run else 0
        status = lives.live(killed_after=draw.randint(1, 60))
        assert status == signal.SIGKILL, "the run came to its end: more trials are needed"
        kept = lives.kept
        assert lives.told <= set(kept)
        assert len(kept) == len(set(kept))
        assert len(lives.doubted) - doubted <= 2 * AT_ONCE  # under way: waiting for an answer, or being judged
    assert len(lives.told) > lives.trials / 4  # so many stood the test

    assert lives.live() == 0
    lives.end()
    made = Counter(record.case_id for record in iter_records(lives.run / "records.jsonl"))
    assert len(lives.kept) == len(set(lives.kept)) == lives.trials
    assert set(made.values()) == {REPEATS}
    asked, doubted = killer[0].asked, Counter(lives.doubted)
    for question, times in asked.items():
        assert times <= REPEATS + doubted["c" + question[1:]], question  # what was sent again, is listed
    assert lives.trials <= asked.total() <= lives.trials + doubted.total()


@pytest.mark.timeout(300)
def test_a_run_killed_half_way_sends_hardly_more_in_all(tmp_path, killer):
    lives = Lives(tmp_path, killer[0], base_url=killer[1], cases=2000 // REPEATS if FULL else 300 // REPEATS)
    assert lives.live(killed_after=lives.trials // 2) == signal.SIGKILL
    under_way = len(lives.doubted)
    assert under_way <= 2 * AT_ONCE
    assert lives.live() == 0
    lives.end()
    assert len(lives.kept) == len(set(lives.kept)) == lives.trials
    assert lives.trials <= killer[0].asked.total() <= lives.trials + under_way
