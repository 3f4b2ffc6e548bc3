"""Figures of the metabolite chapter: results in, Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.contrasts import Q_SHOWN
from helpers.metabolites import PredictedPotential, Transfer, name_metabolites
from helpers.metabolites.predicted import RHO_SHOWN
from helpers.plots.forest import plot_forest
from helpers.plots.style import ACCENT, COLOURS, MARKERS, NEUTRAL, WIDTH_IN, shorten
from helpers.wording import hide_small

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
    ax.set_xlabel(
        f"Spearman, predicted potential v measured, out of fold (n = {hide_small(potential.n_participants)} people)"
    )
    ax.set_ylabel("Metabolites")
    ax.figure.legend(loc="outside lower center", ncols=3, columnspacing=1.0, handlelength=1.6)
    return ax


def plot_predicted(potential: PredictedPotential, shown: Sequence[str] | str, features: pd.DataFrame) -> Figure:
    """Draw predicted potential against measured values of some metabolites, everyone out of fold.

    Parameters
    ----------
    potential : PredictedPotential
    shown : sequence of str or str
        Ids, one panel each.
    features : pandas.DataFrame
        Index metabolite; columns name and scale.

    Returns
    -------
    matplotlib.figure.Figure
    """
    shown = [shown] if isinstance(shown, str) else list(shown)
    figure, panels = plt.subplots(
        len(shown), 1, figsize=(WIDTH_IN * 0.8, 3.4 * len(shown)), layout="constrained", squeeze=False
    )
    for ax, metabolite in zip(panels[:, 0], shown, strict=True):
        measured, predicted = potential.measured[metabolite], potential.predicted[metabolite]
        known = measured.notna()
        ax.scatter(predicted[known], measured[known], s=16, color=ACCENT, alpha=0.6, lw=0)
        row = potential.table.loc[metabolite]
        name = shorten(name_metabolites(pd.Index([metabolite]), features).iloc[0], 30)
        interval = f"({row['rho_low']:.2f} to {row['rho_high']:.2f})" if "rho_low" in row else ""
        ax.set_title(
            f"{name}\nSpearman {row['spearman']:.2f} {interval}, n = {hide_small(int(row['n']))}".replace(" ,", ","),
            loc="left",
            fontsize=10,
        )
        ax.set_ylabel(f"Measured ({SCALE_UNITS[features.loc[metabolite, 'scale']]})")
    panels[-1, 0].set_xlabel("Predicted potential, out of fold (normal score)")
    return figure


def plot_sets(sets: pd.DataFrame, *, labels: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Draw the adjusted difference of each set of metabolites; a diamond shows it against all other metabolites.

    Parameters
    ----------
    sets : pandas.DataFrame
        From :func:`helpers.metabolites.compare_sets`.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    if sets.empty:
        ax = plt.subplots(figsize=(WIDTH_IN, 1.2))[1] if ax is None else ax
        ax.text(0.5, 0.5, "no set of three or more metabolites", ha="center", transform=ax.transAxes)
        ax.set_axis_off()
        return ax
    names = pd.Series(
        [f"{shorten(name, 26)} ({row.n_metabolites})" for name, row in zip(sets.index, sets.itertuples(), strict=True)],
        sets.index,
    )
    ax = plot_forest(
        sets, labels=labels, names=names, title="Sets of metabolites (how many); ◇ against all others", ax=ax
    )
    shown = sets.dropna(subset=["d", "d_low", "d_high"])
    ax.plot(shown["d_rest"], np.arange(len(shown)) + 0.28, "D", color="black", mfc="white", ms=4, zorder=4)
    return ax


def plot_associations(
    partners: pd.DataFrame,
    metabolite: str,
    name: str,
    *,
    names: Mapping[str, str],
    n_top: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Draw the taxa that go with a metabolite most, each with its 95 % interval.

    Parameters
    ----------
    partners : pandas.DataFrame
        From :func:`helpers.metabolites.find_associations`.
    metabolite, name : str
        Its id in the table and how to call it.
    names : mapping
        Taxon to how it is called.
    n_top : int, default 10
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    rows = partners[partners["metabolite"] == metabolite]
    top = rows.head(n_top)
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 1.5 + 0.26 * len(top)), layout="constrained")
    for place, row in enumerate(top.itertuples()):
        side = "high" if row.slope > 0 else "low"
        ax.plot([row.ci_low, row.ci_high], [place, place], color=COLOURS[side], lw=1.6)
        ax.plot(
            row.slope,
            place,
            MARKERS[side],
            color=COLOURS[side],
            mfc=COLOURS[side] if row.q < Q_SHOWN else "white",
            ms=6,
        )
    ax.axvline(0, color=NEUTRAL, lw=0.8, zorder=0)
    ax.set_yticks(range(len(top)), [shorten(names.get(taxon, taxon), 30) for taxon in top["taxon"]])
    ax.set_ylim(len(top) - 0.4, -0.6)
    ax.set_xlabel(
        f"Slope, SD per SD, 95 % interval (n = {hide_small(int(top['n'].max()))})\nfilled: q < {Q_SHOWN:g}; ○ more, □ less with more of it",
        fontsize=9,
    )
    ax.set_title(f"{shorten(name, 30)}: {len(top)} strongest of {len(rows)} taxa", loc="left")
    return ax


def plot_out_of_distribution(strangers: pd.DataFrame) -> Figure:
    """Draw how applicability and accuracy fall together as reads of people left out are replaced.

    Parameters
    ----------
    strangers : pandas.DataFrame
        From :func:`helpers.metabolites.simulate_out_of_distribution`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, panels = plt.subplots(2, 1, figsize=(WIDTH_IN * 0.8, 4.6), sharex=True, layout="constrained")
    places = np.arange(len(strangers))
    panels[0].plot(places, 100 * strangers["share_flagged"], "s-", color=COLOURS["low"])
    panels[0].axhline(5, color=NEUTRAL, lw=1, ls="--")
    panels[0].set_ylim(0, 105)
    panels[0].set_ylabel("Flagged (%)")
    panels[0].set_title("Applicability below 0.05 (dashed: 5 %)", loc="left", fontsize=10)
    panels[1].plot(places, strangers["spearman"], "o-", color=COLOURS["high"])
    panels[1].axhline(0, color=NEUTRAL, lw=1)
    panels[1].set_ylabel("Mean Spearman")
    panels[1].set_title(f"Accuracy over {int(strangers['n_metabolites'].iloc[0])} metabolites", loc="left", fontsize=10)
    panels[1].set_xticks(places, [f"{100 * degree:g}" for degree in strangers.index])
    panels[1].set_xlabel(
        f"Reads replaced by random genera (%), n = {hide_small(int(strangers['n'].iloc[0]))} people left out"
    )
    return figure


def plot_transfer(transfers: Mapping[str, Transfer], *, ax: Axes | None = None) -> Axes:
    """Draw, per metabolite, the Spearman in another cohort against that where the model was learnt.

    Parameters
    ----------
    transfers : mapping of str to Transfer
        By name of the other cohort, at most three.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN * 0.8, 4.4), layout="constrained")
    styles = zip(("o", "s", "^"), (COLOURS["high"], COLOURS["low"], ACCENT), strict=True)
    for (name, transfer), (marker, colour) in zip(transfers.items(), styles, strict=False):
        table = transfer.table
        label = f"{name}: {len(table)} metabolites, n = {hide_small(int(table['n'].max()))} people"
        ax.plot(table["spearman_home"], table["spearman"], marker, color=colour, ms=5, alpha=0.75, label=label)
    ax.axline((0, 0), slope=1, color=NEUTRAL, lw=1, ls="--")
    ax.axhline(0, color=NEUTRAL, lw=0.8)
    ax.set_xlabel("Spearman at home, out of fold")
    ax.set_ylabel("Spearman in the other cohort")
    ax.figure.legend(loc="outside lower center")
    return ax


def plot_known(known: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the share of metabolites that reach 0.3: ours, a plain ridge, and what is published.

    Parameters
    ----------
    known : pandas.DataFrame
        From :func:`helpers.metabolites.tabulate_known`.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH_IN, 1.6 + 0.36 * len(known)), layout="constrained")
    series = (
        ("share", "o", COLOURS["high"], "this book"),
        ("share_plain", "s", COLOURS["low"], "plain ridge, same data"),
        ("share_known", "x", "black", "known"),
    )
    places = np.arange(len(known))
    ax.hlines(places, 100 * known["share_low"], 100 * known["share_high"], color=COLOURS["high"], lw=2)
    for column, marker, colour, label in series:
        ax.plot(100 * known[column], places, marker, color=colour, ms=7, mew=1.6, label=label)
    ax.set_yticks(
        places,
        [f"{shorten(name, 30)} (n = {hide_small(int(n))})" for name, n in zip(known.index, known["n"], strict=True)],
    )
    ax.set_ylim(len(known) - 0.5, -0.5)
    ax.set_xlim(0, 100)
    ax.grid(axis="y", color="#dddddd", lw=0.8)
    ax.set_xlabel(f"Metabolites with an out-of-fold Spearman of {RHO_SHOWN:g} or more (%)")
    ax.figure.legend(loc="outside lower center", ncols=3, columnspacing=1.0, handletextpad=0.3)
    return ax
