"""Does the applicability score tell? People left out are made strangers on purpose, step by step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.metabolites.applicability import APPLICABLE
from helpers.metabolites.folds import split_people
from helpers.metabolites.model import apply_potential, fit_potential
from helpers.metabolites.predicted import PREDICTED_PREFIX, RHO_SHOWN
from helpers.metabolites.ranks import correlate
from helpers.metabolites.samples import choose_samples
from helpers.metabolites.scaling import close_shares

DEGREES = (0.0, 0.1, 0.3, 0.6, 0.9, 1.0)


def simulate_out_of_distribution(
    amounts: pd.DataFrame,
    metabolites: pd.DataFrame,
    *,
    rng: np.random.Generator,
    degrees: Sequence[float] = DEGREES,
    n_folds: int = 4,
) -> pd.DataFrame:
    """Replace a part of the reads of people left out by reads of genera drawn at random, and look at score and error.

    Parameters
    ----------
    amounts, metabolites
        As for :func:`predict_metabolites`, one sample per person.
    rng : numpy.random.Generator
    degrees : sequence of float
        Parts of the reads that are replaced, 0-1; the first must be 0.
    n_folds : int, default 4
        People are left out in this many parts; a model is learnt from the others each time.

    Returns
    -------
    pandas.DataFrame
        Index degree; applicability (median), share_flagged (below 0.05), spearman (mean over the metabolites that reach
        0.3 at degree 0, out of fold), n (people), n_metabolites.
    """
    samples, codes = choose_samples(amounts, metabolites, None, n_folds)
    values = metabolites.loc[samples]
    shares = pd.DataFrame(close_shares(amounts.loc[samples].to_numpy(float)), samples, amounts.columns)
    strange = pd.DataFrame(rng.permuted(shares.to_numpy(), axis=1), samples, amounts.columns)
    predicted = {degree: np.full(values.shape, np.nan) for degree in degrees}
    scores = {degree: np.full(len(samples), np.nan) for degree in degrees}
    for train, test in split_people(codes, n_folds, rng):
        described = pd.DataFrame(index=values.columns)
        model = fit_potential(shares.iloc[train], values.iloc[train], described, rng=rng, n_folds=2, n_shuffles=0)
        for degree in degrees:
            mixed = (1 - degree) * shares.iloc[test] + degree * strange.iloc[test]
            applied = apply_potential(model, mixed)
            predicted[degree][test] = applied.predicted[PREDICTED_PREFIX + values.columns]
            scores[degree][test] = applied.applicability
    rho = {degree: correlate(predicted[degree], values.to_numpy(float)) for degree in degrees}
    foretold = rho[degrees[0]] >= RHO_SHOWN
    return pd.DataFrame(
        {
            "applicability": [np.median(scores[degree]) for degree in degrees],
            "share_flagged": [(scores[degree] < APPLICABLE).mean() for degree in degrees],
            "spearman": [np.nanmean(rho[degree][foretold]) if foretold.any() else np.nan for degree in degrees],
            "n": len(samples),
            "n_metabolites": int(foretold.sum()),
        },
        index=pd.Index(degrees, name="degree"),
    )


def describe_out_of_distribution(strangers: pd.DataFrame) -> str:
    """Say how score and accuracy fall as people are made strangers."""
    first, last = strangers.iloc[0], strangers.iloc[-1]
    return (
        f"Of {int(first['n']):,} people left out as they are, {100 * first['share_flagged']:.0f} % are flagged, and the mean Spearman of "
        f"{int(first['n_metabolites']):,} metabolites is {first['spearman']:.2f}. With {100 * strangers.index[-1]:.0f} % of the reads replaced, "
        f"{100 * last['share_flagged']:.0f} % are flagged, and it is {last['spearman']:.2f}."
    )
