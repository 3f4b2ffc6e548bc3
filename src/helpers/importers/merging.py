"""What several readers made of their files, joined to the files of one cohort folder."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from helpers.contract.schema import read_schema
from helpers.importers.base import LeftOut
from helpers.importers.heads import MOST_COLUMNS
from helpers.importers.table_text import tidy_name
from helpers.problems import Problem, count, name_some, quote

ID = "participant_id"
SIDECAR = "participants.json"
TAXA, TAXONOMY = "microbiome/taxa.tsv", "microbiome/taxonomy.tsv"
Content = pd.DataFrame | str | Path
ONE_EACH = "import one of them, or name the files of one export only."


def is_person_file(file: str) -> bool:
    """Return whether a file of the cohort folder is one of many named after participants: a matrix or a map."""
    return str(PurePosixPath(file).parent) in {read_schema()["matrices"]["folder"], read_schema()["maps"]["folder"]}


def split_person_file(file: str) -> tuple[str, str, str]:
    """Return folder, name and ending of a file named after a participant.

    Examples
    --------
    >>> split_person_file("brain/maps/sub-01.nii.gz")
    ('brain/maps', 'sub-01', '.nii.gz')
    """
    path = PurePosixPath(file)
    endings = (*read_schema()["matrices"]["endings"], *read_schema()["maps"]["endings"])
    ending = max((e for e in endings if path.name.endswith(e)), key=len, default=path.suffix)
    return str(path.parent), path.name.removesuffix(ending), ending


def merge_contents(parts: Sequence[Mapping[str, Content]]) -> tuple[dict[str, Content], list[Problem]]:
    """Join what several formats made: one content for each file of the folder.

    Parameters
    ----------
    parts : sequence of mapping
        By format: file of the folder to its content.

    Returns
    -------
    dict of str to DataFrame, str or Path
        ``participants.tsv`` has the columns of all; tables of features have the lines of all.
    list of Problem
        Where two say different things of one cell, or a table of measurements comes twice.
    """
    found: dict[str, list[Content]] = defaultdict(list)
    for part in parts:
        for file, content in part.items():
            found[file].append(content)
    merged, problems = {}, []
    for file, contents in found.items():
        merged[file] = contents[0]
        for content in contents[1:]:
            join = _choose_join(file, merged[file], content)
            if join is None:
                problems.append(Problem(file, None, None, "two files that become it", "one", ONE_EACH))
                break
            merged[file], clash = join(merged[file], content)
            if clash:
                problems.append(Problem(file, None, None, clash, "one value", ONE_EACH))
                break
    return merged, problems


def _choose_join(file: str, first: Content, second: Content) -> Callable | None:
    if file == SIDECAR and isinstance(first, str) and isinstance(second, str):
        return _join_sidecars
    if not (isinstance(first, pd.DataFrame) and isinstance(second, pd.DataFrame)):
        return None
    if file == read_schema()["participants"]["file"]:
        return _join_columns
    return None if ID in (first.index.name, second.index.name) or is_person_file(file) else _join_rows


def _join_sidecars(first: str, second: str) -> tuple[str, str]:
    """Join two sidecars of participants, both written by readers; the first one's word on a column stands."""
    return json.dumps({**json.loads(second), **json.loads(first)}, ensure_ascii=False, indent=2) + "\n", ""


def _join_columns(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Join two tables of participants; a column of both must not say two things."""
    people = first.index.union(second.index, sort=False)
    left, right = first.reindex(people), second.reindex(people)
    for name in left.columns.intersection(right.columns):
        both = left[name].notna() & right[name].notna()
        differ = both & (left[name].map(str) != right[name].map(str))
        if differ.any():
            return first, f"two values of {quote(name)} for {count(int(differ.sum()), 'participant')}"
        right[name] = left[name].where(left[name].notna(), right[name])
    own = left.columns.difference(right.columns, sort=False)
    return pd.concat([left[own], right], axis=1).rename_axis(ID), ""


def _join_rows(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Join two tables of features; a feature of both must have one line."""
    shared = first.index.intersection(second.index)
    columns = first.columns.union(second.columns, sort=False)
    ours, theirs = (table.reindex(columns=columns).loc[shared].astype(object) for table in (first, second))
    same = ((ours == theirs) | (ours.isna() & theirs.isna())).all(axis=1)
    if not same.all():
        return first, f"two descriptions of {count(int((~same).sum()), 'feature')} ({name_some(same.index[~same])})"
    joined = pd.concat([first, second[~second.index.isin(first.index)]])
    return joined.rename_axis(first.index.name), ""


def check_contents(contents: Mapping[str, Content]) -> list[Problem]:
    """Return what keeps contents from being written: unsafe places, too many columns, names that meet or are blank.

    Parameters
    ----------
    contents : mapping of str to DataFrame, str or Path
        By file of the folder.
    """
    problems = []
    for file, content in contents.items():
        place = PurePosixPath(file)
        if place.is_absolute() or ".." in place.parts or "\\" in file or any(ord(sign) < 32 for sign in file):
            found = f"{quote(file)}, a place outside the folder"
            problems.append(
                Problem(place.name, None, None, found, "a name of letters and digits", "choose another name.")
            )
        if isinstance(content, pd.DataFrame):
            problems += _check_table(file, content)
    return problems


def _check_table(file: str, table: pd.DataFrame) -> list[Problem]:
    problems = []
    if table.shape[1] > MOST_COLUMNS:
        problems.append(
            Problem(
                file,
                None,
                None,
                f"a table of {table.shape[1]:,} columns",
                f"at most {MOST_COLUMNS:,}",
                "keep fewer features: those in 5 % of the samples, or regroup them (genes to orthologues or pathways).",
            )
        )
    if table.empty:
        problems.append(
            Problem(
                file, None, None, "nothing left to write", "at least one row and column", "look at what was left out."
            )
        )
    for what, names in (("columns", table.columns), ("rows", table.index)):
        tidy = pd.Index([tidy_name(name) for name in names])
        twice = tidy[tidy.duplicated()].unique()
        if len(twice):
            found = f"{what} of one name ({name_some(map(quote, twice))})"
            problems.append(
                Problem(file, None, None, found, "every name once", "rename them in the program that wrote them.")
            )
        if (tidy == "").any():
            problems.append(
                Problem(
                    file,
                    None,
                    None,
                    f"{what} without a name",
                    "a name for each",
                    "name them in the program that wrote them.",
                )
            )
    return problems


def fit_taxonomy(
    contents: dict[str, Content], present: Mapping[str, pd.Index]
) -> tuple[dict[str, Content], list[LeftOut], list[Problem]]:
    """Keep the lines of a taxonomy that name a taxon of the table.

    Parameters
    ----------
    contents : dict of str to DataFrame, str or Path
    present : mapping of str to pandas.Index
        Names of taxa in ``taxa.tsv`` or ``taxonomy.tsv`` that lie in the folder already.

    Returns
    -------
    dict
        The contents, with a taxonomy of the table's taxa.
    list of LeftOut
        Lines of other features.
    list of Problem
        When taxa of the table have no line.
    """
    table, taxonomy = contents.get(TAXA), contents.get(TAXONOMY)
    taxa = table.columns if isinstance(table, pd.DataFrame) else present.get(TAXA)
    described = taxonomy.index if isinstance(taxonomy, pd.DataFrame) else present.get(TAXONOMY)
    if taxa is None or described is None:
        return contents, [], []
    lacking = taxa[~taxa.isin(described)]
    if len(lacking):
        found = (
            f"no line for {count(len(lacking), 'taxon').replace('taxons', 'taxa')} of the table ({name_some(lacking)})"
        )
        fix = "give the taxonomy of the same run."
        return contents, [], [Problem(TAXONOMY, None, None, found, "every taxon of taxa.tsv", fix)]
    if not isinstance(taxonomy, pd.DataFrame):
        return contents, [], []
    n_other = int((~described.isin(taxa)).sum())
    left_out = (
        [LeftOut("lines of the taxonomy", n_other, "they name features that the table does not have")]
        if n_other
        else []
    )
    return {**contents, TAXONOMY: taxonomy.loc[taxa].rename_axis("taxon")}, left_out, []
