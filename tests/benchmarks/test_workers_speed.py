"""Seconds of chapter 06's permutation loop without a scheduler, and on one and two single-threaded workers of one.

`python -m pytest -s tests/benchmarks/test_workers_speed.py`; N_PERMUTATIONS in the environment makes it shorter. Processor seconds stand
beside those of the clock: a machine that does other work at the same time stretches only the latter.
"""

from __future__ import annotations

import os
import pickle
import time

import pytest

from helpers.integration import permute_groups
from helpers.workers import scheduler, use_scheduler
from tests.support import EXAMPLE
from tools.write_scaling import prepare_loop, read_use

N_PERMUTATIONS = int(os.environ.get("N_PERMUTATIONS", "1000"))


@pytest.fixture(scope="module")
def loop():
    return prepare_loop(EXAMPLE, N_PERMUTATIONS)


@pytest.fixture(scope="module")
def alone(loop):
    (before, _), started = read_use(), time.perf_counter()
    table = loop()
    return table.to_csv(), read_use()[0] - before, time.perf_counter() - started


@pytest.mark.parametrize("n_workers", [1, 2])
def test_permutations_of_06(benchmark, loop, alone, n_workers):
    table, processor, clock = alone
    with use_scheduler(f"local:{n_workers}", print):
        place = scheduler.open_scheduler(os.environ[scheduler.VARIABLE])
        place.client.run(pickle.loads, pickle.dumps(permute_groups))  # loads the helpers, which a long run does once
        before, mine = place.client.run(read_use), read_use()[0]
        assert benchmark.pedantic(loop, rounds=1).to_csv() == table
        after, mine = place.client.run(read_use), read_use()[0] - mine
    theirs, seconds = sum(after[name][0] - before[name][0] for name in after), benchmark.stats["min"]
    print(
        f"\n{N_PERMUTATIONS} permutations, {n_workers} workers: clock {seconds:.1f} s (alone {clock:.1f} s: efficiency "
        f"{100 * clock / n_workers / seconds:.0f} %), processor {theirs:.1f} s of workers and {mine:.1f} s here (alone {processor:.1f} s: "
        f"overhead {100 * (theirs + mine) / processor - 100:.1f} %); largest memory of a worker {max(use[1] for use in after.values()):.0f} MB"
    )
