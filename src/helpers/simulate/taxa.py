"""Simulated taxa: counts, taxonomy, tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from helpers.simulate.calibration import spread_evenly
from helpers.simulate.effects import People
from helpers.simulate.names import RANKS, list_genera

N_TAXA = 420
MIN_CARRIERS = 4
SOURCES = ("kim_adenomas_2020", "mars_ibs_2020")
COMMUNITY = np.sqrt([0.30, 0.11, 0.06, 0.05, 0.04])  # SD of a taxon's log abundance along each axis of the community
FAMILY = np.sqrt(0.04)
DIET = 0.12
RICHNESS = np.sqrt(0.10)  # SD on the presence scale: some people carry more of everything
FOLLOWS = np.sqrt(0.55)  # how far presence follows abundance
LOG_SHARE_SLOPE = 0.45  # of log share where present on logit prevalence
LOG_SHARE_SD = 0.75
DEPTH, DEPTH_LOG_SD = 36_000, 0.5
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
    counts : pandas.DataFrame of shape (n, n_taxa)
    taxonomy : pandas.DataFrame of shape (n_taxa, 6)
    tree : str
        Newick, rooted, bifurcating, ultrametric (tips at depth 1).
    latent : numpy.ndarray of shape (n, n_taxa)
        Log abundance before zeros and sampling, standardised per taxon.
    community : numpy.ndarray of shape (n, 5)
        Axes along which many taxa vary together.
    """

    counts: pd.DataFrame
    taxonomy: pd.DataFrame
    tree: str
    latent: np.ndarray
    community: np.ndarray


def draw_taxa(people: People, *, rng: np.random.Generator) -> Gut:
    """Draw counts of genera: log-normal where present, families and communities varying together, unequal depth."""
    n = len(people.high)
    taxonomy = _name_taxa(rng)
    prevalence = _choose_prevalence(rng)
    community = rng.normal(size=(n, len(COMMUNITY)))
    latent = _draw_latent(people, taxonomy, community, rng)
    presence = FOLLOWS * latent + RICHNESS * rng.normal(size=(n, 1))
    presence += np.sqrt(1 - FOLLOWS**2 - RICHNESS**2) * rng.normal(size=(n, N_TAXA))
    carriers = np.maximum(np.round(prevalence * n), MIN_CARRIERS)
    carried = np.argsort(np.argsort(-presence, axis=0), axis=0) < carriers
    level = LOG_SHARE_SLOPE * special.logit(prevalence) + LOG_SHARE_SD * rng.normal(size=N_TAXA)
    spread = rng.permutation(spread_evenly("log_share_sd", N_TAXA, *SOURCES))
    share = carried * np.exp(level + spread * latent)
    share /= share.sum(axis=1, keepdims=True)
    depth = np.exp(rng.normal(np.log(DEPTH), DEPTH_LOG_SD, n))
    counts = np.maximum(rng.poisson(depth[:, None] * share), carried)
    table = pd.DataFrame(counts, index=people.table.index, columns=taxonomy.index)
    return Gut(table, taxonomy, _grow_tree(taxonomy, rng), latent, community)


def _choose_prevalence(rng: np.random.Generator) -> np.ndarray:
    """Deal out prevalences between those of the two real cohorts; genera with real names get the more common half."""
    logits = special.logit(np.clip([spread_evenly("prevalence", N_TAXA, source) for source in SOURCES], 0.005, 0.995))
    prevalence = special.expit(logits.mean(axis=0))
    n_real = len(list_genera())
    common = rng.permutation(np.arange(N_TAXA // 2, N_TAXA))[:n_real]
    rest = rng.permutation(np.setdiff1d(np.arange(N_TAXA), common))
    return prevalence[np.concatenate([common, rest])]


def _draw_latent(people: People, taxonomy: pd.DataFrame, community: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n = len(people.high)
    families = pd.factorize(taxonomy["family"])[0]
    own = np.sqrt(1 - (COMMUNITY**2).sum() - FAMILY**2)
    latent = community @ (COMMUNITY[:, None] * rng.normal(size=(len(COMMUNITY), N_TAXA)))
    latent += FAMILY * rng.normal(size=(n, families.max() + 1))[:, families] + own * rng.normal(size=(n, N_TAXA))
    latent += people.nuisance(N_TAXA, rng=rng) + np.outer(people.diet, rng.normal(0, DIET, N_TAXA))
    return (latent - latent.mean(axis=0)) / latent.std(axis=0)


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
