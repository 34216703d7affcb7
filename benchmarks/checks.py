"""Times every check of texts, structure and answers over 10 KB of text; what takes over 1 ms must say `blocking`.

Prints a table and exits 1 where a check that is not `blocking` takes longer in the median.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Mapping
from typing import Any

from evalkit.registry import CHECKS, missing_extra
from evalkit.types import Context, Response, Usage

LIMIT_MS, ROUNDS = 1.0, 51
SIZE = 10_000

PROSE = ("The ship left Lisbon at 8:30 on Monday, with 1,204 tons of grain; two days later it sank off Iceland. " * 99)[
    :SIZE
]
CHINESE = ("船于星期一上午八点半离开里斯本，载有一千二百零四吨粮食；两天后在冰岛附近沉没。" * 99)[: SIZE // 3]
ROWS = [{"name": f"row {number}", "price": number / 7, "tags": ["a", "b"]} for number in range(190)]
DATA = json.dumps(ROWS)[: SIZE * 2]
CODE = "Here it is:\n\n```python\n" + "def add(a, b):\n    return a + b\n\n\n" * 290 + "```\n"
BULLETS = "\n".join(f"- item {number}" for number in range(750))
MARKUP = "<rows>" + '<row price="1">text &amp; more</row>' * 270 + "</rows>"
MAPPING = "\n".join(f"key{number}: [1, 2, {{a: b}}]" for number in range(400))

CASES: tuple[tuple[str, Mapping[str, Any], str], ...] = (
    ("equals", {"value": PROSE}, PROSE),
    ("contains", {"text": "nowhere"}, PROSE),
    ("icontains", {"text": "nowhere"}, PROSE),
    ("starts_with", {"text": "A ship"}, PROSE),
    ("ends_with", {"text": "Norway."}, PROSE),
    ("contains_any", {"texts": ["one", "two", "three"]}, PROSE),
    ("contains_all", {"texts": ["ship", "Lisbon", "nowhere"]}, PROSE),
    ("one_of", {"texts": ["yes", "no"]}, PROSE),
    ("regex", {"pattern": r"\bnowhere\b"}, PROSE),
    ("word_count", {"max": 5}, PROSE),
    ("word_count", {"max": 5}, CHINESE),
    ("char_count", {"max": 5}, PROSE),
    ("char_count", {"max": 5}, CHINESE),
    ("similarity", {"text": PROSE[:500]}, PROSE),
    ("rouge", {"reference": PROSE[:500]}, PROSE),
    ("bleu", {"reference": PROSE[:500]}, PROSE),
    ("chrf", {"reference": PROSE[:500]}, PROSE),
    ("is_refusal", {}, PROSE),
    ("is_refusal", {}, CHINESE),
    ("json", {}, DATA),
    ("json", {"within": "prose"}, f"{PROSE[:5000]} {json.dumps(ROWS[:60])}"),
    ("json_schema", {"schema": {"items": {"required": ["name"], "properties": {"price": {"minimum": 0}}}}}, DATA),
    ("json_path", {"path": "[?price > `20`].name"}, DATA),
    ("yaml", {}, MAPPING),
    ("xml", {}, MARKUP),
    ("code_block", {"language": "python"}, CODE),
    ("choice", {"value": "B"}, PROSE + "The answer is (B)."),
    ("choice", {"value": "B"}, CHINESE + "答案是B"),
    ("number", {"value": 42}, PROSE + "So it is 42."),
    ("number", {"value": 325}, CHINESE + "共三百二十五"),
    ("set_equals", {"items": ["item 1", "item 2"]}, BULLETS),
    ("list_equals", {"items": ["item 1", "item 2"]}, BULLETS),
    ("f1", {"answers": PROSE[:500]}, PROSE),
    ("exact_match", {"answers": PROSE[:500]}, PROSE),
)


def median_ms(name: str, arguments: Mapping[str, Any], text: str) -> float:
    """CPU of one look at `text`, after one to warm up; what else the machine does, does not count."""
    check = CHECKS[name](**arguments)
    response = Response(text=text, model=None, finish_reason="stop", outcome="ok", usage=Usage())
    context = Context(output=text, response=response)
    check.find(context)
    taken = []
    for _ in range(ROUNDS):
        start = time.thread_time()
        check.find(context)
        taken.append(time.thread_time() - start)
    return statistics.median(taken) * 1000


def main() -> int:
    """Prints the table; 1 where a check is slow and does not say so."""
    slow = []
    print(f"| check | over | median CPU ms of {ROUNDS} | beside the event loop |\n|---|---|---|---|")
    for name, arguments, text in CASES:
        if missing_extra(CHECKS[name]):
            print(f"| {name} | | not installed: {missing_extra(CHECKS[name])} | |")
            continue
        taken, blocking = median_ms(name, arguments, text), bool(CHECKS[name].blocking)
        if taken > LIMIT_MS and not blocking:
            slow.append(name)
        over = f"{len(text.encode()) / 1000:.0f} KB: {text[:12]!r}…"
        print(f"| {name} | {over} | {taken:.3f} | {'yes' if blocking else ''} |")
    if slow:
        print(f"slower than {LIMIT_MS:g} ms on the event loop: {', '.join(slow)}", file=sys.stderr)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
