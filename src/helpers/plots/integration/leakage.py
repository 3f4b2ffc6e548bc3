"""Draw the leakage laboratory: honest and leaky figures per mistake, and what width does to noise."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from helpers.plots.intervals import draw_intervals, name_rows, start
from helpers.plots.palette import EVERYONE, OBSERVED
from helpers.plots.style import key, tell, wrap

CHANCE = 0.5
LABEL_WIDTH = 24
LOOKS = {"honest": ("o", OBSERVED, True), "leaky": ("D", EVERYONE, False)}


def plot_leaks(summary: pd.DataFrame, *, labels: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Draw the balanced error of each mistake beside the honest one; whiskers reach from the smallest to the largest run.

    Parameters
    ----------
    summary : pandas.DataFrame
        From :func:`helpers.integration.leakage.summarise_laboratory`, of one arena.
    labels : dict
        How to call each switch.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    rows = summary.droplevel("arena")
    ax = start(ax, 2.1 * len(rows))
    for (name, (marker, colour, filled)), shift in zip(LOOKS.items(), (-0.14, 0.14), strict=True):
        look = {"colours": colour, "markers": marker, "filled": filled, "label": name}
        draw_intervals(ax, rows, f"error_{name}", rows=[place + shift for place in range(len(rows))], **look)
    name_rows(ax, [wrap(labels[name], LABEL_WIDTH) for name in rows.index], zero=None)
    ax.axvline(CHANCE, color=EVERYONE, ls="--", lw=1, label="chance (0.5)")
    highest = float(rows[["error_honest_high", "error_leaky_high"]].max().max())
    ax.set(xlim=(-0.03, max(0.7, highest + 0.03)), xlabel="Balanced error (mean and range)")
    key(ax, ncols=3)
    return tell(
        ax,
        f"Balanced error of {len(rows)} mistakes beside the honest pipeline on {', '.join(summary.index.get_level_values('arena').unique())}: mean and range of {int(rows['n_runs'].max())} runs.",
    )


def plot_width(runs: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw AUC on noise against the number of features: of the people fitted on, and of unseen people.

    Parameters
    ----------
    runs : pandas.DataFrame
        From :func:`helpers.integration.leakage.sweep_width`.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    ax = start(ax, 11)
    ax.axhline(CHANCE, color=EVERYONE, ls="--", lw=1, label="chance (0.5)")
    for column, name, look in (
        ("auc", "held-out participants", "honest"),
        ("auc_training", "training set", "leaky"),
    ):
        marker, colour, filled = LOOKS[look]
        face = (
            {"color": colour, "linewidth": 0}
            if filled
            else {"facecolor": "none", "edgecolor": colour, "linewidth": 1.2}
        )
        marks = {"marker": marker, "alpha": 0.6, "s": 34, "label": name, "legend": False} | face
        sns.scatterplot(runs, x="n_features", y=column, ax=ax, **marks)
    ax.set_xscale("log")
    widths = sorted(runs["n_features"].unique())
    ax.set_xticks(widths, [f"{width:,}" for width in widths])
    ax.minorticks_off()
    ax.set_ylim(min(0.25, float(runs["auc"].min()) - 0.03), 1.02)
    ax.set(xlabel="Features of the block (all noise)", ylabel="AUC")
    key(ax, ncols=3)
    return tell(
        ax,
        f"AUC on pure noise against the number of features (logarithmic), {runs['run'].nunique()} runs each: in held-out participants and in the training set.",
    )
