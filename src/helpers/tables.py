"""Tables in and out: files become frames indexed by id; blocks meet by id, and who was lost is shown."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.places import PROJECT_ROOT
from helpers.problems import MissingResult, count, name_some
from helpers.result_columns import describe_columns

MISSING = "n/a"
MIN_SHARED = 10
RESULT_FORMAT = "%.10g"


def resolve_path(path: str | os.PathLike[str]) -> Path:
    """Return an absolute path; a relative one counts from the project's root, wherever one works.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    pathlib.Path

    Examples
    --------
    >>> resolve_path("data/example") == PROJECT_ROOT / "data" / "example"
    True
    """
    return (PROJECT_ROOT / Path(path).expanduser()).resolve()


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table whose first column holds the ids.

    Parameters
    ----------
    path : str or path-like
        ``.tsv``, ``.tsv.gz`` or ``.parquet``. Missing cells are written ``n/a``.

    Returns
    -------
    pandas.DataFrame
        Index: the first column, as text. Missing cells are NaN.
    """
    path = Path(path)
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
        return table.set_index(table.columns[0]) if table.index.name is None else table
    first = pd.read_csv(path, sep="\t", nrows=0).columns[0]
    table = pd.read_csv(
        path, sep="\t", na_values=[MISSING], keep_default_na=False, dtype={first: str}, low_memory=False
    )
    return table.set_index(first)


def write_result(
    table: pd.DataFrame, results_dir: str | os.PathLike[str], chapter: str, name: str, *, described_as: str = ""
) -> Path:
    """Write a result table for later chapters, whole or not at all, and beside it what its columns mean.

    Parameters
    ----------
    table : pandas.DataFrame
        Its index becomes the first column. Numbers are written with ten significant digits.
    results_dir : str or path-like
        Relative paths count from the project's root.
    chapter, name : str
        The file is ``<results_dir>/<chapter>/<name>.tsv``; ``<name>.json`` beside it describes each column (BIDS style).
    described_as : str, optional
        The table of ``data/schema/results.yml`` that has these columns; by default ``<chapter>/<name>``.

    Returns
    -------
    pathlib.Path
        Where it was written. A reader sees the old file or the new one, never half of one.
    """
    target = resolve_path(results_dir) / chapter / f"{name}.tsv"
    named = table.rename_axis(table.index.name or "id")
    described = describe_columns(described_as or f"{chapter}/{name}", [named.index.name, *named.columns])
    write_atomically(target.with_suffix(".json"), json.dumps(described, ensure_ascii=False, indent=1) + "\n")
    write_atomically(target, named.to_csv(sep="\t", na_rep=MISSING, float_format=RESULT_FORMAT, lineterminator="\n"))
    return target


def write_atomically(target: Path, text: str) -> None:
    """Write text to a file so that a killed program leaves the old file or the new one.

    Parameters
    ----------
    target : pathlib.Path
        Its folder is made if need be.
    text : str
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(part, 0o644)
        os.replace(part, target)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def read_result(results_dir: str | os.PathLike[str], chapter: str, name: str) -> pd.DataFrame:
    """Read a result table that an earlier chapter wrote.

    Parameters
    ----------
    results_dir : str or path-like
        Relative paths count from the project's root.
    chapter, name : str

    Returns
    -------
    pandas.DataFrame
        Index: the first column, as text.

    Raises
    ------
    MissingResult
        When the table is not there; the message says which chapter writes it.
    """
    path = resolve_path(results_dir) / chapter / f"{name}.tsv"
    if not path.is_file():
        raise MissingResult(
            f"The table '{name}' of chapter {chapter} is not in {Path(results_dir).name}/: run that chapter first, "
            f"for instance with `resilience-book run <cohort folder> --only {chapter}`, "
            "or point results_dir to a folder that has it."
        )
    return read_table(path)


@dataclass(frozen=True, eq=False)
class AlignedBlocks:
    """Blocks with the same people in the same order.

    Attributes
    ----------
    blocks : dict of str to pandas.DataFrame or pandas.Series
        Each with the same index: the people who are in every block.
    absent : pandas.DataFrame of shape (n_anywhere, n_blocks)
        True where a person is not in a block; index: everyone who is in at least one.
    """

    blocks: dict[str, pd.DataFrame | pd.Series]
    absent: pd.DataFrame

    @property
    def ids(self) -> pd.Index:
        """People in every block."""
        return next(iter(self.blocks.values())).index


def align_blocks(blocks: Mapping[str, pd.DataFrame | pd.Series], *, at_least: int = MIN_SHARED) -> AlignedBlocks:
    """Keep the people who are in every block, in one order, and show who was lost.

    Parameters
    ----------
    blocks : mapping of str to pandas.DataFrame or pandas.Series
        Each indexed by participant id.
    at_least : int, default 10
        Fewer shared people than this are refused.

    Returns
    -------
    AlignedBlocks
        Order of people: that of the first block.

    Raises
    ------
    ValueError
        When an id stands twice in a block, or too few people are in every block.

    Examples
    --------
    >>> a = pd.Series([1, 2], index=["sub-01", "sub-02"])
    >>> b = pd.Series([5, 6], index=["sub-02", "sub-03"])
    >>> aligned = align_blocks({"a": a, "b": b}, at_least=1)
    >>> list(aligned.ids), int(aligned.absent["a"].sum())
    (['sub-02'], 1)
    """
    for name, block in blocks.items():
        if block.index.has_duplicates:
            twice = block.index[block.index.duplicated()].unique()
            raise ValueError(
                f"Block {name} lists {count(len(twice), 'participant')} more than once: {name_some(twice)}."
            )
    everyone = pd.Index([]).append([block.index for block in blocks.values()]).unique()
    absent = pd.DataFrame({name: ~everyone.isin(block.index) for name, block in blocks.items()}, index=everyone)
    shared = everyone[~absent.any(axis=1)]
    if len(shared) < at_least:
        sizes = ", ".join(f"{name}: {len(block)}" for name, block in blocks.items())
        raise ValueError(
            f"Only {count(len(shared), 'participant')} in every block ({sizes}); at least {at_least} are needed. "
            "Are the ids spelled alike, e.g. sub-01?"
        )
    return AlignedBlocks({name: block.loc[shared] for name, block in blocks.items()}, absent)
