"""Judges for tests: they reply what they are told to, in the form that was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.errors import CheckFailedToRun, JudgeFailed
from evalkit.types import Context, Message, Opinion, Outcome, Question, Response, Usage

Reply = str | Mapping[str, Any] | JudgeFailed | None
"""A text; the fields of a verdict that bears the right mark; a failure; None: a refusal."""
_MARK = re.compile(r'"mark" is "([0-9a-f]{16})"')


def mark_of(question: Question) -> str:
    """The mark that the verdict must bear."""
    found = _MARK.search(question.messages[0].content)
    assert found is not None
    return found[1]


def spelt(question: Question, **fields: Any) -> str:
    """A verdict as it is asked for."""
    return json.dumps({"mark": mark_of(question), **fields})


@dataclass
class Judges:
    """Plays `script` to every question; `asked` holds them."""

    script: Callable[[Question], Reply]
    answers: Mapping[str, str] = field(default_factory=dict)
    """Of other models, to the same question."""
    outcome: Outcome = "ok"
    asked: list[Question] = field(default_factory=list)

    async def ask(self, question: Question) -> Opinion:
        self.asked.append(question)
        reply = self.script(question)
        if isinstance(reply, JudgeFailed):
            raise reply
        outcome: Outcome = "refusal" if reply is None else self.outcome
        text = (
            "I cannot judge that." if reply is None else reply if isinstance(reply, str) else spelt(question, **reply)
        )
        response = Response(text=text, model="j", finish_reason="stop", outcome=outcome, usage=Usage())
        return Opinion(
            model=question.model or "default", response=response, cost_usd=0.01, question=str(len(self.asked))
        )

    async def answer_of(self, model: str) -> str:
        if model not in self.answers:
            raise CheckFailedToRun(f"'{model}' did not answer")
        return self.answers[model]


def in_order(*replies: Reply) -> Callable[[Question], Reply]:
    """One reply after the other; the last one again and again."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def honest(expected: str) -> Callable[[Question], Reply]:
    """A judge that finds good what has the expected answer in it, whatever form it is asked in."""

    def reply(question: Question) -> Reply:
        mark = mark_of(question)
        fence = re.compile(rf"<(\w+) {mark}>\n(.*?)\n</\1 {mark}>", re.DOTALL)
        text = question.messages[1].content
        good = {name: expected.casefold() in part.casefold() for name, part in fence.findall(text)}
        form = question.params["response_format"]["json_schema"]["name"]
        if form == "evalkit_preference":
            tie = good["first"] == good["second"]
            return {"reason": "", "better": "tie" if tie else "first" if good["first"] else "second"}
        if form == "evalkit_facts":
            return {"reason": "", "choice": "equal" if good["answer"] else "conflict"}
        if form == "evalkit_grade":
            return {"reason": "", "score": float(good["answer"])}
        numbers = re.findall(r"^(\d+)\. ", fence.sub("", text), re.MULTILINE)
        return {"verdicts": [{"number": int(n), "reason": "", "met": good["answer"]} for n in numbers]}

    return reply


def context(output: str = "It is Paris.", judges: Judges | None = None, **more: Any) -> Context:
    """An answer to a question about France."""
    response = more.pop("response", None)
    response = response or Response(text=output, model=None, finish_reason="stop", outcome="ok", usage=Usage())
    messages = (Message(role="system", content="Be brief."), Message(role="user", content="Capital of France?"))
    return Context(output=output, response=response, others=judges, **{"messages": messages, **more})
