"""Figures of the brain: what is drawn equals what came in; n and counts stand on the figure."""

from __future__ import annotations

import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt

from helpers.permutation import MaxTResult
from helpers.plots import brain as plots

LABELS = {"high": "High", "low": "Low"}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def nodes():
    xyz = np.random.default_rng(3).uniform(-50, 50, (6, 3))
    return pd.DataFrame(xyz, columns=["x", "y", "z"], index=[f"n{i}" for i in range(6)])


@pytest.fixture
def edges(nodes):
    names = [f"{a}--{b}" for a, b in itertools.combinations(nodes.index, 2)]
    return pd.DataFrame({"t": np.arange(15) - 5.0, "n_high": 44, "n_low": 72}, index=names)


@pytest.fixture
def networks():
    names = ["Auditory × Auditory", "Auditory × Reward", "Reward × Reward"]
    return pd.DataFrame({"d": [0.1, -0.6, np.nan], "q": [0.9, 0.01, np.nan], "n_high": 44, "n_low": 72}, index=names)


@pytest.fixture
def regions():
    table = pd.DataFrame({"d": [0.1, -0.6, np.nan, 0.4], "q": [0.9, 0.01, np.nan, 0.2]}, index=list("abcd"))
    return table.assign(d_low=table["d"] - 0.3, d_high=table["d"] + 0.3, n_high=40, n_low=60)


def test_connectome_counts_edges_on_each_side(edges, nodes):
    """By hand: t runs from -5 to 9, so the six largest |t| are 9, 8, 7, 6, 5 and -5."""
    figure = plots.plot_connectome(edges, nodes, n_edges=6, labels=LABELS)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert "Higher in High: 5 edges" in titles and "Lower in High: 1 edge" in titles
    assert figure.get_suptitle() == "Strongest 6 of 15 edges by |t|\nHigh (n=44) v Low (n=72)"
    assert figure.get_figwidth() <= 6.4


def test_connectome_with_no_edge_on_a_side_says_none(edges, nodes):
    figure = plots.plot_connectome(edges[edges["t"] > 0], nodes, n_edges=3, labels=LABELS)
    assert "none" in [text.get_text() for ax in figure.axes for text in ax.texts]


def test_network_triangle_shows_each_effect_and_frames_the_declared_pair(networks):
    ax = plots.plot_networks(networks, declared="Auditory × Reward")
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written == {(0, 0): ".10", (0, 1): "−.60*"}
    assert [patch.get_xy() for patch in ax.patches] == [(-0.5, 0.5)]
    assert "n=116" in ax.get_title(loc="left") and "framed: Auditory × Reward" in ax.get_title(loc="left")
    assert ax.figure.get_figwidth() <= 6.4


def test_network_triangle_without_the_declared_pair_has_no_frame(networks):
    ax = plots.plot_networks(networks, declared="Limbic × Visual")
    assert not ax.patches and "framed" not in ax.get_title(loc="left")


def test_colour_scale_is_symmetric_around_zero(networks):
    norm = plots.plot_networks(networks).images[0].norm
    assert (norm.vmin, norm.vcenter, norm.vmax) == (-0.6, 0, 0.6)


def test_regions_are_sorted_and_the_lost_are_counted(regions):
    ax = plots.plot_regions(regions, title="Volumes", highlight=("a",))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["d", "a", "b"]
    assert ax.get_title(loc="left") == "Volumes: 3 regions, 1 not comparable, n=100"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["declared set", "other regions"]


def test_regions_fill_only_what_passes_q(regions):
    ax = plots.plot_regions(regions, title="Volumes")
    filled = [line for line in ax.lines if line.get_marker() == "o" and line.get_markerfacecolor() != "white"]
    filled = [float(x) for line in filled for x in line.get_xdata()]
    assert filled == [-0.6] and ax.get_legend() is None


def test_no_region_at_all_still_makes_a_figure(regions):
    ax = plots.plot_regions(regions.loc[["c"]], title="Tracts")
    assert ax.get_title(loc="left") == "Tracts: 0 regions, 1 not comparable, n=100"


def make_result(n_permutations):
    table = pd.DataFrame({"t": [3.0, -4.5], "p": 0.1, "p_fwe": 0.1}, index=["a", "b"])
    null = pd.Series(np.linspace(1, 4, n_permutations))
    return MaxTResult(table, null, null, 60, 2, n_permutations, 1, "group")


def test_null_histogram_holds_every_shuffle_and_the_observed_value():
    ax = plots.plot_null(make_result(199))
    assert sum(patch.get_height() for patch in ax.patches) == 199
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert any("real labels: 4.50" in text for text in texts) and any("threshold" in text for text in texts)
    assert "n=60" in ax.get_title(loc="left")


def test_null_histogram_leaves_out_a_threshold_it_cannot_have():
    texts = [text.get_text() for text in plots.plot_null(make_result(9)).get_legend().get_texts()]
    assert not any("threshold" in text for text in texts)


def test_figures_can_share_given_axes(networks, regions):
    _, axes = plt.subplots(1, 2)
    assert plots.plot_networks(networks, ax=axes[0]) is axes[0]
    assert plots.plot_regions(regions, title="x", ax=axes[1]) is axes[1]
