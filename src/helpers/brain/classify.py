"""Can connectivity tell two groups of people apart? Repeated cross-validation, and the same with permuted labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.svm import SVC

from helpers.comparisons import BEYOND, BORDERLINE, WITHIN, judge_permuted
from helpers.contrasts import fit_contrasts
from helpers.intervals import tell_shuffled_p
from helpers.permutation import MaxTResult
from helpers.problems import TooLittle, count
from helpers.wording import hide_small

STRICT = 0.01
SAID = {
    BEYOND: "better than permuted labels",
    BORDERLINE: "too few permutations to say whether it does better than permuted labels",
    WITHIN: "not shown to be better than permuted labels",
}


@dataclass(frozen=True, eq=False)
class GroupPrediction:
    """Cross-validated AUC of a linear classifier, beside what permuted labels give.

    Attributes
    ----------
    auc : pandas.Series of shape (n_repeats,)
        Mean over folds, in each repeat.
    null_auc : pandas.Series of shape (n_permutations,)
        Mean over folds and repeats, for each shuffle of the labels.
    n_participants, n_features, n_folds : int
    """

    auc: pd.Series
    null_auc: pd.Series
    n_participants: int
    n_features: int
    n_folds: int

    @property
    def mean_auc(self) -> float:
        """Mean over repeats."""
        return float(self.auc.mean())

    @property
    def p(self) -> float:
        """Share of shuffles at least as good, the real labels counted among them."""
        return float((1 + (self.null_auc >= self.mean_auc - 1e-9).sum()) / (1 + len(self.null_auc)))


def predict_group(
    features: pd.DataFrame,
    group: pd.Series,
    *,
    n_folds: int = 5,
    n_repeats: int = 5,
    n_permutations: int = 100,
    rng: np.random.Generator,
) -> GroupPrediction:
    """Predict the group of held-out participants from all features, and again with permuted labels.

    A linear support vector machine on all features; nothing is selected, scaled or tuned. Every shuffle is cross-validated as
    often as the real labels, so that both means are equally steady.

    Parameters
    ----------
    features : pandas.DataFrame of shape (n_participants, n_features)
        Complete; in one unit, such as Fisher z.
    group : pandas.Series
        Index ``participant_id``; 1 and 0. People in both are used.
    n_folds, n_repeats, n_permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    GroupPrediction

    Raises
    ------
    ValueError
        When a value is missing, or a group has fewer people than folds.

    Examples
    --------
    >>> ids = [f"sub-{i:02d}" for i in range(20)]
    >>> group = pd.Series([0.0, 1.0] * 10, index=ids)
    >>> features = pd.DataFrame({"told": group * 9.0, "noise": np.arange(20) % 3}, index=ids)
    >>> predict_group(features, group, n_repeats=1, n_permutations=9, rng=np.random.default_rng(1)).mean_auc
    1.0
    """
    people = group.dropna().index.intersection(features.index, sort=False)
    values, labels = features.loc[people].to_numpy(float), group.loc[people].to_numpy(int)
    if np.isnan(values).any():
        raise ValueError("A feature has a missing value; leave out these features, or the people who lack them.")
    if np.bincount(labels, minlength=2).min() < n_folds:
        raise TooLittle(f"Fewer people in a group than folds ({n_folds}). Take fewer folds.")
    values = values - values.mean(axis=0)  # a machine with an intercept gives the same answer, sooner
    kernel = values @ values.T / values.shape[1]
    auc = _cross_validate(kernel, labels, n_folds, n_repeats, rng)
    null = [
        _cross_validate(kernel, rng.permutation(labels), n_folds, n_repeats, rng).mean() for _ in range(n_permutations)
    ]
    return GroupPrediction(
        auc=pd.Series(auc, name="auc"),
        null_auc=pd.Series(null, name="null_auc", dtype=float),
        n_participants=len(people),
        n_features=features.shape[1],
        n_folds=n_folds,
    )


def describe_prediction(result: GroupPrediction) -> str:
    """Say the AUC with its spread over repeats, and how often permuted labels do as well.

    Parameters
    ----------
    result : GroupPrediction
    """
    low, high = np.quantile(result.null_auc, [0.025, 0.975])
    return (
        f"From all {result.n_features:,} edges of {result.n_participants} people, a linear classifier reaches a cross-validated "
        f"AUC of {result.mean_auc:.2f} ({len(result.auc)} repeats of {result.n_folds} folds: {result.auc.min():.2f} to "
        f"{result.auc.max():.2f}). Permuted labels give {result.null_auc.mean():.2f} on average (95%: {low:.2f} to {high:.2f}); "
        f"{tell_shuffled_p(result.p, len(result.null_auc))}, {count(len(result.null_auc), 'permutation')}: {SAID[judge_permuted(result.p, len(result.null_auc))]}."
    )


def count_strict(features: pd.DataFrame, design: pd.DataFrame, *, alpha: float = STRICT) -> pd.Series:
    """Count the features with an uncorrected p below a level, beside the number expected by chance.

    Parameters
    ----------
    features : pandas.DataFrame of shape (n_participants, n_features)
    design : pandas.DataFrame of shape (n_designed, n_terms)
    alpha : float, default 0.01

    Returns
    -------
    pandas.Series
        ``n_features``, ``n_below``, ``expected``, ``alpha``, ``largest_d``.

    Examples
    --------
    >>> ids = list("abcdef")
    >>> design = pd.DataFrame({"group": [0.0, 0, 0, 1, 1, 1]}, index=ids)
    >>> values = pd.DataFrame({"far": [1.0, 2, 3, 91, 92, 93], "same": [1.0, 2, 3, 1, 2, 3]}, index=ids)
    >>> count_strict(values, design)[["n_below", "expected"]].tolist()
    [1.0, 0.02]
    """
    table = fit_contrasts(features, design).dropna(subset=["p"])
    return pd.Series(
        {
            "n_features": float(len(table)),
            "n_below": float((table["p"] < alpha).sum()),
            "expected": len(table) * alpha,
            "alpha": alpha,
            "largest_d": float(table["d"].abs().max()),
        }
    )


def describe_strict(counted: pd.Series, tested: MaxTResult) -> str:
    """Say how many edges have a small p, against the number expected, and how many survive max-T.

    Parameters
    ----------
    counted : pandas.Series
        From :func:`count_strict`.
    tested : helpers.permutation.MaxTResult
        From the same edges.
    """
    survivors = int((tested.table["p_fwe"] <= 0.05).sum())
    return (
        f"Of {counted['n_features']:,.0f} edges, {counted['n_below']:,.0f} have p < {counted['alpha']:g} where "
        f"{counted['expected']:,.0f} would by chance. The largest |t| is {tested.observed_max_t:.2f}; to survive the max-T test it "
        f"would have to reach {tested.find_threshold():.2f} ({count(tested.n_permutations, 'permutation')}), and "
        f"{count(survivors, 'edge')} do. The largest |d| is {counted['largest_d']:.2f}."
    )


def describe_transfer(tested: MaxTResult, design: pd.DataFrame, *, power: float = 0.8) -> str:
    """Say how large an edge's effect would have to be to pass the same threshold in a cohort of other size.

    Parameters
    ----------
    tested : helpers.permutation.MaxTResult
        Of the other people.
    design : pandas.DataFrame of shape (n_designed, n_terms)
        Of the cohort in question; its group sizes count.
    power : float, default 0.8
    """
    n_high = int((design["group"] == 1).sum())
    n_low = len(design) - n_high
    needed = (tested.find_threshold() + stats.norm.ppf(power)) * np.sqrt(1 / n_high + 1 / n_low)
    return (
        f"In a cohort of {hide_small(n_high)} and {hide_small(n_low)} people, with as many edges, one edge would need a true |d| of about {needed:.2f} to "
        f"pass the same threshold with {power:.0%} power. A difference spread thinly over hundreds of edges, as here, stays below it "
        "edge by edge; only a question that gathers them, declared beforehand, can see it."
    )


def _cross_validate(
    kernel: np.ndarray, labels: np.ndarray, n_folds: int, n_repeats: int, rng: np.random.Generator
) -> np.ndarray:
    folds = RepeatedStratifiedKFold(n_splits=n_folds, n_repeats=n_repeats, random_state=int(rng.integers(2**31)))
    model, auc = SVC(kernel="precomputed"), []
    for train, held_out in folds.split(kernel, labels):
        model.fit(kernel[np.ix_(train, train)], labels[train])
        auc.append(roc_auc_score(labels[held_out], model.decision_function(kernel[np.ix_(held_out, train)])))
    return np.array(auc).reshape(n_repeats, n_folds).mean(axis=1)
