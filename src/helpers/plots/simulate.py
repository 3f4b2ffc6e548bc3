"""Draw margins of simulated people beside those of real people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from helpers.plots.palette import EVERYONE, OBSERVED, SERIES
from helpers.plots.style import LOOK, WIDTH_IN, tell

SIMULATED = "simulated"
LOOKS = (
    {"color": SERIES[0], "marker": "s", "linestyle": "--"},
    {"color": EVERYONE, "marker": "^", "linestyle": ":"},
)
LOOK_SIMULATED = {"color": OBSERVED, "marker": "o", "linestyle": "-"}
PANEL_IN = 2.5


def plot_margins(
    table: pd.DataFrame, margins: Mapping[str, str], *, labels: Mapping[str, str], logarithmic: Sequence[str] = ()
) -> Figure:
    """Draw one panel per margin, two beside each other: quantiles over people or features, or shares of variance of axes.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns margin, statistic (q05 to q95, or axis_01 and so on), source, value.
    margins : mapping
        Margin to the title of its panel, which says the unit.
    labels : mapping
        Source to what the legend calls it; ``simulated`` among them.
    logarithmic : sequence of str
        Margins drawn on a logarithmic scale.

    Returns
    -------
    matplotlib.figure.Figure
        The legend says of each line whether it shows simulated or real people.
    """
    with mpl.rc_context(LOOK):
        n_rows = (len(margins) + 1) // 2
        figure, axes = plt.subplots(
            n_rows, 2, figsize=(WIDTH_IN, PANEL_IN * n_rows + 0.25 * len(labels)), layout="constrained", squeeze=False
        )
        for ax, (margin, title) in zip(axes.flat, margins.items(), strict=False):
            _draw_margin(ax, table[table["margin"] == margin], labels)
            ax.set_title(title, loc="left")
            if margin in logarithmic:
                ax.set_yscale("log")
                ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                ax.yaxis.set_major_formatter("{x:g}")
                ax.yaxis.set_minor_locator(NullLocator())
        for ax in list(axes.flat)[len(margins) :]:
            ax.remove()
        lines = {line.get_label(): line for ax in figure.axes for line in ax.get_lines()}
        shown = [label for label in labels.values() if label in lines]
        figure.legend([lines[label] for label in shown], shown, loc="outside lower left", ncols=1)
    return tell(figure, f"{len(margins)} margins of simulated beside real participants.")


def _draw_margin(ax: Axes, rows: pd.DataFrame, labels: Mapping[str, str]) -> None:
    looks = iter(LOOKS)
    for source, label in labels.items():
        values = rows[(rows["source"] == source) & rows["statistic"].str.fullmatch(r"q\d+|axis_\d+")].sort_values(
            "statistic"
        )
        if values.empty:
            continue
        numbers = values["statistic"].str.extract(r"(\d+)", expand=False).astype(int)
        look = LOOK_SIMULATED if source == SIMULATED else next(looks)
        ax.plot(numbers, values["value"], label=label, markersize=5, linewidth=1.6, **look)
    is_axes = rows["statistic"].str.startswith("axis").any()
    ax.set_xlabel("principal axis" if is_axes else "quantile, %")
    ax.set_xticks([1, 4, 8, 12] if is_axes else [5, 25, 50, 75, 95])
