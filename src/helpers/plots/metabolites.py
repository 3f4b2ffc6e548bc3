"""Figures of the metabolite chapter: results in, Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.contrasts import Q_SHOWN
from helpers.metabolites import PredictedPotential, Transfer, name_metabolites
from helpers.metabolites.predicted import RHO_SHOWN
from helpers.plots.groups import SIDES, draw_groups, write_effect
from helpers.plots.intervals import draw_intervals, name_rows, pick_sides, plot_forest, start
from helpers.plots.palette import DECLARED, EVERYONE, FAINT, NULL, OBSERVED, SERIES, SERIES_MARKERS
from helpers.plots.style import WIDTH_IN, key, require_rows, shorten, strip_n, tell
from helpers.plots.volcano import plot_volcano
from helpers.wording import hide_small, tell_range

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
    what = f"The {len(top)} strongest of {len(contrasts):,} metabolites, by p"
    names = name_metabolites(shown.index, contrasts)
    return plot_forest(shown, labels=labels, names=names, marked=tuple(marked), what=what, ax=ax)


def plot_metabolite_volcano(
    contrasts: pd.DataFrame, *, labels: Mapping[str, str], marked: Sequence[str] = (), ax: Axes | None = None
) -> Axes:
    """Draw the effect of each metabolite against its p; those named in advance carry their names.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        From :func:`helpers.metabolites.compare_metabolites`.
    labels : mapping
        ``high`` and ``low``: what the groups are called.
    marked : sequence of str
        Ids.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        As :func:`helpers.plots.volcano.plot_volcano`.
    """
    names = name_metabolites(contrasts.index, contrasts)
    unit = "units of the logarithm"
    return plot_volcano(contrasts, labels=labels, unit=unit, what="metabolites", names=names, marked=marked, ax=ax)


def plot_levels(
    prepared: pd.DataFrame,
    contrasts: pd.DataFrame,
    groups: pd.Series,
    shown: Sequence[str],
    *,
    labels: Mapping[str, str],
) -> Figure:
    """Draw the logarithm of some metabolites by group: every participant, a box, and the adjusted d.

    Parameters
    ----------
    prepared : pandas.DataFrame
        From :func:`helpers.metabolites.prepare_metabolites`.
    contrasts : pandas.DataFrame
        From :func:`helpers.metabolites.compare_metabolites`; column name.
    groups : pandas.Series
        Index participant_id; high, low or missing.
    shown : sequence of str
        Ids, one panel each, two beside each other.
    labels : mapping
        ``high`` and ``low``: what the groups are called; n is that of each metabolite.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TooLittle
        None of them was measured.
    """
    found = [one for one in shown if one in contrasts.index and prepared[one].notna().any()]
    require_rows(pd.Series(found, dtype=object), "of the metabolites named in advance was measured")
    n_rows = -(-len(found) // 2)
    figure, axes = plt.subplots(n_rows, 2, figsize=(WIDTH_IN, 2.8 * n_rows), layout="constrained", squeeze=False)
    names = name_metabolites(pd.Index(found), contrasts)
    for ax, metabolite in zip(axes.ravel(), found, strict=False):
        row = contrasts.loc[metabolite]
        sizes = {side: f"{strip_n(labels[side])} (n={hide_small(int(row[f'n_{side}']))})" for side in SIDES}
        draw_groups(ax, prepared[metabolite], groups, labels=sizes)
        ax.set_title(f"{shorten(names[metabolite], 26)}\n{write_effect(row)}")
    for ax in axes[:, 0]:
        ax.set_ylabel("Intensity (logarithm)")
    for ax in axes.ravel()[len(found) :]:
        ax.remove()
    n = " v ".join(tell_range(contrasts.loc[found, f"n_{side}"]) for side in ("high", "low"))
    return tell(
        figure,
        f"Metabolites named in advance, by group (n = {n} in the contrast). Marks are participants, boxes the middle half with the "
        f"median. Above: adjusted standardised difference d, {strip_n(labels['high'])} minus {strip_n(labels['low'])}, with its 95 % "
        "confidence interval.",
    )


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
    ax = start(ax, 11)
    rho = potential.table["spearman"].dropna()
    chance = potential.null_spearman[np.isfinite(potential.null_spearman)]
    span = np.concatenate([rho, chance, [0, RHO_SHOWN]])
    bins = np.arange(np.floor(span.min() / BIN_WIDTH), np.ceil(span.max() / BIN_WIDTH) + 2) * BIN_WIDTH
    if len(chance):
        label = f"permuted participants ({len(potential.null_means)} times)"
        drawn = pd.DataFrame({"rho": chance, "weight": len(rho) / len(chance)})
        look = {"color": NULL, "edgecolor": "white", "alpha": 1}
        sns.histplot(drawn, x="rho", weights="weight", bins=list(bins), label=label, ax=ax, **look)
    look = {"element": "step", "fill": False, "color": OBSERVED, "lw": 2}
    sns.histplot(x=rho, bins=list(bins), label=f"{len(rho):,} metabolites", ax=ax, **look)
    ax.axvline(RHO_SHOWN, color="black", lw=1.2, ls=":", label=f"{RHO_SHOWN:g} or more: {100 * potential.share:.0f} %")
    names = name_metabolites(potential.table.index, features)
    top = ax.get_ylim()[1]
    pointed = sorted((metabolite for metabolite in marked if metabolite in rho.index), key=rho.get)
    for step, metabolite in enumerate(pointed, start=1):
        ax.annotate(
            shorten(names[metabolite]),
            (rho[metabolite], 0),
            xytext=(rho[metabolite], top * (0.98 + 0.12 * step)),
            ha="center",
            arrowprops={"arrowstyle": "->", "color": DECLARED},
        )
    ax.set(
        ylim=(0, top * (1.06 + 0.13 * len(pointed))),
        ylabel="Metabolites",
        xlabel="Spearman's correlation, predicted v measured, held out",
    )
    key(ax)
    arrows = " Arrows: metabolites named in advance." if pointed else ""
    return tell(
        ax,
        f"How well each of {len(rho):,} metabolites is predicted from bacteria in held-out participants (n = {hide_small(potential.n_participants)}), "
        f"beside what is expected by chance, drawn to the same area.{arrows}",
    )


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
    n_columns = min(2, len(shown))
    n_rows = -(-len(shown) // n_columns)
    figure, panels = plt.subplots(
        n_rows, n_columns, figsize=(WIDTH_IN, 2.9 * n_rows), layout="constrained", squeeze=False
    )
    for ax, metabolite in zip(panels.ravel(), shown, strict=False):
        pairs = pd.DataFrame({"x": potential.predicted[metabolite], "y": potential.measured[metabolite]}).dropna()
        look = {"color": EVERYONE, "scatter_kws": {"s": 14, "alpha": 0.5, "linewidths": 0}, "line_kws": {"lw": 1.5}}
        with_line = len(pairs) > 2 and (pairs.std() > 0).all()
        sns.regplot(pairs, x="x", y="y", ci=None, fit_reg=with_line, ax=ax, **look)
        row = potential.table.loc[metabolite]
        name = shorten(name_metabolites(pd.Index([metabolite]), features).iloc[0], 26)
        told = row.rename({"spearman": "rho", "spearman_low": "rho_low", "spearman_high": "rho_high"})
        effect = write_effect(told, "rho") if "rho_low" in told else f"rho = {row['spearman']:.2f}"
        ax.set_title(f"{name}\n{effect}")
        ax.set(xlabel="Predicted (normal score)", ylabel=f"Measured ({SCALE_UNITS[features.loc[metabolite, 'scale']]})")
    for ax in panels.ravel()[len(shown) :]:
        ax.remove()
    n = tell_range(potential.table.loc[shown, "n"])
    return tell(
        figure,
        f"Predicted potential against measured values, one mark per held-out participant (n = {n}), with a least-squares line. Above: Spearman's "
        "correlation, with its 95 % confidence interval where there is one.",
    )


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
    require_rows(sets, "of the pathways has three or more metabolites")
    names = pd.Series(
        [f"{shorten(name, 22)} ({row.n_metabolites})" for name, row in zip(sets.index, sets.itertuples(), strict=True)],
        sets.index,
    )
    ax = plot_forest(sets, labels=labels, names=names, what="Pathways (in brackets: how many metabolites)", ax=ax)
    shown = sets.dropna(subset=["d", "d_low", "d_high"])
    ax.plot(shown["d_rest"], np.arange(len(shown)) + 0.28, "D", color="black", mfc="white", ms=5, zorder=4)
    return tell(ax, f"{ax.figure.get_label()} Open diamonds: d against all other metabolites.")


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
    ax = start(ax, len(top), above=0.6)
    _, markers = pick_sides(top["slope"])
    draw_intervals(ax, top, "slope", markers=markers, filled=list(top["q"] < Q_SHOWN))
    name_rows(ax, [shorten(names.get(taxon, taxon), 30) for taxon in top["taxon"]])
    ax.set_xlabel("Slope, SD per SD (95 % CI)")
    return tell(
        ax,
        f"{name}: the {len(top)} of {len(rows)} taxa that go with it most (n = {hide_small(int(top['n'].max()))}). Circles: more of the taxon with more "
        f"of the metabolite; squares: less. Lines are 95 % confidence intervals; filled: q < {Q_SHOWN:g}.",
    )


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
    figure, panels = plt.subplots(2, 1, figsize=(WIDTH_IN, 4.4), sharex=True, layout="constrained")
    long = strangers.assign(place=np.arange(len(strangers)), flagged=100 * strangers["share_flagged"])
    looks = (("flagged", "Flagged (%)", 5, "--"), ("spearman", "Mean Spearman", 0, "-"))
    for ax, (column, label, line, style) in zip(panels, looks, strict=True):
        sns.lineplot(long, x="place", y=column, marker="o", color=OBSERVED, errorbar=None, ax=ax)
        ax.axhline(line, color=EVERYONE, lw=1, ls=style, zorder=0)
        ax.set(ylabel=label, xlabel="Reads replaced by random genera (%)")
    panels[0].set_ylim(0, 105)
    panels[1].set_xticks(long["place"], [f"{100 * degree:g}" for degree in strangers.index])
    return tell(
        figure,
        f"Samples unlike the training data (n = {hide_small(int(strangers['n'].iloc[0]))} held-out participants). Above: proportion flagged, applicability below 0.05 (dashed: "
        f"5 %). Below: accuracy over {int(strangers['n_metabolites'].iloc[0])} metabolites.",
    )


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
    ax = start(ax, 14)
    for place, (name, transfer) in enumerate(transfers.items()):
        table = transfer.table
        label = f"{name}: {len(table)} metabolites, n = {hide_small(int(table['n'].max()))}"
        look = {"color": SERIES[place], "marker": SERIES_MARKERS[place], "s": 36, "alpha": 0.75, "linewidth": 0}
        sns.scatterplot(table, x="spearman_home", y="spearman", label=label, legend=False, ax=ax, **look)
    ax.axline((0, 0), slope=1, color=EVERYONE, lw=1, ls="--")
    ax.axhline(0, color=EVERYONE, lw=0.8)
    ax.set(xlabel="Spearman at home, held out", ylabel="Spearman in the other cohort")
    key(ax, ncols=1)
    return tell(
        ax,
        f"Each metabolite's Spearman correlation in {len(transfers)} other cohorts against that where the model was learned; dashed: equal.",
    )


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
    ax = start(ax, 2 * len(known))
    shown = (
        100 * known[["share_predicted", "share_predicted_low", "share_predicted_high", "share_plain", "share_known"]]
    )
    draw_intervals(ax, shown, "share_predicted", colours=OBSERVED, size=7, label="this book")
    others = (("share_plain", 0, "^", "plain ridge, same data"), ("share_known", 3, "P", "known before"))
    for column, place, marker, label in others:
        look = {"colours": SERIES[place], "markers": marker, "size": 7, "label": label}
        draw_intervals(ax, shown[[column]], column, **look)
    called = zip(known.index, known["n"], strict=True)
    name_rows(ax, [f"{shorten(name, 24)}\n(n = {hide_small(int(n))})" for name, n in called], zero=None)
    ax.set(xlim=(0, 100), xlabel="Metabolites (%)")
    ax.grid(axis="y", color=FAINT, lw=0.8)
    key(ax, ncols=3)
    return tell(
        ax,
        f"Proportion of metabolites with a held-out Spearman correlation of {RHO_SHOWN:g} or more in {len(known)} data sets: this book (lines are 95 % "
        "confidence intervals), a plain ridge on the same data, and what was known before.",
    )
