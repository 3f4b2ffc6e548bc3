"""Connectivity statistics: identities, peers and planted effects of edges, components, nodes and time series."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from helpers import brain, permutation
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
        np.arctanh(r), design, tested="group", rng=np.random.default_rng(2), signed=True, **options
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
    tested = brain.test_networks_max_t(r, nodes, design, blocks=None, n_permutations=199, rng=np.random.default_rng(1))
    table = brain.compare_networks(r, nodes, design)
    np.testing.assert_allclose(tested.table["t"], table["t"], rtol=1e-10)
    assert tested.table.index[tested.table["p_fwe"] <= 0.05].tolist() == ["Reward × Somatomotor"]
