"""Read binary files in a process of their own: a damaged file can end a library written in C, and then that process only."""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from helpers.importers.base import refuse
from helpers.importers.heads import AGAIN
from helpers.problems import CohortError, Problem

MOST_SECONDS = 60
MOST_MEMORY = 4_000_000_000  # addresses, of which a process uses half at most


def read_apart(read: Callable[..., Any], paths: Sequence[Path], *said: Any) -> list[Any]:
    """Call a reader of one file on each of several, in another process.

    Parameters
    ----------
    read : callable
        ``read(path, *said)``, a function of a module; what it returns can be pickled.
    paths : sequence of pathlib.Path
    *said
        Further arguments, alike for all files.

    Returns
    -------
    list
        What `read` returned, in the order of the paths.

    Raises
    ------
    CohortError
        With the problems of all files; a file that ends the process, takes more than a minute or too much memory is one.
    """
    results: list[Any] = []
    problems: list[Problem] = []
    while len(results) < len(paths):
        done, wrong = _read_until_death(read, paths[len(results) :], said)
        results += done
        if wrong:
            problems += wrong
            results.append(None)  # the file that could not be read; those behind it are tried next
    if problems:
        raise CohortError(problems)
    return results


def _read_until_death(
    read: Callable[..., Any], paths: Sequence[Path], said: tuple[Any, ...]
) -> tuple[list[Any], list[Problem]]:
    """Return what was read, and the problems of the first file that could not be; the files behind it were not tried."""
    done: list[Any] = []
    with _start() as process:
        try:
            pickle.dump((read.__module__, read.__qualname__, list(paths), said), process.stdin)
            process.stdin.close()
        except OSError:
            pass  # it ended already; reading below tells
        for path in paths:
            kind, result = _take_answer(process)
            if kind == "read":
                done.append(result)
                continue
            process.kill()
            if kind == "problems":
                return done, list(result)
            return done, list(_tell_death(path).problems)
    return done, []


def _start() -> subprocess.Popen:
    places = os.pathsep.join(place for place in sys.path if place)
    environment = {**os.environ, "PYTHONPATH": places, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "helpers.importers.apart"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )


def _take_answer(process: subprocess.Popen) -> tuple[str, Any]:
    clock = threading.Timer(MOST_SECONDS, process.kill)
    clock.start()
    try:
        return pickle.load(process.stdout)
    except (EOFError, pickle.UnpicklingError, OSError):
        return "death", None
    finally:
        clock.cancel()


def _tell_death(path: Path) -> CohortError:
    return refuse(path, "a file that cannot be read: it is damaged, or far too large", "a whole file", AGAIN)


def _serve() -> None:
    """Answer one request from standard input, file by file, on what was standard output."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand among the answers
    _limit_memory()
    module, name, paths, said = pickle.load(sys.stdin.buffer)
    read = getattr(importlib.import_module(module), name)
    for path in paths:
        try:
            answer = ("read", read(path, *said))
        except CohortError as error:
            answer = ("problems", error.problems)
        except Exception as error:
            answer = ("death", str(error))
        pickle.dump(answer, answers)
        answers.flush()


def _limit_memory() -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    except (ImportError, ValueError, OSError):
        pass  # no such limit on this system


if __name__ == "__main__":
    _serve()
