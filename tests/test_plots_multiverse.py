"""Figures of the multiverse show the numbers they were given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.multiverse import Curve, Multiverse, measure_influence, specification_curve
from helpers.plots import multiverse as figures
from helpers.problems import TooLittle


@pytest.fixture
def run():
    table = pd.DataFrame(
        {
            "claim": "C01", "cut": ["a", "a", "b", "b"], "scale": ["x", "y"] * 2, "effect": [-0.1, 0.2, 0.3, 0.5],
            "effect_low": [-0.5, -0.2, -0.1, 0.1], "effect_high": [0.3, 0.6, 0.7, 0.9], "p": 0.2, "n": 60,
            "is_declared": [True, False, False, False],
        }
    )  # fmt: skip
    null = np.linspace(-0.3, 0.3, 40, dtype=np.float32).reshape(10, 4)
    return Multiverse(table, null, np.zeros((10, 4), bool), {"cut": ["a", "b"], "scale": ["x", "y"]})


def test_a_curve_shows_effects_null_declared_and_every_option(run):
    figure = figures.plot_curve(specification_curve(run, "C01"), title="C01 Depression")
    top, below = figure.axes
    lines = {line.get_label(): list(line.get_ydata()) for line in top.lines}
    assert lines["effect"] == [-0.1, 0.2, 0.3, 0.5]
    assert lines["declared"] == [-0.1]
    assert "permuted groups, 90 %" in [text.get_text() for text in figure.legends[0].get_texts()]
    assert [tick.get_text().strip() for tick in below.get_yticklabels()] == ["cut", "a", "b", "scale", "x", "y"]
    assert below.images[0].get_array().tolist() == [[1.0, 1.0, 0.0, 0.0]]
    assert "4 specifications by size of effect (n = 60)" in figure.get_label()


def test_an_empty_curve_is_a_sentence_and_no_figure():
    with pytest.raises(TooLittle, match="of the claims is of this kind"):
        figures.plot_curve(Curve("", pd.DataFrame(), pd.DataFrame(), "d"))


def test_claims_are_turned_their_way():
    summary = pd.DataFrame(
        {
            "label": ["Depression", "Describing"], "expected": ["lower", "higher"], "declared": [-0.4, 0.3],
            "median": [-0.5, 0.2], "median_low": [-0.7, 0.1], "median_high": [-0.2, 0.4], "null_low": [-0.1, -0.1], "null_high": [0.1, 0.1], "n_least": 50, "n_most": 60,
        },
        index=["C01", "C03"],
    )  # fmt: skip
    ax = figures.plot_claims(summary)
    diamonds = [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "D" and len(line.get_xdata())]
    assert diamonds == [0.4, 0.3]
    assert "(n = 50–60)" in ax.figure.get_label()
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["C01 Depression ↓", "C03 Describing ↑"]


def test_influence_is_written_in_per_cent(run):
    ax = figures.plot_influence(measure_influence(run))
    shares = measure_influence(run)["variance_share"]
    assert [text.get_text() for text in ax.texts] == [f"{100 * share:.0f}" for share in shares]
    across, down = ([label.get_text() for label in axis.get_ticklabels()] for axis in (ax.xaxis, ax.yaxis))
    assert across == list(measure_influence(run)["decision"]) == ["cut", "scale"] and down == ["C01"]
    assert ax.figure.axes[1].get_ylabel() == "% of the variance"


def test_options_of_200_signs_leave_room_for_the_curve(run):
    curve = specification_curve(run, "C01")
    figure = figures.plot_curve(replace(curve, options=curve.options.rename(index={"x": "x" * 200})))
    figure.canvas.draw()
    assert "x" * 20 + "…" + "x" * 19 in [tick.get_text().strip() for tick in figure.axes[1].get_yticklabels()]
    assert all(ax.get_window_extent().width > 0.3 * figure.bbox.width for ax in figure.axes)


def test_names_of_200_signs_leave_room_for_the_influence(run):
    long = measure_influence(run).replace({"decision": {"cut": "c" * 200}})
    ax = figures.plot_influence(long)
    ax.figure.canvas.draw()
    assert ax.get_xticklabels()[0].get_text() == "c" * 14 + "…" + "c" * 13
    assert ax.get_window_extent().width > 0.5 * ax.figure.bbox.width
