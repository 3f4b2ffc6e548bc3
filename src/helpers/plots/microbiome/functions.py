"""Functions of the bacteria: sets of transcripts, and transcripts beside their genes."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.contrasts import Q_SHOWN
from helpers.microbiome.activity import MODEL_LABELS
from helpers.plots.forest import plot_forest
from helpers.plots.style import ACCENT, COLOURS, MARKERS, NEUTRAL, WIDTH_IN, shorten

ROW_IN = 0.55
MODEL_LOOKS = {
    "rna": {"color": COLOURS["low"], "marker": "s"},
    "ratio": {"color": ACCENT, "marker": "^"},
    "covariate": {"color": COLOURS["high"], "marker": "o"},
}


def plot_functions(contrasts: pd.DataFrame, *, labels: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Draw the adjusted difference of each functional group of transcripts.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        From :func:`helpers.microbiome.compare_functions`.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    names = pd.Series(
        [f"{str(name).replace('_', ' ')} ({n:.0f})" for name, n in contrasts["n_transcripts"].items()],
        index=contrasts.index,
    )
    title = "Functional groups (number of transcripts)"
    return plot_forest(contrasts, labels=labels, names=names, title=title, ax=ax)


def plot_function_sets(table: pd.DataFrame, *, labels: Mapping[str, str]) -> Figure:
    """Draw each set twice: its adjusted difference, and how far its transcripts stand apart from all others.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`helpers.microbiome.compare_function_sets`.
    labels : mapping
        ``high`` and ``low``: what the groups are called.

    Returns
    -------
    matplotlib.figure.Figure
        Filled: q of the test in question below 0.05 (self-contained, of the mean; competitive).
    """
    figure, panels = plt.subplots(
        1, 2, figsize=(WIDTH_IN, 1.9 + ROW_IN * len(table)), sharey=True, layout="constrained"
    )
    looks = (
        ("d", "q_direction", "d", "Self-contained:\nagainst no difference"),
        ("gap", "q_competitive", "Mean t, set less rest", "Competitive:\nagainst other transcripts"),
    )
    for ax, (name, q, unit, title) in zip(panels, looks, strict=True):
        for row, (_, effect) in enumerate(table.iterrows()):
            side = "high" if effect[name] > 0 else "low"
            ax.plot([effect[f"{name}_low"], effect[f"{name}_high"]], [row, row], color=COLOURS[side], lw=1.6)
            fill = COLOURS[side] if effect[q] < Q_SHOWN else "white"
            ax.plot(effect[name], row, MARKERS[side], color=COLOURS[side], mfc=fill, ms=6)
        ax.axvline(0, color=NEUTRAL, lw=0.8, zorder=0)
        ax.set_xlabel(f"{unit}, 95 % interval", fontsize=9)
        ax.set_title(title, loc="left", fontsize=9)
    names = [
        f"{shorten(str(name).replace('_', ' '), 26)}\n({n:.0f} transcripts)"
        for name, n in table["n_transcripts"].items()
    ]
    panels[0].set_yticks(range(len(table)), names)
    panels[0].set_ylim(len(table) - 0.4, -0.6)
    high, low = (labels[side].split(" (n=")[0] for side in ("high", "low"))
    figure.supxlabel(f"← higher in {low}  ·  higher in {high} →\nfilled: q < {Q_SHOWN:g}; open: not", fontsize=9)
    return figure


def plot_activity(tables: Mapping[str, pd.DataFrame], *, title: str, n_top: int = 10, ax: Axes | None = None) -> Axes:
    """Draw the effects that are strongest in RNA alone, beside those of the same features with DNA taken into account.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Model (``rna``, ``ratio``, ``covariate``) to a table of :func:`helpers.microbiome.compare_activity`.
    title : str
        Who is compared.
    n_top : int, default 10
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    shown = next(iter(tables.values())).head(n_top).index
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 1.6 + 0.9 * ROW_IN * len(shown)), layout="constrained")
    for place, (model, table) in enumerate(tables.items()):
        rows = np.arange(len(shown)) + 0.24 * (place - (len(tables) - 1) / 2)
        effects, look = table.reindex(shown), MODEL_LOOKS[model]
        ax.hlines(rows, effects["d_low"], effects["d_high"], color=look["color"], lw=1.4)
        ax.plot(effects["d"], rows, ls="", ms=5, label=MODEL_LABELS[model], **look)
    ax.axvline(0, color=NEUTRAL, lw=0.8, zorder=0)
    ax.set_yticks(range(len(shown)), [shorten(str(name).replace("_", " "), 30) for name in shown])
    ax.tick_params(axis="y", labelsize=8)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    first = next(iter(tables.values()))
    n_high, n_low = (int(first[name].max()) for name in ("n_high", "n_low"))
    ax.set_xlabel(
        f"Standardised difference d, 95 % interval\n← lower · higher in the {n_high} against the {n_low} →", fontsize=9
    )
    ax.set_title(title, loc="left", fontsize=10)
    ax.figure.legend(loc="outside lower center", ncols=2)
    return ax
