"""Judge a scale: how well its items agree, and how sure a total is near the cut-off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.intervals import bound_by_draws
from helpers.least import refuse_few
from helpers.resilience.factor import keep_complete, keep_varying, mcdonald_omega, omega_hierarchical
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


def summarise_reliability(
    items: pd.DataFrame,
    *,
    rng: np.random.Generator,
    n_bootstraps: int = 400,
    structure: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Return alpha and omega with 95 % intervals from resampled people; hierarchical omega where a structure is given.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, n_items)
        As for :func:`cronbach_alpha`.
    rng : numpy.random.Generator
        Draws the people of each resample; all coefficients share them.
    n_bootstraps : int, default 400
    structure : mapping of str to sequence of str, optional
        By factor (three or more), its items: asks for hierarchical omega.

    Returns
    -------
    pandas.DataFrame of shape (2 or 3, 6)
        Index ``coefficient`` (alpha, omega, hierarchical omega); columns estimate, ci_low, ci_high (percentiles), n
        (complete people), n_items, n_bootstraps (resamples it could be computed in).

    Raises
    ------
    ValueError
        As for :func:`mcdonald_omega` and :func:`omega_hierarchical`.
    """
    complete = keep_varying(items)
    refuse_few("reliability", len(complete))
    coefficients: dict[str, Callable[[pd.DataFrame], float]] = {"alpha": cronbach_alpha, "omega": mcdonald_omega}
    if structure is not None:
        start = omega_hierarchical(complete, structure)[1]
        coefficients["hierarchical omega"] = lambda drawn: omega_hierarchical(drawn, structure, start=start)[0]
    draws = rng.integers(len(complete), size=(n_bootstraps, len(complete)))
    drawn = [sample for sample in (complete.iloc[rows] for rows in draws) if (sample.var() > 0).all()]
    rows = {
        name: (coefficient(complete), *_bootstrap(coefficient, drawn)) for name, coefficient in coefficients.items()
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "ci_low", "ci_high"])
    return table.assign(n=len(complete), n_items=complete.shape[1], n_bootstraps=len(drawn)).rename_axis("coefficient")


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


def _bootstrap(coefficient: Callable[[pd.DataFrame], float], drawn: Sequence[pd.DataFrame]) -> tuple[float, float]:
    if not drawn:
        return np.nan, np.nan
    draws = np.array([[coefficient(sample)] for sample in drawn])
    low, high = bound_by_draws([np.nanmedian(draws)] if np.isfinite(draws).any() else [np.nan], draws, at_most=1.0)
    return float(low[0]), float(high[0])
