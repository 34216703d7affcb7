"""The lanes of a run: one a model, made when the model is first asked, and closed when it is given up."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
from msgspec.structs import replace

from evalkit.gateway.client import Reply
from evalkit.gateway.verdicts import Stop
from evalkit.pacing.lane import LOSING, Lane, Passage
from evalkit.running.job import Ending, Watcher
from evalkit.types import Fault, Model

__all__ = ["Lanes", "ends_model"]


class Lanes:
    """All lanes of a run. What is learnt from a reply for requests still to come is drawn here."""

    def __init__(self, *, limit: int, concurrency: int | None, watcher: Watcher, ending: Ending) -> None:
        self._total = anyio.Semaphore(limit)
        self._concurrency = concurrency
        self._watcher = watcher
        self._ending = ending
        self._lanes: list[Lane] = []
        self._closed = False

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes)

    def of(self, model: Model) -> Lane:
        """The lane of a model; equal models, of several suites or a judge among them, share one."""
        lane = next((lane for lane in self._lanes if lane.model == model), None)
        if lane is None:
            lane = Lane(model, total=self._total, listener=self._watcher, concurrency=self._concurrency)
            if self._closed:
                lane.close()
            self._lanes.append(lane)
        return lane

    def close_all(self) -> None:
        """Sends nothing more to anybody."""
        self._closed = True
        for lane in self._lanes:
            lane.close()

    def heed(self, lane: Lane, passage: Passage, reply: Reply) -> None:
        """Draws what follows from a reply for the requests that are still to come."""
        if reply.fault is None:
            return
        if reply.stop is Stop.RUN:
            self._stop_run(reply.fault)
        elif ends_model(passage, reply):
            self._stop_model(lane, reply.fault)
        else:
            self.close_if_lost(lane, reply.fault)

    def close_if_lost(self, lane: Lane, fault: Fault) -> None:
        """Gives a model up that has answered nothing for as long as an outage is waited out."""
        if fault.kind in LOSING and lane.is_lost():
            waited = f"nothing was answered for {lane.model.max_outage_s:g} s (max_outage_s)"
            self._stop_model(lane, replace(fault, message=f"{waited}: {fault.message}"))

    def _stop_run(self, fault: Fault) -> None:
        self.close_all()
        if self._ending.run_stopped is None:
            self._watcher.stopped(None, fault)
            self._ending.run_stopped = fault

    def _stop_model(self, lane: Lane, fault: Fault) -> None:
        lane.close()
        if lane.model.name not in self._ending.stopped:
            self._watcher.stopped(lane.model.name, fault)
            self._ending.stopped[lane.model.name] = fault


def ends_model(passage: Passage, reply: Reply) -> bool:
    """Whether a reply says of its model that it would fail all other requests too."""
    return reply.stop is Stop.MODEL or (reply.stop is Stop.MODEL_IF_FIRST and passage.is_first)
