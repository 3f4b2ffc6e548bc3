"""Figure of a prediction: its AUC beside that of shuffled labels."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from helpers.brain.classify import GroupPrediction
from helpers.plots.style import COLOURS, WIDTH_IN


def plot_prediction(result: GroupPrediction, *, title: str, ax: Axes | None = None) -> Axes:
    """Draw the AUC of every shuffle, and the mean and the range over repeats of the real labels.

    Parameters
    ----------
    result : helpers.brain.GroupPrediction
    title : str
        Whose data; n is added.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 3.2), layout="constrained")
    ax.hist(result.null_auc, bins="auto", color="#BDBDBD", edgecolor="white", linewidth=0.4, label="shuffled labels")
    ax.axvspan(result.auc.min(), result.auc.max(), color=COLOURS["low"], alpha=0.25, linewidth=0, label="repeats")
    ax.axvline(result.mean_auc, color=COLOURS["low"], linewidth=2.5, label=f"real labels: {result.mean_auc:.2f}")
    ax.axvline(0.5, color="black", linestyle=":", linewidth=1)
    ax.set_xlabel(f"cross-validated AUC ({result.n_folds} folds × {len(result.auc)} repeats)")
    ax.set_ylabel(f"shuffles (of {len(result.null_auc):,})")
    ax.set_title(f"{title}: {result.n_features:,} edges, n={result.n_participants}", loc="left", pad=24)
    ax.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3, handlelength=1.4, columnspacing=1.2, borderpad=0.1
    )
    return ax
