"""Whether communities change otherwise in one group than in the other: PERMANOVA in which whole participants change places."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.designs import find_clusters
from helpers.intervals import tell_shuffled_p
from helpers.linear_algebra import span, span_design
from helpers.microbiome.beta import centre_distances
from helpers.microbiome.permanova import code_term
from helpers.microbiome.permanova_algebra import measure_term
from helpers.permutation import draw_nested_orders, draw_whole_orders
from helpers.problems import TooLittle, count
from helpers.visits.mixed import PERSON, VISIT


def test_community_change(
    distances: pd.DataFrame,
    samples: pd.DataFrame,
    design: pd.DataFrame,
    *,
    n_permutations: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Test group x visit, and the group, on distances between samples of several visits.

    A participant's samples are alike, so that samples are not exchangeable. The group is tested on what is left of the covariates
    and the visit; group x visit on what is left of the participants themselves, so that only changes within participants count.
    In both, whole participants with the same visits change places (residuals, after Freedman and Lane [1]_), and nobody's samples
    are parted. Where the design carries clusters, only participants who came to every visit count, and whole clusters of equal size
    and members within a cluster change places. Under the null of no group difference in change this is exact but for the covariates.

    Parameters
    ----------
    distances : pandas.DataFrame of shape (n_samples, n_samples)
    samples : pandas.DataFrame
        Index sample; columns ``participant_id`` and ``visit``.
    design : pandas.DataFrame
        Index ``participant_id``; ``group`` and covariates at the baseline.
    n_permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    pandas.DataFrame
        Index term (group, group x visit); n_samples, df, r_squared, pseudo_f, p.

    Raises
    ------
    TooLittle
        Fewer than two participants of each group with several visits.

    References
    ----------
    .. [1] Winkler AM et al. (2015). Multi-level block permutation. NeuroImage 123:253-268. doi:10.1016/j.neuroimage.2015.05.092
    """
    own = samples.loc[samples.index.isin(distances.index) & samples[PERSON].isin(design.index)]
    clusters = find_clusters(design)
    n_visits = own.groupby(PERSON)[VISIT].transform("size")
    own = own[n_visits > 1 if clusters is None else n_visits == own[VISIT].nunique()].sort_values([PERSON, VISIT])
    group = design.loc[own[PERSON], "group"].to_numpy(float)
    sizes = [len(set(own.loc[group == code, PERSON])) for code in (0.0, 1.0)]
    if min(sizes) < 2:
        raise TooLittle(
            f"{count(min(sizes), 'participant')} of a group with stool of two visits: too few to compare changes."
        )
    inner = centre_distances(distances.loc[own.index, own.index].to_numpy(float))
    visit, person = code_term(own[VISIT]), code_term(own[PERSON])
    covariates = design.drop(columns="group").loc[own[PERSON]].to_numpy(float)
    product = visit * (group - group.mean())[:, None]
    orders = _draw_orders(own, clusters, n_permutations=n_permutations, rng=rng)
    rows = {}
    for name, before, term in (
        ("group", np.column_stack([covariates, visit]), group[:, None]),
        ("group x visit", np.column_stack([person, visit]), product),
    ):
        nuisance = span_design(before)
        tested = span(term, beside=nuisance)
        found = measure_term(inner, tested, nuisance=nuisance, others=np.empty((len(own), 0)), orders=orders)
        shares = {"n_samples": len(own), "df": found.df, "r_squared": found.sum_of_squares / float(np.trace(inner))}
        rows[name] = shares | {"pseudo_f": found.pseudo_f, "p": found.p}
    return pd.DataFrame(rows).T.astype({"n_samples": int, "df": int}).rename_axis("term")


def _draw_orders(
    samples: pd.DataFrame, clusters: pd.Series | None, *, n_permutations: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw orders in which whole participants who came to the same visits change places; with clusters, these and their members."""
    if clusters is not None:
        people = samples[PERSON].drop_duplicates()
        codes = pd.factorize(clusters.loc[people])[0]
        moved = draw_nested_orders(np.zeros(len(people), int), codes, n_permutations=n_permutations, rng=rng)
        n_visits = len(samples) // len(people)
        return (moved[:, :, None] * n_visits + np.arange(n_visits)).reshape(n_permutations, -1)
    patterns = samples.groupby(PERSON)[VISIT].agg("\t".join).reindex(samples[PERSON]).to_numpy()
    orders = np.tile(np.arange(len(samples)), (n_permutations, 1))
    for pattern in np.unique(patterns):
        places = np.flatnonzero(patterns == pattern)
        who = pd.factorize(samples[PERSON].to_numpy()[places])[0]
        orders[:, places] = places[draw_whole_orders(who, n_permutations=n_permutations, rng=rng)]
    return orders


def describe_community_change(table: pd.DataFrame, n_permutations: int) -> str:
    """Say which share of the variation goes with the groups, and with a change that differs between them."""
    said = [
        f"{'the group' if term == 'group' else 'group × visit'} {100 * row['r_squared']:.1f} % ({tell_shuffled_p(row['p'], n_permutations)})"
        for term, row in table.iterrows()
    ]
    return (
        f"Of the variation between {count(int(table['n_samples'].iloc[0]), 'sample')} of participants with several visits goes with "
        f"{' and with '.join(said)}; whole participants were exchanged."
    )
