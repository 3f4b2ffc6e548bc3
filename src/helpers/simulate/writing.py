"""Write a simulated cohort: the same numbers always give the same bytes."""

from __future__ import annotations

import math
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
    columns = [_format_column(table[name], decimals) for name in table.columns]
    lines = ["\t".join([str(table.index.name), *map(str, table.columns)])]
    lines += ["\t".join(row) for row in zip(table.index.astype(str), *columns, strict=True)]
    return "\n".join(lines) + "\n"


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


def _format_column(column: pd.Series, decimals: int) -> list[str]:
    if not pd.api.types.is_numeric_dtype(column):
        return [MISSING if pd.isna(cell) else str(cell) for cell in column]
    numbers = np.round(column.to_numpy(float), decimals) + 0.0
    return [MISSING if math.isnan(cell) else f"{cell:.{decimals}f}" for cell in numbers.tolist()]
