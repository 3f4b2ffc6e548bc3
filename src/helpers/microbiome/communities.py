"""Do groups differ in their communities? Distances in, an adjusted permutation test out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from helpers.designs import number_clusters
from helpers.intervals import tell_shuffled_p
from helpers.linear_algebra import span_design
from helpers.microbiome.beta import METRIC_LABELS, centre_distances
from helpers.microbiome.dispersion import compare_spread, label_groups, measure_spread, span_groups
from helpers.microbiome.permanova import match_people, match_strata
from helpers.microbiome.permanova_algebra import TermTest, measure_term
from helpers.permutation import ENOUGH, NOTHING, TIE, WHOLE, draw_movable
from helpers.problems import count


@dataclass(frozen=True)
class CommunityComparison:
    """A PERMANOVA with its companion test of dispersion, and all one needs to report them.

    Attributes
    ----------
    pseudo_f, r_squared, p : float
        Of the groups, after the covariates: ``r_squared`` is the share of all variation between samples.
    dispersion_f, p_dispersion : float
        Do the groups differ in spread around their own centroids? A small p with a small p_dispersion may
        be a difference in spread, not in place.
    n_samples, n_groups, n_permutations, n_covariates, n_strata : int
    shuffled : str
        What changed places, see :class:`helpers.permutation.Movable`; both p are blank where nothing could.
    n_arrangements : float
        Different arrangements of the groups; with fewer than 20 no p can reach 0.05.
    """

    pseudo_f: float
    r_squared: float
    p: float
    dispersion_f: float
    p_dispersion: float
    n_samples: int
    n_groups: int
    n_permutations: int
    n_covariates: int
    n_strata: int
    shuffled: str
    n_arrangements: float

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
    what is shuffled (Freedman-Lane [2]_). With strata (studies) people are shuffled within them only; where the
    groups are the same within each stratum, whole strata of equal size change places. The observed
    order counts as one of the shuffles. Dispersion is tested likewise, beside the covariates, on the distances to
    the group centroids, imaginary axes included [3]_, adjusted for the size of the group: without that, the smaller
    of two groups that spread alike looks more compact [4]_ (see :func:`measure_dispersion`).

    Parameters
    ----------
    distances : pandas.DataFrame of shape (n, n)
        From :func:`measure_beta`; index participant_id.
    groups : pandas.Series
        Index participant_id; labels. NaN: in no group. People without distances are left out.
    n_permutations : int
    rng : numpy.random.Generator
    covariates : pandas.DataFrame, optional
        Numeric, index participant_id; people without a row are left out. Where it carries clusters, these are shuffled as wholes, and
        their members among themselves.
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
    people = match_people(distances, groups, *([] if covariates is None else [covariates]))
    labels, _ = label_groups(groups.loc[people])
    blocks = match_strata(strata, people)
    inner = centre_distances(distances.loc[people, people].to_numpy(float))
    clusters = None if covariates is None else number_clusters(covariates.loc[people])
    moved = draw_movable(labels[:, None], blocks, n_permutations=n_permutations, rng=rng, clusters=clusters)
    nuisance = span_design(np.empty((len(people), 0)) if covariates is None else covariates.loc[people].to_numpy(float))
    term, others = span_groups(labels, nuisance), np.empty((len(people), 0))
    total = float(np.trace(inner))
    orders = moved.orders
    if total <= TIE:  # all samples alike: nothing to share out
        test = spread = TermTest(term.shape[1], 0.0, np.nan, np.nan)
    else:
        test = measure_term(inner, term, nuisance=nuisance, others=others, orders=orders)
        spread = compare_spread(measure_spread(inner, labels, nuisance), labels, nuisance, orders)
    if moved.shuffled == NOTHING:
        test, spread = replace(test, p=np.nan), replace(spread, p=np.nan)
    return CommunityComparison(
        pseudo_f=test.pseudo_f,
        r_squared=test.sum_of_squares / total if total > TIE else np.nan,
        p=test.p,
        dispersion_f=spread.pseudo_f,
        p_dispersion=spread.p,
        n_samples=len(people),
        n_groups=int(labels.max()) + 1,
        n_permutations=n_permutations,
        n_covariates=0 if covariates is None else covariates.shape[1],
        n_strata=len(np.unique(blocks)),
        shuffled=moved.shuffled,
        n_arrangements=moved.n_arrangements,
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
        f"{METRIC_LABELS.get(metric, metric)} {100 * row.r_squared:.1f} % ({tell_shuffled_p(row.p, int(row.n_permutations))}; "
        f"dispersion p = {row.p_dispersion:.3g})"
        if np.isfinite(row.r_squared)
        else f"{METRIC_LABELS.get(metric, metric)}: all samples are alike"
        for metric, row in table.iterrows()
    ]
    first = table.iloc[0]
    within = f"within {int(first.n_strata)} strata" if first.n_strata > 1 else "among everyone"
    where = f"of {int(first.n_strata)} whole strata" if first.shuffled == WHOLE else within
    if first.shuffled == NOTHING:
        where += " (no p: the groups are the same within each, and no two can change places)"
    elif first.n_arrangements < ENOUGH:
        where += f" (only {first.n_arrangements:.0f} arrangements, so no p can reach 0.05)"
    return (
        f"{count(int(first.n_samples), 'sample')}, {int(first.n_permutations):,} permutations {where}. Share of the variation "
        f"that goes with the groups after the covariates: {'; '.join(parts)}."
    )
