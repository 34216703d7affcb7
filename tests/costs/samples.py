"""Texts to count, a few of each kind."""

from __future__ import annotations

import inspect
import json
import textwrap

import evalkit.costs.segments
import evalkit.types

ENGLISH = (
    "The committee met on Thursday to discuss the budget. Several members pointed out that travel costs had risen by "
    "almost a third since spring, while the number of conferences stayed the same. All agreed to publish the figures.",
    "Please read the complaint below and decide which department should answer it. Reply with a single word: billing, "
    "shipping or support. If two departments share the blame, name the one that has to act first.",
    "Photosynthesis turns light, water and carbon dioxide into sugar and oxygen. It takes place in the chloroplasts of "
    "green plants, and in some bacteria that have no chloroplasts at all.",
)
CHINESE = (
    "今天的天气很好,我们决定去郊外散步。路上看到许多盛开的花,孩子们兴奋得又跑又跳。中午我们在一家小饭馆吃了面条和饺子。",
    "机器学习模型的评测需要足够多的样本,否则两个模型之间的差异很可能只是偶然。我们建议每个类别至少准备一百道题,并且重复三次以上。",
    "订单号 20260917-0042 的客户反映:收到的键盘有三个按键失灵,要求七天之内退货并退款 368.50 元。",
)
PYTHON = tuple(
    textwrap.dedent(inspect.getsource(thing))
    for thing in (evalkit.types.Usage, evalkit.types.Model, evalkit.costs.segments.count, textwrap.wrap, json.dump)
)
JSON = (
    json.dumps([{"id": f"case-{n}", "tags": ["a", "b"], "expected": n * 37, "score": n / 7} for n in range(20)]),
    json.dumps({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}, indent=2),
)
KINDS = {"english": ENGLISH, "chinese": CHINESE, "python": PYTHON, "json": JSON}

MEGABYTE = {
    "blanks": " " * 1_000_000,
    "one letter": "a" * 1_000_000,
    "emoji": "😀" * 250_000,
    "lone surrogates": "\ud800" * 333_333,
    "quotes": '"' * 1_000_000,
    "letters and digits": "a1 " * 333_333,
    "Chinese": "".join(CHINESE)[:111] * 3_003,
    "English": " ".join(ENGLISH) * 1_700,
    "null bytes": "\x00" * 1_000_000,
}
"""About 1 MB each, in UTF-8."""
