"""Streams of shuffles in, their results out: on one core, on several, or on a cluster, with the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar

from tqdm import tqdm

from helpers.workers import limit_blas, run_tasks

MOST_PARTS = 32  # parts of the work at a time in memory, and steps of the progress bar

Result = TypeVar("Result")
Given = ParamSpec("Given")


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
        As for :func:`helpers.workers.run_tasks`, through which the parts go.
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
    done = run_tasks(_run_part, parts, shared=[work], n_workers=n_workers)
    yield from tqdm(done, total=len(parts), desc="shuffles", disable=not progress)


def _run_part(work: Callable[[range], Result], part: range) -> Result:
    return work(part)


def on_one_blas_thread(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let a function compute with one BLAS thread, whatever the machine has.

    For many products of small matrices, where threads wait for each other longer than they compute, and so that the
    number of cores never changes a number.

    Parameters
    ----------
    function : callable

    Returns
    -------
    callable
        The same, limited while it runs.
    """

    @wraps(function)
    def limited(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        with limit_blas():
            return function(*args, **kwargs)

    return limited
