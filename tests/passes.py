"""Passes of loops, for workers that load little else."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from helpers.workers import run_tasks


def tell_place(data: np.ndarray, item: int) -> tuple[int, int, int]:
    time.sleep(0.005)
    return item, os.getpid(), id(data)


def run_inside(item: int) -> list[int]:
    return [process for _, process, _ in run_tasks(tell_place, range(3), shared=[np.ones(item + 1)])]


def die_once(marker: Path, item: int) -> int:
    time.sleep(0.01)
    if item == 5 and not marker.exists():
        marker.write_text("killed")
        os.kill(os.getpid(), signal.SIGKILL)
    return item**2


def fail(item: int) -> None:
    raise ValueError(f"pass {item} is wrong")


def square_or_end(ends: int, item: int) -> int:
    """A pass that ends the scheduler with this process id."""
    if ends and item == 3:
        os.kill(ends, signal.SIGKILL)
        time.sleep(5)
    return item**2
