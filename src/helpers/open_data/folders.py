"""Write a folder whole or not at all, and replace only what was written here."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from helpers.open_data.files import OpenDataError, OpenDataUnavailable
from helpers.tables import PROJECT_ROOT


def head_readme(name: str, title: str) -> str:
    """Return the first lines of a folder's README; by them the folder is known again.

    Parameters
    ----------
    name, title : str
        Of the data set.

    Examples
    --------
    >>> head_readme("rsa", "Resilience Scale for Adults")
    '<!-- open data: rsa -->\\n# Resilience Scale for Adults\\n\\n'
    """
    return f"<!-- open data: {name} -->\n# {title}\n\n"


def refuse_used(folder: str | os.PathLike[str], name: str, *, overwrite: bool) -> None:
    """Raise OpenDataError when a folder cannot be written without losing something else.

    Parameters
    ----------
    folder : str or path-like
    name : str
        The data set to be written.
    overwrite : bool
        Allow a folder made earlier from the same data set to be replaced.
    """
    folder = Path(folder).expanduser().resolve()
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not is_fetched(folder, name):
        raise OpenDataError(
            f"{folder} is in use and was not made from {name}, so it is left alone; choose a new or empty folder."
        )
    if not overwrite:
        raise OpenDataError(
            f"{folder} already holds {name}; use it as it is, allow overwriting, or choose another folder."
        )


def is_fetched(folder: str | os.PathLike[str], name: str) -> bool:
    """Return whether a folder was made from a data set, as the first line of its README says.

    Parameters
    ----------
    folder : str or path-like
    name : str
        Of the data set.

    Examples
    --------
    >>> is_fetched("no such folder", "rsa")
    False
    """
    readme, mark = Path(folder).expanduser() / "README.md", head_readme(name, "").partition("\n")[0]
    return readme.is_file() and readme.read_text(encoding="utf-8", errors="replace").startswith(mark)


def find_open(open_dir: str | os.PathLike[str], name: str) -> Path:
    """Return the folder of an open data set that a chapter shows.

    Parameters
    ----------
    open_dir : str or path-like
        Where a run of the book put the sets, each below its name. A relative path counts from the project's root.
    name : str

    Raises
    ------
    OpenDataUnavailable
        When it is not there; the message says which command fetches it.
    """
    folder = PROJECT_ROOT / open_dir / name
    if not is_fetched(folder, name):
        place = Path(open_dir) / name
        raise OpenDataUnavailable(f"{name} is not in {place}; fetch it: resilience-book fetch {name} {place}")
    return folder


def write_folder(folder: str | os.PathLike[str], contents: Mapping[str, bytes]) -> Path:
    """Write files into a temporary sibling and rename it, so that no half-made folder is ever seen.

    Parameters
    ----------
    folder : str or path-like
        Replaced when it exists; ask :func:`refuse_used` first.
    contents : mapping of str to bytes
        Path inside the folder, with forward slashes, to what the file holds.

    Returns
    -------
    pathlib.Path
        The folder, as an absolute path.
    """
    folder = Path(folder).expanduser().resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        made, replaced = part / "made", part / "replaced"
        for path, content in contents.items():
            target = made / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        if folder.exists():
            folder.rename(replaced)
        try:
            made.rename(folder)
        except OSError:
            if replaced.exists():
                replaced.rename(folder)
            raise
    finally:
        shutil.rmtree(part)
    return folder
