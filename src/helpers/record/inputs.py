"""Hashes of what a run read, file by file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from helpers.contract import list_cohort_files, read_schema
from helpers.importers.sources import hash_file


def hash_inputs(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file of a cohort folder, by :func:`name_inputs`; a registration is not among them.

    Parameters
    ----------
    folder : pathlib.Path
    """
    return {name: hash_file(path) for name, path in name_inputs(folder).items()}


def name_inputs(folder: Path) -> dict[str, Path]:
    """Return the files of a cohort folder by what a crate calls them.

    Parameters
    ----------
    folder : pathlib.Path

    Notes
    -----
    A file for each participant has their id in its name: the crate has a hash in its place.
    """
    schema = read_schema()
    own = tuple(f"{schema[kind]['folder']}/" for kind in ("maps", "matrices"))
    named = {path.relative_to(folder).as_posix(): path for path in list_cohort_files(folder)}
    return {_hide_name(name) if name.startswith(own) else name: path for name, path in named.items()}


def _hide_name(name: str) -> str:
    place, _, file = name.rpartition("/")
    stem, _, ending = file.partition(".")
    return f"{place}/{hashlib.sha256(stem.encode()).hexdigest()[:12]}.{ending}"


def join_hashes(hashes: dict[str, str]) -> str:
    """Return one sha256 over names and hashes of files, whatever their order.

    Examples
    --------
    >>> join_hashes({"a": "1", "b": "2"}) == join_hashes({"b": "2", "a": "1"})
    True
    """
    return hashlib.sha256("".join(f"{name}\0{hashes[name]}\n" for name in sorted(hashes)).encode()).hexdigest()
