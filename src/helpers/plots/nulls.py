"""Null distributions: what permuted labels give, and what the real labels gave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes

from helpers.plots.intervals import start
from helpers.plots.palette import NULL, OBSERVED
from helpers.plots.style import key


def draw_null(
    null: Sequence[float],
    observed: float,
    *,
    label: str,
    xlabel: str,
    threshold: float | None = None,
    told: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw one number of every permutation, and that of the real labels; the caller adds what else it has, then the legend.

    Parameters
    ----------
    null : sequence of float of shape (n_permutations,)
    observed : float
    label : str
        Of the real labels in the legend.
    xlabel : str
    threshold : float, optional
        Drawn as a dashed line, where it is finite.
    told : str
        What the legend says of it.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = start(ax, 9)
    values = np.asarray(null, dtype=float)
    spread = np.ptp(values) > 1e-9 * max(1.0, float(np.abs(values).max()))
    bins = min(30, max(5, round(2 * np.sqrt(len(values))))) if spread else 1
    sns.histplot(x=values, bins=bins, color=NULL, edgecolor="white", alpha=1, label="permuted labels", ax=ax)
    ax.axvline(observed, color=OBSERVED, lw=2.5, label=label)
    if threshold is not None and np.isfinite(threshold):
        ax.axvline(threshold, color="black", ls="--", label=told)
    ax.set(xlabel=xlabel, ylabel=f"Permutations (of {len(values):,})")
    return ax


def add_key(ax: Axes) -> Axes:
    """Put the legend above the figure."""
    key(ax)
    return ax
