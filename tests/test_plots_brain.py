"""Figures of the brain: what is drawn equals what came in; n and counts stand on the figure."""

from __future__ import annotations

import html
import itertools
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt

from helpers.brain import GroupPrediction, MapStack, MotionCorrelation, NbsResult
from helpers.brain import test_maps as run_maps
from helpers.permutation import MaxTResult
from helpers.plots import brain as plots
from helpers.problems import TooLittle

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
    titles = [text.get_text() for text in figure.texts]
    assert "Higher in High: 5 edges" in titles and "Lower in High: 1 edge" in titles
    assert "The 6 strongest of 15 edges by |t|, adjusted (n = 44 v 72)" in figure.get_label()
    assert figure.get_figwidth() <= 6.4


def test_connectome_with_no_edge_on_a_side_draws_the_other_alone(edges, nodes):
    figure = plots.plot_connectome(edges[edges["t"] > 0], nodes, n_edges=3, labels=LABELS)
    assert not any(text.get_text().startswith("Lower") for text in figure.texts)
    assert ", 0 lower in High" in figure.get_label()


def test_network_triangle_shows_each_effect_and_frames_the_declared_pair(networks):
    ax = plots.plot_networks(networks, declared="Auditory × Reward")
    written = {text.get_position(): text.get_text() for text in ax.texts if text.get_text()}
    assert written == {(0.5, 0.5): ".1", (0.5, 1.5): "−.6*"}
    for axis in (ax.xaxis, ax.yaxis):
        named = dict(zip(axis.get_ticklocs(), [label.get_text() for label in axis.get_ticklabels()], strict=True))
        assert named == {0.5: "Auditory", 1.5: "Reward"}
    assert [patch.get_xy() for patch in ax.patches] == [(0, 1)]
    assert "(n = 116)" in ax.figure.get_label() and "Framed: Auditory × Reward" in ax.figure.get_label()
    assert ax.figure.get_figwidth() <= 6.4


def test_network_triangle_without_the_declared_pair_has_no_frame(networks):
    ax = plots.plot_networks(networks, declared="Limbic × Visual")
    assert not ax.patches and "Framed" not in ax.figure.get_label()


def test_colour_scale_is_symmetric_around_zero(networks):
    norm = plots.plot_networks(networks).collections[0].norm
    assert (norm.vmin, norm.vmax) == (-0.6, 0.6)


def test_regions_are_sorted_and_the_lost_are_counted(regions):
    ax = plots.plot_regions(regions, labels=LABELS, title="Volumes", highlight=("a",))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["d", "► a", "b"]
    told = ax.figure.get_label()
    assert told.startswith("Volumes, 4 regions") and "1 could not be estimated" in told and "named in advance" in told


def test_regions_fill_only_what_passes_q(regions):
    ax = plots.plot_regions(regions, labels=LABELS, title="Volumes")
    filled = [line for line in ax.lines if line.get_marker() in "os" and line.get_markerfacecolor() != "white"]
    filled = [float(x) for line in filled for x in line.get_xdata()]
    assert filled == [-0.6] and not ax.figure.legends


def test_no_region_at_all_is_a_sentence_and_no_figure(regions):
    with pytest.raises(TooLittle, match="could be estimated"):
        plots.plot_regions(regions.loc[["c"]], labels=LABELS, title="Tracts")


def make_result(n_permutations):
    table = pd.DataFrame({"t": [3.0, -4.5], "p": 0.1, "p_fwe": 0.1}, index=["a", "b"])
    null = pd.Series(np.linspace(1, 4, n_permutations))
    return MaxTResult(table, null, null, 60, 2, n_permutations, 1, "group")


def test_null_histogram_holds_every_shuffle_and_the_observed_value():
    ax = plots.plot_null(make_result(199))
    assert sum(patch.get_height() for patch in ax.patches) == 199
    texts = [text.get_text() for text in ax.figure.legends[0].get_texts()]
    assert any("real labels: 4.50" in text for text in texts) and any("threshold" in text for text in texts)
    assert "(n = 60)" in ax.figure.get_label()


def test_null_histogram_leaves_out_a_threshold_it_cannot_have():
    texts = [text.get_text() for text in plots.plot_null(make_result(9)).figure.legends[0].get_texts()]
    assert not any("threshold" in text for text in texts)


def test_figures_can_share_given_axes(networks, regions):
    _, axes = plt.subplots(1, 2)
    assert plots.plot_networks(networks, ax=axes[0]) is axes[0]
    assert plots.plot_regions(regions, labels=LABELS, title="x", ax=axes[1]) is axes[1]


# --- further figures --------------------------------------------------------------------------------------------


def test_component_is_drawn_by_direction_and_its_p_told(nodes):
    """By hand: the component with the smaller p is chosen; of its three edges two are higher."""
    components = pd.DataFrame(
        {"threshold_t": [2.5, 3.0], "n_nodes": [2, 4], "n_edges": [1, 3], "p_extent_all": [0.5, 0.02]}, index=[1, 2]
    )
    listed = pd.DataFrame(
        {"component": [1, 2, 2, 2], "edge": ["n0--n1", "n0--n2", "n2--n3", "n3--n4"], "t": [2.6, 3.5, -3.1, 4.0]}
    )
    nbs = NbsResult(
        components, listed, pd.DataFrame(), pd.DataFrame(), (2.5, 3.0), 60, 15, 99, 1, "group", "two-sided", False
    )
    figure = plots.plot_component(nbs, nodes, labels=LABELS)
    titles = [text.get_text() for text in figure.texts]
    assert "Higher in High: 2 edges" in titles and "Lower in High: 1 edge" in titles
    assert "3 edges with |t| above 3 between 4 nodes" in figure.get_label() and "p = 0.02" in figure.get_label()
    assert "Strongest: n3 – n4 (t = 4.0)" in figure.get_label()


def test_no_component_is_a_sentence_and_no_figure(nodes):
    nbs = NbsResult(
        pd.DataFrame(columns=["p_extent_all"]),
        pd.DataFrame(),
        pd.DataFrame(),
        pd.DataFrame(),
        (3.0,),
        60,
        15,
        99,
        1,
        "group",
        "two-sided",
        False,
    )
    with pytest.raises(TooLittle, match="No connected edges"):
        plots.plot_component(nbs, nodes, labels=LABELS)


def test_counts_stand_in_their_cells_and_a_star_is_twice_chance():
    counts = pd.DataFrame(
        {"n_edges": [20, 40, 10], "n_below": [1, 9, 0], "expected": [1.0, 2.0, 0.5]}, index=["A × A", "A × B", "B × B"]
    )
    ax = plots.plot_pair_counts(counts, declared="A × B")
    written = {text.get_position(): text.get_text() for text in ax.texts if text.get_text()}
    assert written == {(0.5, 0.5): "1", (0.5, 1.5): "9*", (1.5, 1.5): "0"}
    assert "10 of 70 in all, 4 expected by chance" in ax.figure.get_label()
    assert [patch.get_xy() for patch in ax.patches] == [(0, 1)]


def test_regions_are_set_against_published_and_detectable_effects(regions):
    ax = plots.plot_regions(regions.assign(detectable_d=0.57), labels=LABELS, title="Volumes", published_d=(0.11, 0.46))
    texts = [text.get_text() for text in ax.figure.legends[0].get_texts()]
    assert texts == ["published |d|: 0.11 to 0.46", "detectable |d|: 0.57 (80 % power)"]
    lines = {float(line.get_xdata()[0]) for line in ax.lines if line.get_linestyle() == ":"}
    assert lines == {-0.57, 0.57}
    assert not plots.plot_regions(regions, labels=LABELS, title="x", published_d=(np.nan, np.nan)).figure.legends


def test_each_way_of_asking_has_its_line_and_n():
    table = pd.DataFrame(
        {"measure": ["x", "x", "y"], "study": ["study A", "all studies", "all studies"], "d": [0.5, 0.4, -0.2]}
    ).assign(d_low=lambda t: t["d"] - 0.3, d_high=lambda t: t["d"] + 0.3, n_high=20, n_low=30)
    ax = plots.plot_asked(table, title="Asked")
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["x", "study A (n=50)", "all studies (n=50)", "y", "all studies (n=50)"]
    drawn = [(line.get_marker(), x) for line in ax.lines if line.get_marker() in "oD" for x in line.get_xdata()]
    assert drawn == [("o", 0.5), ("D", 0.4), ("D", -0.2)]
    with pytest.raises(TooLittle, match="can be asked"):
        plots.plot_asked(table.iloc[:0], title="Asked")


def test_motion_figure_holds_every_edge_and_the_medians():
    rng = np.random.default_rng(1)
    edges = pd.DataFrame({"distance_mm": rng.uniform(10, 150, 300), "r": rng.normal(0, 0.1, 300), "p": 0.5})
    bins = pd.DataFrame({"distance_mm": [40.0, 110.0], "r": [0.1, -0.1]})
    ax = plots.plot_motion_link(MotionCorrelation(edges, bins, -0.4, 90))
    assert ax.collections[0].get_array().sum() == 300
    line = next(line for line in ax.lines if line.get_label() == "median")
    assert line.get_xydata().tolist() == [[40.0, 0.1], [110.0, -0.1]]
    assert "(n = 90) of each of 300 edges" in ax.figure.get_label()


def test_prediction_figure_holds_every_shuffle_and_the_mean():
    result = GroupPrediction(pd.Series([0.6, 0.7]), pd.Series(np.linspace(0.4, 0.6, 50)), 157, 3003, 5)
    ax = plots.plot_prediction(result, title="Depression")
    texts = [text.get_text() for text in ax.figure.legends[0].get_texts()]
    assert "real labels: 0.65" in texts and "Permutations (of 50)" in ax.get_ylabel()
    assert "3,003 edges" in ax.figure.get_label() and "n = 157" in ax.figure.get_label()


@pytest.fixture(scope="module")
def tested_maps():
    """Twelve people, a small box inside the brain of MNI space; noise and a corner that is lower in the high group."""
    rng = np.random.default_rng(2)
    ids = [f"sub-{i:02d}" for i in range(12)]
    design = pd.DataFrame({"group": [0.0, 1.0] * 6}, index=ids)
    mask = np.zeros((12, 12, 12), bool)
    mask[2:10, 2:10, 2:10] = True
    values = pd.DataFrame(rng.normal(size=(12, 512)), index=pd.Index(ids, name="participant_id"))
    values.iloc[1::2, :40] -= 4
    affine = np.array([[8.0, 0, 0, -48], [0, 8, 0, -60], [0, 0, 8, -30], [0, 0, 0, 1]])
    maps = MapStack(values, mask, affine, pd.Series(0, index=values.index))
    return maps, run_maps(maps, design, blocks=None, n_permutations=39, rng=rng)


def test_map_figure_says_n_voxels_and_survivors(tested_maps):
    maps, tested = tested_maps
    figure = plots.plot_maps(maps, tested)
    kept = int((tested.table["p_tfce"] <= 0.05).sum())
    assert kept > 0
    assert f"{kept} voxels with p ≤ 0.05" in figure.get_label() and "(n = 12)" in figure.get_label()
    assert len([ax for ax in figure.axes if ax.get_title().startswith("z = ")]) == 6
    image = figure.axes[0].images[0]
    assert image.norm.vmin == -image.norm.vmax
    ax = plots.plot_null_tfce(tested)
    assert sum(patch.get_height() for patch in ax.patches) == 39


def test_interactive_views_are_titled_frames_that_ask_nothing_of_the_network(edges, nodes, tested_maps):
    """No link, script, style or picture from outside, and every control has a name."""
    shown = (
        plots.view_connectome(edges, nodes, n_edges=6, note="Simulated data."),
        plots.view_surface(*tested_maps, note="Simulated data."),
    )
    for frame in shown:
        assert re.search(r'<iframe title="Interactive [^"]+Simulated data\."', frame.data)
        inside = html.unescape(re.search(r'srcdoc="([^"]*)"', frame.data)[1])
        head = re.sub(r"<script.*?</script>", "", inside, flags=re.DOTALL)
        assert inside.count('aria-label="View"') == head.count('aria-label="View"') > 0  # programs stay as they were
        assert "Simulated data." in inside
        assert not re.search(r'(src|href)\s*=\s*"(https?:)?//', head)
        assert all("aria-label" in tag for tag in re.findall(r"<(?:select|input)[^>]*>", head))
    assert "6 strongest of 15 edges" in shown[0].data
