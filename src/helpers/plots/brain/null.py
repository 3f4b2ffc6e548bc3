"""What figures of permutation nulls share: a grey histogram of shuffles, and a line at the real labels."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from helpers.plots.style import COLOURS, WIDTH_IN


def draw_null(null: pd.Series, observed: float, *, label: str, xlabel: str, title: str, ax: Axes | None = None) -> Axes:
    """Draw one number of every shuffle, and that of the real labels; the caller adds what else it has, then the legend.

    Parameters
    ----------
    null : pandas.Series of shape (n_permutations,)
    observed : float
    label : str
        Of the real labels in the legend.
    xlabel, title : str
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 3.4), layout="constrained")
    ax.hist(null, bins="auto", color="#BDBDBD", edgecolor="white", linewidth=0.4, label="shuffled labels")
    ax.axvline(observed, color=COLOURS["low"], linewidth=2.5, label=label)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(f"shuffles (of {len(null):,})")
    ax.set_title(title, loc="left", pad=24)
    return ax


def add_legend(ax: Axes) -> Axes:
    """Put the legend into one line between title and figure."""
    ax.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3, handlelength=1.4, columnspacing=1.2, borderpad=0.1
    )
    return ax
