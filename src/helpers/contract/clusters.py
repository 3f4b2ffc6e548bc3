"""Clusters: people who belong together, such as families, twins, classes or litters."""

from __future__ import annotations

import pandas as pd

from helpers.contract.files import Reader
from helpers.contract.settings import FILE, Settings
from helpers.problems import count, name_some, quote

FEW = 10  # clusters, below which cluster-robust errors have few degrees of freedom


def label_clusters(column: pd.Series) -> pd.Series:
    """Return the cluster of each participant; one without a cluster stands alone.

    Examples
    --------
    >>> label_clusters(pd.Series(["f1", "f1", None], index=["a", "b", "c"])).tolist()
    ['f1', 'f1', 'alone: c']
    """
    alone = "alone: " + column.index.to_series().astype(str)
    return column.astype("str").where(column.notna(), alone).rename(column.name)


def check_clusters(reader: Reader, settings: Settings, participants: pd.DataFrame) -> None:
    """Report clusters that hold nothing together, or everybody, or reach over batches.

    Parameters
    ----------
    reader : Reader
    settings : Settings
        With a ``cluster`` that is a column.
    participants : pandas.DataFrame
        Index ``participant_id``.
    """
    name = settings.cluster
    clusters = label_clusters(participants[name])
    sizes = clusters.value_counts()
    if sizes.max() == 1:
        found = f"cluster names {quote(name)}, in which every cluster is one person"
        fix = "take the line out, or name the column of families (classes, litters)."
        reader.report(FILE, found, "clusters of two people or more", fix, column="cluster")
        return
    if len(sizes) == 1:
        found = f"cluster names {quote(name)}, in which everybody is in one cluster"
        reader.report(FILE, found, "several clusters", "take the line out, or name another column.", column="cluster")
        return
    if len(sizes) < FEW:
        found = f"{count(len(sizes), 'cluster')} in {quote(name)}"
        fix = "nothing, if there are no more; intervals will be wide, and few arrangements are left for permutation tests."
        reader.report(FILE, found, f"{FEW} clusters or more", fix, column="cluster", severity="warning")
    blank = int(participants[name].isna().sum())
    if blank:
        found = f"no {name} for {count(blank, 'participant')}"
        fix = "nothing, if they belong to nobody else here; they stand alone."
        reader.report("participants.tsv", found, "a cluster for everyone", fix, column=name, severity="warning")
    if settings.batch in participants:
        batches = participants[settings.batch].astype("str").groupby(clusters).nunique()
        torn = batches.index[batches > 1]
        if len(torn):
            found = f"{count(len(torn), 'cluster')} in several batches ({name_some(torn)})"
            fix = "correct the cluster or the batch, or name no batch: clusters are kept whole and stay within their batch."
            reader.report("participants.tsv", found, f"each {name} in one {settings.batch}", fix, column=name)
