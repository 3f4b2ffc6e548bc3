"""Visits: which rows of a table belong to which, by the column ``session_id`` of BIDS or by ``sessions.tsv``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.problems import Problem, count, name_some, quote

ID, SESSION, FILE, TIME = "participant_id", "session_id", "sessions.tsv", "time"
SETTINGS_FILE, PEOPLE = "cohort.yml", "participants.tsv"
SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,39}")
LISTED = 20


def fold_visit(label: object) -> str:
    """Return the name of a visit without the ``ses-`` that BIDS puts before it.

    Examples
    --------
    >>> fold_visit("ses-baseline"), fold_visit(" month3 "), fold_visit(2)
    ('baseline', 'month3', '2')
    """
    return str(label).strip().removeprefix("ses-")


@dataclass
class Visits:
    """What was seen of visits while the files of a folder were read.

    Attributes
    ----------
    wanted : str or None
        Visit whose rows are kept; None: the first that a table names.
    is_other : bool
        Whether that is another visit than the one of the chapters: what has no visit then belongs to the chapters' alone.
    rows : dict of str to pandas.DataFrame
        By file: ``participant_id`` and ``visit`` of each row that names both; the index numbers rows from 0.
    times : dict of str to float
        By visit, where ``sessions.tsv`` tells: the mean of its column ``time``.
    """

    wanted: str | None = None
    is_other: bool = False
    rows: dict[str, pd.DataFrame] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)

    def pick(self, file: str, ids: pd.Series, sessions: pd.Series) -> tuple[np.ndarray, list[Problem]]:
        """Return which rows to keep, and what is wrong with the visits of a table.

        Parameters
        ----------
        file : str
        ids, sessions : pandas.Series
            As written; rows numbered from 0.

        Returns
        -------
        numpy.ndarray of bool, shape (n_rows,)
            Rows of the visit wanted, of each participant the first.
        list of Problem
        """
        blank = sessions.isna()
        labels = sessions.map(fold_visit).mask(blank)
        rows = pd.DataFrame({ID: ids, "visit": labels}).reset_index(drop=True)
        problems = [self._blank(file, rows.index[blank.to_numpy()])] if blank.any() else []
        unsafe = [label for label in labels.dropna().unique() if not SAFE.fullmatch(label)]
        if unsafe:
            line = int(np.flatnonzero((labels == unsafe[0]).to_numpy())[0]) + 2
            fix = "write a short name without blanks, such as baseline or month3."
            found = f"{name_some(map(quote, unsafe))} as {'a visit' if len(unsafe) == 1 else 'visits'}"
            problems.append(Problem(file, line, SESSION, found, "letters, digits, - and _, at most 40 signs", fix))
        named = rows.dropna()
        again = named.index[named.duplicated()]
        for row in again[:LISTED]:
            found = f"{quote(named.loc[row, ID])} a second time at visit {named.loc[row, 'visit']}"
            fix = "keep one row per participant and visit, or correct the visit."
            problems.append(Problem(file, int(row) + 2, SESSION, found, "every participant once at each visit", fix))
        if len(again) > LISTED:
            found = f"{count(len(again) - LISTED, 'further row')} of this kind"
            problems.append(Problem(file, None, SESSION, found, "one row each", "mend them in the same way."))
        self.rows[file] = named.drop(index=again)
        wanted = self.wanted if self.wanted is not None else next(iter(labels.dropna()), None)
        kept = np.array(labels == wanted, bool)
        kept[again] = False
        return kept, problems

    def _blank(self, file: str, rows: pd.Index) -> Problem:
        found = f"no visit in {count(len(rows), 'row')}"
        fix = f"write the visit into {SESSION}, such as baseline."
        return Problem(file, int(rows[0]) + 2, SESSION, found, "a visit in every row", fix)

    def note_file(self, file: str, person: str, visit: str) -> None:
        """Note a file of one person at one visit."""
        rows = self.rows.get(file, pd.DataFrame({ID: [], "visit": []}, dtype=object))
        self.rows[file] = pd.concat([rows, pd.DataFrame({ID: [person], "visit": [visit]})], ignore_index=True)

    def list_visits(self) -> list[str]:
        """Return all visits: by the mean time of ``sessions.tsv`` where it is told, else in the order in which tables name them."""
        tables = [self.rows[FILE]] if FILE in self.rows else []
        tables += [rows for file, rows in self.rows.items() if file != FILE]
        names = list(dict.fromkeys(label for rows in tables for label in rows["visit"]))
        return sorted(names, key=lambda name: self.times.get(name, np.inf)) if self.times else names

    def attend(self) -> pd.DataFrame:
        """Return who came when, by any file: participants by visits, yes or no."""
        rows = pd.concat(self.rows.values()).drop_duplicates() if self.rows else pd.DataFrame({ID: [], "visit": []})
        came = pd.crosstab(rows[ID], rows["visit"]).astype(bool)
        return came.reindex(columns=self.list_visits()).rename_axis(columns=None)


def read_times(table: pd.DataFrame) -> tuple[dict[str, float], list[Problem]]:
    """Return the mean time of each visit in ``sessions.tsv``; none where it has no such column.

    Parameters
    ----------
    table : pandas.DataFrame
        Cells as text; columns ``session_id`` and perhaps ``time``.

    Returns
    -------
    dict of str to float
    list of Problem
        Times that are no numbers.
    """
    if TIME not in table:
        return {}, []
    numbers = pd.to_numeric(table[TIME], errors="coerce")
    wrong = table.index[table[TIME].notna() & ~np.isfinite(numbers)]
    if len(wrong):
        found = f"{quote(table.loc[wrong[0], TIME])} ({count(len(wrong), 'cell')} of this column)"
        fix = "write the time since the first visit as a number, in one unit throughout, or n/a."
        return {}, [Problem(FILE, int(wrong[0]) + 2, TIME, found, "a number", fix)]
    means = numbers.groupby(table[SESSION].map(fold_visit, na_action="ignore")).mean().dropna()
    return means.to_dict(), []


def check_visitors(visits: Visits, participants: pd.Index) -> list[Problem]:
    """Report people of ``sessions.tsv`` whom ``participants.tsv`` does not list."""
    rows = visits.rows.get(FILE)
    strange = [] if rows is None else rows.index[~rows[ID].isin(participants)][:LISTED]
    fix = "add the person to participants.tsv, or remove the row."
    return [
        Problem(FILE, int(row) + 2, ID, quote(rows.loc[row, ID]), "an id of participants.tsv", fix) for row in strange
    ]


def check_visits(visits: Visits, declared: str | None) -> list[Problem]:
    """Report a visit that nobody has, visits of which none is declared, and one visit in two spellings.

    Parameters
    ----------
    visits : Visits
        After all files were read.
    declared : str or None
        ``visit`` of ``cohort.yml``.

    Returns
    -------
    list of Problem
    """
    names = visits.list_visits()
    problems = _check_spellings(visits, names)
    if declared is not None and not names:
        found, fix = f"visit {quote(declared)}", f"add a column {SESSION} to the tables, or take the line out."
        problems.append(Problem(SETTINGS_FILE, None, "visit", found, f"a table with a column {SESSION}", fix))
    elif declared is not None and fold_visit(declared) not in names:
        found = f"visit {quote(declared)}, which nobody has"
        expected = f"a visit of the tables ({name_some(names)})"
        problems.append(
            Problem(SETTINGS_FILE, None, "visit", found, expected, f"write visit: {names[0]}, for instance.")
        )
    elif declared is None and len(names) > 1:
        found = f"{count(len(names), 'visit')} in the tables ({name_some(names)}) and none declared"
        fix = f"add a line `visit: {names[0]}`; the chapters then use that visit, and a chapter on change over visits is made."
        problems.append(Problem(SETTINGS_FILE, None, "visit", found, "the visit that the chapters use", fix))
    elif declared is not None:
        problems += _check_absent(visits, fold_visit(declared))
    return problems


def _check_spellings(visits: Visits, names: list[str]) -> list[Problem]:
    """Report visits that differ in case, dashes or zeros only."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(re.sub(r"0*(\d+)", r"\1", re.sub(r"[\W_]+", "", name.casefold())), []).append(name)
    problems = []
    for spellings in (found for found in alike.values() if len(found) > 1):
        file, rows = next((f, r) for f, r in visits.rows.items() if (r["visit"] == spellings[1]).any())
        line = (
            int(rows.index[rows["visit"] == spellings[1]][0]) + 2 if "/" not in file or file.endswith(".tsv") else None
        )
        found = f"{name_some(map(quote, spellings))}, one visit in {len(spellings)} spellings"
        problems.append(Problem(file, line, SESSION, found, "one spelling", f"write {spellings[0]} throughout."))
    return problems


def _check_absent(visits: Visits, visit: str) -> list[Problem]:
    """Warn of tables that have visits, and not the one that the chapters use."""
    found = f"no row of visit {visit}"
    fix = "nothing, if it was not measured then: the chapters do without it, and Change over visits shows the other visits."
    lacking = [f for f, rows in visits.rows.items() if f != FILE and not (rows["visit"] == visit).any()]
    expected = "rows of the visit that the chapters use"
    return [
        Problem(file, None, SESSION, found, expected, "add the people of that visit.")
        if file == PEOPLE
        else Problem(file, None, SESSION, found, expected, fix, "warning")
        for file in lacking
    ]
