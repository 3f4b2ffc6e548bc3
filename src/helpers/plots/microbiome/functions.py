"""Functions of the bacteria: sets of transcripts, and transcripts beside their genes."""

from __future__ import annotations

import re
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.contrasts import Q_SHOWN
from helpers.microbiome.activity import MODEL_LABELS
from helpers.plots.intervals import draw_intervals, name_rows, pick_sides, plot_forest, start
from helpers.plots.palette import SERIES, SERIES_MARKERS
from helpers.plots.style import WIDTH_IN, key, name_sides, shorten, strip_n, tell, wrap
from helpers.wording import tell_range


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
        [f"{shorten(name, 22)} ({n:.0f})" for name, n in contrasts["n_transcripts"].items()], index=contrasts.index
    )
    what = "Functional groups of transcripts (in brackets: how many)"
    return plot_forest(contrasts, labels=labels, names=names, what=what, ax=ax)


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
    figure, panels = plt.subplots(1, 2, figsize=(WIDTH_IN, 1.5 + 0.42 * len(table)), sharey=True, layout="constrained")
    looks = (("d", "q_direction", "d", "Self-contained"), ("gap", "q_competitive", "mean t, less rest", "Competitive"))
    for ax, (value, q, unit, title) in zip(panels, looks, strict=True):
        colours, markers = pick_sides(table[value])
        draw_intervals(ax, table, value, colours=colours, markers=markers, filled=list(table[q] < Q_SHOWN))
        name_rows(ax, [f"{wrap(shorten(name, 26), 15)}\n({n:.0f})" for name, n in table["n_transcripts"].items()])
        ax.set(xlabel=f"{unit} (95 % CI)", title=title)
    figure.supxlabel(name_sides(labels))
    n = " v ".join(tell_range(table[f"n_{side}"]) for side in ("high", "low"))
    return tell(
        figure,
        f"{len(table)} sets of transcripts (in brackets: how many), {strip_n(labels['high'])} minus {strip_n(labels['low'])} (n = {n}). Left: does the set "
        "differ at all? Right: more than all other transcripts? Lines are 95 % confidence intervals; filled: q < "
        f"{Q_SHOWN:g} in a permutation test.",
    )


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
    first = next(iter(tables.values()))
    shown = first.head(n_top).index
    ax = start(ax, 2.4 * len(shown), above=1.1)
    for place, (model, table) in enumerate(tables.items()):
        rows = np.arange(len(shown)) + 0.24 * (place - (len(tables) - 1) / 2)
        look = {"colours": SERIES[place], "markers": SERIES_MARKERS[place], "label": MODEL_LABELS[model]}
        draw_intervals(ax, table.reindex(shown), "d", rows=rows, **look)
    name_rows(ax, [wrap(shorten(_drop_code(str(name)), 44), 26) for name in shown])
    n_high, n_low = (int(first[name].max()) for name in ("n_high", "n_low"))
    ax.set_xlabel("d (95 % CI)")
    key(ax)
    return tell(
        ax,
        f"{title}: the {len(shown)} of {len(first):,} features that differ most in RNA alone, the {n_high} less the {n_low} stools, in "
        f"{len(tables)} models; lines are 95 % confidence intervals of the adjusted standardised difference d.",
    )


def _drop_code(name: str) -> str:
    """Return the words of a pathway's name, without the code of a data base before them."""
    return re.sub(r"^(?:[A-Z0-9]*PWY[A-Z0-9]*|[A-Z]{5,}[0-9]*)(?:[ _:-]+PWY)?(?:[ _:-]+[0-9]+)?[ _:-]+", "", name)
