"""Classes for new people from a fitted block sparse PLS-DA: arrays in, responses, classes and votes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.integration.core import Array, ArrayFit

DISTANCES = ("centroids", "max", "mahalanobis")
NO_CLASS = -1  # a majority vote without a single winner


@dataclass(frozen=True, eq=False)
class ArrayPrediction:
    """What each block says about new people; lists run over the blocks that were given."""

    responses: list[Array]  # predicted class membership, (n, n_classes)
    scores: list[Array]  # (n, n_components)
    classes: NDArray[np.intp]  # (n, blocks)
    weights: Array  # vote weight of each block

    def count_votes(self, n_classes: int, *, weighted: bool) -> NDArray[np.intp]:
        """Return the voted class of each person.

        Weighted: the largest sum of block weights; an exact tie goes to the last class. Unweighted: the
        class most blocks name, `NO_CLASS` when two classes share that place.
        """
        weights = self.weights if weighted else np.ones_like(self.weights)
        votes = np.stack([(self.classes == k) @ weights for k in range(n_classes)], axis=1)
        if weighted:
            return n_classes - 1 - np.argmax(votes[:, ::-1], axis=1)
        winners = votes == votes.max(axis=1, keepdims=True)
        return np.where(winners.sum(axis=1) == 1, np.argmax(winners, axis=1), NO_CLASS)

    def average_response(self) -> Array:
        """Return the mean response over blocks, weighted as the vote (negative weights count as 0)."""
        weights = np.clip(self.weights, 0.0, None)
        weights = weights if weights.sum() > 0 else np.ones_like(weights)
        return np.average(np.stack(self.responses), axis=0, weights=weights)


def predict_arrays(
    fit: ArrayFit,
    arrays: list[Array],
    positions: list[int],
    *,
    distance: str = "centroids",
    n_components: int | None = None,
) -> ArrayPrediction:
    """Predict from raw (unstandardised) arrays of the blocks at `positions`.

    `n_components` uses the first components only; vote weights are the mean over all of them.
    """
    depth = n_components or fit.scores[0].shape[1]
    responses, scores, classes = [], [], []
    for values, position in zip(arrays, positions, strict=True):
        response, new_scores = _project(fit, values, position, depth)
        responses.append(response)
        scores.append(new_scores)
        classes.append(_classify(fit, response, new_scores, position, depth, distance))
    weights = fit.block_weights.mean(axis=1)[positions]
    return ArrayPrediction(responses, scores, np.column_stack(classes), weights)


def _project(fit: ArrayFit, values: Array, position: int, depth: int) -> tuple[Array, Array]:
    """Return the response from the first `depth` components and the scores on all of them."""
    block, response = fit.standardised[position], fit.standardised[-1]
    used = np.flatnonzero(fit.loadings[position].any(axis=1))
    loadings, scores = fit.loadings[position][used], fit.scores[position]
    new = (values[:, used] - block.means[used]) / block.sds[used] @ loadings
    cross = (scores.T @ block.values[:, used]) @ loadings  # T'A W
    link = response.values.T @ scores
    predicted = new[:, :depth] @ np.linalg.solve(cross[:depth, :depth], link[:, :depth].T)
    new_scores = new @ np.linalg.inv(cross) * (scores**2).sum(axis=0)
    return predicted * response.sds + response.means, new_scores


def _classify(
    fit: ArrayFit, response: Array, new_scores: Array, position: int, depth: int, distance: str
) -> NDArray[np.intp]:
    if distance == "max":
        return np.argmax(response, axis=1)
    scores = fit.scores[position][:, :depth]
    centroids = np.stack([scores[fit.codes == k].mean(axis=0) for k in range(fit.codes.max() + 1)])
    offsets = new_scores[:, None, :depth] - centroids
    if distance == "centroids":
        return np.argmin((offsets**2).sum(axis=2), axis=1)
    within = scores - centroids[fit.codes]
    inverse = np.linalg.inv(within.T @ within / len(within))
    forms = np.einsum("nka,ab,nlb->nkl", offsets, inverse, offsets)
    if depth == 1:
        return np.argmin(np.einsum("nkk->nk", forms), axis=1)
    return np.argmin((forms**2).sum(axis=2), axis=1)  # the reference's own form: see BlockSPLSDA.predict
