"""Streams of shuffles in, their results out: on one core, on several, or on a cluster, with the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TypeVar

from joblib import Parallel, delayed
from threadpoolctl import ThreadpoolController
from tqdm import tqdm

MOST_PARTS = 32  # parts of the work at a time in memory, and steps of the progress bar

Result = TypeVar("Result")


def run_streams(
    work: Callable[[range], Result], n_streams: int, *, n_workers: int | None = 1, progress: bool = False
) -> Iterator[Result]:
    """Run a function on all streams, in parts, and yield the result of each part in order.

    Each stream draws from its own random numbers and each worker computes with one BLAS thread, so that the number of
    workers never changes a number. The number of parts does not depend on the number of shuffles.

    Parameters
    ----------
    work : callable
        Takes a range of streams. For workers that are processes it must be a function of a module, or a
        ``functools.partial`` of one.
    n_streams : int
    n_workers : int or None, default 1
        Threads. None, or another backend: as ``joblib.parallel_config`` says, for instance
        ``with joblib.parallel_config("loky", n_jobs=4):`` or ``("dask")``.
    progress : bool, default False
        True: show a bar.

    Yields
    ------
    Result
        Of each part.

    Examples
    --------
    >>> sum(run_streams(sum, 100, n_workers=2))
    4950
    """
    size = -(-n_streams // MOST_PARTS) or 1
    parts = [range(start, min(start + size, n_streams)) for start in range(0, n_streams, size)]
    with _find_pools().limit(limits=1, user_api="blas"):
        parallel = Parallel(n_jobs=n_workers, prefer="threads", return_as="generator")
        done = parallel(delayed(_run_part)(work, part) for part in parts)
        yield from tqdm(done, total=len(parts), desc="shuffles", disable=not progress)


def _run_part(work: Callable[[range], Result], part: range) -> Result:
    with _find_pools().limit(limits=1, user_api="blas"):
        return work(part)


@cache
def _find_pools() -> ThreadpoolController:
    return ThreadpoolController()
