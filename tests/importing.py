"""Shared by the tests of importers: which formats know a file, and reading by the format's name."""

from collections import Counter
from pathlib import Path

from helpers.importers.base import Imported, Options
from helpers.importers.heads import read_head
from helpers.importers.registry import find_format, list_formats


def known_to(path) -> list[str]:
    """Return the names of all formats that know a file."""
    head = read_head(Path(path))
    return [form.name for form in list_formats() if form.detect(head)]


def read(name, *paths, **options) -> Imported:
    """Read files as one format."""
    return find_format(name).read([Path(path) for path in paths], Options(**options))


def left(imported) -> dict[str, int]:
    """Return what was left out, with its count in all."""
    counts = Counter()
    for entry in imported.left_out:
        counts[entry.what] += entry.n
    return dict(counts)


def write(path, text) -> Path:
    """Write a text with its folders."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
