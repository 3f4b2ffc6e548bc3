"""What leaves a site: chosen columns of chosen result tables, file by file, and never a row of a participant."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.contract import BLIND_NOTE
from helpers.pool.site import FILE, Site, read_statement
from helpers.problems import CohortError, Problem, count, name_some
from helpers.tables import read_table, resolve_path, write_atomically, write_result
from helpers.wording import as_text, hide_ids

README = "README.md"
CONTRAST = ("n_high", "n_low", "d", "d_low", "d_high")
TABLE1, ALPHA, TAXA = "01_cohort/table1", "04_microbiome/alpha", "04_microbiome/taxa"
METABOLITES, VERDICTS = "05_metabolites/metabolites", "07_verdict/verdicts"
COUNTS = ("n_high", "n_low")
WITHHELD = "withheld"


@dataclass(frozen=True)
class Shared:
    """One table that leaves a site.

    Attributes
    ----------
    table : str
        ``chapter/name``.
    columns : tuple of str
        Of these, its index aside; all other columns stay.
    texts : tuple of str
        Those among them that hold text.
    why : str
        What a pool does with it.
    is_needed : bool
        Whether a cohort cannot be pooled without it.
    """

    table: str
    columns: tuple[str, ...]
    texts: tuple[str, ...]
    why: str
    is_needed: bool = False


SHARED = (
    Shared(
        TABLE1,
        ("statistic", "high", "low", "smd"),
        ("statistic", "high", "low"),
        "Table 1: size of the groups, age, sex and other characteristics as means or counts, to set cohorts side by side. "
        "Small counts are hidden in it already.",
        is_needed=True,
    ),
    Shared(ALPHA, ("n_high", "n_low", "depth"), (), "The number of reads at which samples were compared."),
    Shared(TAXA, CONTRAST, (), "Per genus the standardised difference between the groups with its interval, to be pooled."),
    Shared(
        METABOLITES,
        (*CONTRAST, "name", "hmdb"),
        ("name", "hmdb"),
        "The same per metabolite, with the name and the HMDB number by which cohorts are matched.",
    ),
    Shared(
        VERDICTS,
        ("label", "expected", "d", "d_low", "d_high", "n_high", "n_low", "smallest_effect", "rank", "n_blocks", "lead", "verdict", "size"),
        ("label", "expected", "verdict", "size"),
        "Per claim the standardised difference with its interval, and the verdict of this cohort.",
        is_needed=True,
    ),
)  # fmt: skip
KEPT_ROWS = (VERDICTS,)  # every claim keeps its row; what too few people are behind is blanked in it


def share_results(results_dir: str | os.PathLike[str], folder: str | os.PathLike[str], *, ids: Iterable[str]) -> Path:
    """Write what a pool of cohorts needs of the results of one, and nothing else.

    Rows with fewer participants than ``small_cell`` in a group are left out; of a claim, they are blanked.

    Parameters
    ----------
    results_dir : str or path-like
        Of a run.
    folder : str or path-like
        New, empty, or written by this function before.
    ids : iterable of str
        Of all participants; a text with one of them is not written.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    CohortError
        The folder holds something else, the results lack what a pool needs, or an id would leave the site. Nothing is
        written then.
    """
    source, target = resolve_path(results_dir), resolve_path(folder)
    problems = _refuse_used(target, folder)
    site, found = read_site(source, source.name, with_small=True)
    problems += found
    if site is None or problems:
        raise CohortError(problems)
    kept = {name: _leave_out_small(name, table, site.small_cell) for name, table in site.tables.items()}
    write_shared(site, kept, source / FILE, target, ids=ids)
    return target


def write_shared(
    site: Site, tables: dict[str, pd.DataFrame], statement: Path, target: Path, *, ids: Iterable[str] = ()
) -> None:
    """Write a site's statement and tables with a README that lists each file and why it is there.

    Parameters
    ----------
    site : Site
    tables : dict of str to pandas.DataFrame
        By ``chapter/table``.
    statement : pathlib.Path
        The ``site.json`` to go along.
    target : pathlib.Path
        Its earlier tables are replaced.
    ids : iterable of str, optional
        Must not stand in any file.

    Raises
    ------
    CohortError
        An id stands in a file; nothing is written.
    """
    texts = {FILE: statement.read_text(encoding="utf-8"), README: _write_readme(site, tables)}
    told = {f"{name}.tsv": table.to_csv(sep="\t") for name, table in tables.items()} | texts
    known = list(ids)
    telling = [name for name, text in told.items() if hide_ids(text, known) != text]
    if telling:
        fix = (
            "rename the column, label or feature that is called like a participant in the cohort folder, and run again."
        )
        raise CohortError([Problem(name, None, None, "the id of a participant", "none", fix) for name in telling])
    for name in {shared.table for shared in SHARED}:
        for ending in (".tsv", ".json"):
            (target / f"{name}{ending}").unlink(missing_ok=True)
    for name, text in texts.items():
        write_atomically(target / name, text)
    for name, table in tables.items():
        chapter, _, short = name.partition("/")
        write_result(table, target, chapter, short)


def write_sites(sites: Sequence[Site], folders: Sequence[str | os.PathLike[str]], into: Path) -> None:
    """Keep what was read of each cohort in the form in which it may leave a site: one folder each, in the order given.

    Parameters
    ----------
    sites : sequence of Site
    folders : sequence of str or path-like
        Where they were read from.
    into : pathlib.Path
    """
    for number, (site, folder) in enumerate(zip(sites, folders, strict=True), start=1):
        write_shared(
            site, site.tables, find_results(Path(folder).expanduser().absolute()) / FILE, into / f"{number:03d}"
        )


def list_sites(into: str | os.PathLike[str]) -> list[Path]:
    """Return the folders that :func:`write_sites` made, in order.

    Parameters
    ----------
    into : str or path-like
    """
    return sorted(path for path in resolve_path(into).iterdir() if (path / FILE).is_file())


def find_results(folder: Path) -> Path:
    """Return the folder of results of what a user named, which may be that of the whole book."""
    inner = folder / "results"
    return inner if not (folder / FILE).is_file() and (inner / FILE).is_file() else folder


def _refuse_used(target: Path, called: str | os.PathLike[str]) -> list[Problem]:
    """Refuse a folder with a file in it that is not written here: nothing is overwritten or mixed."""
    if target.exists() and not target.is_dir():
        return [Problem(str(called), None, None, "a file", "a folder", "name a folder, or a new path.")]
    own = {README, FILE} | {f"{shared.table}{ending}" for shared in SHARED for ending in (".tsv", ".json")}
    others = sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file())
    others = [name for name in others if name not in own]
    if not others:
        return []
    found = f"{count(len(others), 'file')} of another kind ({name_some(others)})"
    return [Problem(str(called), None, None, found, "a new or empty folder", "choose another; nothing was written.")]


def _leave_out_small(name: str, table: pd.DataFrame, small_cell: int) -> pd.DataFrame:
    small = find_small(table, small_cell)
    if name not in KEPT_ROWS:
        return table[~small]
    numbers = table.select_dtypes("number").columns.difference(["smallest_effect"])
    return table.assign(
        **{column: table[column].astype(float).mask(small) for column in numbers},
        verdict=table["verdict"].mask(small, WITHHELD),
        size=table["size"].mask(small, ""),
    )


def find_small(table: pd.DataFrame, small_cell: int) -> pd.Series:
    """Return which rows have a group of fewer people than may be told.

    Examples
    --------
    >>> find_small(pd.DataFrame({"n_high": [4, 5, 0, None], "n_low": [9, 5, 9, 9]}), 5).tolist()
    [True, False, False, False]
    """
    counts = table[[name for name in COUNTS if name in table]].astype(float)
    return ((counts > 0) & (counts < small_cell)).any(axis=1)


def _write_readme(site: Site, tables: dict[str, pd.DataFrame]) -> str:
    rows = [
        f"| `{FILE}` | Whose results these are: name, outcome rule, covariates, versions of the program; of simulated cohorts what was planted. |"
    ]
    rows += [
        f"| `{one.table}.tsv` | {one.why} Columns: {', '.join(one.columns)}. |" for one in SHARED if one.table in tables
    ]
    listed = "\n".join(rows)
    return (
        f"# Result tables of {as_text(site.title)}, to be pooled\n\n"
        "Written by `resilience-book run --share`. Nothing but these files leaves the site; each table has a `.json` beside it that "
        "says what its columns mean.\n\n"
        f"| File | Why |\n|---|---|\n{listed}\n\n"
        "Every row is about a group, a genus, a metabolite or a claim, none about a participant; no id of a participant is in any file. "
        f"Rows with fewer than {site.small_cell} participants in a group are left out, and the numbers of such a claim are blank.\n\n"
        "To pool: `resilience-book pool THIS_FOLDER ANOTHER … --into FOLDER`.\n"
    )  # fmt: skip


def read_site(folder: Path, called: str, *, with_small: bool = False) -> tuple[Site | None, list[Problem]]:
    """Read what a pool needs from the results of a run or from a shared folder.

    Parameters
    ----------
    folder : pathlib.Path
    called : str
        How the user called it.
    with_small : bool, default False
        Take rows of groups below ``small_cell`` as well; otherwise each table that has some is a problem.

    Returns
    -------
    Site or None
        None when it cannot be used.
    list of Problem
    """
    if not folder.is_dir():
        fix = "correct the path."
        return None, [Problem(called, None, None, "no such folder", "the results folder of a cohort", fix)]
    folder = find_results(folder)
    if (folder / BLIND_NOTE).is_file():
        fix = "run it with --unblind first, and name the folder of that run."
        return None, [Problem(called, None, None, "a blind run, whose groups are permuted", "true groups", fix)]
    site, problems = read_statement(folder, called)
    if site is None:
        return None, problems
    if site.outcome.get("continuous"):
        found, fix = (
            "an outcome without a cut (continuous: true)",
            "pool cohorts with groups; this cohort's book shows its slopes.",
        )
        return None, [Problem(called, None, None, found, "groups, whose differences are pooled", fix)]
    for shared in SHARED:
        table, found = _read_shared(shared, folder, called)
        problems += found
        if table is not None:
            site.tables[shared.table] = table
            problems += [] if with_small else _report_small(shared.table, table, site.small_cell, called)
    return (None if problems else site), problems


def _read_shared(shared: Shared, folder: Path, called: str) -> tuple[pd.DataFrame | None, list[Problem]]:
    path, place = folder / f"{shared.table}.tsv", f"{called}/{shared.table}.tsv"
    again = f"run chapter {shared.table.partition('/')[0]} of that cohort again."
    if not path.is_file():
        missing = [Problem(place, None, None, "no such table", "the table of a run", again)]
        return None, missing if shared.is_needed else []
    try:
        table = read_table(path)
    except (OSError, ValueError, IndexError):
        return None, [Problem(place, None, None, "a table that cannot be read", "tab-separated text", again)]
    lacking = [name for name in shared.columns if name not in table]
    if lacking:
        return None, [
            Problem(place, 1, name, "no such column", "a column of this version's table", again) for name in lacking
        ]
    kept = table[list(shared.columns)]
    numeric = [name for name in shared.columns if name not in shared.texts]
    numbers = kept[numeric].apply(pd.to_numeric, errors="coerce")
    problems = [
        Problem(place, int(np.flatnonzero(bad)[0]) + 2, name, "text", "a number, or n/a", again)
        for name in numeric
        if (bad := numbers[name].isna() & kept[name].notna()).any()
    ]
    if "d_low" in numbers:
        bad = (numbers["d_low"] > numbers["d"]) | (numbers["d"] > numbers["d_high"])
        problems += [
            Problem(place, int(at) + 2, "d", "a d outside its interval", "d_low ≤ d ≤ d_high", again)
            for at in np.flatnonzero(bad)[:1]
        ]
    texts = kept[list(shared.texts)].fillna("").astype(str)
    return pd.concat([numbers, texts], axis=1)[list(shared.columns)], problems


def _report_small(name: str, table: pd.DataFrame, small_cell: int, called: str) -> list[Problem]:
    """Report numbers of people that may not be told, in columns of counts and in the texts of Table 1."""
    small = find_small(table, small_cell)
    if name == TABLE1:
        counted = table["statistic"].eq("n") | table["statistic"].str.endswith("n (%)")
        for side in ("high", "low"):
            told = pd.to_numeric(table[side].str.extract(r"^(\d+)\b", expand=False), errors="coerce")
            small |= counted & told.between(1, small_cell - 1)
    if not small.any():
        return []
    found = f"{count(int(small.sum()), 'row')} with fewer than {small_cell} participants in a group"
    fix = "take the folder that `resilience-book run COHORT --share FOLDER` writes: it leaves such rows out."
    line = int(np.flatnonzero(small)[0]) + 2
    return [Problem(f"{called}/{name}.tsv", line, None, found, f"{small_cell} or more, or none", fix)]
