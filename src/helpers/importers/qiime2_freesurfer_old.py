"""Tables as other programs write them in; tables of a cohort folder out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import biom
import numpy as np
import pandas as pd

from helpers.problems import CohortError, Problem
from helpers.tables import MISSING, write_atomically

RANKS = ("domain", "phylum", "class", "order", "family", "genus")
TAXONOMY_COLUMNS = ["Feature ID", "Taxon"]
FREESURFER_ICV = "EstimatedTotalIntraCranialVol"


@dataclass(frozen=True, eq=False)
class ImportedTables:
    """Tables ready for a cohort folder.

    Attributes
    ----------
    tables : mapping of str to pandas.DataFrame
        By file, e.g. ``microbiome/taxa.tsv``; the index is the first column.
    """

    tables: Mapping[str, pd.DataFrame]

    def write(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write the tables into a cohort folder; a file that is there already is refused before any is written.

        Parameters
        ----------
        folder : str or path-like

        Returns
        -------
        list of pathlib.Path

        Raises
        ------
        CohortError
            When one of the files exists.
        """
        targets = {Path(folder) / file: table for file, table in self.tables.items()}
        used = [
            Problem(
                path.name,
                None,
                None,
                "a file that is there already",
                "a new file",
                "move it away first; nothing was changed.",
            )
            for path in targets
            if path.exists()
        ]
        if used:
            raise CohortError(used)
        for path, table in targets.items():
            write_atomically(path, table.to_csv(sep="\t", na_rep=MISSING, lineterminator="\n"))
        return list(targets)


def import_qiime2(
    feature_table: str | os.PathLike[str], taxonomy: str | os.PathLike[str], *, ids: Mapping[str, str] | None = None
) -> ImportedTables:
    """Turn an exported QIIME 2 feature table and taxonomy into ``taxa.tsv`` and ``taxonomy.tsv``.

    Parameters
    ----------
    feature_table : str or path-like
        ``feature-table.biom`` of ``qiime tools export``: counts of features by samples.
    taxonomy : str or path-like
        ``taxonomy.tsv`` of the same export: columns ``Feature ID`` and ``Taxon`` (``d__…; p__…; …``).
    ids : mapping of str to str, optional
        Sample id to ``participant_id``; samples that it does not list are left out. By default sample ids are kept.

    Returns
    -------
    ImportedTables
        ``microbiome/taxa.tsv`` (people in rows, whole counts) and ``microbiome/taxonomy.tsv`` (one column per rank,
        missing where the rank is not assigned).

    Raises
    ------
    CohortError
        When a file cannot be read as such, counts are not whole, features have no taxonomy, or two samples
        get the same participant.
    """
    counts = _read_biom(Path(feature_table))
    assigned = _read_taxonomy(Path(taxonomy))
    problems = []
    values = counts.to_numpy()
    if (values != np.floor(values)).any() or (values < 0).any():
        problems.append(
            _problem(
                feature_table,
                "numbers that are not counts",
                "whole counts",
                "export the table before rarefying to shares.",
            )
        )
    lacking = counts.columns[~counts.columns.isin(assigned.index)]
    if len(lacking):
        problems.append(
            _problem(
                taxonomy,
                f"no line for {len(lacking)} features of the table",
                "every feature",
                "export the taxonomy of the same run.",
            )
        )
    if ids is not None:
        counts = counts[counts.index.isin(ids)].rename(index=ids)
    if counts.index.has_duplicates:
        problems.append(
            _problem(
                feature_table,
                "several samples of one participant",
                "one sample per participant",
                "choose one per person in `ids`.",
            )
        )
    if problems:
        raise CohortError(problems)
    taxa = counts.astype(int).rename_axis("participant_id")
    return ImportedTables(
        {"microbiome/taxa.tsv": taxa, "microbiome/taxonomy.tsv": assigned.loc[taxa.columns].rename_axis("taxon")}
    )


def import_freesurfer(table: str | os.PathLike[str], *, ids: Mapping[str, str] | None = None) -> ImportedTables:
    """Turn a table of FreeSurfer volumes into ``volumes.tsv``.

    Parameters
    ----------
    table : str or path-like
        As ``asegstats2table`` or ``aparcstats2table --meas volume`` writes it: tab-separated, first column
        ``Measure:volume`` or ``lh.aparc.volume``, one row per subject, in mm³.
    ids : mapping of str to str, optional
        Subject folder to ``participant_id``; subjects that it does not list are left out.

    Returns
    -------
    ImportedTables
        ``brain/volumes.tsv``; the estimated intracranial volume is called ``icv``, as the contract wants it.

    Raises
    ------
    CohortError
        When it is no such table, or holds another measure than volume.
    """
    volumes = _read_tsv(Path(table))
    first = volumes.columns[0]
    if "volume" not in first:
        raise CohortError(
            [
                _problem(
                    table,
                    f"'{first}' as first column",
                    "a table of volumes",
                    "run the FreeSurfer command with --meas volume.",
                )
            ]
        )
    volumes = (
        volumes.set_index(first).rename(columns={FREESURFER_ICV: "icv", "eTIV": "icv"}).rename_axis("participant_id")
    )
    if ids is not None:
        volumes = volumes[volumes.index.isin(ids)].rename(index=ids)
    return ImportedTables({"brain/volumes.tsv": volumes.loc[:, ~volumes.columns.duplicated()]})


def split_lineage(taxon: str) -> dict[str, str | None]:
    """Split ``d__…; p__…; …`` into ranks; a blank rank is None.

    Examples
    --------
    >>> split_lineage("d__Bacteria; p__Bacteroidota; c__")["phylum"]
    'Bacteroidota'
    >>> split_lineage("d__Bacteria; p__Bacteroidota; c__")["class"] is None
    True
    """
    named = [part.strip().partition("__") for part in str(taxon).split(";")]
    found = {prefix: name for prefix, _, name in named if name}
    return {rank: found.get(rank[0]) or (found.get("k") if rank == "domain" else None) for rank in RANKS}


def _read_biom(path: Path) -> pd.DataFrame:
    try:
        table = biom.load_table(str(path)).to_dataframe(dense=True).T
        if table.empty:
            raise ValueError("no sample or no feature in it")
        return table
    except (OSError, ValueError, TypeError, KeyError, IndexError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise CohortError(
            [_problem(path, f"no readable BIOM table ({said})", "feature-table.biom", "export it again.")]
        ) from error


def _read_taxonomy(path: Path) -> pd.DataFrame:
    table = _read_tsv(path)
    if not set(TAXONOMY_COLUMNS) <= set(table.columns):
        raise CohortError(
            [
                _problem(
                    path,
                    f"columns {', '.join(table.columns)}",
                    " and ".join(TAXONOMY_COLUMNS),
                    "export the taxonomy from QIIME 2.",
                )
            ]
        )
    lineages = table.set_index("Feature ID")["Taxon"]
    return pd.DataFrame([split_lineage(taxon) for taxon in lineages], index=lineages.index)


def _read_tsv(path: Path) -> pd.DataFrame:
    try:
        first = pd.read_csv(path, sep="\t", nrows=0).columns[0]
        return pd.read_csv(path, sep="\t", dtype={first: str})
    except (OSError, ValueError, IndexError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise CohortError(
            [_problem(path, f"no readable table ({said})", "tab-separated text", "export it again.")]
        ) from error


def _problem(path: str | os.PathLike[str], found: str, expected: str, fix: str) -> Problem:
    return Problem(Path(path).name, None, None, found, expected, fix)
