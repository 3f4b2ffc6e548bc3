"""The integration once more, with studies harmonised by ComBat inside the folds in place of the study as a covariate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.brain import MIN_PER_BATCH
from helpers.integration.blocks import make_harmonisers
from helpers.integration.splsda import BlockSPLSDA
from helpers.integration.validation import IntegrationPerformance, cross_validate


def validate_harmonised(
    blocks: Mapping[str, pd.DataFrame],
    y: pd.Series,
    batch: pd.Series | None,
    *,
    model: BlockSPLSDA,
    covariates: pd.DataFrame,
    rng: np.random.Generator,
    n_folds: int = 5,
    n_repeats: int = 2,
    clusters: pd.Series | None = None,
) -> IntegrationPerformance | None:
    """Validate a model on blocks that ComBat has harmonised, learnt from the training people of each fold.

    Parameters
    ----------
    blocks, y, model, rng, n_folds, n_repeats, clusters
        As in :func:`helpers.integration.cross_validate`.
    batch : pandas.Series or None
        Study of everybody.
    covariates : pandas.DataFrame
        Those that features are freed of. Columns of the study (named ``<batch>: <level>``) are left to ComBat.

    Returns
    -------
    IntegrationPerformance or None
        None where there is one study, or a training set would hold fewer than three people of one.
    """
    if batch is None:
        return None
    studies = batch.loc[y.index]
    sizes = studies.value_counts()
    if len(sizes) < 2 or sizes.min() - -(-sizes.min() // n_folds) < MIN_PER_BATCH:
        return None
    kept = covariates[[name for name in covariates if not str(name).startswith(f"{batch.name}: ")]]
    return cross_validate(
        blocks,
        y,
        model=model,
        rng=rng,
        n_folds=n_folds,
        n_repeats=n_repeats,
        transforms=make_harmonisers(blocks, studies, covariates=kept),
        batch=batch,
        clusters=clusters,
        residualise=kept,
        baselines=(),
        calibrate=False,
    )
