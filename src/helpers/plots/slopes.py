"""Figures of an outcome without a cut: the score, and what goes along with it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from helpers.contrasts import Q_SHOWN
from helpers.plots.intervals import draw_intervals, name_rows, pick_sides, start
from helpers.plots.palette import EVERYONE
from helpers.plots.style import require_rows, shorten, tell
from helpers.problems import TooLittle
from helpers.wording import tell_range

MOST_ROWS = 25


def plot_score(scores: pd.Series, *, name: str, ax: Axes | None = None) -> Axes:
    """Draw how the score is distributed.

    Parameters
    ----------
    scores : pandas.Series
        NaN where there is none.
    name : str
        What the score is called.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TooLittle
        The score is the same for everybody, or there is none.
    """
    known = scores.dropna().astype(float)
    if known.nunique() < 2:
        raise TooLittle("The score does not vary: there is no distribution to draw.")
    ax = start(ax, 8)
    sns.kdeplot(x=known, ax=ax, color=EVERYONE, fill=True, cut=0)
    ax.set(xlabel=name, ylabel="Density")
    return tell(ax, f"The outcome, {name}, of n = {len(known)} participants (smoothed). No cut is made of it.")


def plot_slopes(
    slopes: pd.DataFrame,
    *,
    score: str,
    what: str,
    names: Mapping[str, str] | pd.Series | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw r of each feature with the score and its 95 % interval, those of largest r where there are many.

    Parameters
    ----------
    slopes : pandas.DataFrame
        Index feature; columns n, r, r_low, r_high, q.
    score : str
        What the score is called.
    what : str
        Begins the caption.
    names : mapping, optional
        What to write beside a feature.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Blue circles: higher with a higher score; orange squares: lower. Filled: q below 0.05.
    """
    known = slopes.dropna(subset=["r", "r_low", "r_high"])
    require_rows(known)
    strongest = np.sort(known["r"].abs().argsort(kind="stable")[::-1][:MOST_ROWS])
    shown = known.iloc[strongest]
    ax = start(ax, len(shown), above=1.0)
    colours, markers = pick_sides(shown["r"])
    draw_intervals(ax, shown, "r", colours=colours, markers=markers, filled=list(shown["q"] < Q_SHOWN))
    name_rows(ax, [shorten(str((names if names is not None else {}).get(one, one)), 28) for one in shown.index])
    ax.set_xlabel(f"r with {score} (95 % CI)\n← lower · with a higher score · higher →")
    of = f"the {len(shown)} of {len(known)} with the largest r" if len(known) > len(shown) else f"{len(shown)}"
    return tell(
        ax,
        f"{what}, {of}: partial correlation r with {score}, covariates held (n = {tell_range(known['n'])}); lines are 95 % confidence "
        f"intervals. Filled marks: q < {Q_SHOWN:g} ({int((shown['q'] < Q_SHOWN).sum())} of {len(shown)}).",
    )
