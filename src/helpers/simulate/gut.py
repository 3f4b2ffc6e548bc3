"""Simulated stool: taxa with a tree, bacterial transcripts, metabolites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from helpers.simulate.names import RANKS, list_genera, list_metabolites
from helpers.simulate.planting import People, Planted, adjusted_difference, residual_sd

N_TAXA = 200
N_TRANSCRIPTS = 600
N_METABOLITES = 200
PSEUDOCOUNT = 0.5
FUNCTIONS = {
    "environmental_adaptation": ("C09", 0.45),
    "genetic_propagation": ("C10", 0.40),
    "energy_metabolism": ("C11", 0.45),
    "anti_inflammation": ("C12", 0.50),
    "gut_barrier": ("C15", 0.35),
}
N_PER_FUNCTION = 40
PLANTED_METABOLITES = {"N-acetylglutamate": ("C13", 0.50), "dimethylglycine": ("C14", 0.45)}
JOINED_AT = {  # heights above the tips at which the members of a clade meet, by their own rank
    "genus": (0.05, 0.22),
    "family": (0.30, 0.40),
    "order": (0.45, 0.52),
    "class": (0.58, 0.66),
    "phylum": (0.75, 0.90),
    "domain": (1.0, 1.0),
}


@dataclass(frozen=True, eq=False)
class Gut:
    """Simulated taxa.

    Attributes
    ----------
    counts : pandas.DataFrame of shape (n, 200)
    taxonomy : pandas.DataFrame of shape (200, 6)
    tree : str
        Newick, rooted, bifurcating, ultrametric (tips at depth 1).
    latent : numpy.ndarray of shape (n, 200)
        Log abundance before zeros and sampling, standardised per taxon.
    """

    counts: pd.DataFrame
    taxonomy: pd.DataFrame
    tree: str
    latent: np.ndarray


def draw_taxa(people: People, *, rng: np.random.Generator) -> Gut:
    """Draw counts of 200 genera: log-normal with families varying together, zero-inflated, negative binomial."""
    n = len(people.high)
    taxonomy = _name_taxa(rng)
    families = pd.factorize(taxonomy["family"])[0]
    real = np.arange(N_TAXA) < len(list_genera())
    level = rng.normal(0, 1.5, N_TAXA) + np.where(real, 2.2, 0.0)
    latent = 0.7 * rng.normal(size=(n, families.max() + 1))[:, families] + np.sqrt(1 - 0.7**2) * rng.normal(
        size=(n, N_TAXA)
    )
    latent += people.nuisance(N_TAXA, rng=rng, size=0.12, batch=0.3)
    prevalence = 1 / (1 + np.exp(-(0.9 + 0.95 * (level - level.mean()) + 0.5 * latent)))
    carried = rng.random((n, N_TAXA)) < prevalence
    share = carried * np.exp(level + 1.1 * latent)
    share /= share.sum(axis=1, keepdims=True)
    depth = np.exp(rng.normal(np.log(36_000), 0.28, n))
    counts = rng.poisson(depth[:, None] * share * rng.gamma(2.5, 1 / 2.5, (n, N_TAXA)))
    table = pd.DataFrame(counts, index=people.table.index, columns=taxonomy.index)
    return Gut(table, taxonomy, _grow_tree(taxonomy, rng), (latent - latent.mean(axis=0)) / latent.std(axis=0))


def draw_transcripts(
    people: People, gut: Gut, effect: float, *, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame, list[Planted]]:
    """Draw counts of 600 transcripts of known taxa; plant shifts of the mean centred log-ratio per functional group."""
    n, sizes = len(people.high), N_PER_FUNCTION
    names = [*FUNCTIONS, "other"]
    groups = np.repeat(np.arange(len(names)), [sizes] * len(FUNCTIONS) + [N_TRANSCRIPTS - sizes * len(FUNCTIONS)])
    taxa = rng.integers(N_TAXA, size=N_TRANSCRIPTS)
    spread = np.array([0.25] * len(FUNCTIONS) + [0.45])
    activity = spread * rng.normal(size=(n, len(names)))
    activity[:, :-1] += 0.25 * rng.normal(size=(n, 1))
    log_mean = rng.normal(0, 1.5, N_TRANSCRIPTS) - 1.5 * (gut.counts.to_numpy()[:, taxa] == 0)
    log_mean += 0.45 * gut.latent[:, taxa] + activity[:, groups]
    log_mean += 0.5 * people.nuisance(N_TRANSCRIPTS, rng=rng, batch=0.4) + 0.45 * rng.normal(size=(n, N_TRANSCRIPTS))
    depth = np.exp(rng.normal(np.log(120_000), 0.25, n))
    uniform = rng.random((n, N_TRANSCRIPTS))

    def count(shifts: np.ndarray) -> np.ndarray:
        share = np.exp(log_mean + np.outer(people.carrier, np.append(shifts, 0.0)[groups]))
        share /= share.sum(axis=1, keepdims=True)
        return stats.poisson.ppf(uniform, depth[:, None] * share)

    counts, planted = _plant_functions(count, groups, people, effect)
    ids = pd.Index([f"transcript_{i:04d}" for i in range(1, N_TRANSCRIPTS + 1)], name="feature")
    features = pd.DataFrame(
        {
            "name": [f"SimTranscript_{i:04d}" for i in range(1, N_TRANSCRIPTS + 1)],
            "group": np.array(names)[groups],
            "taxon": gut.taxonomy.index.to_numpy()[taxa],
        },
        index=ids,
    )
    order = rng.permutation(N_TRANSCRIPTS)
    shuffled = features.iloc[order].set_axis(ids).assign(name=features["name"])
    return pd.DataFrame(counts[:, order], index=people.table.index, columns=ids).astype(int), shuffled, planted


def draw_metabolites(
    people: People, gut: Gut, effect: float, *, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame, list[Planted]]:
    """Draw 200 log-normal metabolites, two thirds of them partly made by three to six taxa each."""
    n = len(people.high)
    features = _name_metabolites(rng)
    explained = np.where(rng.random(N_METABOLITES) < 0.65, rng.uniform(0.15, 0.6, N_METABOLITES), 0.0)
    explained[: len(PLANTED_METABOLITES)] = 0.3
    driven = np.zeros((n, N_METABOLITES))
    for j in range(N_METABOLITES):
        makers = rng.choice(100, rng.integers(3, 7), replace=False)
        made = gut.latent[:, makers] @ rng.choice([-0.7, 1.0], len(makers))
        driven[:, j] = (made - made.mean()) / made.std()
    z = np.sqrt(explained) * driven + np.sqrt(1 - explained) * rng.normal(size=(n, N_METABOLITES))
    z += people.nuisance(N_METABOLITES, rng=rng, size=0.1, batch=0.35)
    log_area = rng.normal(11, 1.6, N_METABOLITES) + rng.uniform(0.35, 1.0, N_METABOLITES) * z
    planted = []
    for name, (claim, d) in PLANTED_METABOLITES.items():
        column = features["name"].tolist().index(name)
        difference = d * effect * residual_sd(log_area[:, column], people)
        log_area[:, column] += difference * people.carrier
        planted.append(Planted(claim, "metabolites", name, d * effect, difference, "natural log of the raw value"))
    area = _hide_below_detection(np.exp(log_area), rng)
    return pd.DataFrame(area, index=people.table.index, columns=features.index), features, planted


def _name_taxa(rng: np.random.Generator) -> pd.DataFrame:
    genera = list_genera()
    families = [lineage[:5] for lineage in genera if lineage[0] == "Bacteria"]
    chosen = rng.integers(len(families), size=N_TAXA - len(genera))
    rows = genera + [(*families[k], f"SimGenus_{i:03d}") for i, k in enumerate(chosen, start=len(genera) + 1)]
    ids = pd.Index([f"taxon_{i:03d}" for i in range(1, N_TAXA + 1)], name="taxon")
    return pd.DataFrame(rows, index=ids, columns=list(RANKS))


def _grow_tree(taxonomy: pd.DataFrame, rng: np.random.Generator) -> str:
    """Join taxa within families, families within orders, and so on; heights grow with the rank."""
    ranks = reversed(RANKS)
    clades = {tuple(row): (taxon, 0.0) for taxon, row in zip(taxonomy.index, taxonomy.to_numpy(), strict=True)}
    for depth, rank in zip(range(len(RANKS) - 1, -1, -1), ranks, strict=True):
        children: dict[tuple[str, ...], list[tuple[str, float]]] = {}
        for lineage, clade in clades.items():
            children.setdefault(lineage[:depth], []).append(clade)
        clades = {lineage: _join(group, JOINED_AT[rank], rng) for lineage, group in children.items()}
    ((text, _),) = clades.values()
    return f"{text};\n"


def _join(clades: list[tuple[str, float]], band: tuple[float, float], rng: np.random.Generator) -> tuple[str, float]:
    """Join clades two by two, at increasing heights above the tips, into one."""
    clades = list(clades)
    for height in np.sort(rng.uniform(*band, len(clades) - 1)).round(4):
        (one, one_height), (other, other_height) = (clades.pop(rng.integers(len(clades))) for _ in range(2))
        clades.append((f"({one}:{height - one_height:.4f},{other}:{height - other_height:.4f})", float(height)))
    return clades[0]


def _plant_functions(count, groups: np.ndarray, people: People, effect: float) -> tuple[np.ndarray, list[Planted]]:
    """Find the log shifts of the groups that move their mean log-ratios as wanted, and count with them."""
    sizes = np.bincount(groups)
    closure = np.eye(len(FUNCTIONS)) - sizes[:-1] / sizes.sum()
    counts = null = count(np.zeros(len(FUNCTIONS)))
    scores = _mean_log_ratios(null, groups)
    d = effect * np.array([d for _, d in FUNCTIONS.values()])
    wanted = d * [residual_sd(scores[:, g], people) for g in range(len(FUNCTIONS))]
    shifts = np.zeros(len(FUNCTIONS))
    reached = np.zeros(len(sizes))
    for _ in range(2 if effect else 0):
        shifts += np.linalg.solve(closure, wanted - reached[:-1])
        counts = count(shifts)
        moved = _mean_log_ratios(counts, groups) - scores
        reached = np.array([adjusted_difference(moved[:, g], people) for g in range(len(sizes))])
    planted = [
        Planted(claim, "transcripts", name, d[g], reached[g], "mean centred log-ratio of the group's transcripts")
        for g, (name, (claim, _)) in enumerate(FUNCTIONS.items())
    ]
    mirror = reached[-1] / residual_sd(scores[:, -1], people)
    return counts, [*planted, Planted("by-product", "transcripts", "other", mirror, reached[-1], planted[0].unit)]


def _mean_log_ratios(counts: np.ndarray, groups: np.ndarray) -> np.ndarray:
    logs = np.log(counts + PSEUDOCOUNT)
    ratios = logs - logs.mean(axis=1, keepdims=True)
    return np.column_stack([ratios[:, groups == g].mean(axis=1) for g in range(groups.max() + 1)])


def _name_metabolites(rng: np.random.Generator) -> pd.DataFrame:
    real = list_metabolites()
    pathways = [row[1:3] for row in real]
    chosen = rng.integers(len(pathways), size=N_METABOLITES - len(real))
    rows = real + [
        (f"SimMetabolite_{i:03d}", *pathways[k], None, None) for i, k in enumerate(chosen, start=len(real) + 1)
    ]
    ids = pd.Index([f"metabolite_{i:03d}" for i in range(1, N_METABOLITES + 1)], name="metabolite")
    table = pd.DataFrame(rows, index=ids, columns=["name", "super_pathway", "sub_pathway", "hmdb", "kegg"])
    return table[["name", "hmdb", "kegg", "super_pathway", "sub_pathway"]].assign(scale="raw")


def _hide_below_detection(area: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blank the lowest 2 to 20 % of forty metabolites, never of the planted ones."""
    shown = area.copy()
    for column in rng.choice(np.arange(len(PLANTED_METABOLITES), N_METABOLITES), 40, replace=False):
        limit = np.quantile(area[:, column], rng.uniform(0.02, 0.2))
        shown[area[:, column] < limit, column] = np.nan
    return shown
