"""Block sparse PLS-DA (DIABLO) as an estimator: blocks and groups in, loadings, scores and classes out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from helpers.integration.checks import (
    RESPONSE,
    check_blocks,
    check_same_people,
    read_design,
    refuse_constant_features,
    refuse_missing_cells,
)
from helpers.integration.core import (
    Array,
    ArrayFit,
    DeflatedBlock,
    ExhaustedBlock,
    Starter,
    fit_arrays,
    start_all_signs,
    start_as_reference,
)
from helpers.integration.prediction import DISTANCES, NO_CLASS, predict_arrays
from helpers.problems import name_some

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


class BlockSPLSDA(ClassifierMixin, BaseEstimator):
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
        pair by pair. Each block is always linked to the groups with 1.
    scale : bool
        Divide features by their SD (n - 1). They are always centred.
    tol : float
        Stop when no *squared* change of a loading vector reaches it.
    max_iter : int
        Sweeps allowed per component (one more is done before giving up with a warning).
    start : None, "reference" or dict
        Where each component starts. The signs of the usual start, singular vectors, are arbitrary and can
        lead to different optima. None tries every relative sign for two sweeps, follows the two with the
        largest criterion to the end, keeps the larger, and turns the result so that scores rise toward the
        first class. "reference" takes the signs of the reference implementation. A dict
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

    def __init__(
        self,
        n_components: int = 2,
        *,
        keep: Mapping[str, Sequence[int]] | None = None,
        design: float | str | pd.DataFrame = 0.1,
        scale: bool = True,
        tol: float = 1e-6,
        max_iter: int = 100,
        start: str | Mapping[int, Mapping[str, Sequence[float]]] | None = None,
    ) -> None:
        self.n_components = n_components
        self.keep = keep
        self.design = design
        self.scale = scale
        self.tol = tol
        self.max_iter = max_iter
        self.start = start

    def fit(self, blocks: Mapping[str, pd.DataFrame], y: pd.Series) -> BlockSPLSDA:
        """Fit on blocks (people x features, by id) and the class of each person.

        Raises
        ------
        ValueError
            If ids differ between `y` and a block, a cell is missing or not a number, a feature is
            constant, a setting names an unknown block, or more components are asked than the data hold.
        """
        names = check_blocks(blocks, y)
        self.classes_, codes = np.unique(y.to_numpy(), return_inverse=True)
        arrays = [blocks[name].loc[y.index].to_numpy(float) for name in names]
        refuse_missing_cells(dict(zip(names, arrays, strict=True)))
        refuse_constant_features(dict(zip(names, arrays, strict=True)), blocks)
        self.blocks_ = names
        self.fit_ = self.fit_plain(names, arrays, codes)
        self._frame_results({name: blocks[name].columns for name in names}, y.index)
        self._warn_unconverged()
        return self

    def fit_plain(self, names: list[str], arrays: list[Array], codes: Array) -> ArrayFit:
        """Fit on checked arrays, blocks sorted by name; leaves the estimator unchanged."""
        self._check_settings(names, arrays, len(codes))
        try:
            return fit_arrays(
                arrays,
                codes,
                keep=self._keep_lists(names, arrays),
                design=self._design_matrix(names),
                scale=self.scale,
                tol=self.tol,
                max_iter=self.max_iter,
                starter=self._starter(names),
            )
        except ExhaustedBlock as error:
            block = [*names, RESPONSE][error.position]
            raise ValueError(
                f"Component {error.component} cannot be computed: nothing is left of block {block} after "
                f"the components before it. Ask for fewer components (n_components={error.component - 1})."
            ) from error

    def transform(self, blocks: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """Return each block's scores for new people: people x components, on the scale of `scores_`."""
        return self.predict_blocks(blocks).scores

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
        names, ids, arrays = self._new_arrays(blocks)
        positions = [self.blocks_.index(name) for name in names]
        found = predict_arrays(self.fit_, arrays, positions, distance=distance, n_components=n_components)
        n_classes = len(self.classes_)
        return BlockPrediction(
            {n: pd.DataFrame(r, ids, self.classes_) for n, r in zip(names, found.responses, strict=True)},
            {n: pd.DataFrame(t, ids, self._components) for n, t in zip(names, found.scores, strict=True)},
            pd.DataFrame(self.classes_[found.classes], ids, names),
            self._name_classes(found.count_votes(n_classes, weighted=True), ids),
            self._name_classes(found.count_votes(n_classes, weighted=False), ids),
            pd.DataFrame(found.average_response(), ids, self.classes_),
            pd.Series(found.weights, names, name="vote_weight"),
        )

    def selected(self, component: int) -> pd.DataFrame:
        """Return the features kept on a component (from 1): block, feature, loading; largest first."""
        check_is_fitted(self, "fit_")
        if not 1 <= component <= self.n_components:
            raise ValueError(f"component is {component}; this model has 1 to {self.n_components}.")
        tables = []
        for block in self.blocks_:
            loading = self.loadings_[block].iloc[:, component - 1]
            loading = loading[loading != 0].sort_values(key=np.abs, ascending=False, kind="stable")
            tables.append(pd.DataFrame({"block": block, "feature": loading.index, "loading": loading.array}))
        return pd.concat(tables, ignore_index=True)

    @property
    def _components(self) -> list[str]:
        return [f"comp{h + 1}" for h in range(self.n_components)]

    def _frame_results(self, features: dict[str, pd.Index], ids: pd.Index) -> None:
        fit, parts = self.fit_, [*self.blocks_, RESPONSE]
        rows = {**features, RESPONSE: pd.Index(self.classes_)}
        self.loadings_ = {
            p: pd.DataFrame(w, rows[p], self._components) for p, w in zip(parts, fit.loadings, strict=True)
        }
        self.scores_ = {p: pd.DataFrame(t, ids, self._components) for p, t in zip(parts, fit.scores, strict=True)}
        self.block_weights_ = pd.DataFrame(fit.block_weights, self.blocks_, self._components)
        self.explained_variance_ = pd.DataFrame(fit.explained_variance(), parts, self._components)
        self.criterion_ = pd.Series([c[-1] for c in fit.criteria], self._components, name="criterion")
        self.n_iter_ = pd.Series([len(c) for c in fit.criteria], self._components, name="n_iter")
        self.converged_ = pd.Series(fit.converged, self._components, name="converged", dtype=bool)

    def _warn_unconverged(self) -> None:
        for component in self.converged_.index[~self.converged_]:
            warnings.warn(
                f"{component}: still moving after {self.n_iter_[component]} sweeps; raise max_iter "
                f"(now {self.max_iter}) or keep fewer features.",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _name_classes(self, codes: Array, ids: pd.Index) -> pd.Series:
        named = pd.Series(self.classes_[codes], ids, name="class")
        return named.where(codes != NO_CLASS)

    def _check_settings(self, names: list[str], arrays: list[Array], n_people: int) -> None:
        if self.n_components < 1:
            raise ValueError(f"n_components is {self.n_components}; expected 1 or more.")
        for name, values in zip(names, arrays, strict=True):
            limit = min(n_people - 1, values.shape[1])
            if self.n_components > limit:
                raise ValueError(
                    f"n_components is {self.n_components}, but block {name} ({n_people} people, "
                    f"{values.shape[1]} features) allows {limit} at most."
                )

    def _keep_lists(self, names: list[str], arrays: list[Array]) -> list[list[int]]:
        keep = dict(self.keep or {})
        if unknown := sorted(set(keep) - set(names)):
            raise ValueError(f"keep names {name_some(unknown)}; the blocks are {name_some(names)}.")
        for name, counts in keep.items():
            if len(counts) != self.n_components or min(counts) < 1:
                raise ValueError(
                    f"keep[{name!r}] is {list(counts)}; expected {self.n_components} counts of 1 or more, one per component."
                )
        everything = {n: [a.shape[1]] * self.n_components for n, a in zip(names, arrays, strict=True)}
        return [list(keep.get(name, everything[name])) for name in names]

    def _design_matrix(self, names: list[str]) -> Array:
        n = len(names)
        design = np.ones((n + 1, n + 1))
        design[:n, :n] = read_design(self.design, names)
        np.fill_diagonal(design, 0.0)
        return design

    def _starter(self, names: list[str]) -> Starter:
        if self.start is None:
            return lambda blocks, h: (start_all_signs(blocks), True)
        if isinstance(self.start, str):
            if self.start != "reference":
                raise ValueError(f"start is {self.start!r}; expected None, 'reference' or vectors.")
            return lambda blocks, h: (start_as_reference(blocks), False)
        return lambda blocks, h: (self._given_starts(blocks, h, names), False)

    def _given_starts(self, blocks: list[DeflatedBlock], h: int, names: list[str]) -> list[Array]:
        given, starts = self.start.get(h + 1, {}), []
        for name, block in zip([*names, RESPONSE], blocks, strict=True):
            vector = np.asarray(given.get(name, []), float)
            if vector.shape != (block.values.shape[1],) or not vector.any():
                raise ValueError(
                    f"start[{h + 1}][{name!r}] has shape {vector.shape}; expected {block.values.shape[1]} numbers, not all 0."
                )
            starts.append(vector[None, :] / np.linalg.norm(vector))
        return starts

    def _new_arrays(self, blocks: Mapping[str, pd.DataFrame]) -> tuple[list[str], pd.Index, list[Array]]:
        names = [name for name in self.blocks_ if name in blocks]
        if not names:
            raise ValueError(f"None of the blocks given is one of the model's: {name_some(self.blocks_)}.")
        if absent := [name for name in self.blocks_ if name not in blocks]:
            warnings.warn(f"No {name_some(absent)} for these people: the other blocks vote.", stacklevel=4)
        ids = blocks[names[0]].index
        arrays = []
        for name in names:
            wanted = self.loadings_[name].index
            check_same_people(blocks[name].index, ids, name, names[0])
            if len(lost := wanted.difference(blocks[name].columns)):
                raise ValueError(f"Block {name} lacks {len(lost)} features of the model: {name_some(lost)}.")
            arrays.append(blocks[name].loc[ids, wanted].to_numpy(float))
        refuse_missing_cells(dict(zip(names, arrays, strict=True)))
        return names, ids, arrays
