"""Do groups differ in their communities? Distances in, an adjusted permutation test out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from helpers.microbiome.beta import METRIC_LABELS, centre_distances
from helpers.permutation import TIE, draw_orders
from helpers.problems import count

CHUNK = 128


@dataclass(frozen=True)
class CommunityComparison:
    """A PERMANOVA with its companion test of dispersion, and all one needs to report them.

    Attributes
    ----------
    pseudo_f, r_squared, p_value : float
        Of the groups, after the covariates: ``r_squared`` is the share of all variation between samples.
    dispersion_f, dispersion_p : float
        Do the groups differ in spread around their own centroids? A small p_value with a small dispersion_p may
        be a difference in spread, not in place.
    n_samples, n_groups, n_permutations, n_covariates, n_strata : int
    """

    pseudo_f: float
    r_squared: float
    p_value: float
    dispersion_f: float
    dispersion_p: float
    n_samples: int
    n_groups: int
    n_permutations: int
    n_covariates: int
    n_strata: int

    def to_frame(self) -> pd.DataFrame:
        """Return one row, ready for a results table."""
        return pd.DataFrame([asdict(self)])


def compare_communities(
    distances: pd.DataFrame,
    groups: pd.Series,
    *,
    n_permutations: int,
    rng: np.random.Generator,
    covariates: pd.DataFrame | None = None,
    strata: pd.Series | None = None,
) -> CommunityComparison:
    """Test whether groups differ in their communities (PERMANOVA), adjusted and within strata.

    Distances become a centred inner-product matrix [1]_, on which sums of squares are traces of projections. With
    covariates the test is marginal: the groups explain what the covariates leave over, and these residuals are
    what is shuffled (Freedman-Lane [2]_). With strata (studies) people are shuffled within them only. The observed
    order counts as one of the shuffles. Dispersion is tested likewise, without covariates, on the distances to
    the group centroids, imaginary axes included [3]_, times sqrt(n / (n - 1)) of the group: without that, the smaller
    of two groups that spread alike looks more compact [4]_.

    Parameters
    ----------
    distances : pandas.DataFrame of shape (n, n)
        From :func:`measure_beta`; index participant_id.
    groups : pandas.Series
        Index participant_id; labels. NaN: in no group. People without distances are left out.
    n_permutations : int
    rng : numpy.random.Generator
    covariates : pandas.DataFrame, optional
        Numeric, index participant_id; people without a row are left out.
    strata : pandas.Series, optional
        Index participant_id.

    Returns
    -------
    CommunityComparison

    Raises
    ------
    ValueError
        Fewer than two groups, a group of one, people without a stratum, or groups that follow from the covariates.

    References
    ----------
    .. [1] Anderson MJ (2001). A new method for non-parametric multivariate analysis of variance. Austral Ecology
       26(1):32-46. doi:10.1111/j.1442-9993.2001.01070.pp.x
    .. [2] Winkler AM et al. (2014). Permutation inference for the general linear model. NeuroImage 92:381-397.
       doi:10.1016/j.neuroimage.2014.01.060
    .. [3] Anderson MJ (2006). Distance-based tests for homogeneity of multivariate dispersions. Biometrics
       62(1):245-253. doi:10.1111/j.1541-0420.2005.00440.x
    .. [4] O'Neill ME, Mathews K (2000). A weighted least squares approach to Levene's test of homogeneity of
       variance. Australian & New Zealand Journal of Statistics 42(1):81-100. doi:10.1111/1467-842X.00109

    Examples
    --------
    On distances along one line pseudo-F is Fisher's F: groups 0, 2 and 4, 6 give 16 / 2 = 8.

    >>> place = pd.Series([0.0, 2.0, 4.0, 6.0], index=list("abcd"))
    >>> distances = pd.DataFrame(np.abs(np.subtract.outer(place.to_numpy(), place.to_numpy())), list("abcd"), list("abcd"))
    >>> groups = pd.Series(["low", "low", "high", "high"], index=list("abcd"))
    >>> test = compare_communities(distances, groups, n_permutations=9, rng=np.random.default_rng(1))
    >>> round(test.pseudo_f, 6), round(test.r_squared, 6)
    (8.0, 0.8)
    """
    people, labels = _choose_people(distances, groups, covariates)
    blocks = _match_strata(strata, people)
    inner = centre_distances(distances.loc[people, people].to_numpy(float))
    nuisance = _span(None if covariates is None else covariates.loc[people].to_numpy(float), len(people))
    orders = draw_orders(blocks, n_permutations=n_permutations, rng=rng)
    pseudo_f, explained, p_value = _test_groups(inner, labels, nuisance, orders)
    spread = _measure_spread(inner, labels)
    spread_f, _, spread_p = _test_groups(np.outer(spread, spread), labels, _span(None, len(people)), orders)
    return CommunityComparison(
        pseudo_f=pseudo_f,
        r_squared=explained / float(np.trace(inner)),
        p_value=p_value,
        dispersion_f=spread_f,
        dispersion_p=spread_p,
        n_samples=len(people),
        n_groups=int(labels.max()) + 1,
        n_permutations=n_permutations,
        n_covariates=0 if covariates is None else covariates.shape[1],
        n_strata=len(np.unique(blocks)),
    )


def compare_metrics(
    distances: Mapping[str, pd.DataFrame],
    groups: pd.Series,
    *,
    n_permutations: int,
    rng: np.random.Generator,
    covariates: pd.DataFrame | None = None,
    strata: pd.Series | None = None,
) -> pd.DataFrame:
    """Run :func:`compare_communities` on several distances.

    Parameters
    ----------
    distances : mapping of str to pandas.DataFrame
        Metric to distances.
    groups, n_permutations, rng, covariates, strata
        As in :func:`compare_communities`.

    Returns
    -------
    pandas.DataFrame
        Index metric; columns the fields of :class:`CommunityComparison`. Each metric has its own stream of
        chance, so leaving out a later one changes none before it.
    """
    streams = rng.spawn(len(distances))
    rows = [
        compare_communities(
            table, groups, n_permutations=n_permutations, rng=stream, covariates=covariates, strata=strata
        ).to_frame()
        for table, stream in zip(distances.values(), streams, strict=True)
    ]
    return pd.concat(rows).set_axis(pd.Index(list(distances), name="metric"))


def describe_communities(table: pd.DataFrame) -> str:
    """Say what share of the variation the groups explain, over all distances, and the p-values.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`compare_metrics`.
    """
    parts = [
        f"{METRIC_LABELS.get(metric, metric)} {100 * row.r_squared:.1f} % (p = {row.p_value:.3g}; dispersion "
        f"p = {row.dispersion_p:.3g})"
        for metric, row in table.iterrows()
    ]
    first = table.iloc[0]
    where = f"within {int(first.n_strata)} strata" if first.n_strata > 1 else "among everyone"
    return (
        f"{count(int(first.n_samples), 'sample')}, {int(first.n_permutations):,} shuffles {where}. Share of the variation "
        f"that goes with the groups after the covariates: {'; '.join(parts)}."
    )


def _choose_people(
    distances: pd.DataFrame, groups: pd.Series, covariates: pd.DataFrame | None
) -> tuple[pd.Index, np.ndarray]:
    people = distances.index.intersection(groups.dropna().index, sort=False)
    if covariates is not None:
        people = people.intersection(covariates.dropna().index, sort=False)
    labels, names = pd.factorize(groups.loc[people], sort=True)
    sizes = np.bincount(labels) if len(labels) else np.array([0])
    if len(names) < 2 or sizes.min() < 2:
        found = ", ".join(f"{name}: {size}" for name, size in zip(names, sizes, strict=False)) or "nobody"
        raise ValueError(
            f"Two groups of at least two people with distances are needed; found {found}. "
            "Are the ids spelled alike, e.g. sub-01?"
        )
    return people, labels


def _match_strata(strata: pd.Series | None, people: pd.Index) -> np.ndarray:
    codes = np.zeros(len(people), int) if strata is None else pd.factorize(strata.reindex(people))[0]
    if (codes < 0).any():
        raise ValueError(
            f"{count(int((codes < 0).sum()), 'participant')} without a stratum: fill in the batch column for everyone."
        )
    return codes


def _span(columns: np.ndarray | None, n_rows: int) -> np.ndarray:
    """Return an orthonormal basis of an intercept and the columns."""
    stacked = np.ones((n_rows, 1)) if columns is None else np.column_stack([np.ones(n_rows), columns])
    left, size, _ = np.linalg.svd(stacked / np.abs(stacked).max(axis=0).clip(min=TIE), full_matrices=False)
    return left[:, size > TIE * size[0]]


def _test_groups(
    inner: np.ndarray, labels: np.ndarray, nuisance: np.ndarray, orders: np.ndarray
) -> tuple[float, float, float]:
    """Return pseudo-F, explained sum of squares and p of the labels after the nuisance."""
    dummies = np.eye(labels.max() + 1)[labels]
    full = _span(np.column_stack([nuisance, dummies]), len(labels))
    rank, df = full.shape[1] - nuisance.shape[1], len(labels) - full.shape[1]
    if rank < labels.max() or df < 1:
        raise ValueError("The groups follow from the covariates, or there are too few people: leave a covariate out.")
    left, _, _ = np.linalg.svd(dummies - nuisance @ (nuisance.T @ dummies), full_matrices=False)
    basis = np.column_stack([left[:, :rank], nuisance])
    part = inner - nuisance @ (nuisance.T @ inner)
    part = part - (part @ nuisance) @ nuisance.T
    everyone = np.arange(len(labels))[None, :]
    squares = np.concatenate([_project(part, basis, chunk) for chunk in [everyone, *_split(orders)]])
    explained = squares[:, :rank].sum(axis=1)
    residual = np.trace(part) - squares.sum(axis=1)
    f = np.divide(explained / rank, residual / df, out=np.full(len(explained), np.inf), where=residual > 0)
    p = (1 + (f[1:] >= f[0] * (1 - TIE)).sum()) / (1 + len(orders))
    return float(f[0]), float(explained[0]), float(p)


def _split(orders: np.ndarray) -> list[np.ndarray]:
    return [orders[start : start + CHUNK] for start in range(0, len(orders), CHUNK)]


def _project(inner: np.ndarray, basis: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Return the sum of squares along each basis vector, orders x vectors."""
    shuffled = basis[orders]
    n_orders, n_people, n_vectors = shuffled.shape
    columns = shuffled.transpose(1, 0, 2).reshape(n_people, -1)
    return (columns * (inner @ columns)).sum(axis=0).reshape(n_orders, n_vectors)


def _measure_spread(inner: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return each sample's distance to the centroid of its group, free of the pull of the sample on its centroid.

    A centroid lies nearer to its own samples than to new ones, the more so the smaller its group.
    """
    weights = np.eye(labels.max() + 1)[labels]
    sizes = weights.sum(axis=0)
    weights = weights / sizes
    to_own = (inner @ weights)[np.arange(len(labels)), labels]
    own = np.einsum("ij,ik,kj->j", weights, inner, weights)[labels]
    pull = (sizes / (sizes - 1))[labels]
    spread = np.sqrt(pull * np.abs(np.diag(inner) - 2 * to_own + own))
    return spread - spread.mean()
