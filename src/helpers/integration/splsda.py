"""Block sparse PLS-DA (DIABLO) as an estimator: blocks and groups in, loadings, scores and classes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from helpers.integration.batched_fits import Ints, Mask
from helpers.integration.checks import check_blocks
from helpers.integration.estimator import BlockModel
from helpers.integration.fitting import Response, indicate, standardise_response
from helpers.integration.prediction import DISTANCES, NO_CLASS, predict_many

VOTES = ("weighted", "majority")


@dataclass(frozen=True, eq=False)
class BlockPrediction:
    """What a fitted model says about people, block by block and after the vote.

    Attributes
    ----------
    responses : dict of pandas.DataFrame
        Block -> predicted membership, people x classes. Near 0 to 1, not a probability.
    scores : dict of pandas.DataFrame
        Block -> position on each component, people x components.
    classes : pandas.DataFrame
        People x blocks: the class each block names.
    weighted_vote, majority_vote : pandas.Series
        The class after the vote; a majority vote without one winner is missing (NaN).
    average_response : pandas.DataFrame
        Mean of `responses` over blocks, weighted as the weighted vote: people x classes.
    vote_weights : pandas.Series
        Block -> mean correlation, over components, of its score with the response's.
    """

    responses: dict[str, pd.DataFrame]
    scores: dict[str, pd.DataFrame]
    classes: pd.DataFrame
    weighted_vote: pd.Series
    majority_vote: pd.Series
    average_response: pd.DataFrame
    vote_weights: pd.Series


class BlockSPLSDA(ClassifierMixin, BlockModel):
    """Find features of several blocks that vary together and separate groups.

    Rows are matched by id, features and `keep` by name. Blocks are always taken in the order of their
    names, so the order of the dict changes nothing.

    Parameters
    ----------
    n_components : int
        Number of components.
    keep : dict of lists of int, optional
        Block -> number of features kept on each component. Blocks not named keep all. Ties at the cut
        are all kept.
    design : float, "full", "null" or pandas.DataFrame
        How strongly two blocks are asked to agree: 0 ("null") to 1 ("full"); a symmetric frame gives it
        pair by pair. Each block is linked to the groups with 1, unless the frame has a row and a column "Y" with other
        links.
    scale : bool
        Divide features by their SD (n - 1). They are always centred.
    tol : float
        Stop when no *squared* change of a loading vector reaches it.
    max_iter : int
        Sweeps allowed per component (one more is done before giving up with a warning).
    start : None, "reference" or dict
        Where each component starts. The signs of the usual start, singular vectors, are arbitrary and can
        lead to different optima. None follows every relative sign to its end (two that meet are one), keeps
        the largest criterion, and turns the result so that scores rise toward the first class. "reference" takes the signs of the reference implementation. A dict
        ``{component: {block: vector}}``, components counted from 1 and the response called "Y", gives the
        vectors.

    Attributes
    ----------
    blocks_, classes_ : list of str, numpy.ndarray
        Blocks in the order of their names; classes, sorted.
    loadings_, scores_ : dict of pandas.DataFrame
        Block (and "Y") -> features x components; people x components.
    block_weights_ : pandas.DataFrame
        Blocks x components: correlation of a block's score with the response's.
    explained_variance_ : pandas.DataFrame
        Blocks (and "Y") x components: share of the block's variance along its score, 0 to 1.
    criterion_ : pandas.Series
        Component -> sum of design-weighted covariances at the end (each pair counted twice).
    n_iter_ : pandas.Series
        Component -> sweeps done.
    converged_ : pandas.Series
        Component -> whether `tol` was reached.
    optima_ : pandas.DataFrame
        One row per component and distinct optimum that the starts ended in, the largest criterion first;
        ``shared_<block>`` is the share of selected features in common with the first. Empty unless `start` is None.
    n_features_in_ : dict of int
        Block -> number of features.

    References
    ----------
    .. [1] Singh A et al. (2019). DIABLO: an integrative approach for identifying key molecular drivers
       from multi-omics assays. Bioinformatics 35(17):3055-3062. doi:10.1093/bioinformatics/bty1054

    Examples
    --------
    >>> ids = [f"sub-{i}" for i in range(6)]
    >>> y = pd.Series(["high", "high", "high", "low", "low", "low"], index=ids)
    >>> gut = pd.DataFrame({"a": [3.0, 4, 5, 0, 1, 2], "noise": [1.0, 3, 2, 1, 3, 2]}, index=ids)
    >>> model = BlockSPLSDA(n_components=1, keep={"gut": [1]}).fit({"gut": gut}, y)
    >>> model.loadings_["gut"]["comp1"].to_dict()
    {'a': 1.0, 'noise': 0.0}
    >>> model.predict({"gut": gut}).to_list()
    ['high', 'high', 'high', 'low', 'low', 'low']
    """

    def fit(self, blocks: Mapping[str, pd.DataFrame], y: pd.Series) -> BlockSPLSDA:
        """Fit on blocks (people x features, by id) and the class of each person.

        Raises
        ------
        ValueError
            If ids differ between `y` and a block, a cell is infinite or not a number, a feature is
            constant, a setting names an unknown block, or more components are asked than the data hold.
        """
        names = check_blocks(blocks, y)
        self.classes_, codes = np.unique(y.to_numpy(), return_inverse=True)
        self.codes_ = codes[None]
        response = self.make_response(self.codes_, np.ones(self.codes_.shape, bool))
        self._fit_all(blocks, y.index, names, response)
        return self

    def make_response(self, codes: Ints, train: Mask) -> Response:
        """Return the standardised indicators of class codes (runs, people), each run within its training people."""
        return standardise_response(indicate(codes, int(codes.max()) + 1), train, scale=self.scale)

    @property
    def _response_names(self) -> np.ndarray:
        return self.classes_

    def predict(
        self, blocks: Mapping[str, pd.DataFrame], *, distance: str = "centroids", vote: str = "weighted"
    ) -> pd.Series:
        """Return the voted class of each person.

        Parameters
        ----------
        blocks : dict of pandas.DataFrame
            New people x features. Features are taken by name; others are ignored. If a block is missing,
            the rest vote and a warning says so.
        distance : {"centroids", "max", "mahalanobis"}
            Nearest class mean of the scores, largest predicted membership, or (two or more components) the
            sum of squared Mahalanobis products with all class means, the form the reference uses.
        vote : {"weighted", "majority"}
            By block weights, or one block one vote (no single winner: NaN).
        """
        if vote not in VOTES:
            raise ValueError(f"vote is {vote!r}; expected one of {', '.join(VOTES)}.")
        prediction = self.predict_blocks(blocks, distance=distance)
        return prediction.weighted_vote if vote == "weighted" else prediction.majority_vote

    def predict_blocks(
        self,
        blocks: Mapping[str, pd.DataFrame],
        *,
        distance: str = "centroids",
        n_components: int | None = None,
    ) -> BlockPrediction:
        """Return all that `predict` rests on; `n_components` uses only the first ones."""
        check_is_fitted(self, "fit_")
        if distance not in DISTANCES:
            raise ValueError(f"distance is {distance!r}; expected one of {', '.join(DISTANCES)}.")
        if n_components is not None and not 1 <= n_components <= self.n_components:
            raise ValueError(f"n_components is {n_components}; this model has 1 to {self.n_components}.")
        positions, ids, plain = self._plain_scores(blocks)
        names = [self.blocks_[position] for position in positions]
        found = predict_many(self.fit_, plain, positions, codes=self.codes_, distance=distance, depth=n_components)
        n_classes = len(self.classes_)
        return BlockPrediction(
            {n: pd.DataFrame(r[0], ids, self.classes_) for n, r in zip(names, found.responses, strict=True)},
            {n: pd.DataFrame(t[0], ids, self._components) for n, t in zip(names, found.scores, strict=True)},
            pd.DataFrame(self.classes_[found.classes[:, 0].T], ids, names),
            self._name_classes(found.count_votes(n_classes, weighted=True)[0], ids),
            self._name_classes(found.count_votes(n_classes, weighted=False)[0], ids),
            pd.DataFrame(found.average_response()[0], ids, self.classes_),
            pd.Series(found.weights[:, 0], names, name="vote_weight"),
        )

    def _name_classes(self, codes: Ints, ids: pd.Index) -> pd.Series:
        named = pd.Series(self.classes_[codes], ids, name="class")
        return named.where(codes != NO_CLASS)
