"""Read the files of a cohort folder; what cannot be read becomes a problem, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from helpers.contract.cell_errors import explain_number, fold_name, suggest
from helpers.contract.schema import read_schema
from helpers.contract.text_lines import scan_lines
from helpers.contract.visits import FILE as SESSIONS_FILE
from helpers.contract.visits import SESSION, Visits, read_times
from helpers.problems import Problem, count, name_some, quote
from helpers.tables import MISSING

ID = "participant_id"
CELLS_LISTED = 50
COLUMNS_LISTED = 20
AGAIN = "copy or export the file again."
NUMBER_FIX = "write the number with a decimal point, or n/a when it is unknown."


@dataclass
class Reader:
    """Reads files of one folder and collects what is wrong with them.

    Attributes
    ----------
    folder : pathlib.Path
    problems : list of Problem
    refused : collection of str
        Paths inside the folder that are never opened: links that lead outside, pipes.
    lines : dict of str to list of int
        By file of a block: the line of every row that was kept; a table with people in columns has none.
    visits : Visits
        Which visit is read, and what was seen of all.
    """

    folder: Path
    problems: list[Problem] = field(default_factory=list)
    refused: Collection[str] = ()
    lines: dict[str, list[int]] = field(default_factory=dict)
    visits: Visits = field(default_factory=Visits)

    def has(self, file: str) -> bool:
        """Return whether a file is there and may be opened."""
        parents = {file, *(parent.as_posix() for parent in PurePosixPath(file).parents)}
        return parents.isdisjoint(self.refused) and (self.folder / file).is_file()

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
        present = [stem + ending for ending in formats if self.has(stem + ending)]
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

        Of a table with visits, the rows of the one that is read. Returns None, with problems reported, when the file cannot
        be used at all.
        """
        table = self._parse(file, dtype=str)
        table = None if table is None else self._with_id(file, table, id_column)
        if table is None or id_column != ID:
            return table
        if SESSION not in table:
            return None if self.visits.is_other and file != read_schema()["participants"]["file"] else table
        kept = table[self._pick_visit(file, table)].drop(columns=SESSION)
        return kept if len(kept) else None

    def read_sessions(self) -> None:
        """Note who came when by ``sessions.tsv``, where there is one."""
        table = self._parse(SESSIONS_FILE, dtype=str)
        table = None if table is None else self._with_id(SESSIONS_FILE, table, ID)
        if table is None:
            return
        if SESSION not in table:
            self._report_missing_id(SESSIONS_FILE, SESSION, table.columns)
            return
        self._pick_visit(SESSIONS_FILE, table)
        self.visits.times, problems = read_times(table)
        self.problems += problems

    def _pick_visit(self, file: str, table: pd.DataFrame) -> np.ndarray:
        kept, problems = self.visits.pick(file, table[ID], table[SESSION])
        self.problems += problems
        return kept

    def _with_id(self, file: str, table: pd.DataFrame, id_column: str) -> pd.DataFrame | None:
        """Return the table when it has its id column; one that is only spelled otherwise is reported and renamed."""
        if id_column in table.columns:
            return table
        alike = [name for name in table.columns if fold_name(name) == fold_name(id_column)]
        if len(alike) != 1:
            self._report_missing_id(file, id_column, table.columns)
            return None
        self.report(
            file,
            f"the column {quote(alike[0])}",
            f"a column {id_column}",
            f"write {id_column}, in small letters and without blanks.",
            line=1,
            column=alike[0],
        )
        return table.rename(columns={alike[0]: id_column})

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
        first = ID if ID in table.columns else table.columns[0]
        others = table.columns.drop(first)
        if others.isin(participants).any() and not table[first].astype("str").isin(participants).any():
            block = None if self.visits.is_other else self._turn(file, table, first)
            return None if block is None else (block, True)
        table = self._with_id(file, table, ID)
        if table is None or (self.visits.is_other and SESSION not in table):
            return None
        names = table[ID].astype("str")
        blank = names.isna() | (names.str.strip() == "")
        for row in np.flatnonzero(blank)[:CELLS_LISTED]:
            self.report(file, "no id", "an id", "give the row an id, or remove it.", line=int(row) + 2, column=ID)
        kept = ~blank.to_numpy()
        if SESSION in table:
            kept &= self._pick_visit(file, table)
        self.lines[file] = [int(row) + 2 for row in np.flatnonzero(kept)]
        values = table.drop(columns=[ID, SESSION], errors="ignore").set_axis(pd.Index(names, name=ID))
        block = self._numbers(file, values)[kept]
        self._check_repeats(file, block)
        return (block, False) if len(block) or SESSION not in table else None

    def _turn(self, file: str, table: pd.DataFrame, first: str) -> pd.DataFrame | None:
        """Return a table with people in columns as one with people in rows."""
        names = table[first].astype("str")
        twice = names[names.duplicated() | names.isna()]
        if len(twice):
            found = f"the feature {name_some(map(quote, twice.unique()))} more than once, or without a name"
            self.report(file, found, "every feature once", "rename or remove the double.", line=int(twice.index[0]) + 2)
            return None
        flipped = self._numbers(file, table.drop(columns=first).set_axis(pd.Index(names, name="feature"))).T
        self._check_repeats(file, flipped)
        return flipped.rename_axis(ID)

    def _parse(self, file: str, **options: object) -> pd.DataFrame | None:
        path = self.folder / file
        if not self.has(file):
            return None
        try:
            if file.endswith(".parquet"):
                return self._parse_parquet(file, path, is_text="dtype" in options)
            lines = scan_lines(path)
            for flaw in lines.flaws:
                self.report(file, flaw.found, flaw.expected, flaw.fix, line=flaw.line, column=flaw.column)
            if lines.flaws:
                return None
            if "dtype" in options:
                options = {"dtype": str, "na_values": ["", MISSING], "keep_default_na": False}
            else:
                ids = {name: str for name in (lines.header[0], ID, SESSION) if name in lines.header}
                options = {**options, "na_values": ["", MISSING], "dtype": ids}
            table = pd.read_csv(
                path, sep="\t", encoding="utf-8-sig", index_col=False, skip_blank_lines=False, **options
            )
        except Exception as error:  # parsers of damaged bytes raise many kinds
            self.report_unreadable(file, error)
            return None
        if len(table) != lines.n_rows:
            found = f"{count(len(table), 'row')} in {lines.n_rows} lines: a cell runs over several lines"
            self.report(file, found, "one line per row", "remove quotation marks and line breaks inside cells.")
            return None
        return table

    def report_unreadable(self, file: str, error: Exception) -> None:
        """Report a file whose bytes make no table."""
        self.report(file, f"a file that cannot be read ({self.tell(error)})", "a whole, readable table", AGAIN)

    def tell(self, error: Exception) -> str:
        """Return the first line an error says, without where the folder lies."""
        said = getattr(error, "strerror", None) or str(error).replace(f"{self.folder}/", "")
        return (said.splitlines() or [type(error).__name__])[0]

    def _parse_parquet(self, file: str, path: Path, *, is_text: bool) -> pd.DataFrame | None:
        table = pd.read_parquet(path)
        table = table.reset_index() if table.index.name else table.reset_index(drop=True)
        table.columns = [str(name) for name in table.columns]
        twice = table.columns[table.columns.duplicated()].unique()
        if len(twice):
            self.report(file, f"the column {name_some(twice)} more than once", "every column once", AGAIN)
        if table.empty:
            self.report(file, "no rows or no columns", "one row per person", "fill it, or remove the file.")
        if len(twice) or table.empty:
            return None
        texts = {
            name: cells.astype(object).map(str, na_action="ignore").where(lambda c: ~c.isin(["", MISSING]))
            for name, cells in table.items()
            if is_text or not is_plain_number(cells.dtype)
        }
        return replace_columns(table, texts)

    def _report_missing_id(self, file: str, id_column: str, columns: pd.Index) -> None:
        self.report(
            file,
            f"no column {id_column} (columns: {name_some(columns)})",
            f"a column {id_column}",
            f"name the column that holds the {'visits' if id_column == SESSION else 'ids'} {id_column}.",
            line=1,
            column=id_column,
        )

    def _numbers(self, file: str, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table as numbers; cells that are text or infinite are reported and become NaN."""
        if all(map(is_plain_number, table.dtypes.unique())) and not np.isinf(table.to_numpy()).any():
            return table
        parsed, bad = {}, {}
        for name, cells in table.items():
            if is_plain_number(cells.dtype):
                wrong = np.isinf(cells.to_numpy()) if cells.dtype.kind == "f" else np.zeros(0, bool)
                numbers = cells.where(~wrong) if wrong.any() else cells
            else:
                texts = cells.map(str, na_action="ignore")
                numbers = pd.to_numeric(texts, errors="coerce").astype(float)
                wrong = (cells.notna() & ~np.isfinite(numbers)).to_numpy()
                numbers = numbers.where(~wrong)
            if numbers is not cells:
                parsed[name] = numbers
            if wrong.any():
                bad[name] = np.flatnonzero(wrong)
        for name, rows in list(bad.items())[:COLUMNS_LISTED]:
            self._report_text(file, str(name), str(table[name].iloc[rows[0]]), rows)
        if len(bad) > COLUMNS_LISTED:
            self.report(file, f"text in {len(bad) - COLUMNS_LISTED} further columns", "numbers", "mend them as above.")
        return replace_columns(table, parsed)

    def _report_text(self, file: str, column: str, cell: str, rows: np.ndarray) -> None:
        more = f" (and {count(rows.size - 1, 'more cell')} of this column)" if rows.size > 1 else ""
        damage = explain_number(cell)
        what = f" ({damage.what})" if damage else ""
        fix = damage.fix if damage else NUMBER_FIX
        self.report(file, f"{quote(cell)}{what}{more}", "a number", fix, line=int(rows[0]) + 2, column=column)

    def _check_repeats(self, file: str, block: pd.DataFrame) -> None:
        twice = block.index[block.index.duplicated()].unique()
        lines = self.lines.get(file)
        if not len(twice):
            return
        found = f"{quote(twice[0])} a second time"
        if len(twice) > 1:
            found = f"{count(len(twice), 'participant')} more than once ({name_some(map(quote, twice))})"
        self.report(
            file,
            found,
            "every participant once",
            "keep one row per participant; several visits of a person need a column session_id, and `visit:` in cohort.yml.",
            line=None if lines is None else lines[int(np.flatnonzero(block.index == twice[0])[1])],
            column=ID,
        )


def is_plain_number(dtype: object) -> bool:
    """Return whether a column holds whole or decimal numbers of numpy, not yes and no, dates or nullable ones."""
    return isinstance(dtype, np.dtype) and dtype.kind in "iuf"


def replace_columns(table: pd.DataFrame, columns: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Return a table with other cells in some of its columns, whatever the columns are called."""
    replaced = table.copy(deep=False)
    for name, cells in columns.items():
        replaced[name] = cells
    return replaced


def read_sidecar(reader: Reader, file: str, columns: Collection[str]) -> dict[str, dict]:
    """Read a BIDS sidecar: what is known of each column of a table.

    Parameters
    ----------
    reader : Reader
    file : str
        ``.json``; an absent one says nothing.
    columns : collection of str
        Columns of the table; a described column that is close to one that nobody describes is reported.

    Returns
    -------
    dict of str to dict
        By column.
    """
    if not reader.has(file):
        return {}
    try:
        sidecar = json.loads((reader.folder / file).read_bytes().decode("utf-8-sig"))
        if not isinstance(sidecar, dict):
            kind = {list: "a list", str: "a text", type(None): "nothing"}.get(type(sidecar), "a single value")
            reader.report(file, kind, "an object: what is known of each column, by its name", "mend it, or remove it.")
            return {}
        abouts = {name: about for name, about in sidecar.items() if isinstance(about, dict)}
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        reader.report(file, f"no readable JSON ({said})", "a BIDS sidecar", "mend it, or remove it.")
        return {}
    for name in [name for name in abouts if name not in columns]:
        meant = suggest(name, [column for column in columns if column not in abouts])
        if meant:
            reader.report(
                file,
                f"a description of {quote(name)}, which the table does not have",
                "a column of the table",
                f"write {meant}, if that is the column.",
                column=name,
                severity="warning",
            )
    return abouts
