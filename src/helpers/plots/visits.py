"""Draw how participants and groups change over visits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.plots.intervals import plot_forest
from helpers.plots.palette import COLOURS, LINES, MARKERS
from helpers.plots.style import WIDTH_IN, key, require_rows, shorten, tell, wrap
from helpers.visits.mixed import PERSON, VISIT

SIDES = ("low", "high")
ASIDE = 0.05
MOST_SHOWN = 20


def plot_course(
    values: pd.DataFrame,
    samples: pd.DataFrame,
    groups: pd.Series,
    means: pd.DataFrame,
    *,
    visits: Sequence[str],
    labels: Mapping[str, str],
) -> Figure:
    """Draw every participant as a thin line over the visits, and the estimated mean of each group with its interval.

    Parameters
    ----------
    values : pandas.DataFrame of shape (n_samples, n_features)
        One panel per feature, four at most; the column names it.
    samples : pandas.DataFrame
        Index sample; columns ``participant_id`` and ``visit``.
    groups : pandas.Series
        Index ``participant_id``; high, low or missing.
    means : pandas.DataFrame
        From :func:`helpers.visits.estimate_means`.
    visits : sequence of str
        In their order.
    labels : mapping
        ``high`` and ``low``: what the groups are called.

    Returns
    -------
    matplotlib.figure.Figure
    """
    features = [feature for feature in values.columns if feature in set(means["feature"])][:4]
    require_rows(pd.Series(features))
    columns = min(len(features), 2)
    rows = -(-len(features) // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(WIDTH_IN, 2.9 * rows + 0.5), layout="constrained", squeeze=False
    )
    own = samples.assign(group=groups.reindex(samples[PERSON]).to_numpy())
    own = own[own["group"].isin(SIDES)]
    for ax, feature in zip(grid.flat, features, strict=False):
        _draw_course(
            ax, own.join(values[feature].rename("value"), how="inner"), means[means["feature"] == feature], visits
        )
        ax.set_title(wrap(shorten(feature, 56), 34), fontsize="medium")
        ax.set(xlabel="", ylabel="")
    for ax in list(grid.flat)[len(features) :]:
        ax.remove()
    handles = [
        plt.Line2D([], [], color=COLOURS[s], marker=MARKERS[s], ls=LINES[s], label=labels[s]) for s in SIDES[::-1]
    ]
    key(figure, handles=handles)
    return tell(
        figure,
        f"Course over the visits {', '.join(visits)}: thin lines are participants, marks the mean of each group as the mixed model estimates "
        f"it, at the mean of the covariates, with 95 % confidence intervals. {labels['high']}, {labels['low']}.",
    )


def _draw_course(ax: Axes, long: pd.DataFrame, means: pd.DataFrame, visits: Sequence[str]) -> None:
    place = {visit: at for at, visit in enumerate(visits)}
    drawn = long.dropna(subset=["value"])
    drawn = drawn.assign(at=drawn[VISIT].map(place) + np.where(drawn["group"] == "high", ASIDE, -ASIDE))
    sns.lineplot(
        drawn, x="at", y="value", hue="group", palette=dict(COLOURS), units=PERSON, estimator=None, linewidth=0.5,
        alpha=0.25, legend=False, ax=ax, zorder=1,
    )  # fmt: skip
    for side in SIDES:
        part = means[means["group"] == side].set_index("visit").reindex(visits).dropna(subset=["mean"])
        at = [place[visit] + (2 * ASIDE if side == "high" else -2 * ASIDE) for visit in part.index]
        ax.errorbar(
            at, part["mean"], yerr=[part["mean"] - part["mean_low"], part["mean_high"] - part["mean"]],
            color=COLOURS[side], marker=MARKERS[side], ls=LINES[side], lw=1.8, ms=6, capsize=0, zorder=3,
        )  # fmt: skip
    ax.set_xticks(range(len(visits)), [wrap(visit, 12) for visit in visits])
    ax.set_xlim(-0.4, len(visits) - 0.6)


def plot_changes(changes: pd.DataFrame, *, labels: Mapping[str, str]) -> Axes:
    """Draw the difference of changes between the groups, the largest of all blocks first.

    Parameters
    ----------
    changes : pandas.DataFrame
        From :func:`helpers.visits.compare_changes`.
    labels : mapping
        ``high`` and ``low``: what the groups are called.

    Returns
    -------
    matplotlib.axes.Axes
        At most 20 lines.
    """
    shown = changes.dropna(subset=["d"])
    shown = shown.iloc[np.argsort(-shown["d"].abs().to_numpy(), kind="stable")[:MOST_SHOWN]]
    require_rows(shown)
    several = len(set(shown["visit"])) > 1
    rows = [
        f"{shorten(one)} at {visit}" if several else str(one)
        for one, visit in zip(shown["name"], shown["visit"], strict=True)
    ]
    cut = f", the {len(shown)} largest of {len(changes)}" if len(shown) < len(changes) else ""
    to = "each other visit" if several else str(shown["visit"].iloc[0])
    return plot_forest(shown.set_axis(pd.Index(rows)), labels=labels, what=f"Group × visit{cut}, change to {to}")
