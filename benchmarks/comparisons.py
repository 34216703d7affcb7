"""How often comparisons cry wolf, hold the truth and find it: the tables on comparison in docs/statistics.md.

python -m benchmarks.comparisons [TIMES]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from evalkit.simulator.profiles import PROFILES
from tests.compare.truths import (
    DROP,
    Amounts,
    Design,
    amounts,
    changed,
    coverage,
    cries_wolf,
    false_alarms,
    finds_the_drop,
    promised,
    unchanged,
)

MODELS = ("gpt-4o", "o4-mini", "o3", "gemini-2.5-pro", "doubao-1-5-vision-pro-32k-250115")
SEEDS = 200
REAL_PAIRS = 20
SUITE = """
name: same-skills
models: [gpt-4o, o3]
prompts: ["{{ question }}"]
matrix: {number: [%s]}
cases:
  - {id: city, vars: {question: "Question {{ number }}?"}, expected: Paris, checks: [{contains: Paris}]}
"""


def main(times: int) -> None:
    """Prints all tables; designs of more than 100 cases are drawn a quarter as often, amounts a tenth."""
    _table("difference seen where there is none, %", unchanged(), times, false_alarms)
    _table("interval holds the true difference, %", changed(), times, coverage)
    _amounts(max(200, times // 10))
    _stand_in()
    _real_runs()


def _table(heading: str, designs: Iterable[Design], times: int, share: Callable[[Design, int], float]) -> None:
    print(f"| cases | design | {heading} |\n|--:|---|--:|")
    for design in designs:
        found = share(design, times if design.cases <= 100 else times // 4)
        print(f"| {design.cases:,} | {design} | {100 * found:.1f} |", flush=True)
    print()


def _amounts(times: int) -> None:
    print("| figure | cases | interval of the change holds it, % |\n|---|--:|--:|")
    each: Amounts
    for each in amounts():
        clusters = f", clusters of {each.cluster}" if each.cluster > 1 else ""
        print(f"| {each.figure}{clusters} | {each.cases:,} | {100 * each.coverage(times):.1f} |", flush=True)
    print()


def _stand_in() -> None:
    """Runs as the stand-in gateway answers them, without sockets."""
    for models, cases, repeats in ((MODELS, 24, 1), (MODELS[:2], 100, 1), (MODELS[:2], 60, 3)):
        wolves = sum(cries_wolf(seed, models, cases, repeats) for seed in range(SEEDS))
        told = f"{cases} cases × {len(models)} models × {repeats} repeats"
        print(f"{told}: improved or regressed in {wolves} of {SEEDS} pairs of runs with the same skills", flush=True)
    drop = 100 * (PROFILES[DROP[0]].skill - PROFILES[DROP[1]].skill)
    for cases in (60, 120, 200):
        seeds = range(cases * 1_000, cases * 1_000 + 5 * SEEDS)
        found = sum(finds_the_drop(seed, cases) for seed in seeds) / len(seeds)
        print(f"a drop of {drop:.0f} points over {cases} cases: found in {100 * found:.1f} % of {5 * SEEDS} runs, "
              f"promised {100 * promised(cases):.1f} %", flush=True)  # fmt: skip
    print()


def _real_runs() -> None:
    """The commands themselves, each in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        suite = Path(place) / "suite.yaml"
        suite.write_text(SUITE % ", ".join(map(str, range(60))), encoding="utf-8")
        verdicts = [_verdict(suite, seed) for seed in range(REAL_PAIRS)]
    cried = sum(verdict in ("improved", "regressed") for verdict in verdicts)
    print(f"{cried} of {REAL_PAIRS} pairs of `evalkit run --offline` with other seeds improved or regressed")


def _verdict(suite: Path, seed: int) -> str:
    runs = []
    for each in (2 * seed, 2 * seed + 1):
        out = suite.parent / str(each)
        _evalkit("run", suite, "--offline", "--seed", each, "-q", "-o", out, "--exit-zero", "--report", "none")
        runs += out.iterdir()
    return str(json.loads(_evalkit("compare", *runs, "--format", "json"))["verdict"])


def _evalkit(*arguments: object) -> str:
    command = [sys.executable, "-m", "evalkit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
