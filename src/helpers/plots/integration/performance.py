"""Draw how well an integration does: honest and training performance, and the permutation null."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from helpers.integration import IntegrationPerformance, PermutationNull, count_groups, has_auc
from helpers.least import refuse_few
from helpers.plots.style import COLOURS, NEUTRAL, WIDTH_IN
from helpers.problems import count
from helpers.wording import hide_small

CHANCE_AUC = 0.5
CURVES = (("o", COLOURS["high"]), ("s", COLOURS["low"]), ("^", "#009E73"))


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
    ax = ax or plt.subplots(figsize=(WIDTH_IN, 0.5 * len(table) + 1.6))[1]
    rows = np.arange(len(table))[::-1]
    what, stem = ("AUC", "auc") if has_auc(table) else ("Balanced error", "balanced_error")
    honest = table["auc" if stem == "auc" else stem]
    errors = np.vstack([honest - table[f"{stem}_low"], table[f"{stem}_high"] - honest])
    ax.axvline(CHANCE_AUC, color=NEUTRAL, ls="--", lw=1, label="chance (0.5)")
    ax.errorbar(honest, rows + 0.13, xerr=errors, fmt="o", color=COLOURS["high"], capsize=3, label="unseen people")
    ax.plot(table[f"{stem}_training"], rows - 0.13, "D", mfc="none", color=COLOURS["low"], label="training people")
    for row in rows[1:][(table["role"] != table["role"].shift())[1:]]:
        ax.axhline(row + 0.5, color="#DDDDDD", lw=0.8)
    sizes = table["n_features"]
    ax.set_yticks(
        rows,
        [n if np.isnan(p) else f"{n}\n{int(p):,} features" for n, p in zip(table.index, sizes, strict=True)],
    )
    ax.set_xlabel(
        f"{what} (bars: 95 % interval)\n"
        f"{result.n_participants} people, {result.n_folds} folds × {count(result.n_repeats, 'repeat')}"
    )
    lowest = float(np.fmin(table[f"{stem}_low"].min(), table[f"{stem}_training"].min()))
    ax.set_xlim(min(0.3, lowest - 0.05), 1.03)
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3, columnspacing=1.0, handletextpad=0.4)
    ax.figure.tight_layout()
    return ax


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
    ax = ax or plt.subplots(figsize=(WIDTH_IN, 3.2))[1]
    errors = null.null["vote"]
    ax.hist(
        errors,
        bins=20,
        color="#BBBBBB",
        edgecolor="white",
        label=f"shuffled groups (n={null.n_permutations})",
    )
    ax.axvline(CHANCE_AUC, color=NEUTRAL, ls="--", lw=1, label="chance (0.5)")
    ax.axvline(
        null.observed["vote"],
        color=COLOURS["high"],
        lw=2.5,
        label=f"real groups (p = {null.p_value['vote']:.3f})",
    )
    ax.set_xlabel("Balanced error of the vote, out of fold")
    ax.set_ylabel("Shuffles")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, columnspacing=1.0, handletextpad=0.4)
    ax.figure.tight_layout()
    return ax


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
    ax = ax or plt.subplots(figsize=(WIDTH_IN, 4.2))[1]
    ax.plot([0, 1], [0, 1], ls="--", lw=1, color=NEUTRAL, label="said = found")
    for scorer, (marker, colour) in zip(scorers, CURVES, strict=False):
        rows = result.reliability[result.reliability["block"] == scorer]
        reach = np.vstack([rows["observed"] - rows["observed_low"], rows["observed_high"] - rows["observed"]])
        ax.errorbar(
            rows["probability"], rows["observed"], yerr=reach, fmt=f"{marker}-", color=colour, capsize=2, label=scorer
        )
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.set_xlabel(f"Probability said of the {label}, held-out people (n={hide_small(result.n_participants)})")
    ax.set_ylabel("Share found in it (95 % interval)")
    ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=4, columnspacing=1.0, handletextpad=0.4)
    ax.figure.tight_layout()
    return ax
