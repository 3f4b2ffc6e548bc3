"""Run cohorts drawn from the contract to rendered books, with few permutations: ``make torture``, or ``python -m tools.torture 0 300``.

Everything is the real path: the check, the runner, papermill, kernels, staging, Jupyter Book. What differs: kernels are forked
from a process that has the rooms loaded already (:mod:`tools.ready_kernels`), permutations are few, and one output folder serves
all cohorts of a worker, so that Jupyter Book renders the changed pages alone. A cohort counts when every chapter ran or was
skipped with its reason, the book was rendered, and no page tells a number of participants that is too small to be told.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from helpers.contract import inspect_cohort
from helpers.problems import write_report
from helpers.run import run_book
from helpers.tables import PROJECT_ROOT
from helpers.trouble import write_log
from tools.generated_cohorts import write_cohort
from tools.ready_kernels import offer_ready_kernels
from tools.small_cells import find_small_cells

QUICK = {
    "n_permutations": 19,
    "03_brain.n_permutations_nbs": 19,
    "03_structure.n_permutations_maps": 9,
    "02_resilience.n_bootstraps": 10,
    "04_microbiome.n_rarefactions": 2,
    "04_microbiome.n_rarefactions_between": 1,
    "05_metabolites.n_folds": 5,
    "05_metabolites.n_shuffles": 4,
    "06_integration.n_permutations": 4,
    "06_integration.n_permutations_score": 4,
    "06_integration.n_repeats": 2,
    "06_integration.n_workers": 1,
    "lab_leakage.n_noise": 2,
    "lab_leakage.n_twins": 2,
    "lab_leakage.n_features": 50,
}
FOLDER = PROJECT_ROOT / "_build" / "torture"


def try_cohort(seed: int, folder: Path) -> list[str]:
    """Run one cohort to a rendered book; return what went wrong, a line each.

    Parameters
    ----------
    seed : int
    folder : pathlib.Path
        Its ``out`` serves this cohort after others.
    """
    place = folder / "cohort"
    shutil.rmtree(place, ignore_errors=True)
    cohort, problems = inspect_cohort(write_cohort(place, seed))
    if cohort is None:
        return [f"refused: {write_report(p for p in problems if p.severity == 'error')}"]
    try:
        book = run_book(cohort, folder / "out", parameters=QUICK, n_workers=1)
    except Exception as error:
        return [f"{type(error).__name__}: {error} ({write_log(error, [folder])})"]
    bad = [f"{one.name}: {one.reason}" for one in book.outcomes if one.state not in ("run", "unchanged", "skipped")]
    told = find_small_cells(book.index.parent, cohort.settings.small_cell) if book.index else ["no book"]
    return [*bad, *told]


def _work(seeds: list[int], folder: Path) -> list[tuple[int, list[str]]]:
    done = []
    sys.__stderr__ = open(os.devnull, "w")  # noqa: SIM115 (for the life of the worker)
    with offer_ready_kernels():
        for seed in seeds:
            started = time.perf_counter()
            bad = try_cohort(seed, folder)
            done.append((seed, bad))
            for line in bad:
                print(f"  seed {seed}: {line}", flush=True)
            print(f"  seed {seed}: {'failed' if bad else 'fine'} in {time.perf_counter() - started:.0f} s", flush=True)
    return done


def main(first: int = 0, last: int = 300, n_workers: int = 2) -> int:
    """Try the seeds from first up to last, and count."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as root, ProcessPoolExecutor(n_workers) as pool:
        shares = [list(range(first + i, last, n_workers)) for i in range(n_workers)]
        results = [pool.submit(_work, seeds, Path(root) / str(i)) for i, seeds in enumerate(shares)]
        done = [one for result in results for one in result.result()]
    n_fine = sum(not bad for _, bad in done)
    print(f"{n_fine} of {len(done)} ran to a rendered book")
    return 0 if n_fine == len(done) else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
