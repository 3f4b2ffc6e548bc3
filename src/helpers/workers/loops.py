"""The one room through which long loops go: the same numbers from threads, processes and workers of a scheduler."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from joblib import Parallel, delayed

from helpers.workers.blas import limit_blas
from helpers.workers.scheduler import VARIABLE, open_scheduler

Item = TypeVar("Item")
Result = TypeVar("Result")

_here = threading.local()  # .inside: this thread computes a pass for somebody else


def run_tasks(
    work: Callable[..., Result],
    items: Iterable[Item],
    *,
    shared: Sequence[Any] = (),
    n_workers: int | None = 1,
    processes: bool = False,
    in_order: bool = True,
) -> Iterator[Result]:
    """Yield ``work(*shared, item)`` for each item.

    Who computes never changes a number, as long as each item brings its own random numbers. Where the command was given a
    scheduler (its address stands in the environment variable ``RESILIENCE_BOOK_SCHEDULER``), its workers compute:
    what is shared goes to each worker once, an item whose worker has died is computed by another, and a loop inside
    an item stays where it is. A single item is computed here.

    Parameters
    ----------
    work : callable
        A function of a module, or a ``functools.partial`` of one.
    items : iterable
    shared : sequence, optional
        First arguments of every pass. No pass may change them.
    n_workers : int or None, default 1
        Threads or processes of this machine; without effect where there is a scheduler. None: as
        ``joblib.parallel_config`` says.
    processes : bool, default False
        True: processes, for passes that are Python for the most part.
    in_order : bool, default True
        False: yield each result as soon as it is there.

    Yields
    ------
    Result

    Raises
    ------
    SchedulerGone
        When the scheduler ends while it is needed, or a pass ends one worker after another.
    WorkerDiffers
        When a worker has another version or other code of this package.

    Examples
    --------
    >>> list(run_tasks(pow, [1, 2, 3], shared=[2], n_workers=2))
    [2, 4, 8]
    """
    inside = getattr(_here, "inside", False)
    items = list(items)
    if (address := os.environ.get(VARIABLE)) and len(items) > 1 and not inside:
        yield from open_scheduler(address).run(compute_inside, work, items, shared, in_order=in_order)
        return
    parallel = Parallel(
        n_jobs=1 if inside else n_workers,
        prefer="processes" if processes else "threads",
        return_as="generator" if in_order else "generator_unordered",
    )
    with limit_blas():
        yield from parallel(delayed(_compute_limited)(work, shared, item) for item in items)


def _compute_limited(work: Callable[..., Result], shared: Sequence[Any], item: Any) -> Result:
    with limit_blas():  # a process has limits of its own
        return work(*shared, item)


def compute_inside(work: Callable[..., Result], shared: Sequence[Any], item: Any) -> Result:
    """Compute one pass on a worker; loops inside it stay there."""
    _here.inside = True
    try:
        return work(*shared, item)
    finally:
        _here.inside = False
