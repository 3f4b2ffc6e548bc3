"""Figures of the metabolite chapter: results in, Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.metabolites import PredictedPotential, name_metabolites
from helpers.metabolites.predicted import RHO_SHOWN
from helpers.plots.forest import plot_forest
from helpers.plots.style import ACCENT, COLOURS, NEUTRAL, WIDTH_IN, shorten

BIN_WIDTH = 0.05
SCALE_UNITS = {"raw": "log2 units", "log": "log units"}


def plot_metabolites(
    contrasts: pd.DataFrame,
    *,
    labels: Mapping[str, str],
    marked: Sequence[str] = (),
    n_top: int = 12,
    ax: Axes | None = None,
) -> Axes:
    """Draw the strongest adjusted differences, and the marked metabolites wherever they stand.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        From :func:`helpers.metabolites.compare_metabolites`, strongest first.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    marked : sequence of str
        Ids that are shown in any case, in bold with an arrow.
    n_top : int, default 12
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    top = contrasts.index[:n_top]
    shown = contrasts.loc[top.union(contrasts.index.intersection(list(marked)), sort=False)]
    title = f"{len(top)} strongest of {len(contrasts):,} metabolites" + ("; ► asked for" if len(marked) else "")
    names = name_metabolites(shown.index, contrasts)
    return plot_forest(shown, labels=labels, names=names, marked=tuple(marked), title=title, ax=ax)


def plot_predictability(
    potential: PredictedPotential,
    features: pd.DataFrame,
    *,
    marked: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw how well each metabolite is foretold in unseen people, beside what shuffling gives.

    Parameters
    ----------
    potential : PredictedPotential
    features : pandas.DataFrame
        Index metabolite; column name.
    marked : sequence of str
        Ids pointed at with an arrow and their name.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 3.9), layout="constrained")
    rho = potential.table["spearman"].dropna()
    chance = potential.null_spearman[np.isfinite(potential.null_spearman)]
    span = np.concatenate([rho, chance, [0, RHO_SHOWN]])
    bins = np.arange(np.floor(span.min() / BIN_WIDTH), np.ceil(span.max() / BIN_WIDTH) + 2) * BIN_WIDTH
    ax.hist(rho, bins=bins, color=COLOURS["high"], alpha=0.75, ec="white", label=f"{len(rho):,} metabolites")
    if len(chance):
        weights = np.full(len(chance), len(rho) / len(chance))
        ax.hist(
            chance,
            bins=bins,
            weights=weights,
            histtype="step",
            color=NEUTRAL,
            lw=1.6,
            ls="--",
            label=f"people shuffled ({len(potential.null_means)} times)",
        )
    ax.axvline(RHO_SHOWN, color="black", lw=1.2, ls=":", label=f"{RHO_SHOWN:g} or more: {100 * potential.share:.0f} %")
    names = name_metabolites(potential.table.index, features)
    top = ax.get_ylim()[1]
    pointed = sorted((metabolite for metabolite in marked if metabolite in rho.index), key=rho.get)
    for step, metabolite in enumerate(pointed, start=1):
        ax.annotate(
            shorten(names[metabolite]),
            (rho[metabolite], 0),
            xytext=(rho[metabolite], top * (0.98 + 0.1 * step)),
            ha="center",
            fontsize=9,
            arrowprops={"arrowstyle": "->", "color": "black"},
        )
    ax.set_ylim(0, top * (1.04 + 0.11 * len(pointed)))
    ax.set_xlabel(f"Spearman, predicted potential v measured, out of fold (n = {potential.n_participants:,} people)")
    ax.set_ylabel("Metabolites")
    ax.figure.legend(loc="outside lower center", ncols=3, columnspacing=1.0, handlelength=1.6)
    return ax


def plot_predicted(
    potential: PredictedPotential, metabolite: str, features: pd.DataFrame, *, ax: Axes | None = None
) -> Axes:
    """Draw predicted potential against measured values of one metabolite, everyone out of fold.

    Parameters
    ----------
    potential : PredictedPotential
    metabolite : str
        Its id.
    features : pandas.DataFrame
        Index metabolite; columns name and scale.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN * 0.8, 3.9), layout="constrained")
    measured, predicted = potential.measured[metabolite], potential.predicted[metabolite]
    known = measured.notna()
    ax.scatter(predicted[known], measured[known], s=16, color=ACCENT, alpha=0.6, lw=0)
    ax.set(xlim=ax.get_xlim(), ylim=ax.get_ylim())
    ax.axline((0, 0), slope=1, color=NEUTRAL, lw=1, ls="--", label="predicted = measured")
    row = potential.table.loc[metabolite]
    name = name_metabolites(pd.Index([metabolite]), features).iloc[0]
    unit = SCALE_UNITS[features.loc[metabolite, "scale"]]
    ax.set_title(f"{shorten(name)}: Spearman {row['spearman']:.2f}, n = {int(row['n'])}", loc="left")
    ax.set_xlabel(f"Predicted potential, out of fold ({unit})")
    ax.set_ylabel(f"Measured ({unit})")
    ax.figure.legend(loc="outside lower center")
    return ax
