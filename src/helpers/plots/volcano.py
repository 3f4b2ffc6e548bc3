"""The volcano: every effect against its p."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from helpers.contrasts import Q_SHOWN
from helpers.plots.intervals import start
from helpers.plots.palette import COLOURS, EVERYONE, MARKERS
from helpers.plots.style import name_sides, require_rows, shorten, strip_n, tell
from helpers.wording import tell_range

NAMED_PER_SIDE = 2


def plot_volcano(
    contrasts: pd.DataFrame,
    *,
    labels: Mapping[str, str],
    unit: str = "natural log units",
    what: str = "genera",
    names: pd.Series | None = None,
    marked: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw the effect of each feature against its p, and the p at which q reaches 0.05, if any does.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        Columns estimate, p, q, n_high, n_low.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    unit : str
        Of the estimate.
    what : str
        What the features are.
    names : pandas.Series, optional
        Feature -> how to call it.
    marked : sequence of str
        Features named in any case.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Circles: higher in the high group; squares: lower. Filled: q below 0.05. The two of smallest p on
        each side are named.
    """
    shown = contrasts.dropna(subset=["estimate", "p"])
    require_rows(shown)
    ax = start(ax, 13, above=0.9)
    height = -np.log10(shown["p"].clip(lower=np.finfo(float).tiny))  # a p of 0 has underflowed
    found = shown["q"] < Q_SHOWN
    long = shown.assign(height=height, side=np.where(shown["estimate"] > 0, "high", "low"), found=found)
    for (side, is_found), own in long.groupby(["side", "found"], sort=False):
        look = {"color": COLOURS[side]} if is_found else {"facecolor": "none", "edgecolor": COLOURS[side]}
        sns.scatterplot(own, x="estimate", y="height", marker=MARKERS[side], s=32, linewidth=1, ax=ax, **look)
    called = pd.Series(shown.index, shown.index) if names is None else names.reindex(shown.index)
    for is_side in (shown["estimate"] > 0, shown["estimate"] <= 0):
        strongest = height[is_side].nlargest(NAMED_PER_SIDE).index
        named = strongest.union([one for one in marked if one in shown.index[is_side]], sort=False)
        _name_points(ax, called[named], shown.loc[named, "estimate"], height[named], step=0.075 * (height.max() or 1))
    if found.any():
        ax.axhline(height[found].min(), color=EVERYONE, lw=1, ls=":")
    ax.axvline(0, color=EVERYONE, lw=0.6, zorder=0)
    widest = 1.25 * shown["estimate"].abs().max() or 1
    ax.set(xlim=(-widest, widest), ylim=(0, 1.12 * height.max() or 1), ylabel="−log10 p")
    ax.set_xlabel(f"Adjusted difference ({unit})\n{name_sides(labels)}")
    n = " v ".join(tell_range(contrasts[f"n_{side}"]) for side in ("high", "low"))
    line = " The dotted line is the largest p with that q." if found.any() else ""
    return tell(
        ax,
        f"{len(shown):,} {what}: adjusted difference, {strip_n(labels['high'])} minus {strip_n(labels['low'])} (n = {n}), against p of "
        f"a linear model. Filled: q < {Q_SHOWN:g} ({int(found.sum()) or 'none'}).{line} Named: the smallest p on each side"
        f"{' and those named in advance' if len(marked) else ''}.",
    )


def _name_points(ax: Axes, names: pd.Series, x: pd.Series, y: pd.Series, *, step: float) -> None:
    """Write names towards the middle, so that none leaves the axes, and apart, so that none covers another."""
    top = np.inf
    for feature in y.sort_values(ascending=False).index:
        top = min(y[feature], top - step)
        side = "right" if x[feature] > 0 else "left"
        place = (x[feature] - np.copysign(0.04 * max(x.abs().max(), step), x[feature]), top)
        arrow = {"arrowstyle": "-", "color": EVERYONE, "lw": 0.6, "shrinkA": 0, "shrinkB": 2}
        box = {"fc": "white", "ec": "none", "alpha": 0.75, "pad": 0.5}
        look = {"ha": side, "va": "center", "arrowprops": arrow, "bbox": box, "zorder": 4}
        ax.annotate(shorten(names[feature], 18), (x[feature], y[feature]), xytext=place, **look)
