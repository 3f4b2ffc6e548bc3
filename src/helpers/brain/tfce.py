"""Threshold-free cluster enhancement: voxels gain from neighbours, and shuffles say how much chance gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import ndimage, special

from helpers import permutation
from helpers.brain.maps import MapStack, _choose_terms
from helpers.permutation import MaxTResult

EXTENT, HEIGHT = 0.5, 2.0
N_STEPS = 25
TIE = 1e-9


@dataclass(frozen=True, eq=False)
class MapTest:
    """A test of all voxels of a brain at once, by the largest t and by enhanced clusters.

    Attributes
    ----------
    table : pandas.DataFrame of shape (n_voxels, 4)
        Columns ``t``, ``p_fwe`` (largest absolute t), ``tfce`` (signed) and ``p_tfce`` (largest absolute enhancement); both
        p-values hold over all voxels.
    max_t : helpers.permutation.MaxTResult
        The test by the largest t.
    null_max_tfce : pandas.Series of shape (n_permutations,)
        Largest absolute enhancement in each shuffle.
    n_labellings : int
        How many ways of sharing the groups out there are within the blocks: p cannot go below 1 in so many.
    """

    table: pd.DataFrame
    max_t: MaxTResult
    null_max_tfce: pd.Series
    n_labellings: int


def enhance_clusters(t: np.ndarray, *, n_steps: int = N_STEPS) -> np.ndarray:
    """Replace the t of every voxel by its threshold-free cluster enhancement (TFCE).

    For each height h up to the voxel's own, the size of the cluster it is in adds ``size^0.5 * h^2 * dh``: a voxel counts more
    in company, without a threshold to choose. Voxels are neighbours when they share a face; negative t are enhanced by
    themselves.

    Parameters
    ----------
    t : numpy.ndarray of shape (x, y, z)
        0 outside the brain.
    n_steps : int, default 25
        Heights between 0 and the largest absolute t.

    Returns
    -------
    numpy.ndarray of shape (x, y, z)
        Same sign as t.

    References
    ----------
    .. [1] Smith SM, Nichols TE (2009). Threshold-free cluster enhancement. NeuroImage 44(1):83-98.
       doi:10.1016/j.neuroimage.2008.03.061

    Examples
    --------
    Two steps of height 1: alone, a voxel of t = 2 has 1 * 1 + 1 * 4 = 5; with a neighbour like it, sqrt(2) times as much.

    >>> enhance_clusters(np.array([[[2.0, 0.0, 0.0]]]), n_steps=2).ravel().tolist()
    [5.0, 0.0, 0.0]
    >>> enhance_clusters(np.array([[[2.0, 2.0, 0.0]]]), n_steps=2).ravel().round(2).tolist()
    [7.07, 7.07, 0.0]
    """
    step = np.abs(t).max() / n_steps
    enhanced = np.zeros(t.shape)
    for sign in (1, -1):
        box, part = (slice(None),) * 3, sign * t
        for height in step * np.arange(1, n_steps + 1):
            above = part >= height * (1 - TIE)
            places = ndimage.find_objects(above.astype(np.uint8))
            if not places or step == 0:
                break
            box = tuple(slice((b.start or 0) + p.start, (b.start or 0) + p.stop) for b, p in zip(box, places[0], strict=True))
            part = part[places[0]]
            clusters, _ = ndimage.label(above[places[0]])
            gain = np.bincount(clusters.ravel()) ** EXTENT * height**HEIGHT * step
            gain[0] = 0
            enhanced[box] += sign * gain[clusters]
    return enhanced


def test_maps(
    maps: MapStack,
    design: pd.DataFrame,
    *,
    blocks: pd.Series | None,
    n_permutations: int,
    rng: np.random.Generator,
    n_steps: int = N_STEPS,
) -> MapTest:
    """Test all voxels at once, twice: by the largest absolute t, and by the largest enhancement of clusters (TFCE).

    Shuffles are those of :func:`helpers.permutation.test_max_t`: what is left of each voxel after its covariates is shuffled
    within blocks (Freedman and Lane). The observed labelling counts as one.

    Parameters
    ----------
    maps : MapStack
    design : pandas.DataFrame of shape (n_designed, n_terms)
    blocks : pandas.Series or None
        Study of each participant.
    n_permutations : int
    rng : numpy.random.Generator
    n_steps : int, default 25
        As for :func:`enhance_clusters`.

    Returns
    -------
    MapTest

    Raises
    ------
    ValueError
        When the group cannot be judged with so few maps, or shuffling within blocks cannot change it.
    """
    terms = _choose_terms(maps, design, "group").drop(columns="intercept")
    values = maps.values.loc[terms.index]
    rng_t, rng_tfce = rng.spawn(2)
    max_t = permutation.test_max_t(values, terms, blocks=blocks, n_permutations=n_permutations, rng=rng_t)
    groups = np.zeros(len(terms), int) if blocks is None else pd.factorize(blocks.reindex(terms.index))[0]
    orders = permutation.draw_orders(groups, n_permutations=n_permutations, rng=rng_tfce)
    fit = _Residuals.of(values.to_numpy(float), terms)
    observed = enhance_clusters(maps.to_volume(fit.compute_t(np.arange(len(terms)))), n_steps=n_steps)[maps.mask]
    null = np.array(
        [np.abs(enhance_clusters(maps.to_volume(fit.compute_t(order)), n_steps=n_steps)).max() for order in orders]
    )
    reached = (null[None, :] >= np.abs(observed)[:, None] * (1 - TIE)).sum(axis=1)
    table = max_t.table[["t", "p_fwe"]].assign(tfce=observed, p_tfce=(1 + reached) / (1 + n_permutations))
    is_high = (terms["group"] == terms["group"].max()).to_numpy()
    n_labellings = int(
        np.prod([special.comb((groups == g).sum(), is_high[groups == g].sum(), exact=True) for g in np.unique(groups)])
    )
    return MapTest(table, max_t, pd.Series(null, name="max_abs_tfce"), n_labellings)


@dataclass(frozen=True, eq=False)
class _Residuals:
    """What is left of voxels and group after the nuisance; shuffled, it gives t anew in the full model."""

    voxels: np.ndarray
    direction: np.ndarray
    nuisance: np.ndarray
    df: int

    @classmethod
    def of(cls, values: np.ndarray, terms: pd.DataFrame) -> _Residuals:
        others = np.column_stack([np.ones(len(terms)), terms.drop(columns="group").to_numpy(float)])
        basis, _ = np.linalg.qr(others)
        group = terms["group"].to_numpy(float)
        direction = group - basis @ (basis.T @ group)
        voxels = values - basis @ (basis.T @ values)
        return cls(voxels, direction / np.linalg.norm(direction), basis, len(terms) - basis.shape[1] - 1)

    def compute_t(self, order: np.ndarray) -> np.ndarray:
        shuffled = self.voxels[order]
        along = self.direction @ shuffled
        left = (shuffled**2).sum(axis=0) - ((self.nuisance.T @ shuffled) ** 2).sum(axis=0) - along**2
        return np.divide(along * np.sqrt(self.df), np.sqrt(np.maximum(left, 0)), out=np.zeros_like(along), where=left > 0)
