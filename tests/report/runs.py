"""Runs for the tests of reports: five models with names, answers and reasons of every kind."""

from __future__ import annotations

import random
from pathlib import Path

from evalkit.analysis.frames import JudgedRun, load_run
from evalkit.gates import judge
from tests.analysis.run_folder import answer, errored, gate, manifest, record, write

MODELS = ("gpt-4o", "o4-mini", "o3", "gemini-2.5-pro", "doubao-1-5-vision-pro-32k-250115")
GATES = (
    gate(),
    gate("p95_latency_s", "<=", 15, "o3"),
    gate("p99_latency_s", "<=", 20),
    gate(limit=0.1, model="doubao-1-5-vision-pro-32k-250115"),
)


def judged(folder: Path, records, **fields) -> JudgedRun:
    return judge(load_run(write(folder, records, manifest(**fields))))


def full(folder: Path, *, cases=12, scale=1, models=MODELS, prompts=("terse",), **fields) -> JudgedRun:
    """Some answers of every model wrong, unpriced or in error; figures grow with `scale`."""
    chance = random.Random(7)
    records = []
    for model in models:
        for prompt in prompts:
            for number in range(cases):
                place = {
                    "model": model,
                    "prompt": prompt,
                    "case_id": f"{('invoice', '发票的总额')[number % 2]}-{number}",
                }
                if number % 7 == 3:
                    records.append(errored("rate_limit", "429: slow down, this model is at its limit", 429, **place))
                    continue
                said = answer(
                    answered_by=model,
                    outcome="length" if number % 11 == 5 else "ok",
                    input_tokens=70 * scale,
                    output_tokens=chance.randrange(1, 900) * scale,
                    reasoning_tokens=5 * scale if model.startswith("o") else None,
                )
                cost = None if number % 5 == 4 else 0.00123 * scale
                reason = f"expected '巴黎', got {'Lyon, ' * 40}"
                latency = chance.lognormvariate(0, 1) * scale
                records.append(
                    record(number % 3 > 0, response=said, cost_usd=cost, reason=reason, latency_s=latency, **place)
                )
    planned = {(model, prompt): cases + 1 for model in models for prompt in prompts}
    return judged(folder, records, models=models, prompts=prompts, planned=planned, **fields)
