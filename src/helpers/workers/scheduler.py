"""A Dask scheduler that somebody started, or one of this machine: connect, check its workers, let them compute."""

from __future__ import annotations

import itertools
import json
import logging
import os
import pickle
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from helpers.problems import CohortError, Problem, count
from helpers.workers.blas import limit_blas
from helpers.workers.identity import (
    Identity,
    WorkerDiffers,
    check_identity,
    read_identity,
    tell_difference,
    tell_worker,
)

VARIABLE = "RESILIENCE_BOOK_SCHEDULER"  # its address, for the kernels of chapters
LOCAL = re.compile(r"local:(\d+)")
ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss|ucx|ucxx)://)?[^\s/:]+:\d+")
WAIT_S = 10  # for a scheduler to answer
N_HELD = 2  # data sets that workers keep for the next loop of a process
INSTALL = 'python -m pip install "resilience-book[cluster]"'
AGAIN = "Run the same command again when there is one: what was finished is kept."


class SchedulerGone(RuntimeError):
    """A scheduler cannot be reached, or ended, or its workers did; the message says which, and what to do."""


class Scheduler:
    """A connection to a scheduler.

    Parameters
    ----------
    address : str

    Attributes
    ----------
    sent, returned : int
        Bytes of shared data that were handed to it, and of results.

    Raises
    ------
    SchedulerGone
        When it does not answer.
    """

    def __init__(self, address: str):
        import dask
        import distributed

        _be_quiet()
        dask.config.set({"distributed.comm.timeouts.connect": WAIT_S})
        self.address, self._held = address, {}
        self.sent = self.returned = 0
        try:
            self.client = distributed.Client(address, timeout=WAIT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            said = f"No scheduler answers at {address} ({type(error).__name__})."
            raise SchedulerGone(f"{said} Start one, or correct the address. {AGAIN}") from None

    def run(
        self,
        compute: Callable[[Callable, Sequence[Any], Any], Any],
        work: Callable[..., Any],
        items: Sequence[Any],
        shared: Sequence[Any],
        *,
        in_order: bool,
    ) -> Iterator[Any]:
        """Yield ``compute(work, shared, item)`` of each item, computed by workers.

        What is shared is a task of its own, on which all others depend: it travels to each worker once, and is made again
        when all workers that had it have died.
        """
        import distributed

        client, ours = self.client, read_identity()
        try:
            data = self._hold(shared)
            name = f"{getattr(work, '__name__', 'pass')}-{uuid4().hex[:12]}"
            futures = [
                client.submit(_compute, ours, compute, work, data, item, key=f"{name}-{number}", pure=False)
                for number, item in enumerate(items)
            ]
        except (OSError, RuntimeError, distributed.CancelledError) as error:
            raise self._explain(error) from None
        try:
            for future in futures if in_order else distributed.as_completed(futures):
                result = self._wait(future)
                self.returned += len(result)
                yield pickle.loads(zlib.decompress(result))
                future.release()
        finally:
            for future in futures:
                future.release()

    def _hold(self, shared: Sequence[Any]) -> Any:
        """Return what stands for the shared data on the workers; equal data of the last loops are there already."""
        packed = pickle.dumps(tuple(shared), protocol=5)
        key = f"data-{sha256(packed).hexdigest()}"
        if key not in self._held:
            import dask

            with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
                self.sent += len(packed)
                self._held[key] = self.client.submit(pickle.loads, packed, key=key)
        for old in list(self._held)[:-N_HELD]:
            self._held.pop(old).release()
        return self._held[key]

    def _wait(self, future: Any) -> bytes:
        import distributed

        try:
            for patience in itertools.count(1):  # a large result needs time; a scheduler that has ended never answers
                with suppress(TimeoutError):
                    return future.result(timeout=patience)
                if self.client.status != "running":
                    raise distributed.CancelledError()
        except (distributed.CancelledError, distributed.KilledWorker, OSError) as error:
            raise self._explain(error) from None

    def _explain(self, error: BaseException) -> SchedulerGone:
        if type(error).__name__ == "KilledWorker":
            return SchedulerGone(
                f"One pass of a loop ended {count(error.allowed_failures + 1, 'worker')} of the scheduler at {self.address}, one "
                "after another, most likely for lack of memory. Ask for more memory per worker. "
                "Then run the same command again: what was finished is kept."
            )
        self.close()
        return SchedulerGone(f"The scheduler at {self.address} is gone ({type(error).__name__}). {AGAIN}")

    def close(self) -> None:
        """End the connection; the next loop makes a new one."""
        self._held.clear()
        self.client.close(timeout=1)
        open_scheduler.cache_clear()

    def list_workers(self) -> dict[str, Identity | Exception]:
        """Return what each worker computes with, by its address; an exception for one that cannot load this package."""
        return self.client.run(read_identity, on_error="return")

    def count_threads(self) -> int:
        """Return how many passes are computed at a time."""
        return sum(self.client.nthreads().values())


@cache
def open_scheduler(address: str) -> Scheduler:
    """Return this process's connection to a scheduler, the same one each time."""
    return Scheduler(address)


def _be_quiet() -> None:
    """Let Dask write no log: what matters is told in sentences."""
    for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _compute(ours: Identity, compute: Callable, work: Callable, shared: Sequence[Any], item: Any) -> bytes:
    """Compute one pass on a worker, with one BLAS thread; results are mostly zeros, and travel packed."""
    check_identity(ours, _name_worker())
    _keep_one_blas_thread()
    return zlib.compress(pickle.dumps(compute(work, shared, item), protocol=5), level=1)


def _name_worker() -> str:
    from distributed import get_worker

    return get_worker().address


@cache
def _keep_one_blas_thread() -> AbstractContextManager:
    """For as long as the worker lives: passes come and go in its threads."""
    return limit_blas()


@contextmanager
def use_scheduler(chosen: str | None, say: Callable[[str], object]) -> Iterator[None]:
    """Let the workers of a scheduler compute the long loops of this process and of the kernels it starts.

    Parameters
    ----------
    chosen : str or None
        Address of a scheduler, the JSON file that `dask scheduler --scheduler-file` writes, or ``local:4`` to start one here
        with four workers. None: no scheduler.
    say : callable
        Gets one line on who computes.

    Raises
    ------
    CohortError
        When ``chosen`` is none of these, or the packages for it are not installed.
    SchedulerGone
        When no scheduler answers there.
    WorkerDiffers
        When a worker has another version or other code of this package.

    Examples
    --------
    >>> with use_scheduler(None, print):
    ...     VARIABLE in os.environ
    False
    """
    if chosen is None:
        yield
        return
    n_local, address = _read_choice(chosen)
    with _start_here(n_local) if n_local else _take(address) as place:
        said = _check_workers(place)
        before = os.environ.get(VARIABLE)
        os.environ[VARIABLE] = place
        try:
            say(said)
            yield
        finally:
            os.environ.pop(VARIABLE)
            if before is not None:
                os.environ[VARIABLE] = before


def _read_choice(chosen: str) -> tuple[int, str]:
    """Return how many workers to start here (0 for none), and the address of what runs already."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise _refuse(chosen, "Dask is not installed", "the extra `cluster`", f"install it: {INSTALL}") from None
    if local := LOCAL.fullmatch(chosen):
        if int(local[1]):
            return int(local[1]), ""
        raise _refuse(chosen, "no worker", "one or more", "write for instance local:2.")
    path = Path(chosen).expanduser()
    if path.is_file():
        try:
            return 0, str(json.loads(path.read_text(encoding="utf-8"))["address"])
        except (ValueError, KeyError, TypeError):
            expected = "the JSON that `dask scheduler --scheduler-file` writes"
            raise _refuse(chosen, "a file without an address", expected, "name that file, or the address.") from None
    if ADDRESS.fullmatch(chosen):
        return 0, chosen if "://" in chosen else f"tcp://{chosen}"
    expected = "an address such as tcp://node1:8786, a scheduler's file, or local:4"
    raise _refuse(chosen, "neither a file nor an address", expected, "correct its spelling.")


def _refuse(chosen: str, found: str, expected: str, fix: str) -> CohortError:
    return CohortError([Problem(f"--scheduler {chosen}", None, None, found, expected, fix)])


@contextmanager
def _start_here(n_workers: int) -> Iterator[str]:
    """Start a scheduler and single-threaded workers that only this machine reaches."""
    from distributed import LocalCluster

    _be_quiet()
    with LocalCluster(
        n_workers=n_workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", memory_limit=0
    ) as cluster:
        yield cluster.scheduler_address
        open_scheduler(cluster.scheduler_address).close()


@contextmanager
def _take(address: str) -> Iterator[str]:
    yield address


def _check_workers(address: str) -> str:
    """Refuse workers that would compute with something else, all at once; say who computes."""
    scheduler, ours = open_scheduler(address), read_identity()
    found = scheduler.list_workers()
    wrong = [
        tell_worker(place, f"no such package ({theirs})" if isinstance(theirs, BaseException) else said)
        for place, theirs in found.items()
        if isinstance(theirs, BaseException) or (said := tell_difference(theirs, ours))
    ]
    if wrong:
        raise WorkerDiffers("\n".join(wrong))
    if not found:
        return f"The scheduler at {address} has no worker yet: long loops wait for one."
    said = (
        f"Long loops are computed by {count(len(found), 'worker')} ({count(scheduler.count_threads(), 'thread')}) of the "
        f"scheduler at {address}, with version {ours.version} and the code of this command ({ours.code})."
    )
    others = sorted({theirs.processor for theirs in found.values()} - {ours.processor})
    if others:
        said += (
            f"\nTheir processors are of another kind ({', '.join(others)}; here {ours.processor}), so the last digits of "
            f"numbers may differ. Set OPENBLAS_CORETYPE to one kind for all to prevent that."
        )
    return said
