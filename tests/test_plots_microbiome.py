"""Figures of single taxa, sets and depth: what is drawn is what the results say."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from helpers.microbiome import Consensus
from helpers.plots import microbiome as draw
from helpers.plots.palette import COLOURS
from helpers.plots.style import REAL, of_real_people

LABELS = {"high": "High resilience (n=2)", "low": "Low resilience (n=2)"}
METHODS = ["linear_clr", "linda", "ancombc", "rank_clr", "presence"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def write_all(figure) -> str:
    """Return every text on a figure."""
    return "\n".join(text.get_text() for text in figure.findobj(plt.Text))


@pytest.fixture
def contrasts():
    return pd.DataFrame(
        {
            "estimate": [1.0, -0.5, 0.1],
            "d": [0.9, -0.4, 0.1],
            "p": [1e-4, 0.02, 0.9],
            "q": [3e-4, 0.06, 0.9],
            "n_high": 5,
            "n_low": 7,
        },
        index=["Blautia", "Dorea", "Roseburia"],
    )


def test_curves_stop_where_reads_end_and_the_depth_is_marked():
    curves = pd.DataFrame([[1.0, 4.0, 6.0], [1.0, 3.0, np.nan]], index=["a", "b"], columns=[1, 10, 100])
    ax = draw.plot_rarefaction(curves, pd.Series({"a": "high", "b": "low"}), labels=LABELS, depth=10)
    assert ax.get_xscale() == "log" and "Thin lines are 2 samples" in ax.figure.get_label()
    medians = [line for line in ax.lines if line.get_linewidth() > 2]
    assert sorted(len(line.get_xdata()) for line in medians) == [2, 3]
    assert "depth chosen: 10 reads" in write_all(ax.figure)


def test_volcano_fills_only_small_q_and_names_both_sides(contrasts):
    ax = draw.plot_volcano(contrasts, labels=LABELS)
    filled = [
        dots
        for dots in ax.collections
        if len(dots.get_offsets()) and len(dots.get_facecolor()) and "PathColl" in str(dots)
    ]
    assert sum(len(dots.get_offsets()) for dots in filled) == 1
    assert to_hex(filled[0].get_facecolor()[0]).upper() == COLOURS["high"]
    text = write_all(ax.figure)
    assert "q < 0.05 (1)" in ax.figure.get_label() and "Blautia" in text and "Dorea" in text
    nothing = draw.plot_volcano(contrasts.assign(q=0.9), labels=LABELS)
    assert "q < 0.05 (none)" in nothing.figure.get_label()


def test_consensus_has_a_mark_per_method_and_a_cross_where_none(contrasts):
    rows = contrasts.assign(ci_low=0.0, ci_high=1.0)[["estimate", "ci_low", "ci_high", "p", "q"]]
    methods = pd.concat([rows.assign(method=name) for name in METHODS[:4]] + [rows.iloc[:2].assign(method="presence")])
    table = contrasts.assign(is_consensus=[True, False, False])
    result = Consensus(table, methods, 4, 1, 0.1, (0.1, 0.5, 1.0))
    ax = draw.plot_consensus(result, labels=LABELS)
    assert len(ax.collections) == 14
    assert [line.get_marker() for line in ax.lines] == ["x"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["★ Blautia", "Dorea", "Roseburia"]
    assert "3 of 3 genera" in ax.figure.get_label() and "consensus (1)" in ax.figure.get_label()


def test_tree_draws_every_node_and_writes_leaves():
    tree = pd.DataFrame(
        {
            "level": ["", "phylum", "family", "family"],
            "name": ["all", "Bacillota", "F", "G"],
            "parent": [-1, 0, 1, 1],
            "x": [0, 1, 2, 2],
            "y": [0.5, 0.5, 0.0, 1.0],
            "d": [0.1, 0.1, 0.3, -0.1],
            "n_genera": [4, 4, 2, 2],
        }
    )
    ax = draw.plot_effect_tree(tree, labels=LABELS)
    assert len(ax.collections[0].get_offsets()) == 4 and len(ax.lines) == 3
    text = write_all(ax.figure)
    assert "F (2) +0.30" in text and "G (2) −0.10" in text and "Bacillota" in text


def test_sets_are_drawn_in_both_senses():
    table = pd.DataFrame(
        {"d": [0.5], "d_low": [0.1], "d_high": [0.9], "gap": [-0.2], "gap_low": [-1.0], "gap_high": [0.6]},
        index=["gut_barrier"],
    ).assign(n_transcripts=40, n_high=5, n_low=7, q_direction=0.01, q_competitive=0.6)
    left, right = draw.plot_function_sets(table, labels=LABELS).axes
    marks = [next(line for line in ax.lines if line.get_marker() in "os") for ax in (left, right)]
    assert [float(mark.get_xdata()[0]) for mark in marks] == [0.5, -0.2]
    assert [to_hex(mark.get_markerfacecolor()).upper() for mark in marks] == [COLOURS["high"], "#FFFFFF"]
    assert left.get_yticklabels()[0].get_text() == "gut barrier\n(40)"


def test_activity_of_real_people_says_so():
    effects = pd.DataFrame(
        {"d": [1.0], "d_low": [0.5], "d_high": [1.5], "n_high": [20], "n_low": [85]}, index=["PWY_1"]
    )
    tables = {"rna": effects, "ratio": effects * 0.5, "covariate": effects * 0.4}
    with of_real_people():
        ax = draw.plot_activity(tables | {"ratio": effects}, title="HMP2")
    text = write_all(ax.figure)
    assert REAL in text and "the 20 less the 85 stools" in ax.figure.get_label()
    assert {"RNA alone", "RNA per DNA", "RNA, DNA as covariate"} <= set(text.split("\n"))
