"""Progress on stderr: a bar per model on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol, Self

from evalkit.display import pad, width
from evalkit.journal import Entry
from evalkit.report.table import shorten
from evalkit.running.job import Watcher
from evalkit.types import Fault, Model, Record

EVERY_S = 30.0
"""Where there is no terminal: a line at least so often, and at every tenth of the trials."""


class Progress(Watcher, Protocol):
    """A runner's watcher that is open while the run is."""

    def __enter__(self) -> Self:
        """Draws."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leaves the terminal as it was found."""
        ...


class Counts:
    """What is known of one model while a run is under way."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = self.failed = self.errors = self.cached = 0
        self.retries: Counter[str] = Counter()
        self._spoke_at = -math.inf
        self.cost_usd = 0.0
        self.unpriced = 0

    def add(self, record: Record) -> None:
        """Counts a finished trial."""
        self.done += 1
        self.failed += record.passed is False
        broken_check = any(score.error is not None for score in record.scores)
        self.errors += record.error is not None or broken_check
        self.cached += record.cached
        opinions = [opinion for score in record.scores for opinion in score.opinions if not opinion.cached]
        self.cost_usd += sum(opinion.cost_usd or 0.0 for opinion in opinions)
        self.unpriced += any(opinion.cost_usd is None for opinion in opinions)
        if not record.cached:  # what was paid for before is no spending of this run
            self.cost_usd += record.cost_usd or 0.0
            self.unpriced += record.response is not None and record.cost_usd is None

    def add_before(self, entry: Entry) -> None:
        """Counts a trial that an earlier process finished in the same run."""
        self.done += 1
        self.failed += entry.passed is False
        self.errors += entry.error is not None
        self.cached += entry.cached
        if not entry.cached:
            self.cost_usd += entry.cost_usd or 0.0
            self.unpriced += entry.outcome is not None and entry.cost_usd is None

    def retry(self, fault: Fault, wait_s: float) -> bool:
        """Counts a retry; whether it is worth a line: a long wait, and none said of this model just now."""
        self.retries[met(fault)] += 1
        now = time.monotonic()
        if wait_s < LONG_WAIT_S or now - self._spoke_at < LONG_WAIT_S:
            return False
        self._spoke_at = now
        return True

    def __str__(self) -> str:
        retries = "".join(f" {what}×{times}" for what, times in sorted(self.retries.items()))
        return f"fail {self.failed} err {self.errors}{retries}{stored([self])} {spent([self])}"


def progress(planned: Mapping[str, int], *, quiet: bool, done: Iterable[Entry] = ()) -> Progress:
    """The progress for stderr as it is. `planned`: model → trials; `done`: those that stand in the journal already."""
    if quiet:
        return Lines(planned, done, quiet=True)
    return Bars(planned, done) if sys.stderr.isatty() else Lines(planned, done)


class Teller:
    """What both kinds of progress say, each by its own `_say`."""

    def __init__(self, planned: Mapping[str, int], done: Iterable[Entry] = ()) -> None:
        self._counts = {model: Counts(total) for model, total in planned.items()}
        self._judges: dict[str, Counts] = {}
        """Models that are not under test: only their retries are counted."""
        for entry in done:
            self._counts[entry.model].add_before(entry)

    def waiting(self, model: Model, fault: Fault, attempt: int, wait_s: float) -> None:
        """Says long waits only; short ones are counted."""
        counts = self._counts.get(model.name) or self._judges.setdefault(model.name, Counts(0))
        if counts.retry(fault, wait_s):
            self._say(waiting_line(model, fault, attempt, wait_s))

    def holding(self, model: Model, why: str, wait_s: float | None) -> None:
        """Says what a model waits for."""
        if wait_s is None or wait_s >= LONG_WAIT_S:
            self._say(holding_line(model, why, wait_s))

    def stopped(self, model: str | None, fault: Fault) -> None:
        """Always said."""
        self._say(stopped_line(model, fault), always=True)

    def interrupted(self, signal_number: int) -> None:
        """Always said."""
        del signal_number
        self._say(INTERRUPTED, always=True)

    def _say(self, text: str, *, always: bool = False) -> None:
        raise NotImplementedError


class Lines(Teller):
    """Plain lines, for files and pipes; when quiet, only what must be said."""

    def __init__(self, planned: Mapping[str, int], done: Iterable[Entry] = (), *, quiet: bool = False) -> None:
        super().__init__(planned, done)
        self._quiet = quiet
        self._total = sum(planned.values())
        self._done = self._shown_done = sum(counts.done for counts in self._counts.values())
        self._shown_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def finished(self, record: Record) -> None:
        """Counts, and says so now and then."""
        self._counts[record.model].add(record)
        self._done += 1
        self._show_if_due()

    def waiting(self, model: Model, fault: Fault, attempt: int, wait_s: float) -> None:
        """Says now and then how far things are, also where nothing is finished meanwhile."""
        super().waiting(model, fault, attempt, wait_s)
        self._show_if_due()

    def _show_if_due(self) -> None:
        step = self._done - self._shown_done >= max(1, self._total // 10)
        if step or time.monotonic() - self._shown_at >= EVERY_S:
            self._show()

    def _show(self) -> None:
        self._shown_done, self._shown_at = self._done, time.monotonic()
        failed = sum(counts.failed for counts in self._counts.values())
        errors = sum(counts.errors for counts in self._counts.values())
        slowest = min(self._counts.items(), key=lambda item: item[1].done / max(1, item[1].total))[0]
        behind = "" if self._done == self._total else f"  (slowest: {slowest})"
        counts = self._counts.values()
        cached = f" {stored(counts)}" if stored(counts) else ""
        self._say(f"{self._done}/{self._total} trials  fail {failed}  err {errors}{cached}  {spent(counts)}{behind}")

    def _say(self, text: str, *, always: bool = False) -> None:
        if always or not self._quiet:
            say(text)


class Bars(Teller):
    """One tqdm bar per model: `gpt-4o 29/60 |█████▊ | 00:01<00:01 fail 5 err 0 $0.1160`."""

    def __init__(self, planned: Mapping[str, int], done: Iterable[Entry] = ()) -> None:
        super().__init__(planned, done)
        self._planned = planned
        self._bars: dict[str, Any] = {}

    def __enter__(self) -> Self:
        from tqdm import tqdm

        screen = shutil.get_terminal_size().columns
        columns = min(max(width(model) for model in self._planned), max(12, screen - BESIDE_NAME))
        bar = 16 if screen >= WIDE else 6
        for position, (model, total) in enumerate(self._planned.items()):
            self._bars[model] = tqdm(
                total=total,
                initial=self._counts[model].done,
                desc=pad(shorten(model, columns), columns),
                position=position,
                bar_format="{desc} {n_fmt:>4}/{total_fmt} |{bar:" + str(bar) + "}| {elapsed}<{remaining} {unit}",
                unit="",
                file=sys.stderr,
                leave=False,  # the report that follows says it all
                dynamic_ncols=True,
                mininterval=0.1,
            )
        return self

    def __exit__(self, *_: object) -> None:
        for bar in reversed(self._bars.values()):
            bar.close()

    def finished(self, record: Record) -> None:
        """Moves a bar on."""
        counts = self._counts[record.model]
        counts.add(record)
        bar = self._bars[record.model]
        bar.unit = str(counts)
        bar.update()

    def _say(self, text: str, *, always: bool = False) -> None:  # noqa: ARG002 bars are drawn only where all is said
        from tqdm import tqdm

        tqdm.write(text, file=sys.stderr)


WIDE = 110
"""Columns of a terminal that has room for long bars."""
BESIDE_NAME = 62
"""Columns that a bar's figures need beside its name."""
LONG_WAIT_S = 5.0
INTERRUPTED = "Interrupted: nothing more is sent; waiting up to 30 s for answers under way (again: stop at once)."


def waiting_line(model: Model, fault: Fault, attempt: int, wait_s: float) -> str:
    """`o3: 429, retry 2/5 in 12 s`."""
    return f"{model.name}: {met(fault)}, retry {attempt}/{model.max_attempts} in {wait_s:.0f} s"


def holding_line(model: Model, why: str, wait_s: float | None) -> str:
    """`o3: 429 with Retry-After; nothing is sent for 12 s`."""
    return f"{model.name}: {why}" + ("" if wait_s is None else f"; nothing is sent for {wait_s:.0f} s")


def stored(counts: Collection[Counts]) -> str:
    """` cached 12/24`: how many of the trials so far have stored answers; "" where none has."""
    cached = sum(each.cached for each in counts)
    return f" cached {cached}/{sum(each.done for each in counts)}" if cached else ""


def spent(counts: Collection[Counts]) -> str:
    """What answers have cost so far: `$0.1160`, `≥$0.1160` where some are unpriced, `$–` where all are."""
    known = sum(each.cost_usd for each in counts)
    unpriced = any(each.unpriced for each in counts)
    if unpriced and not known:
        return "$–"
    return f"{'≥' if unpriced else ''}${known:.4f}"


def met(fault: Fault) -> str:
    """What a request met, in a word: the status, or the kind where none came."""
    return str(fault.status or fault.kind)


def stopped_line(model: str | None, fault: Fault) -> str:
    """Who is asked no more, and why."""
    return f"{model or 'the run'} stopped: {fault.message}"


def say(text: str) -> None:
    """A line on stderr, at once."""
    with suppress(OSError):  # a run goes on where nobody can be told of it
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
