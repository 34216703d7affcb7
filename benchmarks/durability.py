"""What durability costs: the same run with all of it, without syncing, and without noting attempts either.

Everything runs on this machine, on its real file system: a server that answers each request after 200 ms, and each run
in a process of its own, by turns. Ratios are medians over the turns; compare them within one table only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from server import serving

LATENCY_S = 0.2
VARIANTS = ("all of it", "no sync", "no sync, no attempts")


class Silent:
    """A runner's watcher."""

    def finished(self, record: object) -> None:
        """Nothing."""

    def __getattr__(self, name: str) -> object:
        return lambda *_: None


def take_away(variant: str) -> None:
    """Leaves out what a variant does without."""
    from evalkit.journal import writing
    from evalkit.running import asking, tracking

    if variant != VARIANTS[0]:
        writing._flush = lambda _: None  # noqa: SLF001
    if variant == VARIANTS[2]:
        asking.worst_case_of = lambda *_: None
        tracking.Track.sending = lambda _: None


def measure(variant: str, port: int, concurrency: int, trials: int, folder: Path) -> None:
    """Prints the CPU seconds and the wall seconds of one run."""
    import anyio

    from evalkit.gateway.client import Gateway
    from evalkit.journal import Journal
    from evalkit.running.job import Job, Settings
    from evalkit.running.runner import Runner
    from evalkit.suite.loader import load_suite
    from evalkit.suite.plan import Plan

    take_away(variant)
    suite = {
        "name": "durability",
        "providers": {"local": {"base_url": f"http://127.0.0.1:{port}/v1", "api_key_env": "KEY"}},
        "models": [{"id": "m", "provider": "local", "api": "chat", "price": {"input": 1, "output": 2}}],
        "prompts": ["{{ q }}"],
        "defaults": {"repeat": trials},
        "cases": [{"id": "c", "vars": {"q": "What is the capital of France?"}, "checks": [{"contains": "Paris"}]}],
    }
    file = folder / "suite.yaml"
    file.write_text(json.dumps(suite), encoding="utf-8")  # JSON is YAML
    plan = Plan(load_suite(file, environ={}))
    plan.prepare()

    async def run() -> None:
        with Journal(folder) as journal:
            async with Gateway({"local": "sk-0123456789abcdef"}) as gateway:
                gateway.warm_up(plan.models)
                job = Job(plan=plan, journal=journal)
                runner = Runner([job], gateway=gateway, watcher=Silent(), settings=Settings(concurrency=concurrency))
                await runner.run()

    cpu_s, wall_s = time.process_time(), time.perf_counter()
    anyio.run(run)
    print(time.process_time() - cpu_s, time.perf_counter() - wall_s)
    kept = (folder / "records.jsonl").read_bytes().count(b"\n")
    if kept != trials:
        sys.exit(f"{kept} records instead of {trials}")


def measured(variant: str, port: int, concurrency: int, trials: int, parent: Path | None) -> tuple[float, float]:
    """CPU and wall seconds of one run, in a process and a folder of its own."""
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        job = ["--measure", variant, str(port), str(concurrency), str(trials), folder]
        command = [sys.executable, __file__, *job]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=300)
    cpu_s, wall_s = map(float, done.stdout.split())
    return cpu_s, wall_s


def report(concurrency: int, trials: int, runs: int, parent: Path | None) -> None:
    """Prints a line for each variant; they are measured by turns, and compared with their neighbours."""
    print(f"Python {platform.python_version()}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f};")
    print(f"{trials} trials, {concurrency} at once, {runs} runs each\n")
    print("| | CPU ms/trial | trials/s | CPU (quartiles) | throughput (quartiles) |\n|---|---|---|---|---|")
    figures: dict[str, list[tuple[float, float]]] = {variant: [] for variant in VARIANTS}
    with serving(LATENCY_S) as port:
        for _ in range(runs):
            for variant, found in figures.items():
                found.append(measured(variant, port, concurrency, trials, parent))
    floor = figures[VARIANTS[-1]]
    for variant, found in figures.items():
        cpu = [ours[0] / without[0] - 1 for ours, without in zip(found, floor, strict=True)]
        throughput = [without[1] / ours[1] - 1 for ours, without in zip(found, floor, strict=True)]
        cpu_s, wall_s = (statistics.median(column) for column in zip(*found, strict=True))
        times = f"{cpu_s / trials * 1e3:.2f} | {trials / wall_s:,.0f}"
        print(f"| {variant} | {times} | {quartiles(cpu)} | {quartiles(throughput)} |")


def quartiles(ratios: list[float]) -> str:
    """The median, and the quartiles around it."""
    low, middle, high = statistics.quantiles(ratios, n=4)
    return f"{middle:+.1%} ({low:+.1%} … {high:+.1%})"


def main() -> None:
    """Measures all variants, or is one of the processes that do."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--concurrency", type=int, default=500)
    options.add_argument("--trials", type=int, default=5000)
    options.add_argument("--runs", type=int, default=9)
    options.add_argument("--folder", type=Path, help="on the file system to be measured")
    options.add_argument("--measure", nargs=5, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.measure:
        variant, port, concurrency, trials, folder = given.measure
        measure(variant, int(port), int(concurrency), int(trials), Path(folder))
    else:
        report(given.concurrency, given.trials, given.runs, given.folder)


if __name__ == "__main__":
    main()
