"""Models that learn all metabolites at once: ridge, kernel ridge and elastic net, each on a declared grid of settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

MODELS = ("ridge", "kernel", "blend", "elastic net")
PENALTIES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
WIDTHS = (0.5, 1.0, 2.0)
SPARSITIES = (0.05, 0.1, 0.2, 0.4, 0.8)
L1_SHARE = 0.5
OWN_SHARE = 0.1
MAX_STEPS = 300
SWEEP = 5
TOLERANCE = 1e-3


class Setting(NamedTuple):
    """One point of the grid that is tried within the people learnt from.

    ``penalty`` of ridge and kernel ridge: in units of the mean eigenvalue of the kernel (for ridge: of the number of
    features); of the elastic net: share of the smallest penalty that leaves no feature. ``width``: of the
    kernel exp(-width * squared distance / (2 * number of features)); 0 for the others.
    """

    family: str
    penalty: float
    width: float = 0.0


def list_settings(model: str, penalties: Sequence[float] = PENALTIES) -> list[Setting]:
    """Return the grid of a model, declared before any data are seen.

    Examples
    --------
    >>> len(list_settings("ridge")), len(list_settings("blend"))
    (7, 28)
    """
    ridge = [Setting("ridge", penalty) for penalty in penalties]
    kernel = [Setting("kernel", penalty, width) for width in WIDTHS for penalty in penalties]
    grids = {
        "ridge": ridge,
        "kernel": kernel,
        "blend": ridge + kernel,
        "elastic net": [Setting("elastic net", share) for share in SPARSITIES],
    }
    return grids[model]


@dataclass(frozen=True, eq=False)
class Learner:
    """People learnt from and people to predict, prepared once; then any metabolites, again and again.

    The kernel of each width is decomposed once, which serves every penalty, every metabolite and every shuffle.
    """

    settings: list[Setting]
    train: np.ndarray  # people x features, standardised
    test: np.ndarray
    kernels: list[tuple[np.ndarray, np.ndarray, np.ndarray]]  # per width: eigenvalues, vectors, test people projected

    @classmethod
    def prepare(cls, settings: list[Setting], train: np.ndarray, test: np.ndarray) -> Learner:
        """Prepare standardised features of the people learnt from and of those to predict."""
        widths = dict.fromkeys(setting.width for setting in settings if setting.family != "elastic net")
        return cls(settings, train, test, [_decompose(train, test, width) for width in widths])

    def predict(self, scores: np.ndarray) -> np.ndarray:
        """Return settings x people to predict x metabolites, from scores without blanks (people learnt from x metabolites)."""
        if not self.kernels:
            return fit_elastic_net(self.train, scores, [setting.penalty for setting in self.settings], self.test)
        per_kernel = len(self.settings) // len(self.kernels)
        predicted = np.empty((len(self.settings), len(self.test), scores.shape[1]))
        for place, (sizes, vectors, projected) in enumerate(self.kernels):
            weights = vectors.T @ scores
            for row in range(place * per_kernel, (place + 1) * per_kernel):
                shrunk = projected / (sizes + self.settings[row].penalty * sizes.sum() / len(vectors))
                np.matmul(shrunk, weights, out=predicted[row])
        return predicted


def choose_settings(losses: np.ndarray, settings: list[Setting]) -> np.ndarray:
    """Choose the setting of each family for each metabolite, by its own error and, mostly, by that of all.

    What one metabolite says of its best penalty is noisy, what all say is not; but where few are predictable at all, their
    voice would drown. So a metabolite's own error counts a tenth, the mean over all nine tenths.

    Parameters
    ----------
    losses : numpy.ndarray of shape (n_settings, n_metabolites)
        Mean squared errors of normal scores, from within the people learnt from.
    settings : list of Setting

    Returns
    -------
    numpy.ndarray of int, shape (n_families, n_metabolites)
        Rows of ``settings``.

    Examples
    --------
    The first metabolite asks for the smaller penalty so loudly that the second gets it as well:

    >>> losses = np.array([[0.1, 1.0], [2.0, 0.9]])
    >>> choose_settings(losses, [Setting("ridge", 1.0), Setting("ridge", 9.0)]).tolist()
    [[0, 0]]
    """
    weighed = OWN_SHARE * losses + (1 - OWN_SHARE) * losses.mean(axis=1, keepdims=True)
    families = np.array([setting.family for setting in settings])
    rows = [np.flatnonzero(families == family) for family in dict.fromkeys(families)]
    return np.stack([members[weighed[members].argmin(axis=0)] for members in rows])


def combine(predicted: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Average the chosen setting of each family.

    Parameters
    ----------
    predicted : numpy.ndarray of shape (n_settings, n_people, n_metabolites)
    chosen : numpy.ndarray of shape (n_families, n_metabolites)
        From :func:`choose_settings`.

    Returns
    -------
    numpy.ndarray of shape (n_people, n_metabolites)
    """
    return predicted[chosen, :, np.arange(predicted.shape[2])].mean(axis=0).T


def fit_ridge(train: np.ndarray, scores: np.ndarray, penalties: np.ndarray) -> np.ndarray:
    """Return the weights of ridge regression, features x metabolites; the same model as :class:`Learner` predicts with.

    Parameters
    ----------
    train : numpy.ndarray of shape (n_people, n_features)
        Standardised.
    scores : numpy.ndarray of shape (n_people, n_metabolites)
    penalties : numpy.ndarray of shape (n_metabolites,)
        In units of the mean eigenvalue of the kernel ``train @ train.T / n_features``.
    """
    sizes, vectors, projected = _decompose(train, np.eye(train.shape[1]), 0.0)
    return projected @ ((vectors.T @ scores) / (sizes[:, None] + penalties * sizes.sum() / len(vectors)))


def fit_elastic_net(
    train: np.ndarray, scores: np.ndarray, penalties: Sequence[float], test: np.ndarray | None = None
) -> np.ndarray:
    """Fit elastic nets of all metabolites at once by accelerated proximal steps that share one product of features.

    Minimised per metabolite: ``|y - X w|^2 / (2 n) + a * (0.5 * |w|_1 + 0.25 * |w|^2)``, as scikit-learn writes it [1]_.

    Parameters
    ----------
    train : numpy.ndarray of shape (n_people, n_features)
        Standardised.
    scores : numpy.ndarray of shape (n_people, n_metabolites)
        Their mean is left out, as in ridge: a prediction is a distance from the people learnt from.
    penalties : sequence of float
        ``a`` as a share of the smallest one that leaves no feature of that metabolite.
    test : numpy.ndarray of shape (n_new, n_features), optional

    Returns
    -------
    numpy.ndarray
        Predictions (penalties x n_new x metabolites), or without ``test`` the weights (penalties x features x metabolites).

    References
    ----------
    .. [1] Zou H, Hastie T (2005). Regularization and variable selection via the elastic net. Journal of the Royal
       Statistical Society B 67(2):301-320. doi:10.1111/j.1467-9868.2005.00503.x
    """
    n = len(train)
    gram = train.T @ train / n
    target = train.T @ (scores - scores.mean(axis=0)) / n
    most = np.abs(target).max(axis=0) / L1_SHARE
    largest = np.linalg.eigvalsh(gram)[-1]
    weights = np.zeros_like(target)
    path = {}
    for share in sorted(penalties, reverse=True):  # each starts where the stricter one ended
        weights = _descend(gram, target, share * most, largest, weights)
        path[share] = weights
    fitted = np.stack([path[share] for share in penalties])
    return fitted if test is None else test @ fitted


def _descend(
    gram: np.ndarray, target: np.ndarray, penalty: np.ndarray, largest: float, start: np.ndarray
) -> np.ndarray:
    """Return the weights at one penalty each; metabolites that have settled leave the computing."""
    l1, l2 = penalty * L1_SHARE, penalty * (1 - L1_SHARE)
    step = 1 / (largest + l2)
    settled = start.copy()
    moving = np.arange(target.shape[1])
    weights = ahead = start
    momentum = 1.0
    for count in range(1, MAX_STEPS + 1):
        moved = ahead - step[moving] * (gram @ ahead + l2[moving] * ahead - target[:, moving])
        new = np.sign(moved) * np.maximum(np.abs(moved) - step[moving] * l1[moving], 0)
        faster = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        overshot = ((ahead - new) * (new - weights)).sum(axis=0) > 0
        still = np.abs(new - weights).max(axis=0) > TOLERANCE * np.maximum(np.abs(new).max(axis=0), TOLERANCE)
        ahead = new + np.where(overshot, 0.0, (momentum - 1) / faster) * (new - weights)
        weights, momentum = new, faster
        if count % SWEEP == 0 or not still.any():
            settled[:, moving] = weights
            moving, weights, ahead = moving[still], weights[:, still], ahead[:, still]
            if not len(moving):
                break
    settled[:, moving] = weights
    return settled


def _decompose(train: np.ndarray, test: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return eigenvalues and vectors of the centred kernel (width 0: linear), and the people to predict on these.

    A linear kernel has no more than features, so that with more people than these it is never made.
    """
    if width == 0 and train.shape[1] < len(train):
        mean, root = train.mean(axis=0), max(train.shape[1], 1) ** 0.5
        vectors, sizes, axes = np.linalg.svd((train - mean) / root, full_matrices=False)
        return sizes**2, vectors, ((test - mean) / root) @ axes.T * sizes
    kernel, new = (_kernel(people, train, width) for people in (train, test))
    mean = kernel.mean(axis=0)
    sizes, vectors = np.linalg.eigh(kernel - mean - mean[:, None] + mean.mean())
    new = new - mean - new.mean(axis=1, keepdims=True) + mean.mean()
    return np.maximum(sizes, 0), vectors, new @ vectors


def _kernel(people: np.ndarray, train: np.ndarray, width: float) -> np.ndarray:
    n_features = max(train.shape[1], 1)
    product = people @ train.T / n_features
    if width == 0:
        return product
    squares = ((people**2).sum(axis=1)[:, None] + (train**2).sum(axis=1)) / n_features - 2 * product
    return np.exp(-width * np.maximum(squares, 0) / 2)
