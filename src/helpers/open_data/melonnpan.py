"""Turn the training data and weights of MelonnPan into tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

PARTS = {
    "genes": ("melonnpan.training.data.txt", "participant_id"),
    "metabolites": ("melonnpan.training.compounds.txt", "participant_id"),
    "test_genes": ("melonnpan.test.data.txt", "participant_id"),
    "weights": ("melonnpan.trained.model.txt", "gene"),
}


def arrange_melonnpan(files: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    """Arrange genes, metabolites and weights, people (or genes) in rows.

    Parameters
    ----------
    files : mapping of str to path
        The four ``melonnpan.*.txt``.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``genes.tsv`` and ``test_genes.tsv`` (UniRef90 gene families, relative abundance), ``metabolites.tsv``
        (relative abundance), ``weights.tsv`` (one row per gene family and one for the intercept; one column per
        metabolite) and ``metabolite_names.tsv``: the cluster of ``metabolites.tsv`` and the name in
        ``weights.tsv``, which the originals join by the order of their columns alone.

    References
    ----------
    .. [1] Mallick H et al. (2019). Nature Communications 10:3136. doi:10.1038/s41467-019-10927-1
    """
    tables = {
        name: pd.read_csv(files[file], sep="\t", dtype=str, keep_default_na=False, index_col="ID").rename_axis(key)
        for name, (file, key) in PARTS.items()
    }
    clusters = tables["metabolites"].columns.rename("cluster")
    names = pd.DataFrame({"name": tables["weights"].columns}, index=clusters)
    return {f"{name}.tsv": table for name, table in tables.items()} | {"metabolite_names.tsv": names}
