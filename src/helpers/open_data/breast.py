"""Turn breast.TCGA, the reference data of DIABLO, into tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.open_data.rfiles import read_rda

SETS = {"data.train": "train", "data.test": "test"}
BLOCKS = ("mrna", "mirna", "protein")


def arrange_breast(files: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    """Arrange the blocks of breast.TCGA as one table per set and block.

    Parameters
    ----------
    files : mapping of str to path
        ``breast.TCGA.rda``.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``samples.tsv`` (set, subtype) and ``<set>_<block>.tsv``, tumours in rows; the test set has no protein.

    References
    ----------
    .. [1] Singh A et al. (2019). Bioinformatics 35:3055. doi:10.1093/bioinformatics/bty1054
    """
    data = read_rda(files["breast.TCGA.rda"], "breast.TCGA")
    samples, tables = [], {}
    for key, part in SETS.items():
        blocks = {block: data[key][block].rename_axis("sample_id") for block in BLOCKS if block in data[key]}
        tables |= {f"{part}_{block}.tsv": table.rename_axis(None, axis=1) for block, table in blocks.items()}
        ids = blocks["mrna"].index
        samples.append(pd.DataFrame({"set": part, "subtype": np.asarray(data[key]["subtype"])}, index=ids))
    return {"samples.tsv": pd.concat(samples), **tables}
