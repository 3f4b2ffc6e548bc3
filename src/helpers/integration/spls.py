"""Block sparse PLS for numbers as outcome: blocks and measured outcomes in, loadings, scores and predictions out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from helpers.integration.batched_fits import Array, Ints, Mask
from helpers.integration.checks import check_outcomes
from helpers.integration.estimator import BlockModel
from helpers.integration.fitting import Response, standardise_response
from helpers.integration.prediction import predict_many


class BlockSPLS(RegressorMixin, BlockModel):
    """Find features of several blocks that vary together and with one or several measured outcomes.

    The continuous twin of :class:`BlockSPLSDA`: the same algorithm, with the outcomes in place of the groups.

    Parameters
    ----------
    n_components, keep, design, scale, tol, max_iter, start
        As in :class:`BlockSPLSDA`.
    keep_outcomes : list of int, optional
        How many outcomes are kept on each component; all by default.

    Attributes
    ----------
    outcomes_ : list of str
    loadings_, scores_, block_weights_, explained_variance_, criterion_, n_iter_, converged_, optima_
        As in :class:`BlockSPLSDA`; the response is called ``Y``.

    References
    ----------
    .. [1] Tenenhaus A et al. (2014). Variable selection for generalized canonical correlation analysis.
       Biostatistics 15(3):569-583. doi:10.1093/biostatistics/kxu001

    Examples
    --------
    >>> ids = [f"sub-{i}" for i in range(5)]
    >>> score = pd.Series([1.0, 2, 3, 4, 5], index=ids, name="resilience")
    >>> gut = pd.DataFrame({"a": [2.0, 4, 6, 8, 10], "noise": [1.0, 0, 1, 0, 1]}, index=ids)
    >>> model = BlockSPLS(n_components=1, keep={"gut": [1]}).fit({"gut": gut}, score)
    >>> model.predict({"gut": gut})["resilience"].round(6).to_list()
    [1.0, 2.0, 3.0, 4.0, 5.0]
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        keep: Mapping[str, Sequence[int]] | None = None,
        keep_outcomes: Sequence[int] | None = None,
        design: float | str | pd.DataFrame = 0.1,
        scale: bool = True,
        tol: float = 1e-6,
        max_iter: int = 100,
        start: str | Mapping[int, Mapping[str, Sequence[float]]] | None = None,
    ) -> None:
        super().__init__(n_components, keep=keep, design=design, scale=scale, tol=tol, max_iter=max_iter, start=start)
        self.keep_outcomes = keep_outcomes

    def fit(self, blocks: Mapping[str, pd.DataFrame], y: pd.Series | pd.DataFrame) -> BlockSPLS:
        """Fit on blocks (people x features, by id) and the outcomes of each person, one column each.

        Raises
        ------
        ValueError
            If ids differ between `y` and a block, an outcome is missing or constant, a cell is infinite, a feature
            is constant, or a setting names an unknown block.
        """
        outcomes = y.to_frame() if isinstance(y, pd.Series) else y
        names = check_outcomes(blocks, outcomes)
        self.outcomes_ = [str(name) for name in outcomes.columns]
        everyone = np.ones((1, len(outcomes)), bool)
        response = self.make_response(outcomes.to_numpy(float)[None], everyone)
        self._fit_all(blocks, outcomes.index, names, response)
        return self

    def make_response(self, outcomes: Array, train: Mask) -> Response:
        """Return standardised outcomes (runs, people) or (runs, people, outcomes), each run within its training people."""
        values = outcomes[:, :, None] if outcomes.ndim == 2 else outcomes
        return standardise_response(values, train, scale=self.scale)

    def predict(self, blocks: Mapping[str, pd.DataFrame], *, n_components: int | None = None) -> pd.DataFrame:
        """Return the predicted outcomes (people x outcomes): the mean over blocks, weighted as a vote would be."""
        positions, ids, plain = self._plain_scores(blocks)
        found = predict_many(self.fit_, plain, positions, codes=None, depth=n_components)
        return pd.DataFrame(found.average_response()[0], ids, self.outcomes_)

    def predict_blocks(
        self, blocks: Mapping[str, pd.DataFrame], *, n_components: int | None = None
    ) -> dict[str, pd.DataFrame]:
        """Return what each block alone predicts: block -> people x outcomes."""
        check_is_fitted(self, "fit_")
        positions, ids, plain = self._plain_scores(blocks)
        found = predict_many(self.fit_, plain, positions, codes=None, depth=n_components)
        named = [self.blocks_[position] for position in positions]
        return {
            name: pd.DataFrame(response[0], ids, self.outcomes_)
            for name, response in zip(named, found.responses, strict=True)
        }

    def transform(self, blocks: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """Return each block's scores for new people: people x components, on the scale of `scores_`."""
        positions, ids, plain = self._plain_scores(blocks)
        found = predict_many(self.fit_, plain, positions, codes=None)
        named = [self.blocks_[position] for position in positions]
        return {n: pd.DataFrame(t[0], ids, self._components) for n, t in zip(named, found.scores, strict=True)}

    @property
    def _response_names(self) -> list[str]:
        return self.outcomes_

    def _keep_response(self, n_runs: int, n_columns: int) -> list[Ints]:
        counts = [n_columns] * self.n_components if self.keep_outcomes is None else list(self.keep_outcomes)
        if len(counts) != self.n_components or not all(1 <= count <= n_columns for count in counts):
            raise ValueError(
                f"keep_outcomes is {counts}; expected {self.n_components} counts from 1 to {n_columns}, one per component."
            )
        return [np.tile(counts, (n_runs, 1))]
