"""What large studies found: the scale against which effects of one cohort are read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.power import find_detectable_d
from helpers.problems import count
from helpers.wording import hide_small

NOUNS = {"volumes": "volumes", "tracts": "tracts (FA)"}


def add_detectable(contrasts: pd.DataFrame, *, power: float = 0.8) -> pd.DataFrame:
    """Add to each contrast the smallest effect that its number of people detects.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        With ``n_high`` and ``n_low``.
    power : float, default 0.8
        Chance to reach an uncorrected p < .05 if the effect is real.

    Returns
    -------
    pandas.DataFrame
        One column more, ``detectable_d``: in standard deviations, without regard to sign. Covariates that explain the feature
        make it a little smaller.

    Examples
    --------
    >>> table = pd.DataFrame({"n_high": [44], "n_low": [72]}, index=["amygdala"])
    >>> add_detectable(table)["detectable_d"].round(2).tolist()
    [0.54]
    """
    sizes = contrasts[["n_high", "n_low"]].drop_duplicates().itertuples(index=False)
    found = {(high, low): find_detectable_d(n_high=int(high), n_low=int(low), power=power) for high, low in sizes}
    detectable = [found[pair] for pair in zip(contrasts["n_high"], contrasts["n_low"], strict=True)]
    return contrasts.assign(detectable_d=np.array(detectable, dtype=float))


def find_published_range(published: pd.DataFrame, block: str) -> tuple[float, float]:
    """Return the smallest and the largest published |d| of a kind of measure.

    Parameters
    ----------
    published : pandas.DataFrame
        As read from ``data/sets/published_brain_effects.tsv``: ``block``, ``d_smallest``, ``d_largest``.
    block : str
        ``volumes`` or ``tracts``.

    Returns
    -------
    tuple of float
        Both NaN when the file has none.

    Examples
    --------
    >>> published = pd.DataFrame({"block": ["tracts"], "d_smallest": [-0.12], "d_largest": [-0.26]})
    >>> find_published_range(published, "tracts")
    (0.12, 0.26)
    """
    values = published.loc[published["block"] == block, ["d_smallest", "d_largest"]].abs().to_numpy(float)
    return (float(values.min()), float(values.max())) if values.size else (np.nan, np.nan)


def describe_scale(contrasts: pd.DataFrame, published: pd.DataFrame, block: str) -> str:
    """Set the effects of one cohort against what large studies found and against what this cohort can see.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        From :func:`add_detectable`.
    published : pandas.DataFrame
    block : str
        ``volumes`` or ``tracts``.
    """
    known = contrasts.dropna(subset=["d"])
    if known.empty:
        return "No region could be compared, so there is nothing to set against a scale."
    low, high = find_published_range(published, block)
    detectable, noun = known["detectable_d"].max(), NOUNS.get(block, block)
    largest = known["d"].abs()
    seen = (
        f"Large studies of disorders report |d| of {low:.2f} to {high:.2f} for {noun}. "
        if np.isfinite(low)
        else f"No published scale of {noun} is in the data file. "
    )
    n_beyond = int((largest > high).sum()) if np.isfinite(high) else 0
    beyond = (
        f". {count(n_beyond, 'region')} {'exceeds' if n_beyond == 1 else 'exceed'} the largest published. From so few people the largest of "
        "many estimates tends to be too large"
        if n_beyond
        else ", none beyond the largest published"
        if np.isfinite(high)
        else ""
    )
    return (
        f"{seen}With {hide_small(int(known['n_high'].max()))} and {hide_small(int(known['n_low'].max()))} people, a single region is found with 80% "
        f"power only if its true |d| is {detectable:.2f} or more. Here |d| runs from {largest.min():.2f} to {largest.max():.2f} "
        f"over {count(len(known), 'region')}{beyond}."
    )
