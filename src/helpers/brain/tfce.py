"""Threshold-free cluster enhancement: voxels gain from neighbours, and shuffles say how much chance gives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy import ndimage

from helpers import permutation
from helpers.brain.maps import MapStack, choose_terms
from helpers.intervals import tell_shuffled_p
from helpers.permutation import MaxTResult
from helpers.problems import count
from helpers.wording import as_text

EXTENT, HEIGHT = 0.5, 2.0
FACES = ndimage.generate_binary_structure(3, 1)
N_STEPS = 25
TIE = 1e-9
ALPHA = 0.05


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
    """

    table: pd.DataFrame
    max_t: MaxTResult
    null_max_tfce: pd.Series


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
    heights = np.abs(t).max() / n_steps * np.arange(1, n_steps + 1)
    enhanced, clusters = np.zeros(t.size), np.zeros(t.shape, np.int32)
    for sign in (1, -1):
        reached = np.searchsorted(heights * (1 - TIE), sign * t, side="right").astype(np.min_scalar_type(n_steps))
        places = np.flatnonzero(reached)
        places = places[np.argsort(n_steps - reached.ravel()[places], kind="stable")]  # the highest first
        counts = np.cumsum(np.bincount(reached.ravel(), minlength=n_steps + 1)[:0:-1])[::-1]
        at = np.array(np.unravel_index(places, t.shape))
        first, last = np.minimum.accumulate(at, axis=1), np.maximum.accumulate(at, axis=1)
        gained = np.zeros(places.size)
        for step, n_above in enumerate(counts[counts > 0], start=1):
            box = tuple(slice(a, b + 1) for a, b in zip(first[:, n_above - 1], last[:, n_above - 1], strict=True))
            ndimage.label(reached[box] >= step, FACES, output=clusters[box])
            own = clusters.ravel()[places[:n_above]]
            gained[:n_above] += (np.bincount(own) ** EXTENT * heights[step - 1] ** HEIGHT * heights[0])[own]
        enhanced[places] += sign * gained
    return enhanced.reshape(t.shape)


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

    What is left of each voxel after its covariates is shuffled within blocks (Freedman and Lane), as in
    :func:`helpers.permutation.test_max_t`; TFCE is our own, since nilearn's permutation test knows no blocks. The observed
    labelling counts as one.

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
    terms = choose_terms(maps, design, "group")
    values = maps.values.loc[terms.index]
    rng_t, rng_tfce = rng.spawn(2)
    max_t = permutation.test_max_t(values, terms, blocks=blocks, n_permutations=n_permutations, rng=rng_t)
    model = permutation.prepare_model(
        values, terms, tested="group", blocks=blocks, n_permutations=n_permutations, rng=rng_tfce, signed=True
    )
    enhance = partial(_enhance_row, maps, n_steps)
    observed = enhance(model.to_statistic(model.observed))
    null = np.array(
        [np.abs(enhance(t)).max() for stream in range(model.plan.n_streams) for t in model.shuffle_t(stream)]
    )
    reached = len(null) - np.searchsorted(np.sort(null), np.abs(observed) * (1 - TIE))
    table = max_t.table[["t", "p_fwe"]].assign(tfce=observed, p_tfce=(1 + reached) / (1 + len(null)))
    return MapTest(table, max_t, pd.Series(null, name="max_abs_tfce"))


def describe_maps(maps: MapStack, tested: MapTest, clusters: pd.DataFrame) -> str:
    """Say how many voxels survive either test, and where the largest cluster is.

    Parameters
    ----------
    maps : MapStack
    tested : MapTest
    clusters : pandas.DataFrame
        From :func:`helpers.brain.clusters.list_clusters`.
    """
    n_voxels = len(tested.table)
    by_t, by_tfce = ((tested.table[name] <= ALPHA).sum() for name in ("p_fwe", "p_tfce"))
    first = (
        f" The largest cluster ({clusters['volume_mm3'].iloc[0]:,.0f} mm³) peaks at "
        f"({', '.join(f'{x:g}' for x in clusters[['x_mm', 'y_mm', 'z_mm']].iloc[0])}) mm, "
        f"{clusters['distance_mm'].iloc[0]:.0f} mm from {as_text(clusters['nearest_region'].iloc[0])}, where the high group is "
        f"{'higher' if clusters['t'].iloc[0] > 0 else 'lower'}.".replace("-", "−")
        if len(clusters)
        else ""
    )
    return (
        f"In {n_voxels:,} voxels of {maps.voxel_mm3:.0f} mm³ ({n_voxels * maps.voxel_mm3 / 1000:,.0f} cm³ of brain) and "
        f"{tested.max_t.n_participants} people, {count(int(by_t), 'voxel')} pass the test of the largest |t| and "
        f"{count(int(by_tfce), 'voxel')} that of enhanced clusters (TFCE), both corrected over the whole brain; of all voxels the smallest enhanced "
        f"{tell_shuffled_p(tested.table['p_tfce'].min(), len(tested.null_max_tfce), exact=tested.max_t.exact)}, {count(len(tested.null_max_tfce), 'permutation')}.{first}"
    )


def _enhance_row(maps: MapStack, n_steps: int, t: np.ndarray) -> np.ndarray:
    """Enhance the t of the voxels of a mask."""
    return enhance_clusters(maps.to_volume(t), n_steps=n_steps)[maps.mask]
