"""Figures of brain maps: slices, with what survives outlined, and the null of the largest enhancement."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.brain.maps import MapStack
from helpers.brain.tfce import MapTest
from helpers.plots.nulls import add_key, draw_null
from helpers.plots.palette import SIDES
from helpers.plots.style import WIDTH_IN, tell

ALPHA = 0.05
N_SLICES = 6
CLIP = 0.999  # of the absolute t: beyond, the colour stays


def plot_maps(maps: MapStack, tested: MapTest, *, alpha: float = ALPHA) -> Figure:
    """Draw the t of every voxel in level slices; what survives by enhanced clusters is outlined.

    Parameters
    ----------
    maps : helpers.brain.MapStack
    tested : helpers.brain.MapTest
    alpha : float, default 0.05

    Returns
    -------
    matplotlib.figure.Figure
        The left of a slice is the left of the brain. Slices pass through the strongest voxel.
    """
    t = maps.to_volume(tested.table["t"])
    kept = maps.to_volume((tested.table["p_tfce"] <= alpha).astype(float))
    reach = float(np.quantile(np.abs(t[maps.mask]), CLIP))
    filled = np.flatnonzero(maps.mask.any(axis=(0, 1)))
    around = np.quantile(filled, np.linspace(0.22, 0.88, N_SLICES)).round().astype(int)
    peak = int(np.unravel_index(np.abs(maps.to_volume(tested.table["tfce"])).argmax(), t.shape)[2])
    around[np.abs(around - peak).argmin()] = peak
    figure, axes = plt.subplots(2, N_SLICES // 2, figsize=(WIDTH_IN, 4.8), layout="constrained")
    flip = maps.affine[0, 0] < 0
    for ax, level in zip(axes.flat, sorted(around), strict=True):
        slices = [(volume[::-1] if flip else volume)[:, :, level].T for volume in (t, maps.mask.astype(float), kept)]
        image = ax.imshow(
            np.where(slices[1] > 0, slices[0], np.nan), origin="lower", cmap=SIDES, vmin=-reach, vmax=reach
        )
        ax.contour(slices[1], levels=[0.5], colors="#7F7F7F", linewidths=0.8)
        if slices[2].any():
            ax.contour(slices[2], levels=[0.5], colors="black", linewidths=1.8)
        ax.set_title(f"z = {maps.affine[2, 3] + maps.affine[2, 2] * level:.0f} mm".replace("-", "−"), loc="center")
        ax.set_axis_off()
    axes.flat[0].text(0.0, 0.5, "L", transform=axes.flat[0].transAxes, va="center")
    bar = figure.colorbar(image, ax=axes, orientation="horizontal", shrink=0.6, pad=0.02, extend="both")
    bar.set_label("t (high minus low)")
    n_kept = int((tested.table["p_tfce"] <= alpha).sum())
    return tell(
        figure,
        f"t of {len(tested.table):,} voxels, high minus low, adjusted (n = {tested.max_t.n_participants}), in {N_SLICES} level slices, the left of the "
        f"brain on the left. Black outline: {n_kept:,} voxels with p ≤ {alpha:g}, corrected over the brain by threshold-free cluster enhancement.",
    )


def plot_null_tfce(tested: MapTest, *, alpha: float = ALPHA, ax: Axes | None = None) -> Axes:
    """Draw the largest enhancement of every shuffle, and the largest of the real labels.

    Parameters
    ----------
    tested : helpers.brain.MapTest
    alpha : float, default 0.05
        Level of the dashed threshold.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    null = tested.null_max_tfce
    ax = draw_null(
        null, tested.table["tfce"].abs().max(), label="real labels", xlabel="Largest |TFCE|",
        threshold=float(np.quantile(null, 1 - alpha)), told=f"{100 * alpha:g} % of permutations beyond", ax=ax,
    )  # fmt: skip
    add_key(ax)
    return tell(
        ax,
        f"The largest enhancement of clusters (TFCE) over {len(tested.table):,} voxels in each of {len(null):,} permutations of the groups, and that of "
        f"the real labels (n = {tested.max_t.n_participants}).",
    )
