"""What open data of real people say about margins: the quantiles that simulated blocks are drawn from."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from helpers.tables import PROJECT_ROOT

QUANTILES_FILE = PROJECT_ROOT / "data" / "calibration" / "simulation_quantiles.tsv"
LEVELS = np.linspace(0, 1, 21)


@cache
def _read_quantiles() -> pd.DataFrame:
    return pd.read_csv(QUANTILES_FILE, sep="\t").set_index(["margin", "source"])


def spread_evenly(margin: str, n: int, *sources: str) -> np.ndarray:
    """Return n values, low to high, with the quantiles of a margin of real people; of several sources, their mean.

    Parameters
    ----------
    margin : str
        A margin of ``data/calibration/simulation_quantiles.tsv``.
    n : int
    *sources : str
        Open data sets, for example ``"kim_adenomas_2020"``.

    Returns
    -------
    numpy.ndarray of shape (n,)
        In the unit of the margin.

    Examples
    --------
    >>> values = spread_evenly("prevalence", 5, "kim_adenomas_2020")
    >>> bool((np.diff(values) > 0).all() and 0 < values[0] and values[-1] < 1)
    True
    """
    rows = [_read_quantiles().loc[(margin, source)].to_numpy(float)[1:] for source in sources]
    return np.interp((np.arange(n) + 0.5) / n, LEVELS, np.mean(rows, axis=0))
