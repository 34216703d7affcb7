"""Small talk for a question that states no expected answer: one sentence about its topic."""

from __future__ import annotations

import re
from itertools import cycle, islice
from random import Random

_WORD = re.compile(r"[A-Za-zÀ-ɏͰ-῿][A-Za-zÀ-ɏͰ-῿'-]{3,}")
_CJK_RUN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,12}")
_IDLE = frozenset({
    "about", "answer", "are", "what", "when", "where", "which", "who", "whom", "whose", "why", "will", "with",
    "would", "that", "this", "these", "those", "there", "their", "them", "then", "than", "have", "from", "into",
    "your", "you", "please", "could", "should", "does", "tell", "give", "write", "short", "word", "words", "just",
    "only",
})  # fmt: skip
_ENGLISH = (
    "In short, {topic} is best understood by looking at one example at a time.",
    "There are two sides to {topic}: what it is meant to do, and what people do with it.",
    "I would start with {topic}, because most of the question depends on it.",
    "The usual answer about {topic} is simple, though the details deserve a second look.",
    "Here is the gist: {topic} matters more than it seems at first glance.",
)
_CHINESE = (
    "简单来说，{topic}可以从一个具体的例子开始理解。",
    "关于{topic}，最重要的是先弄清楚它的目的。",
    "我的看法是，{topic}比乍看起来更值得注意。",
)


_THINKING = ("Let", "me", "look", "at", "this", "again", "and", "see", "what", "follows", "from", "it", "then")


def talk(asked: str, draw: Random) -> str:
    """A sentence in the language of the question, as far as that is told by its script."""
    runs = _CJK_RUN.findall(asked)
    if runs:
        return draw.choice(_CHINESE).format(topic=max(runs, key=len))
    words = [word for word in _WORD.findall(asked) if word.lower() not in _IDLE]
    return draw.choice(_ENGLISH).format(topic=" ".join(words[:3]) or "this")


def think(tokens: int) -> str:
    """Thinking aloud, so many tokens long."""
    return " ".join(islice(cycle(_THINKING), tokens))
