"""Probabilities from scores: learned inside training sets, judged on held-out people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_curve
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools import add_constant

from helpers.integration.batched_fits import Array, Ints
from helpers.intervals import bound_proportion

N_BINS = 5
WIDE = 1.96  # standard errors on each side of a 95 % interval
N_ROC = 101  # false positive rates at which curves are averaged
CERTAIN = 1e-9  # probabilities are kept this far from 0 and 1 before their log-odds are taken


def map_scores(inner: Array, codes: Ints, scores: Array) -> Array:
    """Return the probability of the first class for held-out people, scorer by scorer.

    The map is a logistic curve (Platt) on the standardised score, fitted on the training people's scores, each from
    folds inside the training set that had left the person out. Its slope carries a ridge penalty of 1, which keeps it
    finite where the groups are apart. A score that ranks the training people the wrong way round says nothing: all get
    the share of the first class.

    Parameters
    ----------
    inner : numpy.ndarray of shape (n_train, scorers)
        Scores of training people when left out.
    codes : numpy.ndarray of int, shape (n_train,)
    scores : numpy.ndarray of shape (n_test, scorers)

    Returns
    -------
    numpy.ndarray of shape (n_test, scorers)
        0 to 1.

    Examples
    --------
    >>> codes = np.array([0, 0, 0, 1])
    >>> map_scores(np.array([[2.0], [2.0], [2.0], [2.0]]), codes, np.array([[9.0]])).tolist()
    [[0.75]]
    """
    first = (codes == 0).astype(int)
    found = np.full(scores.shape, first.mean())
    means, sds = inner.mean(axis=0), inner.std(axis=0)
    for j in np.flatnonzero(sds > 0):
        curve = LogisticRegression().fit((inner[:, [j]] - means[j]) / sds[j], first)
        if curve.coef_[0, 0] > 0:
            found[:, j] = curve.predict_proba((scores[:, [j]] - means[j]) / sds[j])[:, 1]
    return found


def judge_probabilities(
    probabilities: Array, codes: Ints, scorers: Sequence[str], persons: Ints | None = None
) -> pd.DataFrame:
    """Judge probabilities of held-out people: Brier score, calibration intercept and slope.

    Parameters
    ----------
    probabilities : numpy.ndarray of shape (repeats, people, scorers)
        Of the first class, 0 to 1.
    codes : numpy.ndarray of int, shape (people,)
    scorers : sequence of str
    persons : numpy.ndarray of int, shape (people,), optional
        Whom each sample is from; standard errors then count persons.

    Returns
    -------
    pandas.DataFrame
        Index ``block``. ``brier``, mean squared distance of probability and class (0 is best), mean over
        repeats; ``intercept``, how far the log-odds are too low on average (0 is right; above 0, the first class is
        commoner than said); ``slope``, of the class on the log-odds (1 is right, below 1 too sure, 0 uninformative,
        NaN where the probability is the same for all or tells the groups apart without error). Intercept and slope
        are means over repeats with ``_low``, ``_high``: 1.96 mean standard errors of one repeat.

    References
    ----------
    .. [1] Van Calster B et al. (2019). Calibration: the Achilles heel of predictive analytics. BMC Medicine 17:230.
       doi:10.1186/s12916-019-1466-7

    Examples
    --------
    Half are said to be of the first class, and half are:

    >>> judge_probabilities(np.full((1, 4, 1), 0.5), np.array([0, 0, 1, 1]), ["vote"]).loc["vote", "brier"]
    np.float64(0.25)
    """
    first = (codes == 0).astype(float)
    rows = {}
    for j, name in enumerate(scorers):
        repeats = [_judge(own, first, persons) for own in probabilities[:, :, j]]
        estimate = np.mean(repeats, axis=0)
        row = {"brier": float(((probabilities[:, :, j] - first) ** 2).mean())}
        for place, what in enumerate(("intercept", "slope")):
            value, error = estimate[2 * place], estimate[2 * place + 1]
            row |= {what: value, f"{what}_low": value - WIDE * error, f"{what}_high": value + WIDE * error}
        rows[name] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("block")


def _judge(probability: Array, first: NDArray[np.float64], persons: Ints | None) -> list[float]:
    """Return intercept and its standard error (slope held at 1), slope and its standard error."""
    odds = logit(np.clip(probability, CERTAIN, 1 - CERTAIN))
    errors = {} if persons is None else {"cov_type": "cluster", "cov_kwds": {"groups": persons}}
    family = Binomial()
    whole = GLM(first, np.ones((len(first), 1)), family=family, offset=odds).fit(**errors)
    found = [float(whole.params[0]), float(whole.bse[0])]
    inside, outside = odds[first == 1], odds[first == 0]
    if np.ptp(odds) < CERTAIN or inside.min() > outside.max() or inside.max() < outside.min():
        return [*found, np.nan, np.nan]
    line = GLM(first, add_constant(odds), family=family).fit(**errors)
    return [*found, float(line.params[1]), float(line.bse[1])]


def tabulate_reliability(probabilities: Array, codes: Ints, scorers: Sequence[str]) -> pd.DataFrame:
    """Set probabilities said beside shares seen, in five bins of equally many predictions.

    Parameters
    ----------
    probabilities : numpy.ndarray of shape (repeats, people, scorers)
    codes : numpy.ndarray of int, shape (people,)
    scorers : sequence of str

    Returns
    -------
    pandas.DataFrame
        One row per scorer and bin: ``block``, ``bin`` (from 1, lowest first), ``probability`` (mean said),
        ``observed`` (share of the first class seen) with its Wilson 95 % interval ``_low``, ``_high``, and ``n``, people
        per repeat. Equal probabilities share a bin, so there may be fewer than five.

    Examples
    --------
    >>> said = np.array([0.9, 0.9, 0.2, 0.2]).reshape(1, 4, 1)
    >>> table = tabulate_reliability(said, np.array([0, 0, 1, 1]), ["vote"])
    >>> table[["probability", "observed"]].to_numpy().tolist()
    [[0.2, 0.0], [0.9, 1.0]]
    """
    n_repeats = len(probabilities)
    first = np.tile((codes == 0).astype(float), n_repeats)
    tables = []
    for j, name in enumerate(scorers):
        said = probabilities[:, :, j].ravel()
        bins = np.searchsorted(np.unique(np.quantile(said, np.arange(1, N_BINS) / N_BINS)), said, side="left")
        held = pd.DataFrame({"probability": said, "observed": first}).groupby(bins)
        table = held.mean().assign(n=held.size() / n_repeats)
        low, high = bound_proportion(table["observed"] * table["n"], table["n"])
        table = table.assign(observed_low=low, observed_high=high).reset_index(drop=True)
        table.insert(0, "bin", table.index + 1)
        table.insert(0, "block", name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def trace_roc(probabilities: pd.DataFrame, scorers: Sequence[str]) -> pd.DataFrame:
    """Return the ROC curve of held-out people: the mean over repeats, and where 95 % of repeats lie.

    Parameters
    ----------
    probabilities : pandas.DataFrame
        Of `IntegrationPerformance`: index (``repeat``, ``participant_id``), one column per scorer, and ``group``; the first group in the
        order of the alphabet is the one foretold.
    scorers : sequence of str
        Columns; those that are not there are left out.

    Returns
    -------
    pandas.DataFrame
        Columns block, false_positive and true_positive (0 to 1), true_positive_low and true_positive_high (blank for one repeat). Everyone of a
        repeat is ranked together, over its folds.

    References
    ----------
    Fawcett, T. (2006). doi:10.1016/j.patrec.2005.10.010

    Examples
    --------
    >>> index = pd.MultiIndex.from_product([[1], ["a", "b"]], names=["repeat", "participant_id"])
    >>> said = pd.DataFrame({"vote": [0.9, 0.1], "group": ["high", "low"]}, index)
    >>> float(trace_roc(said, ["vote"])["true_positive"].min())
    1.0
    """
    grid = np.linspace(0, 1, N_ROC)
    tables = []
    for name in (scorer for scorer in scorers if scorer in probabilities):
        curves = []
        for _, own in probabilities.groupby(level="repeat"):
            first = own["group"] == min(own["group"])
            false, true, _ = roc_curve(first, own[name], drop_intermediate=False)
            curves.append(np.interp(grid, false, true))
        low, high = np.quantile(curves, [0.025, 0.975], axis=0) if len(curves) > 1 else np.full((2, N_ROC), np.nan)
        table = {"block": name, "false_positive": grid, "true_positive": np.mean(curves, axis=0)}
        tables.append(pd.DataFrame(table | {"true_positive_low": low, "true_positive_high": high}))
    columns = ["block", "false_positive", "true_positive", "true_positive_low", "true_positive_high"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)
