"""Read the files of a cohort folder; what cannot be read becomes a problem, never a traceback."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.contract.schema import read_schema
from helpers.problems import Problem, count, name_some
from helpers.tables import MISSING

ID = "participant_id"
CELLS_LISTED = 50
COLUMNS_LISTED = 20


@dataclass
class Reader:
    """Reads files of one folder and collects what is wrong with them.

    Attributes
    ----------
    folder : pathlib.Path
    problems : list of Problem
    """

    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def report(
        self,
        file: str,
        found: str,
        expected: str,
        fix: str,
        *,
        line: int | None = None,
        column: str | None = None,
        severity: str = "error",
    ) -> None:
        """Add one problem."""
        self.problems.append(Problem(file, line, column, found, expected, fix, severity))

    def find(self, stem: str, *, is_counts: bool = False) -> str | None:
        """Return the file of a block, whatever its format; None when the cohort has none."""
        formats = read_schema()["table_formats"] + (read_schema()["count_formats"] if is_counts else [])
        present = [stem + ending for ending in formats if (self.folder / (stem + ending)).is_file()]
        if len(present) > 1:
            self.report(
                present[0],
                f"the same block in {len(present)} files ({', '.join(present)})",
                "one of them",
                "remove the others.",
            )
        return present[0] if present else None

    def read_text(self, file: str, id_column: str) -> pd.DataFrame | None:
        """Read a small table as text: cells as written, NaN where blank; rows numbered from 0.

        Returns None, with problems reported, when the file cannot be used at all.
        """
        table = self._parse(file, dtype=str)
        if table is None:
            return None
        if id_column not in table.columns:
            self._report_missing_id(file, id_column, table.columns)
            return None
        return table

    def read_block(self, file: str, participants: pd.Index) -> tuple[pd.DataFrame, bool] | None:
        """Read a wide table of numbers, people in rows (or in columns: told by the ids).

        Returns
        -------
        tuple of pandas.DataFrame and bool, or None
            Index ``participant_id`` (ids may repeat; that is reported), float or integer columns; whether people
            stand in columns. None when it cannot be used.
        """
        table = self._parse(file, na_values=[MISSING], keep_default_na=False, low_memory=False)
        if table is None:
            return None
        table = table.set_axis(table.columns.astype("str"), axis=1)
        first = ID if ID in table.columns else table.columns[0]
        names = table[first].astype("str")
        others = table.columns.drop(first)
        in_columns = bool(others.isin(participants).any()) and not names.isin(participants).any()
        if first != ID and not in_columns:
            self._report_missing_id(file, ID, table.columns)
            return None
        block = self._numbers(
            file, table.drop(columns=first).set_axis(pd.Index(names, name=None if in_columns else ID))
        )
        block = block.T.rename_axis(ID) if in_columns else block
        self._check_repeats(file, block, in_columns=in_columns)
        return block, in_columns

    def _parse(self, file: str, **options: object) -> pd.DataFrame | None:
        path = self.folder / file
        try:
            if file.endswith(".parquet"):
                table = pd.read_parquet(path)
                table = table.reset_index() if table.index.name else table
                for name in table.select_dtypes(exclude="number"):
                    table[name].to_numpy()  # text that is no UTF-8 shows only when it is decoded
                return table.astype(options["dtype"]) if "dtype" in options else table
            header = self._read_header(file, path)
            if header is None:
                return None
            if "dtype" in options:
                options = {"dtype": str, "na_values": ["", MISSING], "keep_default_na": False}
            else:
                options = {**options, "na_values": ["", MISSING], "dtype": {header[0]: str, ID: str}}
            return pd.read_csv(path, sep="\t", encoding="utf-8-sig", index_col=False, skip_blank_lines=False, **options)
        except Exception as error:  # parsers of damaged bytes raise many kinds
            self.report_unreadable(file, error)
        return None

    def report_unreadable(self, file: str, error: Exception) -> None:
        """Report a file whose bytes make no table."""
        if isinstance(error, UnicodeDecodeError):
            self.report(file, f"bytes that are not UTF-8 ({error.reason})", "UTF-8 text", "save the file as UTF-8.")
            return
        self.report(
            file,
            f"a file that cannot be read ({self.quote(error)})",
            "a whole, readable table",
            "copy or export the file again.",
        )

    def quote(self, error: Exception) -> str:
        """Return the first line an error says, without where the folder lies."""
        said = str(error).replace(f"{self.folder}/", "").splitlines()
        return said[0] if said else type(error).__name__

    def _read_header(self, file: str, path: Path) -> list[str] | None:
        """Return the header, or None after reporting why the lines make no table."""
        with (gzip.open if file.endswith(".gz") else open)(path, "rt", encoding="utf-8-sig", newline="") as lines:
            header = lines.readline().rstrip("\r\n").split("\t")
            tabs = [line.count("\t") for line in lines]
        if header == [""]:
            self.report(file, "an empty file", "a header line and one line per row", "fill it, or remove the file.")
            return None
        twice = [name for name, n in Counter(header).items() if n > 1]
        if twice:
            self.report(
                file,
                f"the column {name_some(twice)} more than once",
                "every column once",
                "rename or remove the double.",
                line=1,
            )
        ragged = [(line, n + 1) for line, n in enumerate(tabs, start=2) if n + 1 != len(header)]
        for line, cells in ragged[:COLUMNS_LISTED]:
            self.report(
                file,
                count(cells, "cell"),
                f"{len(header)}, as in the header",
                "add the missing tab or n/a, or remove the extra one.",
                line=line,
            )
        if len(ragged) > COLUMNS_LISTED:
            self.report(
                file,
                f"the same in {len(ragged) - COLUMNS_LISTED} further lines",
                f"{len(header)} cells",
                "mend them as above.",
            )
        if not tabs:
            self.report(file, "a header and no rows", "one line per row", "fill it, or remove the file.")
        return None if twice or ragged or not tabs else header

    def _report_missing_id(self, file: str, id_column: str, columns: pd.Index) -> None:
        hint = "is the file tab-separated? " if len(columns) == 1 else ""
        self.report(
            file,
            f"no column {id_column} (columns: {name_some(columns)})",
            f"a column {id_column}",
            f"{hint}name the column that holds the ids {id_column}.",
            line=1,
            column=id_column,
        )

    def _numbers(self, file: str, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table as numbers; cells that are text are reported and become NaN."""
        text = [name for name, dtype in table.dtypes.items() if not pd.api.types.is_numeric_dtype(dtype)]
        parsed = {name: pd.to_numeric(table[name], errors="coerce") for name in text}
        bad = {name: np.flatnonzero(parsed[name].isna() & table[name].notna()) for name in text}
        faulty = [name for name in text if bad[name].size]
        for name in faulty[:COLUMNS_LISTED]:
            rows = bad[name]
            more = f" (and {count(rows.size - 1, 'more cell')} of this column)" if rows.size > 1 else ""
            self.report(
                file,
                f"'{table[name].iloc[rows[0]]}'{more}",
                "a number",
                "write the number with a decimal point, or n/a when it is unknown.",
                line=int(rows[0]) + 2,
                column=str(name),
            )
        if len(faulty) > COLUMNS_LISTED:
            self.report(
                file, f"text in {len(faulty) - COLUMNS_LISTED} further columns", "numbers", "mend them as above."
            )
        return table.assign(**parsed) if text else table

    def _check_repeats(self, file: str, block: pd.DataFrame, *, in_columns: bool) -> None:
        twice = block.index[block.index.duplicated()].unique()
        for name in twice[:CELLS_LISTED]:
            line = None if in_columns else int(np.flatnonzero(block.index == name)[1]) + 2
            self.report(
                file,
                f"'{name}' a second time",
                "every participant once",
                "keep one row per person.",
                line=line,
                column=ID,
            )
