"""Figures of the gut: what is drawn is what the results say, with n and units on it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Ellipse

from helpers import metabolites, microbiome
from helpers.plots import metabolites as plot_metabolites
from helpers.plots import microbiome as plot_microbiome
from helpers.plots.intervals import plot_forest
from helpers.plots.palette import COLOURS
from helpers.problems import TooLittle

LABELS = {"high": "High resilience (n=2)", "low": "Low resilience (n=2)"}
GROUPS = pd.Series({"a": "low", "b": "low", "c": "high", "d": "high", "e": None}, dtype=object)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def contrasts():
    return pd.DataFrame(
        {
            "d": [0.8, -0.4, np.nan],
            "d_low": [0.4, -0.9, np.nan],
            "d_high": [1.2, 0.1, np.nan],
            "q": [0.01, 0.5, np.nan],
            "n_high": [12, 12, 4],
            "n_low": [2, 2, 2],
            "n_transcripts": [40, 7, 1],
        },
        index=["gut_barrier", "m2", "flat"],
    )


@pytest.fixture
def potential():
    table = pd.DataFrame({"spearman": [0.5, 0.1, -0.1], "n": [4, 3, 4], "penalty": 3.0}, index=["m1", "m2", "m3"])
    values = pd.DataFrame([[1.0, 2, 3], [2, np.nan, 1], [3, 1, 2], [4, 0, 0]], index=list("abcd"), columns=table.index)
    return metabolites.PredictedPotential(values * 0.5, values, table, np.zeros(2), np.zeros((2, 3)), 4, 12, 5)


def write_all(figure) -> str:
    """Return every text on a figure."""
    return "\n".join(text.get_text() for text in figure.findobj(plt.Text))


def test_forest_draws_every_effect_once_and_fills_only_small_q(contrasts):
    ax = plot_forest(contrasts, labels=LABELS, marked=["m2"])
    dots = [line for line in ax.lines if line.get_marker() in "os"]
    assert [float(dot.get_xdata()[0]) for dot in dots] == [0.8, -0.4]
    assert [to_hex(dot.get_markerfacecolor()).upper() for dot in dots] == [COLOURS["high"], "#FFFFFF"]
    assert [dot.get_marker() for dot in dots] == ["o", "s"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["gut barrier", "► m2"]
    assert "higher in High resilience (n = <5–12)" in ax.get_xlabel()
    assert (
        "Filled marks: q < 0.05 (1 of 2)" in ax.figure.get_label()
        and "1 could not be estimated" in ax.figure.get_label()
    )


def test_functions_carry_the_number_of_transcripts(contrasts):
    ax = plot_microbiome.plot_functions(contrasts, labels=LABELS)
    assert ax.get_yticklabels()[0].get_text() == "gut barrier (40)"


def test_taxa_show_the_top_and_how_many_were_tested(contrasts):
    ax = plot_microbiome.plot_taxa(contrasts, labels=LABELS, n_top=1)
    assert ax.figure.get_label().startswith("The 1 strongest of 3 genera")


def test_alpha_has_a_panel_per_index_with_all_people(contrasts):
    values = pd.DataFrame({"observed": [9.0, 8, 7, 6, 5], "shannon": [1.0, 2, 3, 4, np.nan]}, index=list("abcde"))
    alpha = microbiome.AlphaDiversity(values, 4569, 20, 5, 1)
    effects = contrasts.set_axis(["observed", "shannon", "x"])
    figure = plot_microbiome.plot_alpha(alpha, effects, GROUPS, labels=LABELS)
    assert len(figure.axes) == 2
    assert [sum(len(dots.get_offsets()) for dots in ax.collections) for ax in figure.axes] == [4, 4]
    assert figure.axes[0].collections[0].get_offsets()[:, 1].tolist() == [9, 8]
    told = figure.get_label()
    assert "4,569 reads" in told and "<5 samples left out" in told and "d = 0.80 (0.40 to 1.20)" in write_all(figure)


def test_ordination_writes_percent_and_marks_both_centroids():
    """Two lie in each group: too few for an ellipse."""
    plane = pd.DataFrame({"PCo1": [-1.0, -2, 1, 2, 0], "PCo2": [1.0, -1, 1, -1, 0]}, index=list("abcde"))
    ordination = microbiome.Ordination(plane, pd.Series([61.2, 8.0], index=plane.columns), 0.1, 5)
    ax = plot_microbiome.plot_ordination(
        ordination,
        microbiome.locate_groups(ordination, GROUPS),
        GROUPS,
        metric="jaccard",
        labels=LABELS,
        comparison=pd.Series({"r_squared": 0.012, "p": 0.03}),
    )
    assert ax.get_xlabel() == "PCo1 (61.2 % of variation)"
    told = ax.figure.get_label()
    assert told.startswith("Jaccard distances between 5 samples") and "R² = 1.2 %, p = 0.03" in told
    marks = [line for line in ax.lines if line.get_markersize() == 11]
    assert sorted(float(mark.get_xdata()[0]) for mark in marks) == [-1.5, 1.5]
    assert not [patch for patch in ax.patches if isinstance(patch, Ellipse)]
    assert sum(len(dots.get_offsets()) for dots in ax.collections) == 4
    drawn = plot_microbiome.plot_ordination(
        ordination,
        microbiome.locate_groups(ordination, GROUPS),
        GROUPS,
        metric="jaccard",
        labels=LABELS,
        beside=pd.Series([20.0, 30, 40, 50, np.nan], list("abcde"), name="age"),
    )
    below = drawn.figure.axes[3]
    assert len(below.collections[0].get_offsets()) == 5
    assert drawn.figure.axes[4].get_ylabel() == "age (n = <5)"
    coded = plot_microbiome.plot_ordination(
        ordination,
        microbiome.locate_groups(ordination, GROUPS),
        GROUPS,
        metric="jaccard",
        labels=LABELS,
        beside=pd.Series([0.0, 1, 1, 0, np.nan], list("abcde"), name="sex: M"),
    )
    told = [text.get_text() for text in coded.figure.axes[3].get_legend().get_texts()]
    assert told == ["sex: M: no (n = <5)", "sex: M: yes (n = <5)"]
    assert len(coded.figure.axes) == 4


def test_composition_bars_fill_the_whole_width():
    shares = pd.DataFrame(
        {"Bacillota": [0.7, 0.6], "Bacteroidota": [0.25, 0.4], "Other": [0.05, 0.0]}, index=["high", "low"]
    )
    ax = plot_microbiome.plot_composition(shares, labels=LABELS, level="phylum")
    ends = {round(bar.get_y(), 3): 0.0 for bar in ax.patches}
    for bar in ax.patches:
        ends[round(bar.get_y(), 3)] += bar.get_width()
    np.testing.assert_allclose(list(ends.values()), 100)
    assert {text.get_text() for text in ax.texts} == {"70", "25", "60", "40"}


def test_marked_metabolites_are_shown_even_when_weak(contrasts):
    named = contrasts.assign(name=["valerate", "dimethylglycine", None])
    ax = plot_metabolites.plot_metabolites(named, labels=LABELS, marked=["m2"], n_top=1)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["valerate", "► dimethylglycine"]


def test_the_volcano_of_metabolites_calls_them_by_name_and_draws_each_once(contrasts):
    """By hand: two have a p; −log10 of 0.001 and 0.1 are 3 and 1; the one named in advance is called though others are stronger."""
    named = contrasts.assign(estimate=[0.7, -0.2, np.nan], p=[0.001, 0.1, np.nan], name=["valerate", None, "lost"])
    weak = named.iloc[[1, 1, 1]].set_axis(["w1", "w2", "w3"]).assign(p=[0.2, 0.3, 0.4])
    ax = plot_metabolites.plot_metabolite_volcano(pd.concat([named, weak]), labels=LABELS, marked=["w3"])
    drawn = {}
    for dots in ax.collections:
        filled = len(dots.get_facecolor()) > 0
        edge = to_hex((dots.get_facecolor() if filled else dots.get_edgecolor())[0]).upper()
        drawn |= {tuple(np.round(place, 3)): (edge, filled) for place in np.asarray(dots.get_offsets()).tolist()}
    high, low = (COLOURS["high"], True), (COLOURS["low"], False)
    heights = [round(float(-np.log10(p)), 3) for p in (0.1, 0.2, 0.3, 0.4)]
    assert drawn == {(0.7, 3.0): high} | {(-0.2, height): low for height in heights}
    assert [text.get_text() for text in ax.texts] == ["valerate", "m2", "w1", "w3"]
    assert [float(line.get_ydata()[0]) for line in ax.lines if line.get_linestyle() == ":"] == [3.0]
    assert ax.get_ylabel() == "−log10 p" and ax.get_xlabel().startswith("Adjusted difference (units of the logarithm)")
    told = ax.figure.get_label()
    assert told.startswith("5 metabolites: adjusted difference, High resilience minus Low resilience (n = <5–12 v <5)")
    assert "q < 0.05 (1)" in told and "those named in advance" in told


def test_levels_have_a_panel_per_metabolite_with_its_own_n_and_effect(contrasts):
    """By hand: the low group has the value 1 and 2 of the first metabolite; one value of the second is missing."""
    prepared = pd.DataFrame({"gut_barrier": [1.0, 2, 5, 6, 9], "m2": [3.0, np.nan, 1, 2, 9]}, index=list("abcde"))
    effects = contrasts.assign(name=["valerate", None, None], n_high=7, n_low=[6, 5, 5])
    asked = ["gut_barrier", "m2", "gone"]
    figure = plot_metabolites.plot_levels(
        prepared.assign(flat=np.nan), effects, GROUPS, [*asked, "flat"], labels=LABELS
    )
    assert [ax.get_title(loc="left") for ax in figure.axes] == [
        "valerate\nd = 0.80 (0.40 to 1.20)",
        "m2\nd = −0.40 (−0.90 to 0.10)",
    ]
    drawn = [[dots.get_offsets()[:, 1].tolist() for dots in ax.collections] for ax in figure.axes]
    assert drawn == [[[1, 2], [5, 6]], [[3], [1, 2]]]
    told = [[label.get_text().split("n=")[1] for label in ax.get_xticklabels()] for ax in figure.axes]
    assert told == [["6)", "7)"], ["5)", "7)"]]  # of the contrast of that metabolite, not of the group
    assert figure.axes[0].get_ylabel() == "Intensity (logarithm)"
    three = plot_metabolites.plot_levels(prepared.assign(flat=1.0), effects, GROUPS, [*asked, "flat"], labels=LABELS)
    assert [ax.get_ylabel() != "" for ax in three.axes] == [True, False, True]  # each row of panels has its unit
    assert "(n = 7 v 5–6 in the contrast)" in figure.get_label()
    with pytest.raises(TooLittle, match="of the metabolites named in advance was measured"):
        plot_metabolites.plot_levels(prepared, effects, GROUPS, ["gone"], labels=LABELS)


def test_predictability_counts_every_metabolite_and_names_the_line(potential):
    ax = plot_metabolites.plot_predictability(
        potential, pd.DataFrame({"name": ["x"]}, index=["m1"]), marked=["m1", "gone"]
    )
    bars = [patch for patch in ax.patches if hasattr(patch, "get_width")]
    assert sum(bar.get_height() for bar in bars) == pytest.approx(3)  # chance is drawn to the same area
    text = write_all(ax.figure)
    assert "0.3 or more: 33 %" in text and "permuted participants (2 times)" in text
    assert ax.figure.get_label().startswith("How well each of 3 metabolites is predicted from bacteria")


def test_predicted_against_measured_leaves_blanks_out(potential):
    features = pd.DataFrame({"name": ["x", "y", "z"], "scale": "raw"}, index=["m1", "m2", "m3"])
    ax = plot_metabolites.plot_predicted(potential, "m2", features).axes[0]
    assert len(ax.collections[0].get_offsets()) == 3
    assert ax.get_title(loc="left") == "y\nrho = 0.10" and "n = <5" in ax.figure.get_label()
    assert ax.get_xlabel() == "Predicted (normal score)"
    assert ax.get_ylabel() == "Measured (log2 units)"


def test_depth_of_each_table_has_a_panel_with_plain_numbers(rng):
    ids = pd.Index([f"s{i}" for i in range(20)])
    groups = pd.Series(np.where(np.arange(20) < 10, "high", "low"), ids)
    counts = pd.DataFrame(rng.integers(1, 900, (20, 8)), ids).add_prefix("t")
    table = microbiome.compare_depth(
        {"taxa": counts, "genes": counts * 7}, (groups == "high").astype(float).to_frame("group")
    )
    figure = plot_microbiome.plot_depth({"taxa": counts, "genes": counts * 7}, table, groups, labels=LABELS)
    assert [ax.get_title(loc="left").split("\n")[0] for ax in figure.axes] == ["taxa", "genes"]
    assert "$" not in write_all(figure) and "(n=10)" in write_all(figure).replace("\n", " ")


def test_the_figure_of_depth_has_the_n_of_each_block_and_draws_as_many(rng):
    ids = pd.Index([f"s{i}" for i in range(30)])
    groups = pd.Series(np.where(np.arange(30) < 14, "high", "low"), ids)
    taxa = pd.DataFrame(rng.integers(1, 900, (30, 8)), ids).add_prefix("t")
    tables, compared = {"taxa": taxa, "genes": taxa.iloc[3:]}, groups.iloc[:-4]  # four lack a covariate
    design = (compared == "high").astype(float).to_frame("group")
    figure = plot_microbiome.plot_depth(tables, microbiome.compare_depth(tables, design), compared, labels=LABELS)
    for ax, sizes in zip(figure.axes, ([12, 14], [12, 11]), strict=True):
        drawn = [len(dots.get_offsets()) for dots in ax.collections]
        told = [int(label.get_text().split("n=")[1].rstrip(")")) for label in ax.get_xticklabels()]
        assert drawn == told == sizes
