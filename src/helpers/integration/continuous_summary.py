"""Predictions of a measured outcome in; how close they come, with intervals, out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from helpers.integration.batched_fits import Array, Ints
from helpers.integration.summary import INTERVAL
from helpers.intervals import bound_over_folds

ALL_BLOCKS, MEAN = "all blocks", "mean"
MEASURES = ("q2", "r", "spearman", "rmse")


def measure(predicted: Array, values: Array) -> dict[str, Array]:
    """Return Q², r, Spearman's correlation and RMSE of predictions, scorer by scorer.

    Parameters
    ----------
    predicted : numpy.ndarray of shape (people, scorers)
    values : numpy.ndarray of shape (people,)

    Returns
    -------
    dict of numpy.ndarray of shape (scorers,)
        NaN where something does not vary.

    Examples
    --------
    >>> found = measure(np.array([[1.0], [2.0], [4.0]]), np.array([1.0, 2.0, 3.0]))
    >>> {name: round(float(value[0]), 3) for name, value in found.items()}
    {'q2': 0.5, 'r': 0.982, 'spearman': 1.0, 'rmse': 0.577}
    """
    squares = ((predicted - values[:, None]) ** 2).mean(axis=0)
    spread = values.var()
    return {
        "q2": 1 - squares / (spread if spread > 0 else np.nan),
        "r": _correlate(predicted, values[:, None]),
        "spearman": _correlate(rankdata(predicted, axis=0), rankdata(values)[:, None]),
        "rmse": np.sqrt(squares),
    }


def _correlate(one: Array, other: Array) -> Array:
    """Return correlations of columns, NaN where one does not vary."""
    sizes = (one**2).mean(axis=0) * (other**2).mean(axis=0)
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    spreads = (one**2).mean(axis=0) * (other**2).mean(axis=0)
    varies = spreads > 1e-20 * sizes
    return np.where(varies, (one * other).mean(axis=0) / np.sqrt(np.where(varies, spreads, 1.0)), np.nan)


def summarise_outcome(
    predicted: Sequence[Array], fold_of: Sequence[Ints], values: Array, names: list[str]
) -> pd.DataFrame:
    """Return the measures with the range over repeats, and Q² with its interval; one array of each kind per repeat."""
    n_folds = int(fold_of[0].max()) + 1
    each = [measure(own, values) for own in predicted]
    of_folds = [
        1 - ((own[folds == k] - values[folds == k, None]) ** 2).mean(axis=0) / values.var()
        for own, folds in zip(predicted, fold_of, strict=True)
        for k in range(n_folds)
    ]
    roles = ["block"] * names.index(ALL_BLOCKS) + ["all"]
    table = pd.DataFrame({"role": roles + ["baseline"] * (len(names) - len(roles) - 1) + ["chance"]}, index=names)
    for name in MEASURES:
        repeats = np.array([one[name] for one in each])
        ends = np.percentile(repeats, INTERVAL, axis=0) if len(predicted) > 1 else np.full((2, len(names)), np.nan)
        table = table.assign(
            **{name: repeats.mean(axis=0), f"{name}_repeat_low": ends[0], f"{name}_repeat_high": ends[1]}
        )
    low, high = bound_over_folds(table["q2"], np.array(of_folds)[:, None], n_folds, at_least=-np.inf)
    table = table.assign(q2_low=low, q2_high=high)
    table.loc[MEAN, table.columns[table.columns.str.match("r(_|$)|spearman")]] = np.nan
    return table.rename_axis("block")


def tabulate_outcome(predicted: Sequence[Array], values: Array, names: list[str]) -> pd.DataFrame:
    """Return one row per repeat and scorer."""
    tables = [
        pd.DataFrame({"repeat": number, "block": names, **measure(one, values)})
        for number, one in enumerate(predicted, start=1)
    ]
    return pd.concat(tables, ignore_index=True)
