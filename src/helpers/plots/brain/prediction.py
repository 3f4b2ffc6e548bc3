"""Figure of a prediction: its AUC beside that of shuffled labels."""

from __future__ import annotations

from matplotlib.axes import Axes

from helpers.brain.classify import GroupPrediction
from helpers.plots.brain.null import add_legend, draw_null
from helpers.plots.style import COLOURS


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
    ax = draw_null(
        result.null_auc,
        result.mean_auc,
        label=f"real labels: {result.mean_auc:.2f}",
        xlabel=f"cross-validated AUC ({result.n_folds} folds × {len(result.auc)} repeats)",
        title=f"{title}: {result.n_features:,} edges, n={result.n_participants}",
        ax=ax,
    )
    ax.axvspan(result.auc.min(), result.auc.max(), color=COLOURS["low"], alpha=0.25, linewidth=0, label="repeats")
    ax.axvline(0.5, color="black", linestyle=":", linewidth=1)
    return add_legend(ax)
