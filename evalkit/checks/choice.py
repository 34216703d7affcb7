"""The check of multiple-choice answers: which of A, B, C, D an answer settles on.

It is looked for as the published benchmarks do: first what the answer says of itself ("the answer is (B)", "Answer: B",
as in MMLU-Pro and simple-evals), then a letter that is the whole answer or begins it, then the last one that stands by
itself (as MMLU-Pro does last).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple

from evalkit.checks.contract import BuiltInCheck, argument, shown, verdict
from evalkit.registry import CHECKS
from evalkit.types import Context, Finding

_EDGE = "[A-Za-zÀ-ɏ0-9]"
_NAMES = (
    "answer", "choice", "option", "antwort", "lösung", "réponse", "reponse", "respuesta", "resposta", "risposta",
    "odpowiedź", "ответ", "答案", "答え", "回答", "解答", "选项", "選項", "정답",
)  # fmt: skip
_VERBS = rf"(?:is|would[ ]be|should[ ]be|must[ ]be|ist|lautet|est|es|é|è)(?!{_EDGE})|[是为為は은는]"
_CHOOSING = ("i choose", "i pick", "i select", "i'd choose", "i would choose", "go with", "选", "選")
_FILLERS = rf"""
    (?:the[ ]correct|the[ ]best|the[ ]final|the[ ]right|correct|option|choice|letter|answer|clearly|therefore|thus
      |die|la|the)(?!{_EDGE}) | 选项|選項|择|擇
"""
_PRAISE = (
    "is correct", "is the correct", "is right", "is the right", "is the best", "是正确", "是正確", "正确", "正確",
)  # fmt: skip
_DENIED = "".join(
    rf"(?<!{word})(?<!{word}\()" for word in ("not ", "NOT ", "n't ", "than ", "nicht ", "pas ", "不是", "非")
)
"""Before a label that an answer turns down: "C, not A", "rather than B"."""
_JOINING = r"\s{0,3}(?:/|&|\+|\bor\b|\band\b|\bnor\b|\boder\b|\bund\b|或者?|和|与|與|、)\s{0,3}"
_MARKUP = str.maketrans(dict.fromkeys("*_`$#") | {0xFF01 + offset: 0x21 + offset for offset in range(94)})
"""Away with emphasis and headings; full-width characters made narrow."""
_TEX = re.compile(r"\\(?:boxed|text|textbf|mathrm|mathbf)\s{0,3}\{\s{0,3}")
_REACH = 12
"""Characters before a place in which a label stands that belongs to it."""


class Choice(NamedTuple):
    """What an answer settles on; `label` is None where that is nothing, or several."""

    label: str | None
    said: str
    """Where it does, as it stands there."""


def choice(text: str, labels: tuple[str, ...]) -> Choice:
    """The label that an answer settles on. Takes linear time."""
    text = _TEX.sub("", text.replace("’", "'").replace("İ", "I")).translate(_MARKUP)
    patterns = _patterns(labels)
    for match in _places(text, patterns):
        said = match.group().strip()
        after = patterns.another_after.match(text, match.end("label"))
        before = patterns.another_before.search(text, max(0, match.start("label") - _REACH), match.start("label"))
        others = [other[other.lastgroup or 0] for other in (after, before) if other]
        if any(other.casefold() != match["label"].casefold() for other in others):
            return Choice(None, f"{before.group() if before else ''}{said}{after.group() if after else ''}")
        return Choice(next(label for label in labels if label.casefold() == match["label"].casefold()), said)
    return Choice(None, "")


def _spelt(label: str) -> str:
    """A label as it may be spelt: a letter as it is; a word with or without capitals, but in small letters alone only
    where no other word follows ("I have no idea").
    """
    if len(label) == 1:
        return re.escape(label)
    capitals = dict.fromkeys((label, label.capitalize(), label.upper()))
    return f"(?:{'|'.join(map(re.escape, capitals))}|(?i:{re.escape(label)})(?!\\s{{1,3}}[a-zß-ÿ]))"


class _Patterns(NamedTuple):
    stated: re.Pattern[str]
    praised: re.Pattern[str]
    whole: re.Pattern[str]
    beginning: re.Pattern[str]
    alone: re.Pattern[str]
    another_after: re.Pattern[str]
    another_before: re.Pattern[str]


def _places(text: str, patterns: _Patterns) -> Iterator[re.Match[str]]:
    """Where the answer may settle on a label, the most telling place first."""
    yield from _stated(text, patterns)
    for pattern in (patterns.whole, patterns.beginning):
        if match := pattern.match(text):
            yield match
    yield from deque(patterns.alone.finditer(text), maxlen=1)


def _stated(text: str, patterns: _Patterns) -> Iterator[re.Match[str]]:
    """What the answer says of itself, the last such place first. Finding words is quicker than searching patterns."""
    lower = text.lower()
    found = [(place, True) for word in (*_NAMES, *_CHOOSING) for place in _occurrences(word, lower)]
    found += [(place, False) for word in _PRAISE for place in _occurrences(word, lower)]
    for place, before_label in sorted(found, reverse=True):
        if before_label:
            match = patterns.stated.match(text, place)
        else:
            match = patterns.praised.search(text, max(0, place - _REACH), place)
        if match:
            yield match


def _occurrences(word: str, text: str) -> Iterator[int]:
    place = text.find(word)
    while place >= 0:
        yield place
        place = text.find(word, place + len(word))


@lru_cache(maxsize=256)
def _patterns(labels: tuple[str, ...]) -> _Patterns:
    """The patterns for some labels. All repetitions are bounded or possessive."""
    either = "|".join(_spelt(label) for label in sorted(labels, key=len, reverse=True))
    if all(len(label) == 1 for label in labels):
        either = f"[{re.escape(''.join(labels))}]"
    bare = rf"(?<!{_EDGE})(?P<label>{either})(?!{_EDGE}|'[a-z])"
    enclosed = rf"[(\[{{<\"'“「【]{{0,2}}\s{{0,2}}{bare}"
    names, choosing = "|".join(_NAMES), "|".join(_CHOOSING).replace(" ", r"\ ")
    stated = rf"""
        (?: (?:{names}) (?:\s{{0,3}}\([^()\n]{{0,20}}\))?
            \s{{0,3}} (?: (?:{_VERBS})\s{{0,3}}[:=]? | [:=\-–—>]{{1,2}} | (?=[(\[]) )
          | (?:{choosing})\s{{0,3}}:? )
        (?: \s{{0,3}}(?:{_FILLERS})\s{{0,3}}[:=]? ){{0,3}} \s{{0,4}} {enclosed}
        (?-i:(?!(?<=[ai])\s{{1,3}}[a-zß-ÿ]))  # the answer is a dog
    """
    other, listed = (rf"[(\[]?(?P<{name}>{either})(?!{_EDGE})" for name in ("other", "listed"))
    return _Patterns(
        stated=re.compile(stated, re.VERBOSE | re.IGNORECASE),
        praised=re.compile(rf"{bare}[)\]\"'”]{{0,2}}\s{{0,3}}\Z"),
        whole=re.compile(rf"[\s>]*+(?i:{enclosed})[)\]}}>\"'”」】.。:!,\s]*+\Z"),
        beginning=re.compile(rf"[\s>]*+[(\[]?{bare}(?:[)\]:.、,]|\s{{0,3}}[-–—:]\s|\s*+\n)"),
        alone=re.compile(rf"{_DENIED}{bare}(?!(?<=[AI])\s{{1,3}}[a-zß-ÿ])"),  # A dog, I think
        another_after=re.compile(
            rf"[)\]}}\"'”]{{0,2}}(?:{_JOINING}{other}(?!\s{{1,3}}(?:is|was|would|can|isn't|can't|cannot)\b)"
            rf"|\s{{0,3}}[,;]\s{{0,3}}{listed}(?-i:(?!\s{{0,3}}[a-zß-ÿ])))",
            re.IGNORECASE,
        ),
        another_before=re.compile(rf"(?<!{_EDGE})(?P<other>{either})[)\]]?{_JOINING}[(\[]?\Z"),
    )


@CHECKS.register("choice")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceIs(BuiltInCheck):
    r"""The answer settles on this choice, A, B, C or D if no others are given.

    Looked for in this order, the last place counting: what the answer says of itself ("the answer is (B)", "Answer: B",
    "**Answer:** B", `\boxed{B}`, 答案是B); a letter that is the whole answer, or begins it ("B) Paris"); the last
    letter that stands by itself and is no article ("A dog"). An answer that names several at that place ("A or B")
    settles on none.
    """

    blocking: ClassVar[bool] = True

    value: str = argument("The choice that is right.")
    choices: list[str] | str = argument(
        "All that there are: a text of letters such as ABCDE, or a list.", default="ABCD"
    )

    def __post_init__(self) -> None:
        labels = self._labels()
        if not all(label.strip() and label == label.strip() for label in labels):
            raise ValueError("a choice is empty, or has white space around it")
        if len({label.casefold() for label in labels}) < max(2, len(labels)):
            raise ValueError("choices must be two at least, each another one")
        if self.value.casefold() not in {label.casefold() for label in labels}:
            raise ValueError(f"{shown(self.value)} is none of the choices {', '.join(labels)}; name them in 'choices'")

    def find(self, context: Context) -> Finding:
        """Looks for what the answer settles on."""
        found = choice(context.output, self._labels())
        if found.label is None:
            said = f"names several: {shown(found.said)}" if found.said else f"no choice in {shown(context.output)}"
            return verdict(passed=False, reason=f"{said}, expected {self.value}")
        passed = found.label.casefold() == self.value.casefold()
        wanted = "" if passed else f", expected {self.value}"
        return verdict(passed=passed, reason=f"chose {found.label} ({shown(found.said)}){wanted}")

    def _labels(self) -> tuple[str, ...]:
        return tuple(self.choices)
