"""Sections on open data of real people: the data sets that a book's chapters show, brought before they run."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from helpers.open_data import OpenDataError, fetch_dataset, is_fetched
from helpers.run.sources import collect_rooms, hash_files
from helpers.tables import PROJECT_ROOT, write_atomically

MARK = ".made_by"  # a folder of hashes: which code made which set


def provide_open_data(
    names: Collection[str], open_dir: str | os.PathLike[str], places: Mapping[str, Any] | None
) -> dict[str, str]:
    """Bring open data sets into a folder, each below its name; what is there from the same code stays.

    Parameters
    ----------
    names : collection of str
    open_dir : str or path-like
    places : mapping or None
        ``registry_path``, ``cache_dir`` and ``mirror`` of :func:`helpers.open_data.fetch_dataset`. Without them
        nothing is fetched, and what is there is used.

    Returns
    -------
    dict of str to str
        Name to the reason, for each that cannot be had.
    """
    lacking = {}
    for name in sorted(names):
        try:
            _provide(name, Path(open_dir), places)
        except OpenDataError as error:
            lacking[name] = str(error)
    return lacking


def _provide(name: str, open_dir: Path, places: Mapping[str, Any] | None) -> None:
    folder = open_dir / name
    if places is None:
        if not is_fetched(folder, name):
            raise OpenDataError(f"{name} was not fetched.")
        return
    made_by = hash_files([*collect_rooms(["helpers.open_data"]), Path(places["registry_path"])], root=PROJECT_ROOT)
    mark = open_dir / MARK / name
    if is_fetched(folder, name) and mark.is_file() and mark.read_text(encoding="utf-8") == made_by:
        return
    fetch_dataset(name, folder, overwrite=True, **places)
    write_atomically(mark, str(made_by))
