"""Connectivity statistics: identities, peers and planted effects of edges, components, nodes and time series."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from nilearn.connectome import ConnectivityMeasure
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from helpers import brain, permutation
from helpers.brain import timeseries
from helpers.contrasts import correct_bias

NODES = [f"n{i:02d}" for i in range(12)]
EDGES = [f"{a}--{b}" for i, a in enumerate(NODES) for b in NODES[i + 1 :]]
CLIQUE = [f"{a}--{b}" for i, a in enumerate(NODES[:4]) for b in NODES[i + 1 : 4]]


@pytest.fixture
def nodes():
    return pd.DataFrame({"network": np.repeat(["Reward", "Somatomotor", "Visual"], 4)}, index=NODES)


@pytest.fixture
def design():
    rng, ids = np.random.default_rng(3), [f"sub-{i:02d}" for i in range(60)]
    group = np.tile([0.0, 1.0], 30)
    return pd.DataFrame({"group": group, "age": rng.normal(0, 10, 60) + 3 * group, "score": rng.normal(size=60)}, ids)


def simulate(design, *, edges=(), effect=0.0, seed=4):
    """Fisher z of noise that depends on age, with an effect of the group on some edges; turned into r."""
    rng = np.random.default_rng(seed)
    z = pd.DataFrame(rng.normal(0.2, 0.2, (len(design), len(EDGES))), design.index, EDGES)
    z = z.add(0.01 * design["age"], axis=0)
    z.loc[:, list(edges)] += effect * design["group"].to_numpy()[:, None]
    return np.tanh(z)


@pytest.mark.parametrize("tested", ["group", "score"])
def test_every_edge_is_statsmodels_ols(design, tested):
    """Peer: coefficient, t with HC2 and d of ``statsmodels.OLS``, edge by edge, missing values included."""
    r = simulate(design, edges=CLIQUE, effect=0.2)
    r.iloc[3, 5] = np.nan
    table = brain.compare_edges(r, design, tested=tested)
    for edge in EDGES[:12]:
        fit = sm.OLS(np.arctanh(r[edge]), sm.add_constant(design), missing="drop").fit(cov_type="HC2")
        expected = [fit.params[tested], fit.tvalues[tested]]
        np.testing.assert_allclose(table.loc[edge, ["estimate", "t"]].astype(float), expected, rtol=1e-10)
        ratio = fit.params[tested] / np.sqrt(fit.mse_resid)
        assert table.loc[edge, "d"] == pytest.approx(ratio * correct_bias(fit.df_resid), rel=1e-10)


def test_planted_clique_is_the_component_found(design):
    r = simulate(design, edges=CLIQUE, effect=0.35)
    nbs = brain.test_nbs(r, design, thresholds_t=[3.5, 4.5], n_permutations=199, rng=np.random.default_rng(1))
    top = nbs.components.groupby("threshold_t").head(1)
    assert top["n_edges"].tolist() == [6, 6] and top["n_nodes"].tolist() == [4, 4]
    assert (top[["p_extent", "p_intensity", "p_extent_all", "p_intensity_all"]] == 1 / 200).all(axis=None)
    assert (top["n_higher"] == 6).all() and (top["n_lower"] == 0).all()
    assert sorted(nbs.list_edges(int(top.index[0])).index) == sorted(CLIQUE)
    assert "the largest with 6 edges between 4 nodes (corrected p = 0.005 (" in brain.describe_components(nbs)


def find_by_networkx(t, limit):
    """Return the sorted edge sets of the components of edges with |t| at or beyond a limit."""
    graph = nx.Graph([edge.split("--") for edge in t.index[t.abs() >= limit]])
    parts = [graph.subgraph(part) for part in nx.connected_components(graph)]
    return sorted(sorted("--".join(sorted(edge)) for edge in part.edges) for part in parts)


def test_components_are_those_of_networkx(design):
    r = simulate(design, edges=CLIQUE[:3], effect=0.2)
    t = brain.compare_edges(r, design)["t"]
    nbs = brain.test_nbs(r, design, thresholds_t=[1.0, 1.5, 2.0], n_permutations=19, rng=np.random.default_rng(1))
    for limit in nbs.thresholds_t:
        own = nbs.edges[nbs.edges["threshold_t"] == limit]
        found = sorted(sorted(part["edge"]) for _, part in own.groupby("component"))
        assert found == find_by_networkx(t, limit)
    first = nbs.components.iloc[0]
    strengths = nbs.list_edges(1).abs()
    assert first["intensity"] == pytest.approx((strengths - 1.0).sum(), rel=1e-10)


def test_null_sizes_are_those_of_every_shuffle_alone(design):
    """Identity: components of 70 shuffles in one graph are those of each shuffle by networkx."""
    r, options = simulate(design), {"n_permutations": 70}
    nbs = brain.test_nbs(r, design, thresholds_t=[1.5, 2.5], rng=np.random.default_rng(2), **options)
    model = permutation.prepare_model(
        np.arctanh(r), design, tested=["group"], rng=np.random.default_rng(2), signed=True, **options
    )
    for stream, start in ((0, 0), (1, 64)):
        for k, t in enumerate(model.shuffle_t(stream), start=start):
            for limit in nbs.thresholds_t:
                parts = find_by_networkx(pd.Series(t, EDGES), limit)
                assert nbs.null_extent.loc[k, limit] == max(map(len, parts), default=0)
                beyond = [sum(abs(t[EDGES.index(edge)]) - limit for edge in part) for part in parts]
                assert nbs.null_intensity.loc[k, limit] == pytest.approx(max(beyond, default=0.0), rel=1e-9)


def test_nbs_p_counts_the_null_and_corrects_over_thresholds(design):
    """By hand: p from the null sizes; over thresholds, the smallest p of each labelling among all labellings."""
    r = simulate(design, edges=CLIQUE[:2], effect=0.12)
    nbs = brain.test_nbs(r, design, thresholds_t=[1.5, 2.0], n_permutations=150, rng=np.random.default_rng(2))
    observed = nbs.components.groupby("threshold_t")["n_edges"].max().reindex(nbs.thresholds_t).fillna(0)
    sizes = np.vstack([observed, nbs.null_extent])
    p = np.array([[(sizes[:, k] >= size).mean() for k, size in enumerate(row)] for row in sizes])
    for _, row in nbs.components.iterrows():
        k = nbs.thresholds_t.index(row["threshold_t"])
        own = (sizes[:, k] >= row["n_edges"]).mean()
        assert row["p_extent"] == pytest.approx(own, rel=1e-12)
        assert row["p_extent_all"] == pytest.approx((p.min(axis=1) <= own + 1e-12).mean(), rel=1e-12)
    assert (nbs.components["p_extent_all"] >= nbs.components["p_extent"] - 1e-12).all()


def test_nbs_keeps_its_family_wise_error():
    """Pure noise, 100 data sets: the share with any component at .05 lies within 3 SD of .05 or below."""
    found = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        ids = [f"s{i}" for i in range(20)]
        design = pd.DataFrame({"group": np.tile([0.0, 1.0], 10), "age": rng.normal(size=20)}, ids)
        r = pd.DataFrame(np.tanh(rng.normal(0, 0.2, (20, len(EDGES)))), ids, EDGES)
        nbs = brain.test_nbs(r, design, thresholds_t=[2.0, 2.5], n_permutations=99, rng=rng)
        found += (nbs.components["p_intensity_all"] <= 0.05).any()
    assert found / 100 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)
    assert found > 0


def test_one_sided_nbs_sees_one_sign_and_workers_change_nothing(design):
    r = simulate(design, edges=CLIQUE, effect=-0.35)
    options = {"thresholds_t": [3.0], "n_permutations": 99}
    up = brain.test_nbs(r, design, alternative="greater", rng=np.random.default_rng(1), **options)
    down = brain.test_nbs(r, design, alternative="less", rng=np.random.default_rng(1), n_workers=2, **options)
    again = brain.test_nbs(r, design, alternative="less", rng=np.random.default_rng(1), **options)
    assert (up.components["n_lower"] == 0).all() and (down.components["n_higher"] == 0).all()
    assert set(CLIQUE) <= set(down.list_edges(1).index) and (down.list_edges(1) < 0).all()
    pd.testing.assert_frame_equal(down.null_intensity, again.null_intensity, check_exact=True)


def test_nbs_is_that_of_bctpy(design):
    """Peer: bctpy's NBS without covariates gives the same components (GPL, so it is never installed with the book)."""
    bct = pytest.importorskip("bct")
    r, n = simulate(design, edges=CLIQUE, effect=0.3), len(NODES)
    matrices = np.zeros((n, n, len(design)))
    above = np.triu_indices(n, 1)
    matrices[above] = np.arctanh(r).to_numpy().T
    matrices += matrices.transpose(1, 0, 2)
    high = design["group"].to_numpy() == 1
    p, adjacency, _ = bct.nbs_bct(matrices[:, :, high], matrices[:, :, ~high], 2.5, k=200, tail="both", seed=1)
    nbs = brain.test_nbs(r, design[["group"]], thresholds_t=[2.5], n_permutations=999, rng=np.random.default_rng(1))
    theirs = sorted(sorted(np.array(EDGES)[adjacency[above] == label]) for label in np.unique(adjacency[adjacency > 0]))
    ours = sorted(sorted(part["edge"]) for _, part in nbs.edges.groupby("component"))
    assert ours == theirs
    np.testing.assert_allclose(sorted(nbs.components["p_extent"]), sorted(p), atol=4 * np.sqrt(0.25 / 200))


def test_no_edge_beyond_a_threshold_gives_no_component(design):
    nbs = brain.test_nbs(simulate(design), design, thresholds_t=[50], n_permutations=9, rng=np.random.default_rng(1))
    assert nbs.components.empty and nbs.edges.empty and (nbs.null_extent == 0).all(axis=None)
    assert brain.describe_components(nbs).startswith("At |t| ≥ 50 there is no edge.")


def test_strange_edges_and_thresholds_are_refused(design):
    r = simulate(design)
    with pytest.raises(ValueError, match=r"thresholds_t is \[0\]; expected one or more values of t above 0"):
        brain.test_nbs(r, design, thresholds_t=[0], n_permutations=9, rng=np.random.default_rng(1))
    renamed = r.rename(columns={EDGES[0]: "n00", EDGES[1]: "n01--n01"})
    with pytest.raises(ValueError, match=r"2 edges not named after two nodes \(n00, n01--n01\)"):
        brain.test_nbs(renamed, design, n_permutations=9, rng=np.random.default_rng(1))


def test_pairs_of_networks_have_the_t_of_their_contrasts_and_a_corrected_p(design, nodes):
    pair = [edge for edge in EDGES if edge[:3] in NODES[:4] and edge[5:] in NODES[4:8]]
    r = simulate(design, edges=pair, effect=0.2)
    tested = brain.test_networks_max_t(
        r, nodes, design, blocks=None, n_permutations=199, rng=np.random.default_rng(1), step_down=True
    )
    table = brain.compare_networks(r, nodes, design)
    np.testing.assert_allclose(tested.table["t"], table["t"], rtol=1e-10)
    assert tested.table.index[tested.table["p_fwe"] <= 0.05].tolist() == ["Reward × Somatomotor"]


def test_node_measures_are_those_of_networkx_and_by_hand(design, nodes):
    r = simulate(design).iloc[:3]
    measured = brain.measure_nodes(r, nodes, densities=[0.3])
    n_kept = round(0.3 * len(EDGES))
    for person, row in r.iterrows():
        top = np.arctanh(row.sort_values(ascending=False).iloc[:n_kept])
        graph = nx.Graph()
        graph.add_nodes_from(NODES)
        graph.add_weighted_edges_from((*edge.split("--"), z) for edge, z in top.items())
        own = {measure: table.loc[person, 0.3] for measure, table in measured.items()}
        for node in NODES:
            assert own["degree"][node] == graph.degree(node)
            strength = graph.degree(node, weight="weight")
            assert own["strength"][node] == pytest.approx(strength, abs=1e-12)
            shares = [
                sum(d["weight"] for _, other, d in graph.edges(node, data=True) if nodes.loc[other, "network"] == name)
                for name in nodes["network"].unique()
            ]
            if strength:
                by_hand = 1 - sum((share / strength) ** 2 for share in shares)
                assert own["participation"][node] == pytest.approx(by_hand, abs=1e-12)
            else:
                assert np.isnan(own["participation"][node])


def test_graph_keeps_only_known_positive_edges(design, nodes):
    r = simulate(design).iloc[:2].abs()
    r.iloc[0, :10] = np.nan
    r.iloc[1, :60] *= -1
    measured = brain.measure_nodes(r, nodes, densities=[0.5, 1.0])["degree"]
    assert measured.loc[:, 0.5].sum(axis=1).tolist() == [2 * 28, 2 * 6]
    assert measured.loc[:, 1.0].sum(axis=1).tolist() == [2 * 56, 2 * 6]
    with pytest.raises(ValueError, match=r"densities is \[0, 2\]; expected"):
        brain.measure_nodes(r, nodes, densities=[0, 2])


def test_planted_hub_is_found_by_its_degree(design, nodes):
    hub = [edge for edge in EDGES if "n05" in edge]
    measured = brain.measure_nodes(simulate(design, edges=hub, effect=0.3), nodes, densities=[0.2, 0.4])
    table = brain.compare_nodes(measured, design, blocks=None, n_permutations=199, rng=np.random.default_rng(1))
    degrees = table.loc["degree"]
    assert len(table) == 3 * 2 * 12
    assert set(degrees.index[(degrees["p_fwe"] <= 0.05) & (degrees["d"] > 0)].get_level_values("node")) == {"n05"}
    assert (table["p_fwe"].dropna() >= table["p_permutation"].dropna()).all()
    assert "of 24 values of degree (12 nodes at 2 densities) survive" in brain.describe_nodes(table)


def make_series(n_people=24, n_volumes=80, n_regions=5, seed=1):
    """Time series of people whose first two regions share a signal in the second half of the people."""
    rng = np.random.default_rng(seed)
    series = {}
    for i in range(n_people):
        values = rng.normal(size=(n_volumes, n_regions))
        values[:, 1] += (1.5 if i >= n_people // 2 else 0.0) * values[:, 0]
        series[f"sub-{i:02d}"] = pd.DataFrame(values, columns=[f"n{k}" for k in range(n_regions)])
    return series


def test_correlation_is_pearsons_and_partial_is_that_of_the_shrunk_precision():
    """Peer: ``numpy.corrcoef``, which nilearn's shrunk default is not; nilearn for the partial correlation."""
    series = make_series(3)
    r = timeseries.compute_connectivity(series)
    above = np.triu_indices(5, 1)
    assert list(r.columns[:2]) == ["n0--n1", "n0--n2"]
    for person, volumes in series.items():
        np.testing.assert_allclose(r.loc[person], np.corrcoef(volumes.T)[above], rtol=1e-10)
    partial = timeseries.compute_connectivity(series, kind="partial correlation")
    theirs = ConnectivityMeasure(kind="partial correlation", standardize="zscore_sample").fit_transform(
        [volumes.to_numpy() for volumes in series.values()]
    )
    np.testing.assert_allclose(partial, theirs[:, *above], rtol=1e-8)
    assert list(partial.index) == list(series)


def test_tangent_learns_its_reference_from_training_people_only():
    """Identity: other people in ``transform`` never change a person's edges; other people in ``fit`` do."""
    people = list(make_series().values())
    fitted = timeseries.SeriesConnectivity("tangent").fit(people[:16])
    alone, together = fitted.transform(people[20:21]), fitted.transform(people[16:])
    np.testing.assert_allclose(alone.iloc[0], together.iloc[4], rtol=1e-10)
    refitted = timeseries.SeriesConnectivity("tangent").fit(people[8:]).transform(people[20:21])
    assert np.abs(refitted.iloc[0] - alone.iloc[0]).max() > 1e-3


def test_tangent_works_inside_folds():
    people = list(make_series().values())
    y = np.repeat([0, 1], 12)
    pipeline = make_pipeline(timeseries.SeriesConnectivity("tangent"), LogisticRegression())
    scores = cross_val_score(pipeline, people, y, cv=StratifiedKFold(4))
    assert scores.mean() > 0.9


def test_useless_time_series_are_refused_by_person():
    series = make_series(4)
    series["sub-01"] = series["sub-01"].rename(columns={"n0": "x"})
    series["sub-02"] = series["sub-02"].assign(n3=1.0)
    series["sub-03"].iloc[0, 2] = np.nan
    message = "sub-01: other regions.*sub-02: n3 is constant, sub-03: blank values in n2"
    with pytest.raises(ValueError, match=message):
        timeseries.compute_connectivity(series)
    with pytest.raises(ValueError, match="kind is 'pearson'; it must be one of correlation"):
        timeseries.SeriesConnectivity("pearson").fit(list(make_series(2).values()))
    with pytest.raises(ValueError, match="inside folds"):
        timeseries.compute_connectivity(make_series(2), kind="tangent")
    with pytest.raises(ValueError, match="Were all people left out by scrubbing"):
        timeseries.compute_connectivity({})


def test_scrubbing_counts_people_by_reason_and_bridges_no_border():
    series = make_series(4, n_volumes=100)
    fd = {person: np.full(100, 0.1) for person in list(series)[:3]}
    fd["sub-00"][[0, 99]] = 0.6
    fd["sub-01"][::4] = 0.6
    scrubbed = timeseries.scrub_series(series, fd, tr_s=2.0, max_fd_mm=0.5, min_minutes=3)
    assert scrubbed.volumes["n_kept"].tolist() == [100 - 3 - 2, 1, 100, 0]
    assert scrubbed.lost.to_dict() == {"too few minutes left": 1, "no motion record": 1}
    assert list(scrubbed.series) == ["sub-00", "sub-02"]
    text = timeseries.describe_scrubbing(scrubbed)
    assert "Of 4 people 2 are kept; left out: 1 for too few minutes left, 1 for no motion record" in text
    assert text.startswith("104 volumes (35%)")


def test_displacements_that_do_not_fit_are_refused_by_person():
    series = make_series(3)
    fd = {"sub-00": [0.1] * 79, "sub-01": [-1.0] + [0.1] * 79, "sub-02": [0.1] * 80}
    message = r"2 participants \(sub-00: 79 displacements for 80 volumes, sub-01: a displacement of -1 mm\)"
    with pytest.raises(ValueError, match=message):
        timeseries.scrub_series(series, fd, tr_s=2.0, max_fd_mm=0.5)
