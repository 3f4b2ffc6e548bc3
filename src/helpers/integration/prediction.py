"""Classes from many block sparse PLS-DA models at once: plain scores in, responses, classes and votes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.integration.batched_fits import Array, Ints
from helpers.integration.fitting import ManyFits

DISTANCES = ("centroids", "max", "mahalanobis")
NO_CLASS = -1  # a majority vote without a single winner


@dataclass(frozen=True, eq=False)
class ManyPredictions:
    """What each block of r models says about n people.

    Attributes
    ----------
    responses : numpy.ndarray of shape (blocks, r, n, k)
        Predicted response, in its own unit (for classes: membership).
    scores : numpy.ndarray of shape (blocks, r, n, components)
    classes : numpy.ndarray of int, shape (blocks, r, n)
    weights : numpy.ndarray of shape (blocks, r)
        Vote weight of each block: its mean correlation with the response over all components.
    """

    responses: Array
    scores: Array
    classes: NDArray[np.intp]
    weights: Array

    def count_votes(self, n_classes: int, *, weighted: bool) -> NDArray[np.intp]:
        """Return the voted class of each person: (r, n).

        Weighted: the largest sum of block weights; an exact tie goes to the last class. Unweighted: the class most
        blocks name, `NO_CLASS` when two classes share that place.
        """
        weights = self.weights if weighted else np.ones_like(self.weights)
        votes = np.stack([((self.classes == k) * weights[:, :, None]).sum(axis=0) for k in range(n_classes)], axis=2)
        if weighted:
            return n_classes - 1 - np.argmax(votes[:, :, ::-1], axis=2)
        winners = votes == votes.max(axis=2, keepdims=True)
        return np.where(winners.sum(axis=2) == 1, np.argmax(winners, axis=2), NO_CLASS)

    def average_response(self) -> Array:
        """Return the mean response over blocks (r, n, k), weighted as the vote (negative weights count as 0)."""
        weights = np.clip(self.weights, 0.0, None)
        weights = np.where(weights.sum(axis=0) > 0, weights, 1.0)
        return np.einsum("brnk,br->rnk", self.responses, weights / weights.sum(axis=0))


def predict_many(
    fits: ManyFits,
    plain: list[Array],
    positions: list[int],
    *,
    codes: Ints | None,
    distance: str = "centroids",
    depth: int | None = None,
) -> ManyPredictions:
    """Predict people from their plain scores on the blocks at `positions`.

    Parameters
    ----------
    fits : ManyFits
        Of r models.
    plain : list of numpy.ndarray of shape (r, n, components)
        Per block given: products of the standardised values with the loadings, unknown cells counted 0.
    positions : list of int
    codes : numpy.ndarray of int, shape (r, n_fitted), optional
        Classes of the people the models were fitted among; None where the response is no class.
    distance : {"centroids", "max", "mahalanobis"}
    depth : int, optional
        Use the first components only; vote weights are the mean over all of them.
    """
    depth = depth or fits.scores[0].shape[2]
    responses, scores, classes = [], [], []
    for values, position in zip(plain, positions, strict=True):
        response, new_scores = _project(fits, values, position, depth)
        responses.append(response)
        scores.append(new_scores)
        if codes is not None:
            classes.append(_classify(fits, codes, response, new_scores, position, depth, distance))
    weights = fits.weigh_blocks().mean(axis=2)[:, positions].T
    found = np.stack(classes) if classes else np.empty((0, *responses[0].shape[:2]), np.intp)
    return ManyPredictions(np.stack(responses), np.stack(scores), found, weights)


def _project(fits: ManyFits, plain: Array, position: int, depth: int) -> tuple[Array, Array]:
    """Return the response from the first `depth` components (r, n, k) and the scores on all of them (r, n, h)."""
    own = fits.scores[position]
    cross = np.einsum("rnh,rnk->rhk", own, fits.plain[position])  # T'A W, zero outside the training set
    link = np.einsum("rnk,rnh->rhk", fits.response.values, own)
    slopes = np.linalg.solve(cross[:, :depth, :depth], link[:, :depth])
    predicted = plain[:, :, :depth] @ slopes
    new_scores = plain @ np.linalg.inv(cross) * (own**2).sum(axis=1)[:, None]
    return predicted * fits.response.sds[:, None] + fits.response.means[:, None], new_scores


def _classify(
    fits: ManyFits, codes: Ints, response: Array, new_scores: Array, position: int, depth: int, distance: str
) -> NDArray[np.intp]:
    if distance == "max":
        return np.argmax(response, axis=2)
    own = fits.scores[position][:, :, :depth]
    member = (codes[:, :, None] == np.arange(response.shape[2])) * fits.train[:, :, None]
    centroids = np.einsum("rnk,rnh->rkh", member.astype(float), own) / member.sum(axis=1)[:, :, None]
    offsets = new_scores[:, :, None, :depth] - centroids[:, None]
    if distance == "centroids":
        return np.argmin((offsets**2).sum(axis=3), axis=2)
    within = (own - np.take_along_axis(centroids, codes[:, :, None], axis=1)) * fits.train[:, :, None]
    spread = np.einsum("rnh,rng->rhg", within, within) / fits.train.sum(axis=1)[:, None, None]
    forms = np.einsum("rnka,rab,rnlb->rnkl", offsets, np.linalg.inv(spread), offsets, optimize=True)
    if depth == 1:
        return np.argmin(np.einsum("rnkk->rnk", forms), axis=2)
    return np.argmin((forms**2).sum(axis=3), axis=2)  # the reference's own form: see BlockSPLSDA.predict
