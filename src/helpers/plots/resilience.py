"""Figures of the resilience score: its distribution around the cut, and the symptoms beside it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from helpers.plots.intervals import draw_intervals, name_rows, plot_forest, start
from helpers.plots.palette import COLOURS, EVERYONE, FAINT, MARKERS, SERIES, SERIES_MARKERS, SIGNS
from helpers.plots.style import WIDTH_IN, key, require_rows, shorten, tell, wrap
from helpers.resilience import FactorFit, ScorePrecision, list_bands
from helpers.wording import hide_small, tell_range

NAMES = {
    "cd_risc.total": "CD-RISC total",
    "cd_risc_10.total": "CD-RISC-10 total",
    "cd_risc_2.total": "CD-RISC-2 total",
    "hads.depression": "Depression (HADS)",
    "hads.anxiety": "Anxiety (HADS)",
    "ffmq.describing": "Mindfulness: describing",
    "ffmq.nonjudging": "Mindfulness: non-judging",
    "csq.catastrophizing": "Catastrophizing",
    "brs.mean": "Brief Resilience Scale",
    "phq9.total": "Depression (PHQ-9)",
    "gad7.total": "Anxiety (GAD-7)",
    "pss.total": "Perceived stress (PSS-10)",
}


def name_score(name: str) -> str:
    """Return what a score is called; one that the book does not know keeps its own name, underscores as blanks.

    Examples
    --------
    >>> name_score("hads.anxiety"), name_score("own_scale.total")
    ('Anxiety (HADS)', 'own scale.total')
    """
    return NAMES.get(name, shorten(name))


def plot_scores(
    bars: pd.DataFrame,
    *,
    cut: float,
    labels: dict[str, str],
    score_name: str,
    precision: ScorePrecision | None = None,
    references: pd.DataFrame | None = None,
    bands: pd.DataFrame | None = None,
    low_below: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the distribution of the score in both groups, with the cut and the doubt around it.

    Parameters
    ----------
    bars : pandas.DataFrame
        From ``helpers.resilience.bin_scores``.
    cut : float
        In points; drawn as a line.
    labels : dict
        How to call ``high`` and ``low``, with n.
    score_name : str
        ``<measure>.<score>``, for instance ``cd_risc.total``.
    precision : ScorePrecision, optional
        Its standard error of measurement is drawn as a band around the cut.
    references : pandas.DataFrame, optional
        Published means: index sample, column ``mean``; drawn as ticks above.
    bands : pandas.DataFrame, optional
        Published bands, from ``helpers.resilience.list_bands``; named above the bars, with a line at each border.
    low_below : float, optional
        The lower of two cuts: a line of its own.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = start(ax, 10, above=1.2)
    for side in ("low", "high"):
        own = bars[bars["group"] == side]
        ax.bar(
            own["start"], own["per_point"], width=own["end"] - own["start"], align="edge", facecolor=COLOURS[side],
            edgecolor="white", label=labels[side],
        )  # fmt: skip
    ax.axvline(cut, color="black", lw=1.5, label=f"cut-off: {cut:g} or more is high")
    if low_below is not None and low_below < cut:
        ax.axvline(low_below, color="black", lw=1.5, linestyle="--", label=f"cut-off: below {low_below:g} is low")
    if precision is not None:
        span = f"cut-off ± 1 SEM ({precision.sem:.1f} points)"
        ax.axvspan(cut - precision.sem, cut + precision.sem, color=FAINT, zorder=0, label=span)
    if references is not None:
        _mark_references(ax, references)
    if bands is not None:
        _mark_bands(ax, bands)
    ax.set(xlabel=f"{name_score(score_name)} (points)", ylabel="Participants per point")
    key(ax)
    banded = "" if bands is None else " Dotted lines: borders of published bands."
    told = "" if references is None else " Triangles: published means of other samples."
    return tell(
        ax,
        f"Distribution of {name_score(score_name)} among {bars['n'].sum()} participants, in {len(bars)} bars joined until none stands for "
        f"a handful: the height is participants per point of the scale.{told}{banded}",
    )


def plot_symptoms(contrasts: pd.DataFrame, *, labels: dict[str, str], ax: Axes | None = None) -> Axes:
    """Draw the adjusted difference of each symptom between the groups.

    Parameters
    ----------
    contrasts : pandas.DataFrame
        From ``helpers.resilience.compare_symptoms``.
    labels : dict
        How to call ``high`` and ``low``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    names = pd.Series({name: name_score(name) for name in contrasts.index})
    return plot_forest(contrasts, labels=labels, names=names, what="Symptoms and traits", ax=ax)


def plot_split_cost(comparison: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw each symptom's correlation with the score beside that with the split.

    Parameters
    ----------
    comparison : pandas.DataFrame
        From ``helpers.resilience.compare_split_and_score``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = start(ax, 2 * len(comparison))
    rows = np.arange(len(comparison))
    for value, shift, marker, filled, label in (
        ("r_score", -0.17, "D", True, "with the score"),
        ("r_split", 0.17, "o", False, "with the split (1 high, 0 low)"),
    ):
        draw_intervals(ax, comparison, value, rows=rows + shift, markers=marker, filled=filled, label=label)
    name_rows(ax, [name_score(name) for name in comparison.index])
    ax.set_xlabel("Correlation r (95 % CI), not adjusted")
    key(ax)
    return tell(
        ax,
        f"Each symptom's correlation with the score as it is, and with the split into groups; lines are 95 % confidence intervals by "
        f"Fisher's z. n = {tell_range(comparison['n'])}.",
    )


def plot_bands(scores: pd.DataFrame, *, labels: dict[str, str]) -> Axes:
    """Draw where the scores of both groups lie in the published bands of each questionnaire.

    Parameters
    ----------
    scores : pandas.DataFrame
        From ``helpers.resilience.summarise_scores``.
    labels : dict
        How to call ``high`` and ``low``.

    Returns
    -------
    matplotlib.axes.Axes
        The lowest of one axes per score. Marks are medians, lines the middle half of people; grey steps are bands.
    """
    names = list(dict.fromkeys(scores.index.get_level_values("score")))
    require_rows(scores, "of the questionnaires has published bands")
    figure, axes = plt.subplots(
        len(names), 1, figsize=(WIDTH_IN, 0.35 + 1.05 * len(names)), squeeze=False, layout="constrained"
    )
    for ax, name in zip(axes[:, 0], names, strict=True):
        _draw_bands(ax, list_bands(name))
        for side, row in (("high", 0.3), ("low", 0.7)):
            if (name, side) in scores.index:
                low, middle, high = scores.loc[(name, side), ["q1", "median", "q3"]]
                ax.plot([low, high], [row, row], color=COLOURS[side], lw=3, solid_capstyle="butt")
                ax.plot(middle, row, MARKERS[side], color=COLOURS[side], mec="white", ms=9, label=labels[side])
        ax.set_title(f"{name_score(name)} (points)", pad=18)
    handles, called = axes[0, 0].get_legend_handles_labels()
    key(figure, handles=handles, labels=called)
    return tell(
        axes[-1, 0],
        "Scores of both groups in the published bands of each questionnaire, from pale to dark: marks are medians, lines "
        f"reach over the middle half of the group. n = {tell_range(scores['n'])}.",
    )


def plot_cuts(table: pd.DataFrame, *, symptom: str, ax: Axes | None = None) -> Axes:
    """Draw one relation with the score as it is, and with the score cut in several places, each with its power.

    Parameters
    ----------
    table : pandas.DataFrame
        From ``helpers.resilience.compare_cuts``.
    symptom : str
        ``<measure>.<score>`` of the symptom.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = start(ax, 2 * len(table) + 1)
    rows = np.arange(len(table))
    wrong = ["never" in str(name) for name in table.index]
    markers = ["D" if np.isnan(at) else "X" if never else "o" for at, never in zip(table["at"], wrong, strict=True)]
    draw_intervals(ax, table, "r", markers=markers, filled=list(np.isnan(table["at"])), size=8)
    beside = {"xycoords": ("axes fraction", "data"), "va": "center"}
    for row, power in zip(rows, table["power"], strict=True):
        ax.annotate(f"{100 * power:.0f} %", (1.02, row), **beside)
    ax.annotate("Power", (1.02, -0.75), fontweight="bold", **beside)
    name_rows(ax, [_name_cut(name, cut) for name, cut in table.iterrows()])
    ax.set_ylim(len(table) - 0.4, -1.1)
    ax.set_xlabel(f"r with {name_score(symptom)} (95 % CI), not adjusted")
    n = tell_range((table["n_high"] + table["n_low"]).dropna())
    return tell(
        ax,
        f"Correlation of {name_score(symptom)} with the score as it is (diamond), and with the score cut at {len(table) - 1} places (n = {n}); "
        "lines are 95 % confidence intervals. Cross: the cut that should never be made. Power: of finding a medium correlation.",
    )


def plot_loadings(fits: dict[str, FactorFit], *, ax: Axes | None = None) -> Axes:
    """Draw the standardised loading of each item in one or more structures.

    Parameters
    ----------
    fits : dict of str to FactorFit
        By what to call the structure.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    items = sorted({item for fit in fits.values() for item in fit.loadings.index.get_level_values("item")})
    ax = start(ax, len(items))
    long = pd.concat(
        {f"{name} (n={hide_small(fit.n)})": fit.loadings.droplevel("factor") for name, fit in fits.items()},
        names=["fit", "item"],
    ).rename("loading")
    long = long.reset_index().assign(row=lambda table: [items.index(item) for item in table["item"]])
    sns.scatterplot(
        long, x="loading", y="row", hue="fit", style="fit", s=45, ax=ax, linewidth=0, palette=list(SERIES[: len(fits)]),
        markers=list(SERIES_MARKERS[: len(fits)]),
    )  # fmt: skip
    name_rows(ax, [shorten(item) for item in items])
    ax.set(xlabel="Standardised loading", ylabel="")
    key(ax)
    return tell(
        ax,
        f"Standardised loading of each of {len(items)} items in {len(fits)} structures of the questionnaire, by maximum likelihood.",
    )


def plot_correlations(correlations: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how scores and symptoms correlate, as a triangle of numbers.

    Parameters
    ----------
    correlations : pandas.DataFrame
        From ``helpers.resilience.correlate_measures``: columns first, second, r, n; each pair once.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    shown = correlations.dropna(subset=["r"])
    require_rows(shown, "of the correlations could be computed")
    names = list(dict.fromkeys([*shown["first"], *shown["second"]]))
    grid = shown.pivot_table("r", "second", "first", sort=False).reindex(index=names[1:], columns=names[:-1])
    written = grid.map(lambda r: f"{r:.2f}".replace("-0.00", "0.00").replace("-", "−"))
    ax = start(ax, 1.6 * len(names), above=1.9)
    sns.heatmap(
        grid, cmap=SIGNS, vmin=-1, vmax=1, annot=written, fmt="", square=False, linewidths=1, ax=ax,
        xticklabels=False, yticklabels=False, cbar_kws={"label": "Correlation r", "shrink": 0.7},
    )  # fmt: skip
    ax.set(xlabel="", ylabel="")
    down, across = ([wrap(name_score(name), 20) for name in names] for names in (grid.index, grid.columns))
    ax.set_yticks(np.arange(len(down)) + 0.5, down, rotation=0)
    ax.set_xticks(np.arange(len(across)) + 0.5, across, rotation=45, ha="right", rotation_mode="anchor")
    ax.tick_params(length=0)
    return tell(
        ax,
        f"Pearson correlations between {len(names)} scores, each pair among all participants who have both (n = {tell_range(shown['n'])}), "
        "not adjusted.",
    )


def _draw_bands(ax: Axes, bands: pd.DataFrame) -> None:
    for i, (name, band) in enumerate(bands.iterrows()):
        ax.axvspan(band["start"], band["end"], color="#000000", alpha=0.06 + 0.08 * i, lw=0)
        ax.annotate(name, ((band["start"] + band["end"]) / 2, 1.06), xycoords=("data", "axes fraction"), ha="center")
    ax.set(xlim=(bands["start"].iloc[0], bands["end"].iloc[-1]), ylim=(1, 0), yticks=[])
    ax.set_xticks([*bands["start"], bands["end"].iloc[-1]])
    ax.spines["left"].set_visible(False)


def _name_cut(name: str, cut: pd.Series) -> str:
    if np.isnan(cut["at"]):
        return "Score as it is"
    shown = wrap(name.capitalize() if "border" in name or "sample" in name else f"Declared cut {cut['at']:g}", 20)
    return f"{shown}\n({cut['n_high']:.0f} high, {cut['n_low']:.0f} low)"


def _mark_bands(ax: Axes, bands: pd.DataFrame) -> None:
    """Draw a line at each border of the published bands, and name the bands along the top."""
    left, right = ax.get_xlim()
    for name, band in bands.iterrows():
        start, end = max(band["start"], left), min(band["end"], right)
        if start > left:
            ax.axvline(start, color=EVERYONE, lw=1, ls=":", zorder=0)
        if end > start:
            ax.annotate(
                name.replace(" ", "\n"),
                ((start + end) / 2, 1.0),
                xycoords=("data", "axes fraction"),
                ha="center",
                va="bottom",
            )
    ax.set_xlim(left, right)


def _mark_references(ax: Axes, references: pd.DataFrame) -> None:
    """Write published means on their own lines above the bars."""
    top = ax.get_ylim()[1]
    line = 0.085 * top
    for i, (name, mean) in enumerate(references["mean"].items()):
        height = top + (i + 0.6) * line
        ax.plot([mean], [height], marker="v", color="black", markersize=6)
        ax.annotate(
            f"{name}: {mean:g}",
            (mean, height),
            xytext=(-7, 0),
            textcoords="offset points",
            ha="right",
            va="center",
        )
    ax.set_ylim(0, top + (len(references) + 0.4) * line)
