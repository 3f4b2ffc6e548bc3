"""Turn the gut pathways of the HMP2 study into tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from helpers.tables import MISSING

COLUMNS = {
    "subject": "participant_id",
    "site": "site",
    "age": "age_years",
    "diagnosis": "diagnosis",
    "antibiotics": "antibiotics",
    "dysbiosis_binary": "is_dysbiotic",
    "dysbiosis": "dysbiosis_score",
}


def arrange_hmp2(files: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    """Arrange the pathways, transcribed (RNA) and encoded (DNA), with samples in rows.

    Parameters
    ----------
    files : mapping of str to path
        ``HMP2_metadata.tsv``, ``HMP2_pwyRNA.tsv`` and ``HMP2_pwyDNA.tsv``.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``samples.tsv`` (every sample of either table; participant_id ``n/a`` where the files do not tell whose it
        is; has_rna, has_dna), ``rna.tsv`` and ``dna.tsv`` (relative abundances) and ``pathways.tsv``.

    References
    ----------
    .. [1] Lloyd-Price J et al. (2019). Nature 569:655. doi:10.1038/s41586-019-1237-9
    .. [2] Zhang Y et al. (2021). Bioinformatics 37:i34. doi:10.1093/bioinformatics/btab327
    """
    metadata, rna, dna = (
        pd.read_csv(files[f"HMP2_{name}.tsv"], sep="\t", dtype=str, keep_default_na=False, index_col="ID")
        .rename_axis("sample_id")
        .sort_index()
        for name in ("metadata", "pwyRNA", "pwyDNA")
    )
    everything = rna.index.union(dna.index).rename("sample_id")
    samples = metadata[list(COLUMNS)].rename(columns=COLUMNS).replace("NA", MISSING).reindex(everything)
    pathways = rna.columns.union(dna.columns).rename("pathway")
    return {
        "samples.tsv": samples.assign(has_rna=_say(everything, rna.index), has_dna=_say(everything, dna.index)),
        "rna.tsv": rna,
        "dna.tsv": dna,
        "pathways.tsv": pd.DataFrame(
            {"in_rna": _say(pathways, rna.columns), "in_dna": _say(pathways, dna.columns)}, index=pathways
        ),
    }


def _say(names: pd.Index, known: pd.Index) -> list[str]:
    return ["yes" if name in known else "no" for name in names]
