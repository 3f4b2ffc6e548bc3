"""What pytask remembers, kept apart for each book: a run of several books and a run of one trust the same memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytask
from _pytask.lockfile import LockfileState, _build_task_entry, _TaskEntry

FILE = "pytask.lock"
BETWEEN = "/"

_read = LockfileState.from_path


def name_task(book: str, name: str) -> str:
    """Return the name of a task among the tasks of several books.

    Examples
    --------
    >>> name_task("0", "03_brain"), split_name("0/03_brain")
    ('0/03_brain', ('0', '03_brain'))
    """
    return f"{book}{BETWEEN}{name}"


def split_name(task: str) -> tuple[str, str]:
    """Return the book and the own name of a task."""
    book, _, name = task.partition(BETWEEN)
    return book, name


class Memories:
    """The memory of each book, in its own folder; does for pytask what its ``LockfileState`` does for one.

    Parameters
    ----------
    folders : mapping of str to pathlib.Path
        Folder of each book.
    """

    use_lockfile_for_skip = True

    def __init__(self, folders: Mapping[str, Path]):
        self._states = {book: _read(folder / FILE, folder) for book, folder in folders.items()}
        self.root = next(iter(folders.values()))

    def get_task_entry(self, task_id: str) -> _TaskEntry | None:
        """Return what is known of a task."""
        book, name = split_name(task_id)
        return self._states[book].get_task_entry(name)

    def get_node_state(self, task_id: str, node_id: str) -> str | None:
        """Return the state in which a task met a node."""
        book, name = split_name(task_id)
        return self._states[book].get_node_state(name, node_id)

    def update_task(self, session: pytask.Session, task: pytask.PTask) -> None:
        """Note at once that a task is done: what comes after may be killed."""
        book, name = split_name(task.name)
        if (entry := _build_task_entry(session, task, self.root)) is not None:
            self._states[book].set_task_entries([_TaskEntry(name, entry.state, entry.depends_on, entry.produces)])
            self._states[book].flush()

    def flush(self) -> None:
        """Everything is on disk already."""


@contextmanager
def remember_apart(folders: Mapping[str, Path]) -> Iterator[None]:
    """Let pytask keep what it knows of each book in that book's folder while it runs.

    Parameters
    ----------
    folders : mapping of str to pathlib.Path
    """
    with mock.patch.object(LockfileState, "from_path", lambda path, root: Memories(folders)):
        yield
