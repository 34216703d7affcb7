"""How often each interval holds the truth, and each comparison finds it: the tables of docs/statistics.md.

python -m benchmarks.coverage [TIMES]
"""

from __future__ import annotations

import sys
from itertools import groupby

from tests.analysis.truths import changes, coverage, worlds

LOWEST, HIGHEST = 0.93, 0.97


def main(times: int) -> None:
    """Prints both tables; worlds of more than 100 cases are drawn a quarter as often, comparisons a fifth."""
    print("| interval | truth | cases | holds it, % |\n|---|---|--:|--:|")
    outside = []
    for interval, group in groupby(worlds(), key=lambda world: world.interval):
        for world in group:
            found = coverage(world, times if world.cases <= 100 else max(1, times // 4))
            mark = "" if LOWEST <= found <= HIGHEST else " ↓" if found < LOWEST else " ↑"
            outside.append(mark)
            print(f"| {interval} | {world.truth} | {world.cases:,} | {100 * found:.1f}{mark} |", flush=True)
    low, high = outside.count(" ↓"), outside.count(" ↑")
    print(f"\n{len(outside)} worlds: {low} below 93 % (↓), {high} above 97 % (↑), the others between.\n")
    print("| cases | repeats | flips by chance, % | difference, points | promised, % | found, % |")
    print("|--:|--:|--:|--:|--:|--:|")
    for change in changes():
        found = change.found(max(200, times // 5))
        print(
            f"| {change.cases:,} | {change.repeats} | {100 * change.flips:.0f} | {100 * change.delta:.1f} "
            f"| {100 * change.promised:.0f} | {100 * found:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
