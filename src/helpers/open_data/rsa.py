"""Turn the answers to the Resilience Scale for Adults into a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from helpers.open_data.rfiles import read_rda

N_ITEMS = 33


def arrange_rsa(files: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    """Arrange the answers item by item.

    Parameters
    ----------
    files : mapping of str to path
        ``rsa.rda``.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``participants.tsv`` (sex) and ``rsa.tsv`` (``rsa_01`` to ``rsa_33``, answers 1 to 7).

    References
    ----------
    .. [1] Briganti G, Linkowski P (2020). Epidemiology and Psychiatric Sciences 29:e33.
       doi:10.1017/S2045796019000222
    """
    data = read_rda(files["rsa.rda"], "rsa").rename_axis("participant_id")
    items = {f"F{i}": f"rsa_{i:02d}" for i in range(1, N_ITEMS + 1)}
    return {
        "participants.tsv": data[["gender"]].rename(columns={"gender": "sex"}),
        "rsa.tsv": data[list(items)].rename(columns=items),
    }
