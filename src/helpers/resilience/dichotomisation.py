"""What a split costs: one relation with the continuous score, and with the score cut in two at several places."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy

from helpers.power import ALPHA
from helpers.resilience.scales import list_bands
from helpers.resilience.symptoms import bound_r, correlate, expect_share_kept
from helpers.wording import as_text, hide_small, tell_part

TRUE_R = 0.3  # a medium relation (Cohen 1988), for power before any data are seen
MEDIAN = "sample median (never do this)"
DECLARED = "declared"
CONTINUOUS = "not cut"


def list_cuts(score: pd.Series, *, declared: float, name: str) -> dict[str, float]:
    """Return the cuts worth comparing: the declared one, published borders, and the sample's median as a warning.

    Parameters
    ----------
    score : pandas.Series
        Points; NaN where not scored.
    declared : float
        The cut of the outcome rule; scores at or above it are high.
    name : str
        ``<measure>.<score>``, to find published borders by.

    Returns
    -------
    dict of str to float
        A cut that leaves fewer than two people on a side is left out.

    Examples
    --------
    >>> list_cuts(pd.Series([60.0, 70, 80, 90, 95, 99]), declared=82, name="cd_risc.total")
    {'declared': 82.0, 'published border 74': 74.0, 'published border 83': 83.0, 'published border 91': 91.0, 'sample median (never do this)': 85.0}
    """
    bands = list_bands(name)
    borders = [] if bands is None else bands["start"].iloc[1:].tolist()
    cuts = {DECLARED: float(declared)}
    cuts |= {f"published border {border:g}": border for border in borders if border != declared}
    cuts[MEDIAN] = float(score.median())
    return {label: cut for label, cut in cuts.items() if 2 <= (score >= cut).sum() <= score.notna().sum() - 2}


def compare_cuts(
    score: pd.Series, symptom: pd.Series, cuts: Mapping[str, float], *, sem: float | None = None, small_cell: int = 5
) -> pd.DataFrame:
    """Relate one symptom to a score as it is, and cut in two at each of several places.

    The same people throughout; nothing is adjusted for. Power is that of finding a true correlation of .3 with the
    continuous score (two-sided, 5 %), as it shrinks when normal scores are cut there: it does not use the correlation
    found.

    Parameters
    ----------
    score, symptom : pandas.Series
        By ``participant_id``; NaN where not scored.
    cuts : mapping of str to float
        From :func:`list_cuts`.
    sem : float, optional
        Standard error of measurement of the score, in points.
    small_cell : int, default 5
        A smaller number of people near a cut is not told (NaN).

    Returns
    -------
    pandas.DataFrame
        Index ``cut`` (``not cut`` first); columns at (points), n_high, n_low, r with r_low and r_high (95 %), p, power,
        n_needed (people for the power that the continuous score has here), n_near (people within one `sem` of the
        cut) and flips (people expected on the other side if they answered again: two scores differ by sem times the
        root of 2). NaN where there is no cut or no `sem`.

    References
    ----------
    .. [1] MacCallum RC et al. (2002). On the practice of dichotomization of quantitative variables. Psychological
       Methods 7(1):19-40. doi:10.1037/1082-989X.7.1.19
    """
    people = pd.DataFrame({"score": score, "symptom": symptom}).dropna()
    n = len(people)
    rows = {CONTINUOUS: _relate(people["score"], people["symptom"], kept=1.0)}
    for label, cut in cuts.items():
        high = people["score"] >= cut
        if not 2 <= high.sum() <= n - 2:
            continue
        kept = expect_share_kept(float(high.mean()))
        near = (people["score"] - cut).abs()
        rows[label] = {
            "at": cut,
            "n_high": int(high.sum()),
            "n_low": int((~high).sum()),
            **_relate(high.astype(float), people["symptom"], kept=kept),
            "n_near": np.nan if sem is None else _tell(int((near <= sem).sum()), small_cell),
            "flips": np.nan if not sem else float(scipy.stats.norm.sf(near / (sem * np.sqrt(2))).sum()),
        }
    columns = ["at", "n_high", "n_low", "r", "r_low", "r_high", "p", "power", "n_needed", "n_near", "flips"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("cut")


def describe_cuts(table: pd.DataFrame, *, small_cell: int = 5) -> str:
    """Say what cutting costs in power, and how many people would change sides.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`compare_cuts`.
    small_cell : int, default 5
        A smaller number of people is not told.

    Returns
    -------
    str
    """
    if DECLARED not in table.index or len(table) < 2:
        return "The declared cut leaves nobody on one side: there is nothing to compare."
    whole, cut = table.loc[CONTINUOUS], table.loc[DECLARED]
    said = (
        f"A true correlation of {TRUE_R:g} is found in {100 * whole['power']:.0f} of 100 studies of this size with the "
        f"score as it is, and in {100 * cut['power']:.0f} with the declared cut. To make up for it, {cut['n_needed']:.0f} "
        "people would be needed."
    )
    if np.isnan(cut["flips"]):
        return said
    near = f"<{small_cell}" if np.isnan(cut["n_near"]) else f"{cut['n_near']:.0f}"
    flips = hide_small(round(cut["flips"]), small_cell)
    return (
        f"{said} {near} people lie within one standard error of measurement of the declared cut, and about {flips} of all "
        "would be in the other group if they answered again."
    )


def describe_median(
    score: pd.Series, *, declared: float, labels: Mapping[str, str], low_below: float | None = None
) -> str:
    """Say whom a cut at the sample's median would move, and why it is no rule.

    Parameters
    ----------
    score : pandas.Series
    declared : float
    labels : mapping
        How to call ``high`` and ``low``.
    low_below : float, optional
        The lower of two declared cuts.

    Returns
    -------
    str
    """
    known = score.dropna()
    median = float(known.median())
    if low_below is not None and low_below < declared:
        between = int(known.between(low_below, declared, inclusive="left").sum())
        return (
            f"The median of this sample is {median:g}. Cut there, {tell_part(between, len(known))} people between the declared "
            "cuts would get a group, and half would be high in any sample, however it fares: groups of two studies could not be "
            "compared."
        )
    moved = int(((known >= median) != (known >= declared)).sum())
    side = labels["high" if median < declared else "low"]
    return (
        f"The median of this sample is {median:g}. Cut there, {tell_part(moved, len(known))} people would change sides, all to "
        f"*{as_text(side)}*, and half would be resilient in any sample, however it fares: groups of two studies "
        "could not be compared."
    )


def _tell(n: int, small_cell: int) -> float:
    return np.nan if 0 < n < small_cell else n


def _relate(x: pd.Series, y: pd.Series, *, kept: float) -> dict[str, float]:
    r, n = correlate(x, y), len(x)
    shrunk = TRUE_R * np.sqrt(kept)
    t = r * np.sqrt((n - 2) / (1 - r**2)) if abs(r) < 1 and n > 2 else np.nan
    return {
        "r": r,
        **bound_r("r", r, n),
        "p": float(2 * scipy.stats.t.sf(abs(t), n - 2)) if n > 2 else np.nan,
        "power": _power(shrunk, n),
        "n_needed": float(np.ceil((np.arctanh(TRUE_R) / np.arctanh(shrunk)) ** 2 * (n - 3) + 3)),
    }


def _power(r: float, n: int) -> float:
    """Return the power to find a true correlation, by Fisher's transformation."""
    edge = scipy.stats.norm.ppf(1 - ALPHA / 2)
    shift = np.arctanh(r) * np.sqrt(max(n - 3, 0))
    return float(scipy.stats.norm.sf(edge - shift) + scipy.stats.norm.cdf(-edge - shift))
