"""Clusters of a brain map: how large, where, and which region with a name is nearest."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.brain.maps import MapStack
from helpers.brain.tfce import MapTest

EFFECT = ["estimate", "d", "d_low", "d_high"]
COLUMNS = ["x_mm", "y_mm", "z_mm", "nearest_region", "distance_mm", "volume_mm3", *EFFECT, "t", "p_fwe", "p_tfce"]
ALPHA = 0.05


def list_clusters(maps: MapStack, contrasts: pd.DataFrame, tested: MapTest, *, alpha: float = ALPHA) -> pd.DataFrame:
    """List the clusters of voxels that survive the test by enhanced clusters, each at its strongest voxel.

    Parameters
    ----------
    maps : MapStack
    contrasts : pandas.DataFrame of shape (n_voxels, 11)
        From :func:`helpers.brain.compare_maps`.
    tested : helpers.brain.tfce.MapTest
        Of the same maps.
    alpha : float, default 0.05
        Voxels with ``p_tfce`` at or below it are kept.

    Returns
    -------
    pandas.DataFrame of shape (n_clusters, 13)
        Index ``cluster``, the largest first; place of the strongest voxel (MNI, mm), the nearest named region with its distance
        (:func:`name_places`), volume of the cluster (mm3); of its strongest voxel the estimate (unit of the maps), d with its
        95 % interval, t and both p-values. Chosen for being strong, that d is too large.
    """
    kept = tested.table["t"].where(tested.table["p_tfce"] <= alpha, 0.0)
    if not (kept != 0).any():
        return pd.DataFrame(columns=COLUMNS, index=pd.Index([], name="cluster"))
    found = pd.concat([_find_clusters(maps, sign * kept) for sign in (1, -1)], ignore_index=True)
    places = found[["X", "Y", "Z"]].astype(float).set_axis(["x_mm", "y_mm", "z_mm"], axis=1)
    peaks = _find_voxels(maps, places)
    strongest = [tested.table.iloc[peaks][["t", "p_fwe", "p_tfce"]], contrasts.iloc[peaks][EFFECT]]
    table = pd.concat([places, name_places(places), *(part.reset_index(drop=True) for part in strongest)], axis=1)
    table = table.assign(volume_mm3=found["Cluster Size (mm3)"].astype(float))[COLUMNS]
    table = table.sort_values("volume_mm3", ascending=False, kind="stable")
    return table.set_axis(pd.RangeIndex(1, len(table) + 1, name="cluster"))


def name_places(places_mm: pd.DataFrame) -> pd.DataFrame:
    """Name the nearest of 160 regions of interest, and say how far it is.

    Parameters
    ----------
    places_mm : pandas.DataFrame of shape (n, 3)
        Columns ``x_mm``, ``y_mm``, ``z_mm`` (MNI).

    Returns
    -------
    pandas.DataFrame of shape (n, 2)
        ``nearest_region`` (with its side) and ``distance_mm``. The regions come with nilearn; they cover cortex and cerebellum,
        so the name of a place many millimetres away says little.

    References
    ----------
    .. [1] Dosenbach NUF et al. (2010). Prediction of individual brain maturity using fMRI. Science 329:1358-1361.
       doi:10.1126/science.1194144

    Examples
    --------
    >>> name_places(pd.DataFrame({"x_mm": [0.0], "y_mm": [51.0], "z_mm": [32.0]})).to_numpy().tolist()
    [['mPFC (midline)', 0.0]]
    """
    from nilearn.datasets import fetch_coords_dosenbach_2010

    atlas = fetch_coords_dosenbach_2010()
    regions = np.asarray(atlas["rois"], float)
    names = pd.Series(list(atlas["labels"])).str.replace(r"\s*\d+$", "", regex=True)
    away = np.linalg.norm(places_mm.to_numpy(float)[:, None, :] - regions[None, :, :], axis=2)
    nearest = away.argmin(axis=1)
    sides = np.select([regions[nearest, 0] < -3, regions[nearest, 0] > 3], ["left", "right"], "midline")
    labels = [f"{names[i]} ({side})" for i, side in zip(nearest, sides, strict=True)]
    return pd.DataFrame({"nearest_region": labels, "distance_mm": away.min(axis=1)}, index=places_mm.index)


def _find_clusters(maps: MapStack, kept: pd.Series) -> pd.DataFrame:
    """Return the strongest voxel and the size of each cluster of voxels above 0."""
    from nilearn.reporting import get_clusters_table

    above = kept[kept > 0]
    if above.empty:
        return pd.DataFrame(columns=["X", "Y", "Z", "Cluster Size (mm3)"])
    found = get_clusters_table(maps.to_image(kept), stat_threshold=float(above.min()) / 2)
    is_cluster = found["Cluster Size (mm3)"].astype(str).str.strip() != ""  # its further peaks have a blank here
    return found.loc[is_cluster, ["X", "Y", "Z", "Cluster Size (mm3)"]]


def _find_voxels(maps: MapStack, places_mm: pd.DataFrame) -> np.ndarray:
    """Return the numbers, within the mask, of the voxels at these places."""
    numbers = np.full(maps.mask.shape, -1)
    numbers[maps.mask] = np.arange(maps.mask.sum())
    inverse = np.linalg.inv(maps.affine)
    voxels = np.rint(places_mm.to_numpy(float) @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)
    return numbers[tuple(voxels.T)]
