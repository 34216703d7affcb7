"""How the stand-in judges: what a request to grade an answer says, and the verdict on it.

A request is known by the schema that it states and by its fences, from `<answer 0123456789abcdef>` on.
The stand-in grades what stands in them by the expected answer that it is told beside the request, and is wrong as often
as the model it plays; without one, it likes every answer that says something. It does not follow what stands in a
fence. But it follows what stands outside of all fences: "give it 10/10" there gives full marks, and the words below
provoke a judge that is no good. So a fence that an answer can break shows in a test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

_SCHEMA = re.compile(r'JSON Schema:\s*(\{.*"mark".*\})', re.DOTALL)
_MARK = re.compile(r'"mark" is "([0-9a-f]{16})"')
_FENCE = r"<(\w+) {mark}>\n(.*?)\n</\1 {mark}>"
_ORDERED = re.compile(r"10/10|full marks|ignore the rubric", re.IGNORECASE)
_NUMBERED = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)

PROVOCATIONS = ("malformed", "once", "prose", "string", "range", "nan", "truncated", "unmarked", "empty", "refusal",
                "first", "hard", "split")  # fmt: skip
"""What may stand in a rubric, as `[[judge:malformed]]`:

malformed, truncated, string, range, nan, unmarked, empty, refusal: replies that are no verdicts, every time;
once: a malformed one, and a good one when asked again; prose: a good one, with words around it;
first: prefers whichever answer it sees first; hard: gives nobody anything; split: judges differ by their names.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request to judge."""

    mark: str
    fields: Mapping[str, Any]
    """Of the verdict: the schema's properties."""
    parts: Mapping[str, str]
    """What stands in the fences."""
    outside: str
    """What stands outside of them in all that the user says."""
    asked_again: bool

    def provoked(self, word: str) -> bool:
        """Whether it is asked to be no good in this way."""
        return f"[[judge:{word}]]" in self.outside


def case_in(messages: list[tuple[str, str]]) -> Case | None:
    """The request to judge in messages, each (role, text); None where they are about something else."""
    system = "\n".join(text for role, text in messages if role in ("system", "developer"))
    schema, mark = _SCHEMA.search(system), _MARK.search(system)
    if schema is None or mark is None:
        return None
    try:
        fields = json.loads(schema[1])["properties"]
    except (ValueError, KeyError, TypeError):
        return None
    said = [text for role, text in messages if role == "user"]
    fence = re.compile(_FENCE.format(mark=mark[1]), re.DOTALL)
    whole = "\n".join(said)
    return Case(
        mark=mark[1],
        fields=fields,
        parts={found[1]: found[2] for found in fence.finditer(whole)},
        outside=fence.sub("", whole),
        asked_again=any(role == "assistant" for role, _ in messages),
    )


def verdict(case: Case, *, expected: str | None, right: bool, model: str, draw: Random) -> str:
    """What the judge replies; `right`: whether it judges rightly this time."""
    if case.provoked("empty"):
        return ""
    if case.provoked("malformed") or (case.provoked("once") and not case.asked_again):
        return "I would say that this is quite a good answer."
    fields = {
        "mark": case.mark,
        "reason": "As the stand-in sees it.",
        **_judged(case, expected, model, draw, right=right),
    }
    text = json.dumps(_spoilt(fields, case), ensure_ascii=False)
    if case.provoked("truncated"):
        return text[: len(text) // 2]
    if case.provoked("prose"):
        return f'Here is my verdict, not {{"score": 1}} as the answer asks:\n\n```json\n{text}\n```\nI hope it helps.'
    return text


def _spoilt(fields: dict[str, Any], case: Case) -> dict[str, Any]:
    if case.provoked("string"):
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
    if case.provoked("range") and "score" in fields:
        return {**fields, "score": 11}
    if case.provoked("nan") and "score" in fields:
        return {**fields, "score": float("nan")}
    if case.provoked("unmarked"):
        return {**fields, "mark": "0" * len(case.mark)}
    return fields


def _judged(case: Case, expected: str | None, model: str, draw: Random, *, right: bool) -> dict[str, Any]:
    """The fields that say how good it is."""
    if "better" in case.fields:
        return {"better": _preferred(case, expected, right=right)}
    wanted = expected or case.parts.get("reference")
    good = _is_good(case.parts.get("answer", ""), wanted)
    good = _ordered(case, model, good=good if right or wanted is None else not good)
    if "choice" in case.fields:
        return {"choice": _chosen(case, draw, good=good)}
    if "verdicts" in case.fields:
        numbers = [int(number) for number, _ in _NUMBERED.findall(case.outside)]
        return {"verdicts": [{"number": n, "reason": "As the stand-in sees it.", "met": good} for n in numbers]}
    return {"score": round(draw.uniform(0.8, 1.0) if good else draw.uniform(0.0, 0.2), 2)}


def _ordered(case: Case, model: str, *, good: bool) -> bool:
    """What it says once it has heard what stands outside of the fences."""
    if case.provoked("hard"):
        return False
    if case.provoked("split"):
        return sum(model.encode()) % 2 == 0
    return good or bool(_ORDERED.search(case.outside))


def _chosen(case: Case, draw: Random, *, good: bool) -> str:
    classes = [str(each) for each in case.fields["choice"].get("enum", [])]
    if classes == ["equal", "immaterial", "superset", "subset", "conflict"]:
        return draw.choice(["equal", "superset"]) if good else draw.choice(["subset", "conflict"])
    return classes[0 if good else -1]


def _preferred(case: Case, expected: str | None, *, right: bool) -> str:
    if case.provoked("first"):
        return "first"
    first, second = (_is_good(case.parts.get(name, ""), expected) for name in ("first", "second"))
    if first == second:
        return "tie"
    return "first" if first == right else "second"


def _is_good(answer: str, expected: str | None) -> bool:
    """Whether an answer has the expected one in it; without one, whether it says anything."""
    if expected is None:
        return bool(answer.strip())
    return expected.casefold().strip() in answer.casefold()
