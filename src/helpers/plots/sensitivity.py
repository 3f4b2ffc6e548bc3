"""Draw what reviewers ask for: the causal graph, E-values, both sexes, mediation."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.plots.intervals import draw_intervals, key_of, name_rows, start
from helpers.plots.palette import COLOURS, EVERYONE, FAINT, MARKERS, SERIES, SERIES_MARKERS
from helpers.plots.style import LINE_IN, WIDTH_IN, key, require_rows, tell, wrap
from helpers.sensitivity.causal_graph import CausalGraph
from helpers.wording import tell_range

LABEL_WIDTH = 24


def plot_graph(graph: CausalGraph, *, exposure: str) -> Axes:
    """Draw the causal graph: what is measured, what is adjusted for, and the effects that are asked about.

    Parameters
    ----------
    graph : CausalGraph
        From :func:`helpers.sensitivity.match_cohort`.
    exposure : str
        What the groups are called, written below the exposure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    figure, ax = plt.subplots(figsize=(WIDTH_IN, 4.4), layout="constrained")
    ax.set(xlim=(-1.4, 1.4), ylim=(-1.2, 1.2))
    ax.set_axis_off()
    caused = nx.descendants(graph.graph, graph.exposure)
    boxes = {}
    for nodes in _merge(graph):
        label = wrap(", ".join([graph.call(nodes[0]), *(graph.call(node).lower() for node in nodes[1:])]), 13)
        label += f"\n({wrap(exposure, 15)})" if nodes[0] == graph.exposure else ""
        face, edge, style = _look(graph, nodes[0], caused)
        box = {"boxstyle": "round,pad=0.35", "facecolor": face, "edgecolor": edge, "linestyle": style, "linewidth": 1.3}
        place = graph.graph.nodes[nodes[0]]["place"]
        text = ax.text(*place, label, ha="center", va="center", zorder=5, bbox=box)
        boxes |= dict.fromkeys(nodes, (place, text))
    figure.draw_without_rendering()  # boxes have a size from here on
    for cause, effect in graph.graph.edges:
        is_asked = cause == graph.exposure or {cause, effect} <= caused
        arrow = {
            "arrowstyle": "-|>", "color": EVERYONE if is_asked else "#8C8C8C", "lw": 1.8 if is_asked else 0.6,
            "mutation_scale": 13 if is_asked else 8, "shrinkA": 0, "shrinkB": 1,
            "patchA": boxes[cause][1].get_bbox_patch(), "patchB": boxes[effect][1].get_bbox_patch(),
        }  # fmt: skip
        ax.annotate("", boxes[effect][0], boxes[cause][0], zorder=1 + is_asked, arrowprops=arrow)
    held, missing = graph.name(graph.adjusted) or "nothing", graph.name(set(graph.graph) - graph.measured) or "none"
    return tell(
        ax,
        f"What is supposed to cause what. Thick arrows are the effects asked about. Grey boxes are adjusted for ({held}); dashed ones were "
        f"not measured here ({missing}). Blue edges: the exposure and what it may cause.",
    )


def _merge(graph: CausalGraph) -> list[list[str]]:
    """Return the nodes that are drawn as one: with the same causes, effects and look."""
    caused, merged = nx.descendants(graph.graph, graph.exposure), {}
    for node in graph.graph:
        same = (frozenset(graph.graph.pred[node]), frozenset(graph.graph.succ[node]), _look(graph, node, caused))
        merged.setdefault(same, []).append(node)
    return list(merged.values())


def _look(graph: CausalGraph, node: str, caused: set[str]) -> tuple[str, str, str]:
    """Return the colours of face and edge, and the line of the edge."""
    if node not in graph.measured:
        return "white", "#6B6B6B", "--"
    if node in graph.adjusted:
        return FAINT, EVERYONE, "-"
    return "white", COLOURS["high"] if node == graph.exposure or node in caused else EVERYONE, "-"


def plot_e_values(table: pd.DataFrame) -> Axes:
    """Draw the E-value of each main contrast, and that of the nearer end of its interval.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`helpers.sensitivity.find_e_values`, with label, n_high and n_low.

    Returns
    -------
    matplotlib.axes.Axes
    """
    require_rows(table)
    shown = table.sort_values("e_value", ascending=False)
    rows = np.arange(len(shown))
    names = [wrap(label, LABEL_WIDTH) for label in shown["label"]]
    ax = start(None, _count_lines(names), above=1.2)
    ax.hlines(rows, shown["e_value_interval"], shown["e_value"], color=FAINT, lw=4, zorder=1)
    ax.plot(shown["e_value"], rows, "D", color=EVERYONE, ls="", label="of the estimate")
    ax.plot(
        shown["e_value_interval"], rows, "|", color=EVERYONE, ms=11, mew=2, ls="", label="of the interval's nearer end"
    )
    name_rows(ax, names, zero=1)
    ax.set_xlabel("E-value (risk ratio)")
    key(ax, ncols=1)
    return tell(
        ax,
        f"E-values of {len(shown)} main contrasts (n = {tell_range(shown['n_high'] + shown['n_low'])}): the least risk ratio by which something unmeasured would have to go with both the group "
        "and the outcome to explain the estimate away (diamond), or to bring its 95 % interval to zero (line; 1 where it holds zero).",
    )


def _count_lines(names: Sequence[str]) -> float:
    """Return how many lines of type so many names take, with air between them."""
    return sum(name.count("\n") + 1.3 for name in names)


def plot_by_sex(table: pd.DataFrame, interactions: pd.DataFrame) -> Figure:
    """Draw each main contrast in each sex, and beside it the difference of the two.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`helpers.sensitivity.compare_within_sexes`.
    interactions : pandas.DataFrame
        From :func:`helpers.sensitivity.test_interactions`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    require_rows(table.dropna(subset=["d"]))
    claims = list(dict.fromkeys(table.index))
    place = {claim: row for row, claim in enumerate(claims)}
    first = table[~table.index.duplicated()]
    names = [wrap(first.loc[claim, "label"], LABEL_WIDTH) for claim in claims]
    figure, (left, right) = plt.subplots(
        1,
        2,
        figsize=(WIDTH_IN, 1.4 + LINE_IN * _count_lines(names)),
        layout="constrained",
        sharey=True,
        width_ratios=(3, 2),
    )
    sexes = list(dict.fromkeys(table["sex"]))
    for number, sex in enumerate(sexes):
        own = table[(table["sex"] == sex) & table["d"].notna()]
        rows = [place[claim] + 0.36 * (number / max(len(sexes) - 1, 1) - 0.5) for claim in own.index]
        look = {"colours": SERIES[number % len(SERIES)], "markers": SERIES_MARKERS[number % len(SERIES_MARKERS)]}
        draw_intervals(left, own, "d", rows=rows, label=f"sex {sex}", size=5, **look)
    known = interactions.dropna(subset=["d"])
    draw_intervals(right, known, "d", rows=[place[claim] for claim in known.index], size=5)
    name_rows(left, names)
    right.axvline(0, color=EVERYONE, lw=0.8, zorder=0)
    right.tick_params(axis="y", length=0)
    compared = interactions["compared"].iloc[0]
    left.set_xlabel("d (95 % CI)")
    right.set_xlabel(f"Difference of d\n({compared})")
    key(figure, handles=left.get_legend_handles_labels()[0])
    counts = "; ".join(
        f"{sex}: n = {tell_range(own['n_high'])} high, {tell_range(own['n_low'])} low"
        for sex, own in table.dropna().groupby("sex", sort=False)
    )
    return tell(
        figure,
        f"Main contrasts in each sex alone (left; {counts}), and group × sex in the model of everybody (right); d, high minus low, with 95 % "
        "confidence intervals. Strata too small for a contrast are left out.",
    )


def plot_routes(table: pd.DataFrame) -> Axes:
    """Draw the indirect effect of every route beside the total.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`helpers.sensitivity.fit_routes`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    known = table.dropna(subset=["indirect"])
    require_rows(known)
    names = [f"{wrap(row['exposure'], 30)}\n→ {wrap(row['mediator'], 28)}" for _, row in known.iterrows()]
    ax = start(None, _count_lines(names), above=1.2)
    rows = np.arange(len(known))
    draw_intervals(ax, known, "total", rows=rows - 0.16, colours=EVERYONE, markers=MARKERS["low"], filled=False, size=6)
    draw_intervals(ax, known, "indirect", rows=rows + 0.16, colours=EVERYONE, markers="D", size=6)
    name_rows(ax, names)
    outcome = known["outcome"].iloc[0]
    ax.set_xlabel(f"Effect on {outcome[0].lower()}{outcome[1:]}, SD (95 % CI)")
    key(
        ax,
        handles=[
            key_of(EVERYONE, "D", "through the mediator"),
            key_of(EVERYONE, MARKERS["low"], "total", filled=False),
        ],
    )
    return tell(
        ax,
        f"Mediation: what of the total effect on {outcome} goes through the mediator. Lines are 95 % intervals from resampled participants "
        f"(n = {tell_range(known['n'])}).",
    )
