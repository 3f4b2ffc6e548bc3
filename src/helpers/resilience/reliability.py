"""Judge a scale: how well its items agree, and how sure a total is near the cut-off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.resilience.factor import keep_complete, mcdonald_omega
from helpers.wording import hide_small, hide_small_parts

CONFIDENCE = 0.95


@dataclass(frozen=True)
class ScorePrecision:
    """How far a total may be off, and whom the cut-off may misplace.

    Attributes
    ----------
    sd, sem : float
        Standard deviation of totals; standard error of measurement (points).
    cut : float
        Totals at or above it count as high.
    n_scored, n_within_sem : int
        People with a total; those of them within one ``sem`` of the cut.
    """

    sd: float
    sem: float
    cut: float
    n_scored: int
    n_within_sem: int

    def to_frame(self) -> pd.DataFrame:
        """Return one row, ready for a results table."""
        return pd.DataFrame([vars(self)], index=["total"])


def cronbach_alpha(items: pd.DataFrame) -> float:
    """Return Cronbach's alpha of people with every item answered.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, n_items)
        Answers as numbers, reversed items already turned. A person with any
        blank is left out before anything is counted.

    Returns
    -------
    float
        At most 1; negative when items work against each other; NaN when the
        totals do not vary.

    Raises
    ------
    ValueError
        Fewer than two items or three complete people.

    References
    ----------
    .. [1] Cronbach LJ (1951). Coefficient alpha and the internal structure of
       tests. Psychometrika 16:297-334. doi:10.1007/BF02310555

    Examples
    --------
    Two items that always agree:

    >>> float(round(cronbach_alpha(pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3]})), 6))
    1.0
    """
    complete = keep_complete(items)
    k = complete.shape[1]
    total_variance = complete.sum(axis=1).var()
    if total_variance == 0:
        return np.nan
    return float(k / (k - 1) * (1 - complete.var().sum() / total_variance))


def summarise_reliability(items: pd.DataFrame, *, rng: np.random.Generator, n_bootstraps: int = 400) -> pd.DataFrame:
    """Return alpha and omega with 95 % intervals.

    Alpha's interval is Feldt's, from an F distribution; omega's is a percentile
    bootstrap of people.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, n_items)
        As for :func:`cronbach_alpha`.
    rng : numpy.random.Generator
        Draws the people of each bootstrap.
    n_bootstraps : int, default 400

    Returns
    -------
    pandas.DataFrame of shape (2, 6)
        Index ``coefficient`` (alpha, omega); columns estimate, ci_low,
        ci_high, n (complete people), n_items, interval (how it was made).

    Raises
    ------
    ValueError
        As for :func:`mcdonald_omega`.

    References
    ----------
    .. [1] Feldt LS, Woodruff DJ, Salih FA (1987). Statistical inference for
       coefficient alpha. Applied Psychological Measurement 11(1):93-103.
       doi:10.1177/014662168701100107
    """
    complete = keep_complete(items)
    n, k = complete.shape
    alpha = cronbach_alpha(complete)
    omegas = _bootstrap_omega(complete, rng=rng, n_bootstraps=n_bootstraps)
    tail = 100 * (1 - CONFIDENCE) / 2
    rows = {
        "alpha": (alpha, *bound_alpha(alpha, n=n, n_items=k), n, k, "Feldt"),
        "omega": (
            mcdonald_omega(complete),
            *np.nanpercentile(omegas, [tail, 100 - tail]),
            n,
            k,
            f"bootstrap of people ({n_bootstraps})",
        ),
    }
    columns = ["estimate", "ci_low", "ci_high", "n", "n_items", "interval"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("coefficient")


def bound_alpha(alpha: float, *, n: int, n_items: int) -> tuple[float, float]:
    """Return Feldt's 95 % interval of an alpha.

    Parameters
    ----------
    alpha : float
    n, n_items : int
        Complete people, and items.

    Returns
    -------
    tuple of float
        Lower and upper bound.

    References
    ----------
    .. [1] Feldt LS (1965). The approximate sampling distribution of
       Kuder-Richardson reliability coefficient twenty. Psychometrika
       30:357-370. doi:10.1007/BF02289499

    Examples
    --------
    >>> low, high = bound_alpha(0.9, n=100, n_items=25)
    >>> bool(low < 0.9 < high)
    True
    """
    tail = (1 - CONFIDENCE) / 2
    df_people, df_error = n - 1, (n - 1) * (n_items - 1)
    low = 1 - (1 - alpha) * stats.f.ppf(1 - tail, df_people, df_error)
    high = 1 - (1 - alpha) * stats.f.ppf(tail, df_people, df_error)
    return float(low), float(high)


def summarise_items(items: pd.DataFrame) -> pd.DataFrame:
    """Describe each item beside the rest of its scale.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, n_items)
        As for :func:`cronbach_alpha`.

    Returns
    -------
    pandas.DataFrame of shape (n_items, 6)
        Index ``item``; n_answered, mean and sd over those who answered it;
        item_rest_r (with the sum of the *other* items), alpha_without (of the
        scale without it) and share_highest (share of given answers that are
        the highest answer given to any item).

    Raises
    ------
    ValueError
        Fewer than three items or three complete people.
    """
    complete = keep_complete(items, at_least_items=3)
    total = complete.sum(axis=1)
    table = pd.DataFrame({"n_answered": items.count(), "mean": items.mean(), "sd": items.std()})
    table["item_rest_r"] = [_correlate(complete[name], total - complete[name]) for name in items]
    table["alpha_without"] = [cronbach_alpha(complete.drop(columns=name)) for name in items]
    table["share_highest"] = (items == items.max(axis=None)).sum() / items.count()
    return table.rename_axis("item")


def check_answering(items: pd.DataFrame, *, small_cell: int = 5) -> pd.DataFrame:
    """Count people whose way of answering deserves a look.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, n_items)
        Answers as given, NaN when blank.
    small_cell : int, default 5
        Counts of fewer people are not told.

    Returns
    -------
    pandas.DataFrame of shape (4, 2)
        Index ``sign``: all items answered, some blank, none answered (three
        parts of everyone), same answer throughout (at least three answers).
        Columns n (text) and share (NaN where n is not told).

    Examples
    --------
    >>> items = pd.DataFrame([[3, 3, 3], [1, 2, 3]], index=["sub-01", "sub-02"])
    >>> check_answering(items, small_cell=1).loc["same answer throughout", "n"]
    '1'
    """
    answered = items.notna().sum(axis=1)
    counts = {
        "all items answered": answered == items.shape[1],
        "some items blank": (answered > 0) & (answered < items.shape[1]),
        "no item answered": answered == 0,
        "same answer throughout": (items.max(axis=1) == items.min(axis=1)) & (answered >= 3),
    }
    n = pd.Series({sign: int(where.sum()) for sign, where in counts.items()})
    shown = [*hide_small_parts(n.tolist()[:3], small_cell), hide_small(int(n.iloc[3]), small_cell)]
    share = (n / max(len(items), 1)).where([text.isdigit() for text in shown])
    return pd.DataFrame({"n": shown, "share": share}).rename_axis("sign")


def measure_precision(total: pd.Series, *, reliability: float, cut: float) -> ScorePrecision:
    """Return the standard error of measurement and who sits within it of the cut.

    Parameters
    ----------
    total : pandas.Series
        Scores; NaN for the unscored.
    reliability : float
        Alpha or omega, at most 1; below 0 counts as 0.
    cut : float
        Scores at or above it are high.

    Returns
    -------
    ScorePrecision

    Examples
    --------
    A spread of 10 points and a reliability of .91 leave 3 points of doubt:

    >>> total = pd.Series([70.0, 80.0, 90.0])
    >>> precision = measure_precision(total, reliability=0.91, cut=82)
    >>> round(precision.sem, 6), precision.n_within_sem
    (3.0, 1)
    """
    sd = float(total.std())
    sem = sd * float(np.sqrt(1 - max(reliability, 0.0)))
    near = (total - cut).abs() <= sem
    return ScorePrecision(sd, sem, float(cut), int(total.notna().sum()), int(near.sum()))


def _correlate(a: pd.Series, b: pd.Series) -> float:
    return float(a.corr(b)) if a.std() > 0 and b.std() > 0 else np.nan


def _bootstrap_omega(complete: pd.DataFrame, *, rng: np.random.Generator, n_bootstraps: int) -> np.ndarray:
    draws = rng.integers(len(complete), size=(n_bootstraps, len(complete)))
    omegas = np.full(n_bootstraps, np.nan)
    for i, rows in enumerate(draws):
        drawn = complete.iloc[rows]
        if (drawn.var() > 0).all():
            omegas[i] = mcdonald_omega(drawn)
    return omegas
