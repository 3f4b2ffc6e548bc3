"""Simulated brains: connectivity, volumes, tracts, head motion."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.spatial.distance import squareform

from helpers.simulate.effects import People, Planted, adjusted_difference, residual_sd

NODES_PER_NETWORK = {
    "Reward": 8,
    "Somatomotor": 16,
    "DefaultMode": 16,
    "FrontoParietal": 12,
    "CinguloOpercular": 10,
    "Visual": 12,
    "Salience": 8,
    "DorsalAttention": 8,
    "VentralAttention": 6,
    "MedialTemporalLobe": 4,
}
N_NODES = sum(NODES_PER_NETWORK.values())
MERGED = {"SomatomotorDorsal": "Somatomotor", "SomatomotorLateral": "Somatomotor"}
CHUNK = 50  # people drawn at a time; part of what a seed means
LOADING, LOADING_NODE_SD, LOADING_PERSON_SD = 0.60, 0.10, 0.15  # on a node's network signal
COUPLING_SD = 0.20  # of the mixing of network signals, between people
GLOBAL_GAIN = 0.70  # loading on the signal of the whole brain
GLOBAL_LOG_SD = 0.40  # between people
GLOBAL_MOTION = 0.3  # on log motion
GLOBAL_NODE_SD, GLOBAL_PERSON_SD = 0.35, 0.2
SECOND_GAIN, SECOND_LOG_SD = 0.36, 0.45  # a second such signal, opposite in sensory and other networks
SENSORY = ("Somatomotor", "Visual", "CinguloOpercular", "DorsalAttention", "VentralAttention")
N_PERSONAL, PERSONAL_SD = 6, 0.34
NOISE = 0.40
MIN_EIGENVALUE = 0.01
ROUNDS = 12
D_CONNECTIVITY = 0.50
D_VOLUMES = -0.45
D_TRACTS = -0.40
SUBCORTICAL_MM3 = {"Amygdala": 1700, "Hippocampus": 4200, "Accumbens-area": 560, "Putamen": 5100, "Thalamus": 7600}
CORTICAL_MM3 = {
    "rostralanteriorcingulate": 2300,
    "caudalanteriorcingulate": 2000,
    "medialorbitofrontal": 5300,
    "lateralorbitofrontal": 7600,
    "insula": 6900,
    "superiorfrontal": 22500,
    "rostralmiddlefrontal": 16500,
    "pericalcarine": 2200,
    "postcentral": 9800,
    "precentral": 13200,
}
TRACTS_FA = {
    "uncinate_left": 0.39,
    "uncinate_right": 0.40,
    "cingulum_cingulate_left": 0.47,
    "cingulum_cingulate_right": 0.44,
    "forceps_minor": 0.48,
    "forceps_major": 0.58,
    "anterior_thalamic_radiation_left": 0.41,
    "anterior_thalamic_radiation_right": 0.42,
    "corticospinal_left": 0.56,
    "corticospinal_right": 0.55,
    "inferior_longitudinal_left": 0.44,
    "inferior_longitudinal_right": 0.45,
    "superior_longitudinal_left": 0.45,
    "superior_longitudinal_right": 0.46,
    "inferior_fronto_occipital_left": 0.46,
    "inferior_fronto_occipital_right": 0.47,
}
EMOTION_REGULATION_VOLUMES = (
    *(f"{side}-Amygdala" for side in ("Left", "Right")),
    *(f"{side}_{area}_volume" for area in tuple(CORTICAL_MM3)[:7] for side in ("lh", "rh")),
)
EMOTION_REGULATION_TRACTS = tuple(TRACTS_FA)[:5]


def choose_nodes() -> pd.DataFrame:
    """Return 100 nodes of the Seitzman 2018 atlas (doi:10.1016/j.neuroimage.2019.116290), evenly within networks."""
    from nilearn.datasets import fetch_coords_seitzman_2018

    atlas = fetch_coords_seitzman_2018()
    table = pd.DataFrame(np.asarray(atlas["rois"], float), columns=["x", "y", "z"]).round(2)
    table["network"] = pd.Series(atlas["networks"]).replace(MERGED).to_numpy()
    chosen = []
    for network, n_nodes in NODES_PER_NETWORK.items():
        members = table[table["network"] == network]
        picked = members.iloc[np.arange(n_nodes) * len(members) // n_nodes].copy()
        picked.index = [f"{network}_{i:02d}" for i in range(1, n_nodes + 1)]
        chosen.append(picked)
    nodes = pd.concat(chosen).rename_axis("node")
    nodes["hemisphere"] = np.where(nodes["x"] < 0, "L", "R")
    return nodes[["network", "hemisphere", "x", "y", "z"]]


def draw_brain(
    people: People, effect: float, *, rng: np.random.Generator, edge_rng: np.random.Generator | None
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame], list[Planted]]:
    """Draw all brain tables, the connectivity only when given a stream; return tables, nodes, and what was planted."""
    motion = np.exp(
        -2.1 + 0.35 * rng.normal(size=len(people.high)) + 0.1 * people.covariates[:, 2] + 0.12 * people.is_study_b
    )
    volumes, in_volumes = _draw_volumes(people, effect * D_VOLUMES, rng)
    tracts, in_tracts = _draw_tracts(people, effect * D_TRACTS, rng)
    motion_table = pd.DataFrame({"mean_fd_mm": motion}, index=people.table.index)
    tables = {"volumes": volumes, "tracts": tracts, "motion": motion_table}
    if edge_rng is None:
        return tables, {}, [in_volumes, in_tracts]
    nodes = choose_nodes()
    edges, in_edges = _draw_connectivity(people, nodes, motion, effect * D_CONNECTIVITY, edge_rng)
    return {"connectivity": edges, **tables}, {"connectivity": nodes}, [in_edges, in_volumes, in_tracts]


def _draw_connectivity(
    people: People, nodes: pd.DataFrame, motion: np.ndarray, d: float, rng: np.random.Generator
) -> tuple[pd.DataFrame, Planted]:
    """Draw one positive-definite correlation matrix per person, then shift Reward x Somatomotor in Fisher z."""
    first, second = np.triu_indices(len(nodes), k=1)
    z = np.arctanh(np.concatenate([r[:, first, second] for r in _draw_correlations(people, nodes, motion, rng)]))
    networks = nodes["network"].to_numpy()
    ends = np.array([networks[first], networks[second]])
    planted = np.isin(ends, ["Reward", "Somatomotor"]).all(axis=0) & (ends[0] != ends[1])
    difference = d * residual_sd(z[:, planted].mean(axis=1), people)
    _shift_edges(z, planted, people, difference)
    names = [f"{nodes.index[i]}--{nodes.index[j]}" for i, j in zip(first, second, strict=True)]
    r = np.tanh(z)
    edges = pd.DataFrame(r, index=people.table.index, columns=names)
    return edges, Planted("C06", "connectivity", "Reward × Somatomotor", d, difference, "Fisher z, mean over edges")


def _draw_correlations(
    people: People, nodes: pd.DataFrame, motion: np.ndarray, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Correlate nodes by what they load on: network signals, two signals of the whole brain, signals of the person's own.

    The first signal of the whole brain grows with motion. Chunks of shape (people, 100, 100), positive definite by construction.
    """
    n, n_nodes = len(people.high), len(nodes)
    names = list(NODES_PER_NETWORK)
    membership = nodes["network"].map(names.index).to_numpy()
    coupling = np.linalg.cholesky(_network_coupling(names))
    own = COUPLING_SD * rng.normal(size=(n, len(names), len(names)))
    nuisance = people.nuisance(len(names) ** 2, rng=rng, size=0.02, batch=0.04).reshape(own.shape)
    mixing = coupling + own + nuisance
    usual = LOADING + LOADING_NODE_SD * rng.normal(size=n_nodes)
    received = np.clip(1 + GLOBAL_NODE_SD * rng.normal(size=n_nodes), 0.2, None)
    side = np.where(nodes["network"].isin(SENSORY), 1.0, -0.6)
    log_motion = np.log(motion) - np.log(motion).mean()
    gain = GLOBAL_GAIN * np.exp(GLOBAL_LOG_SD * rng.normal(size=n) + GLOBAL_MOTION * log_motion)
    second = SECOND_GAIN * np.exp(SECOND_LOG_SD * rng.normal(size=n))
    for start in range(0, n, CHUNK):
        chunk = slice(start, min(start + CHUNK, n))
        size = chunk.stop - start
        loading = np.clip(usual + LOADING_PERSON_SD * rng.normal(size=(size, n_nodes)), 0.2, None)
        whole = gain[chunk, None] * (received + GLOBAL_PERSON_SD * rng.normal(size=(size, n_nodes)))
        personal = PERSONAL_SD * rng.normal(size=(size, n_nodes, N_PERSONAL))
        signals = [
            loading[:, :, None] * mixing[chunk][:, membership],
            whole[:, :, None],
            (second[chunk, None] * side)[:, :, None],
            personal,
        ]
        yield _correlate(np.concatenate(signals, axis=2))


def _correlate(loadings: np.ndarray) -> np.ndarray:
    """Return correlations of nodes with these loadings on independent signals, and with noise of their own."""
    covariance = loadings @ np.swapaxes(loadings, 1, 2) + NOISE * np.eye(loadings.shape[1])
    spread = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    return covariance / (spread[:, :, None] * spread[:, None, :])


def _shift_edges(z: np.ndarray, planted: np.ndarray, people: People, difference: float) -> None:
    """Shift the planted edges by the carrier, less in people whose matrix leaves less room; the mean difference is as wanted."""
    room = np.ones(len(z))
    start = z[:, planted]
    for _ in range(ROUNDS):
        carrier = room * people.carrier
        shift = difference * carrier / adjusted_difference(carrier, people)
        z[:, planted] = start + shift[:, None]
        impossible = np.array([not _is_possible(row) for row in z])
        if not impossible.any():
            return
        room[impossible] /= 2
    raise ValueError(
        f"A difference of {difference:.2g} in Fisher z between Reward and Somatomotor would leave people without a possible "
        "correlation matrix (it must be positive definite). Choose a smaller effect, or another seed."
    )


def _is_possible(z: np.ndarray) -> bool:
    """Return whether Fisher z of all edges of one person belong to a positive-definite matrix."""
    matrix = squareform(np.tanh(z)) + (1 - MIN_EIGENVALUE) * np.eye(N_NODES)
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def _network_coupling(names: list[str]) -> np.ndarray:
    """Return how network signals correlate: mildly, and negatively between default mode and task networks."""
    coupling = np.full((len(names), len(names)), 0.15)
    pairs = {
        ("Somatomotor", "Visual"): 0.35,
        ("Somatomotor", "CinguloOpercular"): 0.35,
        ("CinguloOpercular", "Salience"): 0.45,
        ("DefaultMode", "MedialTemporalLobe"): 0.40,
        ("DefaultMode", "Reward"): 0.25,
        ("FrontoParietal", "DorsalAttention"): 0.35,
        ("Visual", "DorsalAttention"): 0.35,
        ("DefaultMode", "DorsalAttention"): -0.20,
        ("DefaultMode", "CinguloOpercular"): -0.10,
        ("Reward", "Salience"): 0.25,
    }
    for (one, other), value in pairs.items():
        i, j = names.index(one), names.index(other)
        coupling[i, j] = coupling[j, i] = value
    np.fill_diagonal(coupling, 1)
    return coupling


def _draw_volumes(people: People, d: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Planted]:
    n = len(people.high)
    icv_z = 0.55 * -people.covariates[:, 1] + np.sqrt(1 - 0.55**2) * rng.normal(size=n)
    means = {f"{side}-{area}": mm3 for area, mm3 in SUBCORTICAL_MM3.items() for side in ("Left", "Right")}
    means |= {f"{side}_{area}_volume": mm3 for area, mm3 in CORTICAL_MM3.items() for side in ("lh", "rh")}
    z = _draw_correlated(n, len(means), common=0.30, pair=0.35, rng=rng)
    z += (
        0.5 * icv_z[:, None]
        - 0.15 * people.covariates[:, :1]
        + people.nuisance(len(means), rng=rng, size=0.05, batch=0.25)
    )
    members = np.isin(list(means), EMOTION_REGULATION_VOLUMES)
    shifted, difference = _shift_set(z, members, people, d, extra=icv_z)
    mm3 = np.array(list(means.values())) * (1 + 0.10 * shifted)
    table = pd.DataFrame(mm3, index=people.table.index, columns=list(means))
    table.insert(0, "icv", 1_500_000 + 140_000 * icv_z)
    return table, Planted("C07", "volumes", "emotion_regulation.volumes", d, difference, "mean of z-scored regions")


def _draw_tracts(people: People, d: float, rng: np.random.Generator) -> tuple[pd.DataFrame, Planted]:
    z = _draw_correlated(len(people.high), len(TRACTS_FA), common=0.35, pair=0.25, rng=rng)
    z += -0.2 * people.covariates[:, :1] + people.nuisance(len(TRACTS_FA), rng=rng, size=0.05, batch=0.4)
    members = np.isin(list(TRACTS_FA), EMOTION_REGULATION_TRACTS)
    shifted, difference = _shift_set(z, members, people, d)
    fa = np.array(list(TRACTS_FA.values())) + 0.022 * shifted
    table = pd.DataFrame(fa, index=people.table.index, columns=list(TRACTS_FA))
    return table, Planted("C08", "tracts", "emotion_regulation.tracts", d, difference, "mean of z-scored tracts")


def _draw_correlated(n: int, n_features: int, *, common: float, pair: float, rng: np.random.Generator) -> np.ndarray:
    """Draw unit-variance features sharing one factor, and another one in left-right pairs (columns 1-2, 3-4, ...)."""
    pairs = np.repeat(rng.normal(size=(n, (n_features + 1) // 2)), 2, axis=1)[:, :n_features]
    own = rng.normal(size=(n, n_features))
    return np.sqrt(common) * rng.normal(size=(n, 1)) + np.sqrt(pair) * pairs + np.sqrt(1 - common - pair) * own


def _shift_set(
    z: np.ndarray, members: np.ndarray, people: People, d: float, extra: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """Shift every member equally, in its own SD, so that the mean of the z-scored members moves by d residual SDs."""
    spread = z.std(axis=0, ddof=1)
    score = (z / spread)[:, members].mean(axis=1)
    difference = d * residual_sd(score, people, extra) / adjusted_difference(people.carrier, people, extra)
    return z + members * spread * difference * people.carrier[:, None], difference
