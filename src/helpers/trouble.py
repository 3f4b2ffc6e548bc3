"""What a machine can do to a run (a full disk, a folder that may not be written, no memory), each in a sentence."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import tempfile
import traceback
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

AGAIN = "Then run the same command again: what was finished is kept."
SPACE = f"Free some space, or choose another place. {AGAIN}"
PLACE = f"Choose a folder that you may write to, or change its rights. {AGAIN}"
SAID = {
    errno.ENOSPC: ("the disk is full", SPACE),
    errno.EDQUOT: ("the quota of disk space is used up", SPACE),
    errno.EFBIG: ("the file is larger than this disk allows", SPACE),
    errno.EROFS: ("the disk may only be read", PLACE),
    errno.EACCES: ("there is no permission to use it", PLACE),
    errno.EPERM: ("there is no permission to use it", PLACE),
    errno.ENAMETOOLONG: ("the path is too long", "Choose a shorter path."),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "Choose a path whose folders are folders."),
    errno.EISDIR: ("it is a folder, and a file is needed", "Choose the path of a file."),
    errno.EEXIST: ("it is a file, and a folder is needed", "Choose the path of a folder."),
    errno.EMFILE: ("too many files are open at once", f"Run with --workers 1, or raise the limit (ulimit -n). {AGAIN}"),
    errno.EIO: ("the disk reports an error", f"Look after the disk. {AGAIN}"),
    errno.ENOMEM: ("the machine ran out of memory", f"Close other programs, or run with --workers 1. {AGAIN}"),
    errno.ESTALE: ("the network disk lost the file", AGAIN),
    errno.ENOENT: ("a file or folder is no longer there", f"Leave the output alone while a run works. {AGAIN}"),
}
DATABASE = {
    "full": errno.ENOSPC,
    "readonly": errno.EROFS,
    "unable to open": errno.EACCES,
    "disk i/o error": errno.EIO,
}
NUMBER = re.compile(r"\[Errno (\d+)\]")


def tell_trouble(error: BaseException) -> str | None:
    """Say in a sentence or two what the machine did; None when the error is of another kind.

    Parameters
    ----------
    error : BaseException
        It, or an error that it came from, may be the trouble.

    Returns
    -------
    str or None

    Examples
    --------
    >>> print(tell_trouble(OSError(28, "No space left on device", "results/table.tsv")))
    The disk is full (results/table.tsv). Free some space, or choose another place. Then run the same command again: what was finished is kept.
    >>> tell_trouble(ValueError("a bug")) is None
    True
    """
    for one in _trace_back(error):
        number = _find_number(one)
        if number in SAID:
            what, fix = SAID[number]
            place = getattr(one, "filename", None)
            return f"{what[0].upper()}{what[1:]}{f' ({place})' if place else ''}. {fix}"
    return None


def write_log(error: BaseException, folders: Iterable[Path]) -> Path | None:
    """Write an error with its whole traceback to a file of its own in the first folder that takes it.

    Parameters
    ----------
    error : BaseException
    folders : iterable of pathlib.Path
        Tried in order, then the system's folder for temporary files.

    Returns
    -------
    pathlib.Path or None
        None when no folder takes it.
    """
    text = "".join(traceback.format_exception(error))
    name = f"resilience-book-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.log"
    for folder in (*folders, None):
        try:
            path = Path(tempfile.gettempdir() if folder is None else folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError:
            continue
        return path
    return None


def _trace_back(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those it came from."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        original = getattr(error, "orig", None)  # of SQLAlchemy
        error = original if isinstance(original, BaseException) else error.__cause__ or error.__context__


def _find_number(error: BaseException) -> int | None:
    """Return the number of an error of the operating system, also from the words of a kernel or a database."""
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    if isinstance(error, OSError):
        return error.errno
    if isinstance(error, sqlite3.Error):
        return next((number for words, number in DATABASE.items() if words in str(error).lower()), None)
    if getattr(error, "ename", None) == "MemoryError":
        return errno.ENOMEM
    found = NUMBER.match(str(getattr(error, "evalue", "")))
    return int(found[1]) if found else None
