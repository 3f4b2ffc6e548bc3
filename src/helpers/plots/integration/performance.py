"""Draw how well an integration does: honest and training performance, and the permutation null."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from helpers.integration import IntegrationPerformance, PermutationNull, count_groups, has_auc
from helpers.least import refuse_few
from helpers.plots.intervals import draw_intervals, name_rows, separate, start
from helpers.plots.nulls import add_key, draw_null
from helpers.plots.palette import EVERYONE, OBSERVED, SERIES, SERIES_MARKERS
from helpers.plots.style import key, require_rows, tell
from helpers.problems import count
from helpers.wording import hide_small

CHANCE_AUC = 0.5
MOST_BANDS = 2  # of ROC curves; more bands would hide one another


def plot_performance(result: IntegrationPerformance, *, ax: Axes | None = None) -> Axes:
    """Draw AUC in unseen people beside AUC in the people a model was fitted on, with the chance line.

    Where one person is left out at a time there is no AUC, and the balanced error is drawn.

    Parameters
    ----------
    result : IntegrationPerformance
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    table = result.performance[result.performance["role"] != "chance"]
    ax = start(ax, 1.4 * len(table))
    what, stem = ("AUC", "auc") if has_auc(table) else ("Balanced error", "balanced_error")
    held_out = "auc" if stem == "auc" else stem
    shown = table[[f"{stem}_low", f"{stem}_high"]].assign(**{stem: table[held_out]})
    ax.axvline(CHANCE_AUC, color=EVERYONE, ls="--", lw=1, label="chance (0.5)")
    draw_intervals(ax, shown, stem, colours=OBSERVED, label="held-out participants")
    training = table[[f"{stem}_training"]]
    draw_intervals(ax, training, f"{stem}_training", markers="D", filled=False, label="training set")
    separate(ax, list(table["role"]))
    name_rows(ax, list(table.index), zero=None)
    lowest = float(min(table[f"{stem}_low"].min(), table[f"{stem}_training"].min()))
    ax.set(xlabel=f"{what} (95 % CI)", xlim=(min(0.3, lowest - 0.05), 1.03))
    key(ax, ncols=3)
    widths = ", ".join(f"{name} {int(n):,}" for name, n in table["n_features"].dropna().items())
    return tell(
        ax,
        f"{what} in held-out participants (n = {result.n_participants}; {result.n_folds} folds × {count(result.n_repeats, 'repeat')}), with the 95 % "
        f"confidence interval from the spread between folds, beside that in the training set: blocks, their vote, and baseline models in the same "
        f"folds. Features: {widths}.",
    )


def plot_roc(
    roc: pd.DataFrame, result: IntegrationPerformance, *, label: str = "first group", ax: Axes | None = None
) -> Axes:
    """Draw the ROC curves of held-out participants: the vote, with the band of its repeats, and baseline models.

    Parameters
    ----------
    roc : pandas.DataFrame
        From :func:`helpers.integration.trace_roc`.
    result : IntegrationPerformance
    label : str
        How to call the group that is predicted.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    require_rows(roc, "of the models has probabilities")
    ax = start(ax, 16, above=1.0)
    ax.plot([0, 1], [0, 1], ls="--", lw=1, color=EVERYONE, label="chance")
    names = list(dict.fromkeys(roc["block"]))
    colours = dict(zip(names, (OBSERVED, *SERIES), strict=False))
    for place, (name, own) in enumerate(roc.groupby("block", sort=False)):
        look = {"color": colours[name], "lw": 2.4 if place == 0 else 1.4}
        sns.lineplot(own, x="false_positive", y="true_positive", errorbar=None, label=name, legend=False, ax=ax, **look)
        if place < MOST_BANDS and own["true_positive_low"].notna().any():
            ax.fill_between(own["false_positive"], own["true_positive_low"], own["true_positive_high"], color=colours[name], alpha=0.18, lw=0)  # fmt: skip
    ax.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="1 − specificity", ylabel="Sensitivity", aspect="equal")
    key(ax, ncols=3)
    repeats = f"mean of {count(result.n_repeats, 'repeat')}" + (
        "; bands: 95 % of repeats" if result.n_repeats > 1 else ""
    )
    return tell(
        ax,
        f"ROC curves in held-out participants (n = {hide_small(result.n_participants)}), {label} against the rest: {names[0]} and {count(len(names) - 1, 'baseline model')} in the same "
        f"{result.n_folds} folds, {repeats}. Bands show the luck of the folds, not that of the people.",
    )


def plot_null(null: PermutationNull, *, ax: Axes | None = None) -> Axes:
    """Draw the voted balanced error of shuffled groups, and of the real ones.

    Parameters
    ----------
    null : PermutationNull
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    ax = draw_null(
        null.null["vote"], null.observed["vote"], label=f"real labels (p = {null.p_value['vote']:.3f})",
        xlabel="Balanced error of the vote, held out", ax=ax,
    )  # fmt: skip
    ax.axvline(CHANCE_AUC, color=EVERYONE, ls="--", lw=1, label="chance (0.5)")
    add_key(ax)
    return tell(
        ax,
        f"Balanced error of the vote in held-out participants with permuted groups ({null.n_permutations} permutations, the whole pipeline run again on "
        f"each) and with the real ones; permutation test, one-sided, p = {null.p_value['vote']:.3f}.",
    )


def plot_reliability(
    result: IntegrationPerformance,
    *,
    scorers: Sequence[str] = ("vote",),
    label: str = "first group",
    ax: Axes | None = None,
) -> Axes:
    """Draw how often people of each predicted probability were in the first group; on the diagonal, it is what was said.

    Parameters
    ----------
    result : IntegrationPerformance
        Validated with ``calibrate=True``.
    scorers : sequence of str
        Up to three of the rows of `performance`.
    label : str
        How to call the first group.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    refuse_few("calibration_curve", *count_groups(result))
    ax = start(ax, 14)
    ax.plot([0, 1], [0, 1], ls="--", lw=1, color=EVERYONE, label="predicted = observed")
    for place, scorer in enumerate(scorers):
        rows = result.reliability[result.reliability["block"] == scorer]
        look = {
            "color": OBSERVED if place == 0 else SERIES[place - 1],
            "marker": "o" if place == 0 else SERIES_MARKERS[place - 1],
        }
        sns.lineplot(rows, x="probability", y="observed", errorbar=None, label=scorer, legend=False, ax=ax, **look)
        ax.vlines(rows["probability"], rows["observed_low"], rows["observed_high"], color=look["color"], lw=1.2)
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel="Predicted probability", ylabel="Observed proportion")
    key(ax, ncols=3)
    return tell(
        ax,
        f"Calibration in held-out participants (n = {hide_small(result.n_participants)}): observed proportion of {label}, with its 95 % confidence interval (Wilson), against the "
        "predicted probability, in up to five bins of equally many.",
    )
