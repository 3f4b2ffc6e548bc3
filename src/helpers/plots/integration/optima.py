"""Draw which optimum each starting sign reaches, and what the optima select."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.integration.optima import REFERENCE, SignStudy
from helpers.plots.style import COLOURS, NEUTRAL, WIDTH_IN
from helpers.wording import hide_small

LOOKS = (("o", COLOURS["high"]), ("s", COLOURS["low"]), ("^", "#009E73"), ("D", NEUTRAL))


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
    n_rows = len(ends) + len(shared)
    axes = plt.subplots(
        2, 1, figsize=(WIDTH_IN, 0.32 * n_rows + 2.2), height_ratios=[len(ends), len(shared)], layout="constrained"
    )[1]
    _draw_ends(axes[0], ends, study.n_people)
    _draw_shared(axes[1], shared)
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
    ax = ax or plt.subplots(figsize=(WIDTH_IN, 3.2))[1]
    share = rows["criterion_reference"] / rows["criterion"]
    ax.axhline(1, color=NEUTRAL, ls="--", lw=1, label="best optimum")
    ax.plot(rows["design"], share, "s-", color=COLOURS["low"], label="reference's start")
    for design, value, n_optima in zip(rows["design"], share, rows["n_optima"], strict=True):
        ax.annotate(
            f"{n_optima}", (design, value), xytext=(0, -14), textcoords="offset points", ha="center", fontsize=9
        )
    ax.set_ylim(min(0.75, float(share.min()) - 0.06), 1.04)
    ax.set_xlabel("Design: how strongly blocks are asked to agree (numbers: optima found)")
    ax.set_ylabel("Criterion, share of the best")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    ax.figure.tight_layout()
    return ax


def _draw_ends(ax: Axes, ends: pd.DataFrame, n_people: int) -> None:
    places = np.arange(len(ends))[::-1]
    for optimum, own in ends.groupby("optimum"):
        marker, colour = LOOKS[(int(optimum) - 1) % len(LOOKS)]
        rows = places[(ends["optimum"] == optimum).to_numpy()]
        ax.plot(own["criterion"], rows, marker, color=colour, ms=8, ls="", label=f"optimum {optimum}")
    names = ["reference's own" if start == REFERENCE else start for start in ends["start"]]
    ax.set_yticks(places, names)
    ax.set_ylabel("Starting signs")
    ax.set_ylim(-0.6, len(ends) - 0.4)
    spread = max(ends["criterion"].max() - ends["criterion"].min(), 0.1 * ends["criterion"].max())
    ax.set_xlim(ends["criterion"].min() - 0.15 * spread - 0.01, ends["criterion"].max() + 0.15 * spread + 0.01)
    ax.set_xlabel(f"Criterion reached (larger is better; n={hide_small(n_people)})")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)


def _draw_shared(ax: Axes, shared: pd.DataFrame) -> None:
    places = np.arange(len(shared))[::-1]
    ax.barh(
        places, shared["n_selected"], height=0.6, color="#DDDDDD", edgecolor=NEUTRAL, label="kept by the last optimum"
    )
    ax.barh(places, shared["n_shared"], height=0.6, color=COLOURS["high"], label="kept by the first as well")
    for place, row in zip(places, shared.itertuples(), strict=True):
        ax.annotate(
            f"{row.n_shared} of {row.n_selected}",
            (row.n_selected, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    ax.set_yticks(places, shared["block"])
    ax.set_xlim(0, shared["n_selected"].max() * 1.2)
    ax.set_xlabel("Features kept")
    ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=2, columnspacing=1.0)
