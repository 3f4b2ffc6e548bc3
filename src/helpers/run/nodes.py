"""What tasks depend on and produce, for pytask: sets of files by content, and plain values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.contract import list_cohort_files
from helpers.run.sources import hash_files
from helpers.tables import PROJECT_ROOT


@dataclass(kw_only=True)
class FilesNode:
    """A set of files, or all files of a folder (a registration aside), as one dependency or product: its state is their content.

    Follows pytask's protocol for nodes (`pytask.PNode`).

    Attributes
    ----------
    name : str
        Unique in a book; the same name is the same node.
    files : tuple of pathlib.Path
    folder : pathlib.Path or None
        When given, counts instead of ``files``.
    book : str
        Told by the schedule, where several books are made together.
    """

    name: str
    files: tuple[Path, ...] = ()
    folder: Path | None = None
    book: str = ""
    attributes: dict[Any, Any] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        """Identity of the node in pytask's graph."""
        return _sha256(f"{self.book}/{self.name}")

    def state(self) -> str | None:
        """Return one hash over all files; None when one (or the folder) is missing."""
        if self.folder is None:
            return hash_files(self.files, root=PROJECT_ROOT)
        return hash_files(list_cohort_files(self.folder), root=self.folder) if self.folder.is_dir() else None

    def load(self, is_product: bool = False) -> FilesNode:
        """Return the node itself: the task knows its paths."""
        return self

    def save(self, value: object) -> None:
        """Refuse: tasks write their files themselves."""
        raise TypeError(f"{self.name} is written by its task, not from a return value ({value!r}).")


@dataclass(kw_only=True)
class ValueNode:
    """A plain value that a task gets; its state is the text that describes it.

    pytask's own `pytask.PythonNode` has one and the same identity for all values that are handed in from a
    program, so that a changed value went unnoticed.

    Attributes
    ----------
    name : str
    value : object
        What the task receives.
    text : str
        All that matters of it.
    book : str
        As of `FilesNode`.
    """

    name: str
    value: Any
    text: str
    book: str = ""
    attributes: dict[Any, Any] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        """Identity of the node in pytask's graph."""
        return _sha256(f"{self.book}/{self.name}")

    def state(self) -> str:
        """Return a hash of the describing text."""
        return _sha256(self.text)

    def load(self, is_product: bool = False) -> Any:
        """Return the value."""
        return self.value

    def save(self, value: object) -> None:
        """Refuse: values are handed in, never produced."""
        raise TypeError(f"{self.name} is an input, not a product ({value!r}).")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
