"""How blocks and their selected features go together, within groups: model and blocks in, correlations out."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage

from helpers.integration.batched_fits import Array
from helpers.integration.splsda import BlockSPLSDA
from helpers.integration.validation import IntegrationPerformance
from helpers.intervals import bound_correlation
from helpers.problems import count, name_some
from helpers.wording import as_text

N_CHANCE = 100  # times that people are exchanged between blocks to see how many links chance gives


@dataclass(frozen=True, eq=False)
class FeatureLinks:
    """Correlations between selected features of different blocks, within groups.

    Attributes
    ----------
    features : pandas.DataFrame
        Index ``feature``; ``block``, ``loading``, ``frequency`` (share of fold models that select it), ``higher_in`` (the
        group with the larger mean). Block by block, the most frequent first.
    links : pandas.DataFrame
        One row per pair at or above the cutoff: ``first``, ``second``, ``r_within``, ``r_overall``; the strongest first.
    cutoff : float
        Smallest absolute `r_within` that makes a link.
    n_pairs : int
        Pairs of features of different blocks that were looked at.
    n_by_chance : float
        Pairs at or above the cutoff, on average, when people are exchanged between blocks within their group.
    n_people : int
    """

    features: pd.DataFrame
    links: pd.DataFrame
    cutoff: float
    n_pairs: int
    n_by_chance: float
    n_people: int


@dataclass(frozen=True, eq=False)
class ClusteredFeatures:
    """Selected features of everyone, people and features ordered by likeness.

    Attributes
    ----------
    values : numpy.ndarray of shape (n_people, n_features)
        In SD from the feature's mean; people carry no ids here. Blank cells are 0.
    groups : numpy.ndarray of str, shape (n_people,)
    features : pandas.DataFrame
        As in :class:`FeatureLinks`, in the order of the columns.
    people_tree, feature_tree : numpy.ndarray
        Linkages of scipy, to draw the trees from.
    covariates : pandas.DataFrame of shape (n_people, n_shown)
        Those that go with the features more than the groups do, the strongest first, in the order of the people; no ids.
    explained : pandas.Series
        Mean share of the features' variance that goes with the groups ("group") and with each covariate.
    """

    values: Array
    groups: np.ndarray
    features: pd.DataFrame
    people_tree: Array
    feature_tree: Array
    covariates: pd.DataFrame
    explained: pd.Series


def correlate_components(model: BlockSPLSDA, groups: pd.Series) -> pd.DataFrame:
    """Correlate the blocks' scores, over everyone and within groups.

    Both blocks follow the groups, so that they correlate over everyone even when they have nothing else in common. The
    correlation within groups is that of the distances from the group's mean. Scores are of the people the model was
    fitted on: they agree too well.

    Parameters
    ----------
    model : BlockSPLSDA
        Fitted.
    groups : pandas.Series
        Of the people it was fitted on.

    Returns
    -------
    pandas.DataFrame
        One row per component and pair of blocks: ``component``, ``first``, ``second``, ``r_overall``, ``r_within``,
        ``r_within_low``, ``r_within_high`` (95 % interval by Fisher's z), ``n``.

    Examples
    --------
    >>> ids = [f"sub-{i}" for i in range(6)]
    >>> y = pd.Series(["high", "high", "high", "low", "low", "low"], ids)
    >>> gut = pd.DataFrame({"a": [3.0, 4, 5, 0, 1, 2]}, ids)
    >>> brain = pd.DataFrame({"b": [5.0, 4, 3, 2, 1, 0]}, ids)
    >>> model = BlockSPLSDA(1).fit({"gut": gut, "brain": brain}, y)
    >>> correlate_components(model, y)[["r_overall", "r_within"]].round(2).iloc[0].to_list()
    [0.54, -1.0]
    """
    rows = []
    for component, (first, second) in itertools.product(
        model.scores_["Y"].columns, itertools.combinations(model.blocks_, 2)
    ):
        pair = pd.DataFrame({"first": model.scores_[first][component], "second": model.scores_[second][component]})
        inside = centre_within(pair, groups)
        overall, within = pair.corr().iloc[0, 1], inside.corr().iloc[0, 1]
        n = len(pair)
        low, high = bound_correlation(within, n - groups.nunique() + 1)
        rows.append([component, first, second, overall, within, float(low), float(high), n])
    columns = ["component", "first", "second", "r_overall", "r_within", "r_within_low", "r_within_high", "n"]
    return pd.DataFrame(rows, columns=columns)


def centre_within(table: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Return each value less the mean of the person's group.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1.0, 3.0, 10.0]}, index=["x", "y", "z"])
    >>> centre_within(table, pd.Series(["low", "low", "high"], table.index))["a"].to_list()
    [-1.0, 1.0, 0.0]
    """
    return table - table.groupby(groups.loc[table.index]).transform("mean")


def select_features(
    result: IntegrationPerformance,
    blocks: Mapping[str, pd.DataFrame],
    groups: pd.Series,
    *,
    component: int = 1,
    n_per_block: int = 8,
) -> pd.DataFrame:
    """Return the most frequently selected features of a component, block by block; see :class:`FeatureLinks`."""
    loading, frequency = f"loading_comp{component}", f"frequency_comp{component}"
    tables = []
    for block in result.model.blocks_:
        rows = result.loadings[(result.loadings["block"] == block) & (result.loadings[loading] != 0)]
        rows = rows.sort_values([frequency, loading], key=np.abs, ascending=False, kind="stable")[:n_per_block]
        means = blocks[block][rows.index].groupby(groups).mean()
        columns = {"block": block, "loading": rows[loading], "frequency": rows[frequency], "higher_in": means.idxmax()}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables).rename_axis("feature")


def link_features(
    result: IntegrationPerformance,
    blocks: Mapping[str, pd.DataFrame],
    groups: pd.Series,
    *,
    rng: np.random.Generator,
    component: int = 1,
    n_per_block: int = 8,
    cutoff: float = 0.3,
) -> FeatureLinks:
    """Link selected features of different blocks that correlate *within* groups.

    Selected features differ between the groups, all of them. Over everyone they therefore correlate with each other,
    whether or not they have to do with each other. The group's mean is taken out of each feature first.

    Parameters
    ----------
    result : IntegrationPerformance
    blocks, groups
        As they were integrated.
    rng : numpy.random.Generator
        Exchanges people for the number of links that chance gives.
    component : int, default 1
    n_per_block : int, default 8
        Features of each block, the most frequently selected.
    cutoff : float, default 0.3
        Smallest absolute correlation within groups that makes a link.
    """
    features = select_features(result, blocks, groups, component=component, n_per_block=n_per_block)
    values = pd.concat([blocks[name][own.index] for name, own in features.groupby("block", sort=False)], axis=1)
    inside = centre_within(values, groups)
    pairs = _pairs_between(features["block"].to_numpy())
    within = inside.corr().to_numpy()[pairs]
    columns = {
        "first": features.index[pairs[0]],
        "second": features.index[pairs[1]],
        "r_within": within,
        "r_overall": values.corr().to_numpy()[pairs],
    }
    links = pd.DataFrame(columns)[np.abs(within) >= cutoff]
    return FeatureLinks(
        features,
        links.sort_values("r_within", key=np.abs, ascending=False, ignore_index=True),
        cutoff,
        len(within),
        _count_by_chance(inside, features["block"], groups, pairs, cutoff, rng),
        len(values),
    )


def cluster_features(
    result: IntegrationPerformance,
    blocks: Mapping[str, pd.DataFrame],
    groups: pd.Series,
    *,
    covariates: pd.DataFrame | None = None,
    component: int = 1,
    n_per_block: int = 8,
) -> ClusteredFeatures:
    """Order people and selected features by likeness (average linkage; Euclidean for people, 1 - r for features).

    Parameters
    ----------
    result, blocks, groups, component, n_per_block
        As in :func:`link_features`.
    covariates : pandas.DataFrame, optional
        Numeric, people x covariates: those that go with the features more than the groups do are kept, to be shown beside them.
    """
    features = select_features(result, blocks, groups, component=component, n_per_block=n_per_block)
    values = pd.concat([blocks[name][own.index] for name, own in features.groupby("block", sort=False)], axis=1)
    standard = ((values - values.mean()) / values.std()).fillna(0.0).to_numpy()
    people_tree = linkage(standard, method="average")
    feature_tree = linkage(standard.T, method="average", metric="correlation")
    rows, columns = leaves_list(people_tree), leaves_list(feature_tree)
    ids = values.index[rows]
    held = pd.DataFrame(index=ids) if covariates is None else covariates.loc[ids]
    coded = held.assign(group=(groups.loc[ids] == groups.max()).astype(float))
    explained = (coded.apply(lambda column: values.loc[ids].corrwith(column)) ** 2).mean()
    stronger = explained[explained > explained["group"]].sort_values(ascending=False).index
    return ClusteredFeatures(
        standard[np.ix_(rows, columns)],
        groups.loc[ids].to_numpy(),
        features.iloc[columns],
        people_tree,
        feature_tree,
        held[stronger].reset_index(drop=True),
        explained,
    )


def describe_clustered(clustered: ClusteredFeatures) -> str:
    """Say which covariates go with the features more than the groups do."""
    shares = clustered.explained
    stronger = [f"{as_text(name)} ({shares[name]:.1%})" for name in clustered.covariates]
    text = f"The groups go with {shares['group']:.1%} of the variance of these features, on average"
    if not stronger:
        return f"{text}; no covariate goes with more."
    return f"{text}; more goes with {name_some(stronger)}, shown beside them. Whoever sees clusters should ask which of these they are."


def describe_components(table: pd.DataFrame) -> str:
    """Return which blocks' scores go together within groups on component 1, and what the groups add to it."""
    first = table[table["component"] == "comp1"]
    apart = (first["r_overall"].abs() > first["r_within"].abs()).sum()
    row = first.loc[first["r_within"].abs().idxmax()]
    return (
        f"On component 1, the scores of {as_text(row['first'])} and {as_text(row['second'])} go together most within groups: "
        f"r = {row['r_within']:.2f} (95 % interval {row['r_within_low']:.2f} to {row['r_within_high']:.2f}), "
        f"{row['r_overall']:.2f} over everyone. In {apart} of {count(len(first), 'pair')} of blocks the correlation "
        f"over everyone is the larger one: the groups make it. ({int(row['n'])} people the model was fitted on, so that "
        f"all of these are too large.)"
    )


def describe_links(links: FeatureLinks) -> str:
    """Return how many features are linked within groups, beside what chance gives."""
    overall = links.links["r_overall"].abs().median() if len(links.links) else float("nan")
    text = (
        f"Of {links.n_pairs:,} pairs of features from different blocks, **{len(links.links)}** correlate within groups with "
        f"|r| of {links.cutoff:.2f} or more ({links.n_people} people); {links.n_by_chance:.1f} would by chance, with people "
        f"exchanged between blocks. "
    )
    if len(links.links):
        inside = links.links["r_within"].abs().median()
        text += f"Median |r| of these pairs: {inside:.2f} within groups, {overall:.2f} over everyone."
    return text


def _pairs_between(block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.triu_indices(len(block), 1)
    apart = block[first] != block[second]
    return first[apart], second[apart]


def _count_by_chance(
    inside: pd.DataFrame,
    block: pd.Series,
    groups: pd.Series,
    pairs: tuple[np.ndarray, np.ndarray],
    cutoff: float,
    rng: np.random.Generator,
) -> float:
    """Exchange people between blocks, within groups, and count the pairs at or above the cutoff."""
    values = inside.fillna(0.0).to_numpy()
    members = [np.flatnonzero(groups.loc[inside.index] == side) for side in groups.unique()]
    counts = []
    for _ in range(N_CHANCE):
        shuffled = values.copy()
        for name in block.unique():
            columns = np.flatnonzero(block == name)
            for rows in members:
                shuffled[np.ix_(rows, columns)] = values[np.ix_(rng.permutation(rows), columns)]
        counts.append((np.abs(np.corrcoef(shuffled.T)[pairs]) >= cutoff).sum())
    return float(np.mean(counts))
