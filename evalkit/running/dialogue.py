"""The requests of one trial: a single question, or a conversation whose turns are asked one after another.

Each turn is sent with all that was said before, the model's own answers among it, in a passage of its own. A fault ends
a conversation; so does an answer that nothing can follow: a missing one, or one without a text.
"""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from evalkit.checks.scoring import is_visible, missing_answer
from evalkit.errors import EvalkitError
from evalkit.pacing.lane import GivenUp, Passage
from evalkit.running.asking import Answered, Asker
from evalkit.running.job import Job
from evalkit.running.sums import summed
from evalkit.types import Fault, FaultKind, Inquiry, Message, Request, Response, Trial

__all__ = ["Dialogue", "Said", "Turn", "part_of"]


def part_of(turn: int) -> str:
    """What the request of a turn, counted from 0, is called where answers are stored."""
    return f"turn {turn}"


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked in one turn, and what became of it."""

    request: Request
    answered: Answered


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """All that was said in a trial."""

    turns: tuple[Turn, ...]
    whole: Answered
    """All turns as one."""
    missing: str | None = None
    """Why the last answer is none, or cannot be followed by the turns that were still to come."""

    @property
    def answer(self) -> Response | None:
        """What the whole came to; None where it broke off."""
        return self.whole.reply.response


class Dialogue:
    """One trial on its way. `passage` is that of the turn under way; who holds the dialogue gives its place back."""

    def __init__(self, asker: Asker, job: Job, trial: Trial, passage: Passage, *, stand_in: bool) -> None:
        self.passage = passage
        self._asker = asker
        self._job = job
        self._trial = trial
        self._stand_in = stand_in
        self._turns: list[Turn] = []
        self._planned = len(trial.turns) + 1

    async def hold(self, stored: Answered | None) -> Said | None:
        """Asks all turns; the first one's passage has a place, or its answer is `stored`.

        None where nothing is known, because a signal came before the first answer, or the rest may not be sent.
        """
        request = self._trial.request
        answered = stored or await self._ask(request)
        while answered is not None:
            self._turns.append(Turn(request=request, answered=answered))
            response, fault = answered.reply.response, answered.reply.fault
            if response is None:
                return self._ended_by(fault)
            missing = missing_answer(self._trial, response) or self._dead_end(response)
            if missing or self._is_over:
                return Said(turns=tuple(self._turns), whole=summed(self._answers), missing=missing)
            try:
                request = self._next(response)
            except EvalkitError as error:  # a target's template does not fit what was answered
                return self._ended_by(self._unsent("config", str(error)))
            answered = self._recall(request)
            if answered is None and self._trial.model.name in self._job.unsent:
                return None
            answered = answered or await self._ask_next(request)
        return self._ended_by(self._unsent("cancelled", "the run or its model was stopped")) if self._turns else None

    @property
    def _is_over(self) -> bool:
        return len(self._turns) == self._planned

    @property
    def _answers(self) -> list[Answered]:
        return [turn.answered for turn in self._turns]

    def _next(self, answer: Response) -> Request:
        """What is asked after `answer`. Raises EvalkitError."""
        before = self._turns[-1].request
        reply = Message(role="assistant", content=answer.text)
        messages = (*before.messages, reply, self._trial.turns[len(self._turns) - 1].message)
        if self._trial.hand_over is None:
            return replace(before, messages=messages)
        payload, headers = self._trial.hand_over(messages)
        return replace(before, messages=messages, payload=payload, headers=headers)

    def _recall(self, request: Request) -> Answered | None:
        return self._asker.recall(self._job, self._trial, self._inquiry(request), part_of(len(self._turns)))

    async def _ask_next(self, request: Request) -> Answered | None:
        """The answer to a further turn; None where it was not let through, or a signal found it between attempts."""
        self.passage.give_place_back()
        self.passage = self.passage.followed_by(request)
        try:
            await self._asker.admit(self._inquiry(request), self.passage, begun=True)
        except GivenUp:
            return None
        return await self._ask(request)

    async def _ask(self, request: Request) -> Answered | None:
        asked = self._inquiry(request) if self._turns else self._trial
        part, headers = part_of(len(self._turns)), self._told()
        return await self._asker.ask(self._job, self._trial, asked, part, passage=self.passage, headers=headers)

    def _inquiry(self, request: Request) -> Inquiry:
        return Inquiry(model=self._trial.model, request=request)

    def _told(self) -> dict[str, str]:
        """What the stand-in is told in headers, and no other gateway."""
        if not self._stand_in:
            return {}
        expected = self._trial.expected_at(len(self._turns))
        answer = {} if expected is None else {"x-evalkit-expected": quote(expected, safe="")}
        return {"x-evalkit-repeat": str(self._trial.repeat), **answer}

    def _dead_end(self, answer: Response) -> str | None:
        """Why the turns that are still to come cannot follow an answer that is no missing one."""
        if is_visible(answer.text) or self._is_over:
            return None
        found = "calls a tool, whose result is not scripted" if answer.tool_calls else "has no text"
        return f"the conversation cannot go on: the answer {found}"

    def _unsent(self, kind: FaultKind, why: str) -> Fault:
        """The fault of a further turn that could not be asked."""
        place = f"turn {len(self._turns) + 1} of {self._planned}"
        return Fault(kind=kind, status=None, message=f"{place} was not sent: {why}")

    def _ended_by(self, fault: Fault | None) -> Said:
        """What was said until `fault`: that of the last turn, or why there is no further one."""
        answers = self._answers
        if fault is not None and fault is answers[-1].reply.fault and self._planned > 1:
            fault = replace(fault, message=f"turn {len(answers)} of {self._planned}: {fault.message}")
        return Said(turns=tuple(self._turns), whole=summed(answers, fault))
