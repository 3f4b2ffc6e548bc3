"""One run at a time works on an output folder."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

LOCK, HOLDER = ".run.lock", ".run.json"


class OutputBusy(RuntimeError):
    """Another run works on the same output; the message names it."""


@contextmanager
def hold_output(output_dir: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold an output folder for one run.

    The operating system holds the lock and lets go of it when the process ends, however it ends: a lock that a killed run
    left behind holds nobody up. Who holds it (host, process, since when) stands in a file beside it.

    Parameters
    ----------
    output_dir : pathlib.Path
        Made when it is not there.
    wait : bool, default False
        Wait until another run has ended.

    Raises
    ------
    OutputBusy
        When another run works on the folder, and ``wait`` is False.
    OSError
        When the folder cannot be made or written.
    """
    output_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(output_dir / LOCK)
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        raise OutputBusy(_tell_holder(output_dir)) from None
    holder = output_dir / HOLDER
    try:
        holder.write_text(json.dumps(_describe_self()), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _describe_self() -> dict[str, str | int]:
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return {"host": socket.gethostname(), "pid": os.getpid(), "since": since}


def _tell_holder(output_dir: Path) -> str:
    try:
        held = json.loads((output_dir / HOLDER).read_text(encoding="utf-8"))
        who = f"process {held['pid']} on {held['host']}, since {held['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "it has just begun"
    return f"Another run works on {output_dir} ({who}). Wait for its end (--wait does), or choose another folder with --output."
