"""The checks `bleu` and `chrf`, beside formulas of their own for what sacrebleu computes."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from itertools import islice
from random import Random

import pytest
import sacrebleu

from evalkit.registry import CHECKS

WORDS = ["the", "cat", "sat", "on", "a", "mat", "dog", "runs", "fast", "over", "there", "today"]


def pairs(seed: int):
    draw = Random(seed)
    while True:
        one = draw.choices(WORDS, k=draw.randint(4, 25))
        yield (
            " ".join(one),
            " ".join([w for w in one if draw.random() < 0.8] + draw.choices(WORDS, k=draw.randint(0, 6))),
        )


def grams(tokens, n: int) -> Counter:
    return Counter(tuple(tokens[at : at + n]) for at in range(len(tokens) - n + 1))


def sentence_bleu(reference: str, answer: str) -> float:
    """Papineni et al. 2002 with the smoothing of NIST's mteval (Chen and Cherry 2014, method 3), over words."""
    one, other = reference.split(), answer.split()
    logs, smooth = [], 1.0
    for n in range(1, 5):
        total = max(len(other) - n + 1, 0)
        if not total:
            break
        matched = (grams(one, n) & grams(other, n)).total()
        if n == 1 and not matched:
            return 0.0
        if not matched:
            smooth *= 2
        logs.append(math.log(matched / total if matched else 1 / (smooth * total)))
    if not logs:
        return 0.0
    brevity = min(0.0, 1 - len(one) / len(other))
    return math.exp(brevity + sum(logs) / len(logs))


def sentence_chrf(reference: str, answer: str) -> float:
    """Popović 2015 (chrF2, six characters) as sacrebleu averages it: over the orders that both texts have."""
    one, other = ("".join(text.split()) for text in (reference, answer))
    precisions, recalls = [], []
    for n in range(1, 7):
        ours, theirs = grams(other, n), grams(one, n)
        if ours and theirs:
            matched = (ours & theirs).total()
            precisions.append(matched / ours.total())
            recalls.append(matched / theirs.total())
    if not precisions or not sum(precisions):
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return 5 * precision * recall / (4 * precision + recall)


def test_bleu_is_the_published_formula(find):
    for reference, answer in islice(pairs(3), 550):
        value = find("bleu", answer, reference=reference).value
        assert value == pytest.approx(sentence_bleu(reference, answer), abs=1e-9), (reference, answer)


def test_chrf_is_the_published_formula(find):
    for reference, answer in islice(pairs(4), 550):
        value = find("chrf", answer, reference=reference).value
        assert value == pytest.approx(sentence_chrf(reference, answer), abs=1e-9), (reference, answer)


@pytest.mark.parametrize(
    ("name", "answer", "arguments", "passed"),
    [
        ("bleu", "the cat sat on the mat", {"reference": "the cat sat on the mat"}, True),
        ("bleu", "THE CAT SAT ON THE MAT", {"reference": "the cat sat on the mat"}, False),
        ("bleu", "THE CAT SAT ON THE MAT", {"reference": "the cat sat on the mat", "ignore_case": True}, True),
        ("bleu", "", {"reference": "the cat"}, False),
        ("bleu", "Paris", {"reference": "Paris"}, True),
        ("bleu", "a dog ran", {"reference": ["the cat sat", "a dog ran"]}, True),
        ("bleu", "北京是中国的首都", {"reference": "北京是中国的首都", "tokenize": "zh"}, True),
        ("bleu", "lorem ipsum " * 20_000, {"reference": "dolor"}, False),
        ("chrf", "the cat sat", {"reference": "the cat sat"}, True),
        ("chrf", "", {"reference": "the cat"}, False),
        ("chrf", "北京是首都", {"reference": "北京是首都"}, True),
        ("chrf", "CAFÉ", {"reference": "café", "ignore_case": True}, True),
        ("chrf", "dog", {"reference": "cat"}, False),
        ("chrf", "👍👍", {"reference": "👍👍"}, True),
        ("chrf", "the cat sat", {"reference": "the cat sat", "word_order": 2}, True),
        ("chrf", "a" * 300_000, {"reference": "b"}, False),
        ("chrf", "\u0301" * 100_000, {"reference": "a"}, False),
    ],
)
def test_a_translation_is_scored(find, name, answer, arguments, passed):
    finding = find(name, answer, **arguments)
    assert finding.passed is passed, finding.reason
    assert 0 <= finding.value <= 1
    assert len(finding.reason) < 400


def test_several_references_are_scored_as_sacrebleu_does(find):
    answer, references = "the cat ran over there", ["the cat sat over there today", "a cat ran there"]
    assert find("bleu", answer, reference=references).value == pytest.approx(
        sacrebleu.sentence_bleu(answer, references, use_effective_order=True).score / 100
    )
    assert find("chrf", answer, reference=references, word_order=2).value == pytest.approx(
        sacrebleu.sentence_chrf(answer, references, word_order=2).score / 100
    )


@pytest.mark.parametrize("name", ["bleu", "chrf"])
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [({"reference": []}, "empty"), ({"reference": " "}, "empty"), ({"reference": "a", "threshold": 50}, "threshold")],
)
def test_what_cannot_be_scored_against_is_refused(name, arguments, reason):
    with pytest.raises(ValueError, match=reason):
        CHECKS[name](**arguments)


IN_THREADS = """
import sys, threading
from evalkit.registry import CHECKS
from evalkit.types import Context, Response, Usage
list(CHECKS)
assert not {"sacrebleu", "rapidfuzz", "yaml", "jsonschema", "jmespath"} & set(sys.modules), "listing is to cost nothing"
made = [CHECKS[name](reference="the cat") for name in ("bleu", "chrf", "rouge")] + [CHECKS["similarity"](text="cat")]
assert {"sacrebleu.metrics.chrf", "rapidfuzz.distance"} <= set(sys.modules), "two threads may now import it at once"
response = Response(text="the cat", model=None, finish_reason=None, outcome="ok", usage=Usage())
sys.setswitchinterval(1e-6)
context = Context(output="the cat", response=response)
threads = [threading.Thread(target=check.find, args=(context,)) for check in made * 4]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def test_the_packages_are_there_before_threads_need_them():
    done = subprocess.run([sys.executable, "-c", IN_THREADS], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
