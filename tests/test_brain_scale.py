"""Motion by distance, counts by pair, published scale, prediction: the further questions of the brain chapter."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import brain
from helpers.brain.classify import GroupPrediction
from helpers.permutation import test_max_t as run_max_t
from helpers.power import compute_power
from helpers.tables import PROJECT_ROOT, read_table

IDS = [f"sub-{i:03d}" for i in range(1, 81)]
LABELS = {"high": "High", "low": "Low"}


@pytest.fixture
def design():
    return pd.DataFrame({"group": [0.0, 1.0] * 40, "age": np.random.default_rng(1).normal(size=80)}, index=IDS)


@pytest.fixture
def nodes():
    """Nine nodes on a line, 10 mm apart."""
    return pd.DataFrame({"x": 10.0 * np.arange(9), "y": 0.0, "z": 0.0}, index=[f"n{i}" for i in range(9)])


def simulate_motion(nodes, *, slope):
    """Edges follow motion by a strength that falls with their length."""
    rng = np.random.default_rng(2)
    edges = [f"{a}--{b}" for a, b in itertools.combinations(nodes.index, 2)]
    length = brain.measure_lengths(pd.Index(edges), nodes).to_numpy()
    fd = rng.uniform(0.05, 0.4, 80)
    strength = 2.0 - slope * length
    z = rng.normal(0.2, 0.1, (80, len(edges))) + np.outer(fd - fd.mean(), strength)
    return pd.DataFrame(np.tanh(z), index=IDS, columns=edges), pd.DataFrame({"mean_fd_mm": fd}, index=IDS)


def test_link_with_motion_is_a_partial_correlation(nodes, design):
    """Identity: Pearson correlation of what the design leaves of motion and of Fisher z."""
    connectivity, motion = simulate_motion(nodes, slope=0.02)
    link = brain.correlate_with_motion(connectivity.sample(frac=1, random_state=1), nodes, motion, design)
    terms = np.column_stack([np.ones(80), design])
    left = [
        column - terms @ np.linalg.lstsq(terms, column, rcond=None)[0]
        for column in (motion["mean_fd_mm"].to_numpy(), np.arctanh(connectivity["n0--n3"]).to_numpy())
    ]
    assert link.edges.loc["n0--n3", "r"] == pytest.approx(stats.pearsonr(*left)[0])
    assert link.edges.loc["n0--n3", "distance_mm"] == 30
    assert link.n_participants == 80


def test_short_edges_that_follow_motion_show_in_the_slope(nodes, design):
    connectivity, motion = simulate_motion(nodes, slope=0.04)
    falling = brain.correlate_with_motion(connectivity, nodes, motion, design)
    assert falling.distance_r < -0.8
    assert falling.bins["r"].iloc[0] > falling.bins["r"].iloc[-1]
    assert "short edges go up with motion more" in brain.describe_motion_correlation(falling)


def test_motion_without_effect_gives_as_many_small_p_as_chance(nodes, design):
    rng = np.random.default_rng(5)
    edges = [f"{a}--{b}" for a, b in itertools.combinations(nodes.index, 2)]
    shares = []
    for _ in range(40):
        connectivity = pd.DataFrame(np.tanh(rng.normal(0.2, 0.2, (80, 36))), index=IDS, columns=edges)
        motion = pd.DataFrame({"mean_fd_mm": rng.uniform(0.1, 0.4, 80)}, index=IDS)
        shares.append((brain.correlate_with_motion(connectivity, nodes, motion, design).edges["p"] < 0.05).mean())
    assert np.mean(shares) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / (40 * 36)))


def test_motion_that_nobody_differs_in_is_refused(nodes, design):
    connectivity, motion = simulate_motion(nodes, slope=0.0)
    with pytest.raises(ValueError, match="Nobody's mean_fd_mm differs"):
        brain.correlate_with_motion(connectivity, nodes, motion.assign(mean_fd_mm=0.2), design)
    with pytest.raises(ValueError, match="5 persons with connectivity and motion: too few"):
        brain.correlate_with_motion(connectivity.head(5), nodes, motion, design)


def test_counts_by_pair_add_up_to_the_edges():
    """Border: an edge without a p is not counted; sums over pairs are those of the edges."""
    edges = pd.DataFrame(
        {
            "networks": ["A × A", "A × B", "A × B", "B × B"],
            "p": [0.01, 0.04, 0.2, np.nan],
            "d": [0.5, -0.4, 0.1, np.nan],
        }
    )
    counts = brain.count_pairs(edges)
    assert counts["n_edges"].to_dict() == {"A × A": 1, "A × B": 2}
    assert counts["n_below"].tolist() == [1, 1] and counts["n_lower"].tolist() == [0, 1]
    assert counts["expected"].tolist() == [0.05, 0.1]
    said = brain.describe_pairs(counts, declared="A × B")
    assert said.startswith("The largest share") and "In A × B there are 1 of 2 edges" in said


def test_detectable_effect_has_the_power_it_promises():
    """Identity: the power of a t-test at that effect is 80 %."""
    table = brain.add_detectable(pd.DataFrame({"n_high": [44, 10], "n_low": [72, 12], "d": [0.1, 0.2]}))
    for row in table.itertuples():
        assert compute_power(row.detectable_d, n_high=row.n_high, n_low=row.n_low) == pytest.approx(0.8)


def test_published_effects_are_those_of_the_papers():
    """Abstracts of Schmaal 2016 (hippocampus -0.14), van Velzen 2020 (0.12 to 0.26) and van Erp 2016 (hippocampus -0.46)."""
    published = read_table(PROJECT_ROOT / "data/sets/published_brain_effects.tsv").reset_index()
    assert brain.find_published_range(published, "tracts") == (0.12, 0.26)
    assert brain.find_published_range(published, "volumes") == (0.11, 0.46)
    assert published["source"].str.contains(r"doi:10\.\d+/").all()
    assert (published["d_largest"].abs() >= published["d_smallest"].abs()).all()
    bibliography = (PROJECT_ROOT / "book/references.bib").read_text(encoding="utf-8")
    for row in published.itertuples():
        assert f"{{{row.citation}," in bibliography
        assert row.source.split("doi:")[1] in bibliography


def test_the_declared_regions_have_sources_and_are_in_the_example():
    sets = read_table(PROJECT_ROOT / "data/sets/brain_sets.tsv")
    assert sets["source"].str.contains("doi:10").all()
    for block in ("volumes", "tracts"):
        columns = read_table(PROJECT_ROOT / f"data/example/brain/{block}.tsv").columns
        assert set(sets.loc[sets["block"] == block, "region"]) <= set(columns)


def test_scale_is_told_with_the_numbers_of_the_tables():
    published = pd.DataFrame({"block": ["volumes"], "d_smallest": [-0.1], "d_largest": [-0.3]})
    contrasts = pd.DataFrame({"d": [0.5, -0.05, np.nan], "n_high": 44, "n_low": 72}, index=["a", "b", "c"])
    said = brain.describe_scale(brain.add_detectable(contrasts), published, "volumes")
    assert "0.10 to 0.30 for volumes" in said and "0.54 or more" in said
    assert "from 0.05 to 0.50 over 2 regions. 1 region exceeds the largest published." in said
    assert "No published scale" in brain.describe_scale(brain.add_detectable(contrasts), published, "tracts")
    assert brain.describe_scale(contrasts.assign(d=np.nan), published, "volumes").startswith("No region")


def test_a_region_of_a_unit_is_told_with_it(design):
    volumes = pd.DataFrame(np.random.default_rng(1).normal(2000, 100, (80, 2)), index=IDS, columns=["left", "right"])
    said = brain.describe_regions(brain.compare_regions(volumes, design), labels=LABELS, unit="mm³")
    assert " mm³ (" in said


# --- prediction -------------------------------------------------------------------------------------------------


def test_prediction_of_noise_is_at_chance_and_a_planted_difference_is_found():
    rng = np.random.default_rng(7)
    group = pd.Series([0.0, 1.0] * 40, index=IDS)
    noise = pd.DataFrame(rng.normal(size=(80, 100)), index=IDS)
    null = [
        brain.predict_group(
            noise.sample(frac=1, random_state=i).set_axis(IDS), group, n_repeats=1, n_permutations=0, rng=rng
        ).mean_auc
        for i in range(10)
    ]
    assert np.mean(null) == pytest.approx(0.5, abs=0.1)
    planted = noise.add(0.45 * group, axis=0)
    found = brain.predict_group(planted, group, n_repeats=2, n_permutations=19, rng=rng)
    assert found.mean_auc > 0.8 and found.p == pytest.approx(0.05)
    said = brain.describe_prediction(found)
    assert "100 edges of 80 people" in said and "19 permutations" in said


def test_p_counts_the_real_labels():
    """By hand: one of three shuffles is as good, so p = (1 + 1) / (1 + 3)."""
    result = GroupPrediction(pd.Series([0.6, 0.7]), pd.Series([0.5, 0.65, 0.4]), 10, 3, 5)
    assert result.p == 0.5


def test_prediction_refuses_blanks_and_small_groups():
    group = pd.Series([0.0, 1.0] * 5, index=IDS[:10])
    features = pd.DataFrame(np.ones((10, 2)), index=IDS[:10])
    with pytest.raises(ValueError, match=r"Fewer people in a group than folds \(6\)"):
        brain.predict_group(features, group, n_folds=6, rng=np.random.default_rng(1))
    features.iloc[0, 0] = np.nan
    with pytest.raises(ValueError, match="missing value"):
        brain.predict_group(features, group, rng=np.random.default_rng(1))


def test_real_people_have_more_small_p_than_chance_and_hardly_an_edge_survives(fetched):
    """Real data: rsfMRIcorrMDD has 3,003 edges; 30 would have p < .01 by chance, 273 do by Welch's t (counted by scipy here, with its own degrees of freedom)."""
    folder = fetched("rsfmri_mdd")
    edges, people = read_table(folder / "connectivity.tsv"), read_table(folder / "participants.tsv")
    design = people.eq("MDD").astype(float)
    counted = brain.count_strict(edges, design)
    ill = design["group"] == 1
    assert counted["n_below"] == (stats.ttest_ind(edges[ill], edges[~ill], equal_var=False).pvalue < 0.01).sum()
    assert (counted["n_features"], round(counted["expected"])) == (3003, 30)
    assert counted["n_below"] > 5 * counted["expected"]
    tested = run_max_t(edges, design, n_permutations=199, rng=np.random.default_rng(1))
    assert (tested.table["p_fwe"] <= 0.05).sum() < 10
    assert "273 have p < 0.01" in brain.describe_strict(counted, tested)
    assert "a true |d| of about" in brain.describe_transfer(tested, design)
