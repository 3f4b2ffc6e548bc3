"""Margins and correlation structure of a block, computed alike for simulated and for real people."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MIN_PREVALENCE = 0.1
MIN_SHARE_BOTH = 1 / 3
N_AXES = 12
PENALTY_PER_PERSON = 3.0
N_FOLDS = 10
PSEUDOCOUNT = 0.5
MAX_EDGES = 1000


def measure_taxa(counts: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the margins of counts of taxa.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n, n_taxa)
        One stool per person.

    Returns
    -------
    dict of str to numpy.ndarray
        ``prevalence`` of the taxa seen at all; ``zeros``, the share of cells; ``reads``, ``taxa_seen`` and ``shannon`` (nats) per
        person; among people who carry a taxon that one person in ten carries, mean and SD of its log share
        (``log_share_mean``, ``log_share_sd``); ``taxa_axes``, shares of variance of the principal axes of these taxa's
        centred log-ratios, standardised.

    Examples
    --------
    >>> counts = pd.DataFrame({"a": [1, 3], "b": [1, 0], "never": [0, 0]})
    >>> measured = measure_taxa(counts)
    >>> measured["prevalence"].tolist(), measured["zeros"].tolist(), measured["taxa_seen"].tolist()
    ([1.0, 0.5], [0.25], [2, 1])
    """
    seen = counts.loc[:, (counts > 0).any()]
    prevalence = (seen > 0).mean()
    share = seen.div(seen.sum(axis=1), axis=0)
    logs = np.log(share.where(share > 0))
    common = prevalence.index[prevalence >= MIN_PREVALENCE]
    return {
        "prevalence": prevalence.to_numpy(),
        "zeros": np.array([(seen == 0).to_numpy().mean()]),
        "reads": seen.sum(axis=1).to_numpy(),
        "taxa_seen": (seen > 0).sum(axis=1).to_numpy(),
        "shannon": -(share * logs).sum(axis=1).to_numpy(),
        "log_share_mean": logs[common].mean().to_numpy(),
        "log_share_sd": logs[common].std().dropna().to_numpy(),
        "taxa_axes": share_of_axes(_centred_log_ratios(seen[common])),
    }


def measure_metabolites(log10_values: pd.DataFrame, pathways: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the margins of metabolites on a log10 scale, blanks filled beforehand.

    Parameters
    ----------
    log10_values : pandas.DataFrame of shape (n, n_metabolites)
    pathways : pandas.DataFrame of shape (n_metabolites, 2 or more)
        ``super_pathway`` and ``sub_pathway``, in the order of the columns.

    Returns
    -------
    dict of str to numpy.ndarray
        ``log10_metabolite_sd``; ``metabolite_axes``; correlations of pairs ``r_same_sub_pathway``, ``r_same_super_pathway`` (but
        another sub-pathway) and ``r_other_pathway``.
    """
    r = np.corrcoef(log10_values.to_numpy(float).T)
    pairs = np.triu_indices(len(r), k=1)
    same = {}
    for column in ("super_pathway", "sub_pathway"):
        labels = pathways[column].to_numpy(object)
        same[column] = labels[pairs[0]] == labels[pairs[1]]
    r = r[pairs]
    return {
        "log10_metabolite_sd": log10_values.std().to_numpy(),
        "metabolite_axes": share_of_axes(log10_values),
        "r_same_sub_pathway": r[same["sub_pathway"]],
        "r_same_super_pathway": r[same["super_pathway"] & ~same["sub_pathway"]],
        "r_other_pathway": r[~same["super_pathway"]],
    }


def measure_predictability(counts: pd.DataFrame, log_values: pd.DataFrame, *, seed: int = 0) -> np.ndarray:
    """Return how well taxa predict each metabolite in people not used for fitting.

    Ridge (penalty 3 n) on standardised centred log-ratios of taxa that one person in ten carries, ten folds.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n, n_taxa)
    log_values : pandas.DataFrame of shape (n, n_metabolites)
        The same people in the same order.
    seed : int
        Of the folds.

    Returns
    -------
    numpy.ndarray of shape (n_metabolites,)
        Spearman correlations of out-of-fold predictions with measured values.
    """
    if not counts.index.equals(log_values.index):
        raise ValueError("counts and log_values do not hold the same people in the same order; align them by id first.")
    x = _centred_log_ratios(counts.loc[:, (counts > 0).mean() >= MIN_PREVALENCE]).to_numpy()
    model = make_pipeline(StandardScaler(), Ridge(alpha=PENALTY_PER_PERSON * len(x)))
    standardised = (log_values - log_values.mean()) / log_values.std()
    folds = KFold(N_FOLDS, shuffle=True, random_state=seed)
    predicted = pd.DataFrame(cross_val_predict(model, x, standardised.to_numpy(), cv=folds), index=log_values.index)
    ranks, predicted_ranks = log_values.set_axis(predicted.columns, axis=1).rank(), predicted.rank()
    return ranks.corrwith(predicted_ranks).to_numpy()


def measure_connectivity(fisher_z: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the margins of connectivity.

    Parameters
    ----------
    fisher_z : pandas.DataFrame of shape (n, n_edges)

    Returns
    -------
    dict of str to numpy.ndarray
        ``edge_mean`` and ``edge_sd`` over people, per edge; ``person_mean`` over edges; ``edge_axes``, shares of variance of the
        principal axes; ``edge_r``, correlations of edges over people (of at most 1,000 evenly chosen edges).
    """
    chosen = fisher_z.iloc[:, :: -(-fisher_z.shape[1] // MAX_EDGES)].to_numpy(float)
    r = np.corrcoef(chosen.T)
    return {
        "edge_mean": fisher_z.mean().to_numpy(),
        "edge_sd": fisher_z.std().to_numpy(),
        "person_mean": fisher_z.mean(axis=1).to_numpy(),
        "edge_axes": share_of_axes(fisher_z),
        "edge_r": r[np.triu_indices(len(r), k=1)],
    }


def measure_coupling(rna: pd.DataFrame, dna: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return how log RNA follows log DNA over people, feature by feature.

    Parameters
    ----------
    rna, dna : pandas.DataFrame of shape (n, n_features)
        Shares of the same features in the same people, one sample per person. A feature counts when a third of the people have
        both.

    Returns
    -------
    dict of str to numpy.ndarray
        ``rna_dna_r``, Pearson correlations of logs, and ``log_rna_sd``, the SD of log RNA, among people who have both.
    """
    both = (rna.to_numpy() > 0) & (dna.to_numpy() > 0)
    log_rna, log_dna = (
        np.log(table.to_numpy(float), where=both, out=np.full(both.shape, np.nan)) for table in (rna, dna)
    )
    enough = both.mean(axis=0) >= MIN_SHARE_BOTH
    log_rna, log_dna = pd.DataFrame(log_rna[:, enough]), pd.DataFrame(log_dna[:, enough])
    return {"rna_dna_r": log_rna.corrwith(log_dna).to_numpy(), "log_rna_sd": log_rna.std().to_numpy()}


def share_of_axes(table: pd.DataFrame) -> np.ndarray:
    """Return the share of variance of the first principal axes of standardised columns.

    Examples
    --------
    >>> share_of_axes(pd.DataFrame({"a": [0.0, 1, 2], "b": [1.0, 3, 5]})).round(2).tolist()
    [1.0, 0.0]
    """
    spread = table.std()
    values = ((table - table.mean()) / spread).loc[:, spread > 0].to_numpy(float)
    variances = np.linalg.svd(values, compute_uv=False) ** 2
    return (variances / variances.sum())[:N_AXES]


def _centred_log_ratios(counts: pd.DataFrame) -> pd.DataFrame:
    logs = np.log(counts + PSEUDOCOUNT)
    return logs.sub(logs.mean(axis=1), axis=0)
