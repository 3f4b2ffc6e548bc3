"""Read the tables of the curated microbiome-metabolome collection, and shape them as a cohort folder wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.open_data.files import OpenDataError
from helpers.problems import count, name_some
from helpers.tables import MISSING

FILES = {"metadata.tsv": "Sample", "genera.counts.tsv": "Sample", "mtb.tsv": "Sample", "mtb.map.tsv": "Compound"}
RANKS = ("domain", "phylum", "class", "order", "family", "genus")
BLANKS = ("", "NA")
AGAIN = "; fetch the files again."


@dataclass(frozen=True, eq=False)
class CuratedTables:
    """The four tables of one study, every cell as text and as written.

    Attributes
    ----------
    metadata, genera, metabolites : pandas.DataFrame
        Index: sample, in one sorted order; the same samples in all three.
    names : pandas.DataFrame
        Index: metabolite, the columns of `metabolites`.
    """

    metadata: pd.DataFrame
    genera: pd.DataFrame
    metabolites: pd.DataFrame
    names: pd.DataFrame


def read_curated(files: Mapping[str, Path], *, with_blanks: bool = False) -> CuratedTables:
    """Read the tables of one study of the curated collection.

    Parameters
    ----------
    files : mapping of str to path
        ``metadata.tsv``, ``genera.counts.tsv``, ``mtb.tsv`` and ``mtb.map.tsv``.
    with_blanks : bool, default False
        Allow ``NA`` and blanks among the metabolites; they become ``n/a``.

    Returns
    -------
    CuratedTables

    Raises
    ------
    OpenDataError
        When a table is missing, the tables disagree about samples or metabolites, a count is not a whole
        number, or a metabolite's value is no finite number.

    References
    ----------
    .. [1] Muller E, Algavi YM, Borenstein E (2022). npj Biofilms and Microbiomes 8:79.
       doi:10.1038/s41522-022-00345-5
    """
    if absent := [name for name in FILES if name not in files]:
        raise OpenDataError(f"A curated study needs {', '.join(FILES)}; missing: {', '.join(absent)}.")
    metadata, genera, values, names = (
        pd.read_csv(files[name], sep="\t", dtype=str, keep_default_na=False).set_index(key)
        for name, key in FILES.items()
    )
    metadata, genera, values = (table.sort_index() for table in (metadata, genera, values))
    if with_blanks:
        values = values.replace(dict.fromkeys(BLANKS, MISSING))
    _check(metadata, genera, values, names)
    return CuratedTables(metadata, genera, values, names.loc[values.columns])


def _check(metadata: pd.DataFrame, genera: pd.DataFrame, values: pd.DataFrame, names: pd.DataFrame) -> None:
    for name, table in {"genera.counts.tsv": genera, "mtb.tsv": values}.items():
        if not table.index.equals(metadata.index) or table.index.has_duplicates:
            raise OpenDataError(f"{name} and metadata.tsv do not list the same samples once each{AGAIN}")
    if set(values.columns) != set(names.index) or names.index.has_duplicates:
        raise OpenDataError(f"mtb.tsv and mtb.map.tsv do not list the same metabolites once each{AGAIN}")
    whole = genera.apply(lambda column: column.str.fullmatch(r"\d+"))
    if not whole.to_numpy().all():
        bad = whole.columns[~whole.all()]
        where = f"{count(len(bad), 'column')} ({name_some(bad)})"
        raise OpenDataError(f"genera.counts.tsv holds counts that are not whole numbers in {where}{AGAIN}")
    numbers = values.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    if not (np.isfinite(numbers) | values.eq(MISSING).to_numpy()).all():
        raise OpenDataError(f"mtb.tsv holds values that are not finite numbers{AGAIN}")


def index_people(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with ``sub-`` before every id, as a cohort folder spells them.

    Parameters
    ----------
    table : pandas.DataFrame
        Index: the owner's ids.

    Examples
    --------
    >>> index_people(pd.DataFrame({"age": [9]}, index=["N01"])).index.tolist()
    ['sub-N01']
    """
    return table.set_axis("sub-" + table.index, axis=0).rename_axis("participant_id")


def name_genera(lineages: Iterable[str]) -> pd.DataFrame:
    """Return short ids and the ranks of genera named by their lineage.

    Parameters
    ----------
    lineages : iterable of str
        ``d__…;p__…;…;g__…``; a name without ranks, such as ``Unclassified``, has none.

    Returns
    -------
    pandas.DataFrame
        Index: ``genus_001`` and so on, in the order given; one column per rank, ``n/a`` where a rank is blank.

    Examples
    --------
    >>> name_genera(["d__Bacteria;p__Firmicutes;c__;o__;f__;g__"]).loc["genus_1", ["phylum", "genus"]].tolist()
    ['Firmicutes', 'n/a']
    """
    lineages = list(lineages)
    width = len(str(len(lineages)))
    ids = [f"genus_{number:0{width}d}" for number in range(1, len(lineages) + 1)]
    return split_ranks(lineages).set_axis(pd.Index(ids, name="taxon"), axis=0)


def split_ranks(lineages: Iterable[str]) -> pd.DataFrame:
    """Split lineages into ranks, one row per lineage.

    Parameters
    ----------
    lineages : iterable of str
        Six ranks divided by ``;``, each with its prefix and two underscores.

    Returns
    -------
    pandas.DataFrame
        Columns domain to genus; ``n/a`` where a rank is blank, and everywhere when there are no ranks.

    Examples
    --------
    >>> split_ranks(["k__Bacteria;p__Firmicutes;c__Clostridia;o__;f__;g__"])["class"].tolist()
    ['Clostridia']
    """
    ranks = [
        [part.partition("__")[2] for part in lineage.split(";")] if "__" in lineage else [""] * len(RANKS)
        for lineage in lineages
    ]
    return pd.DataFrame(ranks, columns=list(RANKS)).replace("", MISSING)


def keep_seen(counts: pd.DataFrame) -> pd.DataFrame:
    """Drop the columns in which everyone has zero; they say nothing of these people.

    Parameters
    ----------
    counts : pandas.DataFrame
        Numbers as text, ``n/a`` where not measured.

    Examples
    --------
    >>> keep_seen(pd.DataFrame({"a": ["0", "0"], "b": ["0", "3"]})).columns.tolist()
    ['b']
    """
    numbers = counts.apply(pd.to_numeric, errors="coerce")
    return counts.loc[:, (numbers.fillna(0) != 0).any()]


def make_ids(names: pd.Index) -> pd.Index:
    """Return lower-case ids of letters, digits and underscores, one per name.

    Parameters
    ----------
    names : pandas.Index

    Raises
    ------
    OpenDataError
        When two names give the same id.

    Examples
    --------
    >>> make_ids(pd.Index(["N,N-Dimethylglycine", "indole (no IS)"])).tolist()
    ['n_n_dimethylglycine', 'indole_no_is']
    """
    ids = names.str.lower().str.replace(r"[^a-z0-9]+", "_", regex=True).str.strip("_")
    if ids.has_duplicates:
        raise OpenDataError(f"Two metabolites have the same id: {name_some(ids[ids.duplicated()])}.")
    return ids


def describe_metabolites(tables: CuratedTables, ids: pd.Index, *, scale: str, **columns: pd.Series) -> pd.DataFrame:
    """Return the table of what is known of each metabolite.

    Parameters
    ----------
    tables : CuratedTables
    ids : pandas.Index
        One per column of ``tables.metabolites``, in that order.
    scale : {"raw", "log"}
        Of the values, the same for all.
    **columns : pandas.Series or pandas.Index
        Further columns in that order; ``name`` among them.

    Returns
    -------
    pandas.DataFrame
        Index ``metabolite``; name, hmdb, kegg, the further columns, scale.
    """
    known = {"name": columns.pop("name"), "hmdb": tables.names["HMDB"], "kegg": tables.names["KEGG"], **columns}
    described = pd.DataFrame({name: np.asarray(cells) for name, cells in known.items()})
    described = described.assign(scale=scale).replace(dict.fromkeys(BLANKS, MISSING))
    return described.set_axis(pd.Index(ids, name="metabolite"), axis=0)
