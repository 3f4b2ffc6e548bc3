"""Write a simulated cohort: the same numbers always give the same bytes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

MISSING = "n/a"


def format_table(table: pd.DataFrame, *, decimals: int = 0) -> str:
    """Return a table as tab-separated text: numbers with fixed decimals, blanks as ``n/a``, lines ending in LF."""
    head = "\t".join([str(table.index.name), *map(str, table.columns)])
    if all(map(pd.api.types.is_numeric_dtype, table.dtypes)):
        rows = _format_numbers(table.to_numpy(float), decimals)
    else:
        columns = [_format_column(table[name], decimals) for name in table.columns]
        rows = map("\t".join, zip(*columns, strict=True))
    lines = [f"{name}\t{row}" for name, row in zip(table.index, rows, strict=True)]
    return "\n".join([head, *lines]) + "\n"


def format_yaml(content: dict) -> str:
    """Return YAML in the order given."""
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)


@contextmanager
def whole_folder(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a hidden sibling to write to, and put it in place when all is written.

    Raises
    ------
    ValueError
        When the folder holds something, and `overwrite` was not asked for or what it holds is no simulated cohort.
    """
    _refuse_full_folder(folder, overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    partial.chmod(0o755)
    try:
        yield partial
        if folder.exists():
            shutil.rmtree(folder)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _refuse_full_folder(folder: Path, overwrite: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ValueError(f"{folder} is a file, and a cohort is a folder. Name another folder.")
    if not any(folder.iterdir()):
        return
    if not overwrite:
        raise ValueError(
            f"{folder} exists and is not empty; nothing was written. Name a new folder, or allow overwriting."
        )
    settings = folder / "cohort.yml"
    if not settings.is_file() or "kind: simulated" not in settings.read_text(encoding="utf-8").splitlines():
        raise ValueError(
            f"{folder} holds no simulated cohort, so it is not replaced. Name another folder, or empty it yourself."
        )


def _format_numbers(numbers: np.ndarray, decimals: int) -> Iterator[str]:
    template = "\t".join([f"%.{decimals}f"] * numbers.shape[1])
    for row in numbers:
        yield (template % tuple(np.round(row, decimals) + 0.0)).replace("nan", MISSING)


def _format_column(column: pd.Series, decimals: int) -> list[str]:
    if not pd.api.types.is_numeric_dtype(column):
        return [MISSING if pd.isna(cell) else str(cell) for cell in column]
    return list(_format_numbers(column.to_numpy(float)[:, None], decimals))
