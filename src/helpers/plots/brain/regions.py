"""Figures of regions: every effect with its interval, beside what can be seen and what was published."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.brain.names import name_region
from helpers.plots.intervals import plot_forest


def plot_regions(
    regions: pd.DataFrame,
    *,
    labels: Mapping[str, str],
    title: str,
    highlight: tuple[str, ...] = (),
    published_d: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the effect d of every region with its 95 % interval, sorted.

    Parameters
    ----------
    regions : pandas.DataFrame
        Index ``feature``; columns ``d``, ``d_low``, ``d_high``, ``q``, ``n_high``, ``n_low``.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    title : str
        What was measured.
    highlight : tuple of str, default ()
        Regions of a set declared beforehand: bold, with a pointer.
    published_d : tuple of float, optional
        Smallest and largest |d| of large published studies: a grey band on either side of 0.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        With a column ``detectable_d``, dotted lines stand at the smallest effect that so many people detect. Filled markers: q < 0.05.
        Regions that could not be compared are counted in the caption.
    """
    bands = {}
    if published_d is not None and np.isfinite(published_d).all():
        bands["published |d|: {:.2f} to {:.2f}".format(*published_d)] = published_d
    detectable = regions.get("detectable_d", pd.Series(dtype=float)).max()
    if pd.notna(detectable):
        bands[f"detectable |d|: {detectable:.2f} (80 % power)"] = (detectable, detectable)
    shown = regions.sort_values("d", ascending=False)
    names = pd.Series([name_region(region) for region in shown.index], shown.index)
    marked = [region for region in highlight if region in shown.index]
    what = f"{title}, {len(shown)} regions"
    return plot_forest(shown, labels=labels, names=names, marked=marked, what=what, bands=bands, ax=ax)
