"""Brain: contrasts of edges, networks, regions and sets; motion; the sentences."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import brain

LABELS = {"high": "High", "low": "Low"}
IDS = [f"sub-{i:03d}" for i in range(1, 61)]


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.fixture
def design():
    age = np.random.default_rng(2).normal(size=60)
    return pd.DataFrame({"group": np.tile([1.0, 0.0, 0.0], 20), "age": age}, index=IDS)


@pytest.fixture
def nodes():
    xyz = np.random.default_rng(3).uniform(-60, 60, (9, 3))
    table = pd.DataFrame(xyz, columns=["x", "y", "z"], index=[f"n{i}" for i in range(9)])
    return table.assign(network=["Reward"] * 3 + ["Somatomotor"] * 4 + ["Visual"] * 2)


def simulate_connectivity(nodes, design, *, pair="Reward × Somatomotor", effect=0.0, seed=4):
    """Fisher z with SD 0.2 per edge; one pair of networks shifted in the high group."""
    edges = [f"{a}--{b}" for a, b in itertools.combinations(nodes.index, 2)]
    z = pd.DataFrame(np.random.default_rng(seed).normal(0.2, 0.2, (60, len(edges))), index=IDS, columns=edges)
    z.loc[design["group"] == 1, brain.name_pairs(edges, nodes).eq(pair).to_numpy()] += effect
    return np.tanh(z)


def test_fisher_z_of_published_values():
    """Fisher 1915 transformation: r = 0.5 gives z = 0.5493, r = 0.9 gives z = 1.4722 (any table of z)."""
    z = brain.compute_fisher_z(pd.DataFrame({"a--b": [0.5], "a--c": [0.9], "b--c": [np.nan]}))
    assert z.iloc[0, :2].round(4).tolist() == [0.5493, 1.4722]
    assert np.isnan(z.iloc[0, 2])


def test_correlation_of_one_is_refused_by_edge(nodes, design):
    connectivity = simulate_connectivity(nodes, design)
    connectivity.iloc[5, 2] = 1.0
    with pytest.raises(ValueError, match=r"1 edge with \|r\| of 1 or more \(n0--n3; the first value is 1\).*Fix"):
        brain.compare_edges(connectivity, design)
    with pytest.raises(ValueError, match="n0--n3"):
        brain.compare_networks(connectivity, nodes, design)


def test_edge_contrast_is_students_t_on_z(nodes, design):
    """Identity: without covariates an edge's t is Welch's of arctanh(r); rows are met by id."""
    connectivity = simulate_connectivity(nodes, design, effect=0.2)
    table = brain.compare_edges(connectivity.sample(frac=1, random_state=1), design[["group"]])
    z, high = np.arctanh(connectivity["n0--n3"]), design["group"] == 1
    assert table.loc["n0--n3", "t"] == pytest.approx(stats.ttest_ind(z[high], z[~high], equal_var=False).statistic)
    assert table.loc["n0--n3", "estimate"] == pytest.approx(z[high].mean() - z[~high].mean())


def test_max_t_has_the_t_of_the_contrasts(nodes, design, rng):
    connectivity = simulate_connectivity(nodes, design)
    study = pd.Series(np.repeat(["A", "B"], 30), index=IDS)
    tested = brain.test_edges_max_t(connectivity, design, blocks=study, n_permutations=49, rng=rng)
    np.testing.assert_allclose(tested.table["t"], brain.compare_edges(connectivity, design)["t"], rtol=1e-9)
    assert tested.n_blocks == 2


def test_planted_pair_is_found_and_no_other(nodes, design):
    connectivity = simulate_connectivity(nodes, design, effect=0.25)
    networks = brain.compare_networks(connectivity, nodes, design)
    assert networks.index[networks["q"] < 0.001].tolist() == ["Reward × Somatomotor"]
    assert networks.loc["Reward × Somatomotor", "ci_low"] < 0.25 < networks.loc["Reward × Somatomotor", "ci_high"]


def test_network_pairs_cover_each_edge_once(nodes, design):
    """By hand: 3, 4 and 2 nodes give 3, 6, 1 edges within and 12, 6, 8 between, 36 in all."""
    networks = brain.compare_networks(simulate_connectivity(nodes, design), nodes, design)
    assert networks["n_edges"].to_dict() == {
        "Reward × Reward": 3,
        "Reward × Somatomotor": 12,
        "Reward × Visual": 6,
        "Somatomotor × Somatomotor": 6,
        "Somatomotor × Visual": 8,
        "Visual × Visual": 1,
    }


def test_network_mean_skips_a_missing_edge(nodes, design):
    connectivity = simulate_connectivity(nodes, design)
    connectivity.loc["sub-001", "n0--n1"] = np.nan
    mean = brain.average_networks(connectivity, nodes).loc["sub-001", "Reward × Reward"]
    assert mean == pytest.approx(np.arctanh(connectivity.loc["sub-001", ["n0--n2", "n1--n2"]]).mean())


def test_node_order_in_an_edge_name_does_not_matter(nodes):
    pairs = brain.name_pairs(["n0--n8", "n8--n0"], nodes)
    assert pairs.tolist() == ["Reward × Visual"] * 2
    blank = nodes.assign(network=nodes["network"].replace("Visual", np.nan))
    assert brain.name_pairs(["n0--n8"], blank).tolist() == ["Reward × Unassigned"]


def test_edge_of_an_unknown_node_is_refused(nodes):
    with pytest.raises(ValueError, match=r"2 edges not named after two nodes of nodes.tsv \(n0--n99, n0_n1\)"):
        brain.name_pairs(["n0--n1", "n0--n99", "n0_n1"], nodes)


def test_annotated_edges_keep_the_contrast_columns_first(nodes, design, rng):
    connectivity = simulate_connectivity(nodes, design, effect=0.4)
    edges = brain.compare_edges(connectivity, design)
    tested = brain.test_edges_max_t(connectivity, design, blocks=None, n_permutations=99, rng=rng)
    table = brain.annotate_edges(edges, nodes, tested)
    pd.testing.assert_frame_equal(table[edges.columns], edges)
    assert set(table.index[table["p_fwe"] <= 0.05]) <= set(table.index[table["networks"] == "Reward × Somatomotor"])
    sentence = brain.describe_edges(table, tested)
    assert sentence.startswith("Of 36 edges,")
    assert f"permuted groups give {tested.null_n_nominal.mean():.0f} on average" in sentence
    assert f"and {(table['p_fwe'] <= 0.05).sum()} survive" in sentence and "n = 60" in sentence


def test_motion_is_compared_and_adjusted_for(design):
    motion = pd.DataFrame({"mean_fd_mm": np.linspace(0.05, 0.35, 60)}, index=IDS)
    motion.loc["sub-002"] = np.nan
    adjusted = brain.add_motion(design, motion)
    assert len(adjusted) == 59 and adjusted["mean_fd_mm"].mean() == pytest.approx(0)
    assert "mean_fd_mm" not in design.columns
    table = brain.compare_motion(motion, adjusted)
    pd.testing.assert_frame_equal(table, brain.compare_motion(motion, design))
    assert (table.loc["mean_fd_mm", "n_high"], table.loc["mean_fd_mm", "n_low"]) == (20, 39)
    assert brain.describe_motion(table, labels=LABELS).startswith(
        "Mean framewise displacement, High (n = 20) minus Low (n = 39): d = "
    )


def test_censoring_keeps_the_still_and_drops_the_unknown(design):
    motion = pd.DataFrame({"mean_fd_mm": [0.1, 0.2, 0.3, np.nan]}, index=IDS[:4])
    assert brain.keep_low_motion(design, motion, max_fd_mm=0.2).index.tolist() == ["sub-001", "sub-002"]


def test_covariate_of_strangers_is_refused(design):
    with pytest.raises(ValueError, match="Nobody in the design has a value of 'icv'"):
        brain.add_covariate(design, pd.Series([1.0], index=["other"], name="icv"))


def make_volumes(design, *, effect_mm3=0.0, head_effect=0.0):
    """Two regions that are 1 % of the head volume; heads may differ between the groups."""
    rng = np.random.default_rng(6)
    icv = 1.5e6 + 1e5 * rng.normal(size=60) + head_effect * design["group"]
    amygdala = 0.01 * icv + 200 * rng.normal(size=60) + effect_mm3 * design["group"]
    return pd.DataFrame({"icv": icv, "amygdala": amygdala, "cuneus": 0.01 * icv + 200 * rng.normal(size=60)})


def test_adjusting_for_head_size_removes_its_effect(design):
    """Planted: heads 2 SD larger and nothing else; the volumes differ only until ICV is a covariate."""
    volumes = make_volumes(design, head_effect=2e5)
    naive = brain.compare_regions(volumes[["amygdala", "cuneus"]], design)
    adjusted = brain.compare_regions(volumes, design)
    assert (naive["d_low"] > 1).all()
    assert (adjusted["d_low"] < 0).all() and (adjusted["d_high"] > 0).all()
    assert adjusted.index.tolist() == ["amygdala", "cuneus"]


def test_icv_column_and_icv_argument_are_one_thing(design):
    volumes = make_volumes(design, effect_mm3=-400)
    passed = brain.compare_regions(volumes.drop(columns="icv"), design, icv=volumes["icv"])
    pd.testing.assert_frame_equal(passed, brain.compare_regions(volumes, design))
    assert passed.loc["amygdala", "ci_high"] < 0


def test_stacked_regions_say_their_block(design):
    table = brain.compare_regions(make_volumes(design), design)
    stacked = brain.stack_regions({"volumes": table, "tracts": table.iloc[:1]})
    assert stacked["block"].tolist() == ["volumes", "volumes", "tracts"]
    assert brain.stack_regions({}).columns.tolist() == stacked.columns.tolist()


@pytest.fixture
def sets():
    rows = [("emotion_regulation", "volumes", name, "source") for name in ("amygdala", "cuneus", "insula")]
    rows += [("emotion_regulation", "tracts", "cingulum", "source")]
    return pd.DataFrame(rows, columns=["set", "block", "region", "source"])


def test_set_of_one_region_is_that_region(design, sets):
    """Identity: the t of a standardised single region is the region's own."""
    tracts = pd.DataFrame({"cingulum": np.random.default_rng(1).normal(0.5, 0.05, 60)}, index=IDS)
    table = brain.compare_sets(None, tracts, sets, design)
    assert table.index.tolist() == ["emotion_regulation.tracts"]
    own = brain.compare_regions(tracts, design).loc["cingulum"]
    assert table.iloc[0]["t"] == pytest.approx(own["t"]) and table.iloc[0]["d"] == pytest.approx(own["d"])


def test_set_names_its_absent_regions_and_pools_the_others(design, sets):
    table = brain.compare_sets(make_volumes(design, effect_mm3=-400), None, sets.set_index("set"), design)
    row = table.loc["emotion_regulation.volumes"]
    assert (row["n_regions"], row["n_declared"], row["absent"]) == (2, 3, "insula")
    assert row["d_high"] < 0
    sentence = brain.describe_sets(table, labels=LABELS)
    assert "`emotion_regulation.volumes` (2 of 3 declared regions; absent: insula), High (n = 20)" in sentence


def test_no_region_of_any_set_gives_an_empty_table(design, sets):
    table = brain.compare_sets(None, pd.DataFrame({"fornix": [0.5] * 60}, index=IDS), sets, design)
    assert table.empty and "absent" in table.columns
    assert brain.describe_sets(table, labels=LABELS) == "This cohort has none of the regions of the declared sets."


def test_set_mean_ignores_constant_and_missing_regions():
    regions = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [5.0, 5.0, 5.0], "c": [np.nan, 10.0, 20.0]})
    assert brain.average_set(regions, ["a", "b"]).tolist() == [-1.0, 0.0, 1.0]
    assert brain.average_set(regions, ["a", "c"])[0] == -1.0


def test_regions_sentence_counts_directions(design):
    table = brain.compare_regions(make_volumes(design, effect_mm3=-600), design)
    sentence = brain.describe_regions(table, labels=LABELS)
    assert "Of 2 regions, 0 are higher and 1 lower in High" in sentence and "`amygdala`" in sentence
    assert brain.describe_regions(table.assign(d=np.nan), labels=LABELS).startswith("No region could be compared")


def test_networks_sentence_names_the_declared_pair_or_its_absence(nodes, design):
    connectivity = simulate_connectivity(nodes, design, effect=0.2)
    tested = brain.test_networks_max_t(
        connectivity, nodes, design, blocks=None, n_permutations=99, rng=np.random.default_rng(1)
    )
    networks = brain.compare_networks(connectivity, nodes, design).join(tested.table["p_fwe"])
    found = brain.describe_networks(networks, declared="Reward × Somatomotor", labels=LABELS)
    assert found.startswith("Reward × Somatomotor (12 edges), High (n = 20) minus Low (n = 40): d = ")
    assert "p (FWE) = 0.01 among 6 pairs" in found
    assert brain.describe_networks(networks, declared="Limbic × Visual", labels=LABELS) == (
        "The nodes of this cohort form no pair Limbic × Visual; their networks are Reward, Somatomotor, Visual."
    )
    runs = {"all": networks, "still": networks}
    assert brain.describe_sensitivity(runs, declared="Reward × Somatomotor").count("n = 60") == 2
    assert "no pair" in brain.describe_sensitivity(runs, declared="Limbic × Visual")


def test_reach_grows_with_the_threshold_and_says_too_few(nodes, design, rng):
    connectivity = simulate_connectivity(nodes, design)
    edges = brain.compare_edges(connectivity, design)
    tested = brain.test_edges_max_t(connectivity, design, blocks=None, n_permutations=199, rng=rng)
    d = (tested.find_threshold() + 0.8416) * np.sqrt(1 / 20 + 1 / 40)
    assert f"about {d:.2f} or more" in brain.describe_reach(edges, tested)
    few = brain.test_edges_max_t(connectivity, design, blocks=None, n_permutations=5, rng=rng)
    assert brain.describe_reach(edges, few) == "5 permutations are too few for a corrected p of 0.05."


def test_effect_without_variation_is_said_in_words(design):
    flat = brain.compare_regions(pd.DataFrame({"flat": [1.0] * 60}, index=IDS), design)
    assert brain.describe_effect(flat.iloc[0], labels=LABELS).startswith("too few people, or no variation")


def test_inputs_are_unchanged(nodes, design, sets):
    connectivity, volumes = simulate_connectivity(nodes, design), make_volumes(design)
    copies = [frame.copy() for frame in (connectivity, volumes, sets, design)]
    brain.compare_networks(connectivity, nodes, design)
    brain.compare_sets(volumes, None, sets, design)
    for frame, copy in zip((connectivity, volumes, sets, design), copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_three_ways_with_motion_and_a_reason_when_too_few_lay_still(nodes, design):
    connectivity = simulate_connectivity(nodes, design, effect=0.2)
    motion = pd.DataFrame({"mean_fd_mm": np.linspace(0.01, 0.60, 60)}, index=IDS)
    runs = brain.compare_motion_handling(connectivity, nodes, design, motion, max_fd_mm=0.4)
    first, second, third = runs.values()
    pd.testing.assert_frame_equal(first, brain.compare_networks(connectivity, nodes, design))
    pd.testing.assert_frame_equal(second, brain.compare_networks(connectivity, nodes, brain.add_motion(design, motion)))
    assert (third["n_high"] + third["n_low"]).eq(40).all()
    few = brain.compare_motion_handling(connectivity, nodes, design, motion, max_fd_mm=0.05)
    assert brain.describe_sensitivity(few, declared="Reward × Somatomotor").endswith(
        "; too few people to say among people with at most 0.05 mm on average."
    )


def test_edge_with_a_hole_leaves_the_max_t_and_is_counted(nodes, design, rng):
    connectivity = simulate_connectivity(nodes, design)
    connectivity.loc["sub-007", "n0--n1"] = np.nan
    tested = brain.test_edges_max_t(connectivity, design, blocks=None, n_permutations=19, rng=rng)
    table = brain.annotate_edges(brain.compare_edges(connectivity, design), nodes, tested)
    assert (tested.n_participants, tested.n_features) == (60, 35)
    assert np.isnan(table.loc["n0--n1", "p_fwe"]) and table.loc["n0--n1", "n_low"] + table.loc["n0--n1", "n_high"] == 59
    assert "1 edge with a missing value left out" in brain.describe_edges(table, tested)
