"""Published weights: what MelonnPan learnt from genes, applied to a table of genes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.metabolites.predicted import mark_predicted
from helpers.metabolites.ranks import correlate, score_metabolites
from helpers.metabolites.samples import refuse_amounts
from helpers.problems import name_some

INTERCEPT = "Intercept"
MIN_MATCHED = 0.5


def apply_weights(genes: pd.DataFrame, weights: pd.DataFrame, *, min_matched: float = MIN_MATCHED) -> pd.DataFrame:
    """Apply published weights of MelonnPan to the genes of some people.

    Each gene becomes its normal score among the people of the table, the scale on which these weights fit the data
    they were published with; so the table must hold a group of people, not a single one. The
    sum of weights estimates the arcsine of the square root of a metabolite's share.

    Parameters
    ----------
    genes : pandas.DataFrame of shape (n_people, n_genes)
        Relative abundances.
    weights : pandas.DataFrame of shape (1 + n_genes, n_metabolites)
        Index gene, one row named ``Intercept``.
    min_matched : float, default 0.5
        Share of the genes with a weight that the table must hold.

    Returns
    -------
    pandas.DataFrame of shape (n_people, n_metabolites)
        Predicted potential, columns ``predicted_<metabolite>``; ``attrs["matched"]``: share of the genes found.

    Raises
    ------
    ValueError
        No intercept, too few genes match (the share is named), a blank or a negative amount.

    References
    ----------
    .. [1] Mallick H et al. (2019). Predictive metabolomic profiling of microbial communities using amplicon or
       metagenomic sequences. Nature Communications 10:3136. doi:10.1038/s41467-019-10927-1

    Examples
    --------
    >>> genes = pd.DataFrame({"g1": [1.0, 2.0, 3.0]}, index=["a", "b", "c"])
    >>> weights = pd.DataFrame({"urobilin": [0.5, 1.0]}, index=["Intercept", "g1"])
    >>> apply_weights(genes, weights)["predicted_urobilin"].round(2).tolist()
    [-0.47, 0.5, 1.47]
    """
    if INTERCEPT not in weights.index:
        raise ValueError(
            f"The weights have no row '{INTERCEPT}'; are genes in their rows and metabolites in their columns?"
        )
    slopes = weights.drop(index=INTERCEPT)
    used = slopes.index[(slopes != 0).any(axis=1)]
    shared = used.intersection(genes.columns, sort=False)
    matched = len(shared) / max(len(used), 1)
    if matched < min_matched:
        raise ValueError(
            f"The table holds {len(shared):,} of the {len(used):,} genes with a weight ({100 * matched:.0f} %); at least "
            f"{100 * min_matched:.0f} % are needed. Not found: {name_some(used.difference(genes.columns))}."
        )
    refuse_amounts(genes)
    scores = score_metabolites(genes[shared].to_numpy(float))
    table = pd.DataFrame(scores, genes.index, shared) @ slopes.loc[shared] + weights.loc[INTERCEPT]
    marked = mark_predicted(table, source="genes")
    marked.attrs["matched"] = matched
    return marked


def compare_weights(predicted: pd.DataFrame, measured: pd.DataFrame, names: pd.Series) -> pd.Series:
    """Return Spearman's rho of published predictions with what was measured, per metabolite.

    Parameters
    ----------
    predicted : pandas.DataFrame
        From :func:`apply_weights`.
    measured : pandas.DataFrame
        The same people; index participant_id, columns metabolites.
    names : pandas.Series
        Index: metabolite of ``measured``; value: its name in the weights.

    Examples
    --------
    >>> predicted = pd.DataFrame({"predicted_x": [1.0, 2.0, 3.0]}, index=list("abc"))
    >>> measured = pd.DataFrame({"c1": [30.0, 20.0, 10.0]}, index=list("cba"))
    >>> compare_weights(predicted, measured, pd.Series({"c1": "x"})).to_dict()
    {'c1': 1.0}
    """
    people = predicted.index.intersection(measured.index, sort=False)
    columns = "predicted_" + names.reindex(measured.columns)
    rho = correlate(predicted.loc[people, columns].to_numpy(float), measured.loc[people].to_numpy(float))
    return pd.Series(np.round(rho, 12), index=measured.columns, name="spearman")
