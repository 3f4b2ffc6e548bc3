"""Predictions of a measured outcome in; how close they come, with intervals, out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from helpers.integration.folded import Array, Ints
from helpers.integration.summary import INTERVAL, draw_people
from helpers.intervals import bound_by_draws

ALL_BLOCKS, MEAN = "all blocks", "mean"
MEASURES = ("q2", "r", "spearman", "rmse")


def measure(predicted: Array, values: Array, draws: Array | None = None) -> dict[str, Array]:
    """Return Q², r, Spearman's correlation and RMSE of predictions, scorer by scorer.

    Parameters
    ----------
    predicted : numpy.ndarray of shape (people, scorers)
    values : numpy.ndarray of shape (people,)
    draws : numpy.ndarray of shape (draws, people), optional
        How often each person counts in each draw; ranks stay those among all.

    Returns
    -------
    dict of numpy.ndarray of shape (scorers,) or (draws, scorers)
        NaN where something does not vary.

    Examples
    --------
    >>> found = measure(np.array([[1.0], [2.0], [4.0]]), np.array([1.0, 2.0, 3.0]))
    >>> {name: round(float(value[0]), 3) for name, value in found.items()}
    {'q2': 0.5, 'r': 0.982, 'spearman': 1.0, 'rmse': 0.577}
    """
    weights = np.ones((1, len(values))) if draws is None else draws
    weights = weights / weights.sum(axis=1, keepdims=True)
    squares = weights @ (predicted - values[:, None]) ** 2
    spread = weights @ values**2 - (weights @ values) ** 2
    found = {
        "q2": 1 - squares / np.where(spread > 0, spread, np.nan)[:, None],
        "r": _correlate(predicted, values[:, None], weights),
        "spearman": _correlate(rankdata(predicted, axis=0), rankdata(values)[:, None], weights),
        "rmse": np.sqrt(squares),
    }
    return {name: value[0] for name, value in found.items()} if draws is None else found


def _correlate(one: Array, other: Array, weights: Array) -> Array:
    """Return weighted correlations (draws, columns), NaN where one does not vary."""
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    means = weights @ one, weights @ other
    together = weights @ (one * other) - means[0] * means[1]
    spreads = (weights @ one**2 - means[0] ** 2) * (weights @ other**2 - means[1] ** 2)
    varies = spreads > 1e-20 * (one**2).mean(axis=0) * (other**2).mean(axis=0)
    return np.where(varies, together / np.sqrt(np.where(varies, spreads, 1.0)), np.nan)


def summarise_outcome(
    predicted: Array, values: Array, names: list[str], persons: Ints | None, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the measures with intervals over people and ranges over repeats; `predicted` is (repeats, people, scorers)."""
    draws = draw_people(np.zeros(len(values), np.intp), persons, rng)
    each = [measure(own, values) for own in predicted]
    drawn = [measure(own, values, draws) for own in predicted]
    roles = ["block"] * names.index(ALL_BLOCKS) + ["all"]
    table = pd.DataFrame({"role": roles + ["rival"] * (len(names) - len(roles) - 1) + ["chance"]}, index=names)
    for name in MEASURES:
        repeats = np.array([one[name] for one in each])
        resampled = np.mean([one[name] for one in drawn], axis=0)
        estimate = repeats.mean(axis=0)
        low, high = bound_by_draws(estimate, resampled)
        table = table.assign(**{name: estimate, f"{name}_low": low, f"{name}_high": high})
        ends = np.percentile(repeats, INTERVAL, axis=0) if len(predicted) > 1 else np.full((2, len(names)), np.nan)
        table = table.assign(**{f"{name}_repeat_low": ends[0], f"{name}_repeat_high": ends[1]})
    table.loc[MEAN, table.columns[table.columns.str.match("r(_|$)|spearman")]] = np.nan
    return table.rename_axis("block")


def tabulate_outcome(predicted: Sequence[Array], values: Array, names: list[str]) -> pd.DataFrame:
    """Return one row per repeat and scorer."""
    tables = [
        pd.DataFrame({"repeat": number, "block": names, **measure(one, values)})
        for number, one in enumerate(predicted, start=1)
    ]
    return pd.concat(tables, ignore_index=True)
