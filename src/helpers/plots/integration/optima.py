"""Draw which optimum each starting sign reaches, and what the optima select."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from helpers.integration.optima import REFERENCE, SignStudy
from helpers.plots.intervals import name_rows, start
from helpers.plots.palette import EVERYONE, FAINT, SELECTED, SERIES, SERIES_MARKERS
from helpers.plots.style import LINE_IN, WIDTH_IN, key, tell
from helpers.wording import hide_small


def plot_optima(study: SignStudy, *, component: int = 2) -> np.ndarray:
    """Draw the criterion that each start reaches, and below it how many features the optima share.

    Parameters
    ----------
    study : SignStudy
    component : int, default 2
        From 1.

    Returns
    -------
    numpy.ndarray of matplotlib Axes
        Criterion, shared features.
    """
    ends = study.starts[study.starts["component"] == component]
    shared = study.shared[(study.shared["component"] == component) & (study.shared["optimum"] == ends["optimum"].max())]
    heights = [1.3 * len(ends), 1.3 * len(shared)]
    axes = plt.subplots(
        2, 1, figsize=(WIDTH_IN, LINE_IN * sum(heights) + 2.2), height_ratios=heights, layout="constrained"
    )[1]
    _draw_ends(axes[0], ends)
    _draw_shared(axes[1], shared)
    tell(
        axes[0],
        f"Above: the criterion that each of {len(ends)} starting signs reaches on component {component} (n = {hide_small(study.n_people)}; larger is better), by the optimum where it ends. Below: "
        "features that the last optimum keeps, and how many of them the first keeps as well.",
    )
    return axes


def plot_designs(sweep: pd.DataFrame, *, component: int = 2, ax: Axes | None = None) -> Axes:
    """Draw the largest criterion against the design, and how far below it the reference's start ends.

    Parameters
    ----------
    sweep : pandas.DataFrame
        From :func:`helpers.integration.optima.sweep_designs`.
    component : int, default 2
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    rows = sweep[sweep["component"] == component]
    ax = start(ax, 9)
    shown = rows.assign(share=rows["criterion_reference"] / rows["criterion"])
    ax.axhline(1, color=EVERYONE, ls="--", lw=1, label="best optimum")
    look = {"color": SERIES[0], "marker": "s", "errorbar": None, "label": "reference's start", "legend": False}
    sns.lineplot(shown, x="design", y="share", ax=ax, **look)
    beside = {"textcoords": "offset points", "ha": "center"}
    for design, value, n_optima in zip(shown["design"], shown["share"], shown["n_optima"], strict=True):
        ax.annotate(f"{n_optima}", (design, value), xytext=(0, -15), **beside)
    ax.set_ylim(min(0.75, float(shown["share"].min()) - 0.06), 1.04)
    ax.set(xlabel="Design: how strongly blocks are asked to agree", ylabel="Criterion, proportion of the best")
    key(ax)
    return tell(
        ax,
        f"Criterion that the reference's start reaches on component {component}, as a proportion of the best optimum, for {len(shown)} designs; numbers: how many optima there are.",
    )


def _draw_ends(ax: Axes, ends: pd.DataFrame) -> None:
    names = ["reference's own" if begun == REFERENCE else begun for begun in ends["start"]]
    for optimum, own in ends.assign(row=range(len(ends))).groupby("optimum"):
        look = (int(optimum) - 1) % len(SERIES_MARKERS)
        marks = {"color": SERIES[look], "marker": SERIES_MARKERS[look], "s": 60, "linewidth": 0, "legend": False}
        sns.scatterplot(own, x="criterion", y="row", label=f"optimum {optimum}", ax=ax, **marks)
    name_rows(ax, names, zero=None)
    spread = max(ends["criterion"].max() - ends["criterion"].min(), 0.1 * ends["criterion"].max())
    ax.set_xlim(ends["criterion"].min() - 0.15 * spread - 0.01, ends["criterion"].max() + 0.15 * spread + 0.01)
    ax.set(xlabel="Criterion reached", ylabel="Starting signs")
    _place_key(ax, *ax.get_legend_handles_labels())


def _draw_shared(ax: Axes, shared: pd.DataFrame) -> None:
    bars = (("n_selected", FAINT, "last optimum"), ("n_shared", SELECTED, "the first as well"))
    for column, colour, label in bars:
        look = {"orient": "h", "native_scale": True, "width": 0.6, "saturation": 1, "errorbar": None}
        sns.barplot(
            x=shared[column].to_numpy(),
            y=np.arange(len(shared)),
            color=colour,
            label=label,
            ax=ax,
            legend=False,
            **look,
        )
    for place, row in enumerate(shared.itertuples()):
        told = f"{row.n_shared} of {row.n_selected}"
        ax.annotate(told, (row.n_selected, place), xytext=(4, 0), textcoords="offset points", va="center")
    name_rows(ax, list(shared["block"]), zero=None)
    ax.set(xlim=(0, shared["n_selected"].max() * 1.25), xlabel="Features kept", ylabel="")
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for _, colour, _ in bars]
    _place_key(ax, handles, [label for *_, label in bars])


def _place_key(ax: Axes, handles: list[Artist], labels: list[str]) -> None:
    """Put a legend on the line above axes, which keep their width."""
    ax.set_title(" ")
    legend = ax.legend(handles, labels, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderpad=0)
    legend.set_in_layout(False)
