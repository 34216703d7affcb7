"""Ten thousand results cost the last one no more than the first."""

from __future__ import annotations

import gc
import time
import tracemalloc

from evalkit.journal import Journal, index_records
from tests.journal.journals import attempt, record

COUNT = 10_000


def test_a_long_run_neither_slows_down_nor_fills_the_memory(quick_folder):
    spent, sizes = [], []
    with Journal(quick_folder) as journal:
        tracemalloc.start()
        for start in range(0, COUNT, COUNT // 5):
            began = time.process_time()
            for n in range(start, start + COUNT // 5):
                journal.attempts.sent(attempt(f"k{n}", records_size=journal.size))
                journal.append(record(n, "x" * 500))
                if n % 40 == 0:
                    journal.sync()
            spent.append(time.process_time() - began)
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert min(spent[-2:]) < 2 * max(spent[:2]), spent
    assert sizes[-1] - sizes[0] < 100_000, sizes
    began = time.process_time()
    assert len(index_records(quick_folder / "records.jsonl")) == COUNT
    assert time.process_time() - began < 5
