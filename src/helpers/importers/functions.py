"""Abundances of genes or pathways: what HUMAnN and PICRUSt2 have in common."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from helpers.importers.base import Imported, LeftOut, refuse
from helpers.problems import quote

GENES, TRANSCRIPTS = "genes", "transcripts"
OTHER = "other"  # the group that is background in tests of sets


def choose_block(path: Path, role: str | None) -> str:
    """Return the block that a table of functions becomes: genes, or transcripts where it was made from RNA.

    Parameters
    ----------
    path : pathlib.Path
        Named in the error.
    role : str or None
        As ``--role`` has it.

    Raises
    ------
    CohortError
    """
    if role in (None, GENES, TRANSCRIPTS):
        return role or GENES
    raise refuse(
        path, f"the role {quote(role)}", f"{GENES} or {TRANSCRIPTS}", f"write --role {TRANSCRIPTS} where it is RNA."
    )


def make_functions(
    table: pd.DataFrame, names: Mapping[str, str], block: str, scale: str, left_out: list[LeftOut], notes: list[str]
) -> Imported:
    """Return a table of functions with what is known of its columns.

    Parameters
    ----------
    table : pandas.DataFrame
        Samples in rows.
    names : mapping of str to str
        By column: its name in words, where the file has one.
    block : {"genes", "transcripts"}
    scale : str
        As ``cohort.yml`` declares it: rpk, cpm, relative.
    left_out : list of LeftOut
    notes : list of str
    """
    features = pd.DataFrame(
        {"name": [names.get(name) or name for name in table.columns], "group": OTHER},
        index=pd.Index(table.columns, name="feature"),
    )
    told = f"every function stands in the group '{OTHER}' of microbiome/features.tsv: name groups there, if sets are to be tested."
    return Imported(
        {f"microbiome/{block}.tsv": table, "microbiome/features.tsv": features},
        left_out=[entry for entry in left_out if entry.n],
        notes=[*notes, told],
        settings={"scale": {block: scale}},
    )
