"""Turn the stool of mice colonised with human microbiota into tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import biom
import pandas as pd

from helpers.open_data.curated import split_ranks

COUNTS, TREE, SAMPLES = (
    "Aggregated_humanization2.biom",
    "Data_humanization_phylo_aggregation.tre",
    "Mapping_file_ADHD_aggregated.csv",
)
COLUMNS = {"Treatment": "donor_group", "Cohort": "cohort"}


def arrange_tengeler(files: Mapping[str, Path]) -> dict[str, pd.DataFrame | bytes]:
    """Arrange the counts with mice in rows, their taxonomy and tree beside them.

    Parameters
    ----------
    files : mapping of str to path
        The BIOM table, the tree and the mapping file.

    Returns
    -------
    dict of str to pandas.DataFrame or bytes
        ``samples.tsv`` (donor_group, cohort), ``counts.tsv``, ``taxonomy.tsv`` and ``tree.nwk``, the tree as it is.

    References
    ----------
    .. [1] Tengeler AC et al. (2020). Microbiome 8:44. doi:10.1186/s40168-020-00816-x
    """
    table = biom.load_table(str(files[COUNTS]))
    counts = table.to_dataframe(dense=True).T.astype(int).sort_index().rename_axis("sample_id")
    lineages = [";".join(taxon["taxonomy"]).strip('"') for taxon in table.metadata(axis="observation")]
    taxonomy = split_ranks(lineages).set_axis(counts.columns.rename("taxon"), axis=0)
    samples = pd.read_csv(files[SAMPLES], dtype=str, keep_default_na=False, index_col="#SampleID")
    return {
        "samples.tsv": samples[list(COLUMNS)].rename(columns=COLUMNS).rename_axis("sample_id").sort_index(),
        "counts.tsv": counts,
        "taxonomy.tsv": taxonomy,
        "tree.nwk": files[TREE].read_bytes(),
    }
