"""Figure of a prediction: its AUC beside that of shuffled labels."""

from __future__ import annotations

from matplotlib.axes import Axes

from helpers.brain.classify import GroupPrediction
from helpers.plots.nulls import add_key, draw_null
from helpers.plots.palette import OBSERVED
from helpers.plots.style import tell


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
        xlabel="Cross-validated AUC",
        ax=ax,
    )
    ax.axvspan(result.auc.min(), result.auc.max(), color=OBSERVED, alpha=0.25, lw=0, label="repeats")
    ax.axvline(0.5, color="black", ls=":", lw=1, label="chance (0.5)")
    add_key(ax)
    return tell(
        ax,
        f"{title}: AUC in held-out participants from {result.n_features:,} edges ({result.n_folds} folds × {len(result.auc)} repeats, n = "
        f"{result.n_participants}), beside that of {len(result.null_auc):,} permutations of the labels.",
    )
