"""Simulated metabolites: partly made by taxa, partly by diet, correlated within pathways."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.simulate.calibration import spread_evenly
from helpers.simulate.effects import People, Planted, residual_sd
from helpers.simulate.names import list_metabolites
from helpers.simulate.taxa import COMMUNITY, Gut

N_METABOLITES = 420
PLANTED_METABOLITES = {"N-acetylglutamate": ("C13", 0.50), "dimethylglycine": ("C14", 0.45)}
SOURCE = "kim_adenomas_2020"
# Variance of a metabolite along the axes that many share, largest first; the first axes go with the taxa's community.
AXES = np.array([0.210, 0.062, 0.042, 0.036, 0.032, 0.028, 0.024, 0.020, 0.015, 0.012])
FOLLOWS_COMMUNITY = 0.34  # share of the variance of such an axis
SAME_SIGN = 0.5  # share of the first axis that moves all metabolites alike, as dilution does
SUPER_PATHWAY, MAX_SUB_PATHWAY = 0.02, 0.95  # each sub-pathway has its own share of variance, few a large one
SHARE_MADE_BY_TAXA = 0.5
MADE_BY_TAXA = (0.05, 0.45)
DIET = 0.15
LOG_AREA_MEAN, LOG_AREA_SD = 13, 1.6
SHARE_CENSORED = 0.2


def draw_metabolites(
    people: People, gut: Gut, effect: float, *, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame, list[Planted]]:
    """Draw log-normal metabolites and plant the two of the claims; the lowest values of some stay below detection."""
    features = _name_metabolites(rng)
    z = _draw_latent(people, gut, features, rng)
    spread = np.log(10) * rng.permutation(spread_evenly("log10_metabolite_sd", N_METABOLITES, SOURCE))
    log_area = rng.normal(LOG_AREA_MEAN, LOG_AREA_SD, N_METABOLITES) + spread * z
    planted = []
    for name, (claim, d) in PLANTED_METABOLITES.items():
        column = features["name"].tolist().index(name)
        difference = d * effect * residual_sd(log_area[:, column], people)
        log_area[:, column] += difference * people.carrier
        planted.append(Planted(claim, "metabolites", name, d * effect, difference, "natural log of the raw value"))
    area = _hide_below_detection(np.exp(log_area), rng)
    return pd.DataFrame(area, index=people.table.index, columns=features.index), features, planted


def _draw_latent(people: People, gut: Gut, features: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Draw standardised metabolites: shared axes, pathways, makers among the taxa, diet, age, sex, BMI, study, own noise."""
    n = len(people.high)
    made = np.where(rng.random(N_METABOLITES) < SHARE_MADE_BY_TAXA, rng.uniform(*MADE_BY_TAXA, N_METABOLITES), 0.0)
    super_pathway, sub_pathway = (pd.factorize(features[column])[0] for column in ("super_pathway", "sub_pathway"))
    within_sub = MAX_SUB_PATHWAY * rng.random(sub_pathway.max() + 1)[sub_pathway] ** 5
    own = 1 - AXES.sum() - SUPER_PATHWAY
    z = _draw_axes(gut, rng) + np.sqrt(own * made) * _draw_made(gut, rng)
    z += np.sqrt(own * (1 - made)) * rng.normal(size=(n, N_METABOLITES))
    z += np.sqrt(SUPER_PATHWAY) * rng.normal(size=(n, super_pathway.max() + 1))[:, super_pathway]
    shared = rng.normal(size=(n, sub_pathway.max() + 1))[:, sub_pathway]
    z = np.sqrt(1 - within_sub) * z + np.sqrt(within_sub) * shared
    z += people.nuisance(N_METABOLITES, rng=rng, size=0.1, batch=0.35)
    z += np.outer(people.diet, rng.normal(0, DIET, N_METABOLITES))
    return (z - z.mean(axis=0)) / z.std(axis=0)


def _draw_axes(gut: Gut, rng: np.random.Generator) -> np.ndarray:
    n = len(gut.latent)
    axes = rng.normal(size=(n, len(AXES)))
    n_shared = len(COMMUNITY)
    axes[:, :n_shared] = (
        np.sqrt(FOLLOWS_COMMUNITY) * gut.community + np.sqrt(1 - FOLLOWS_COMMUNITY) * axes[:, :n_shared]
    )
    loadings = rng.normal(size=(len(AXES), N_METABOLITES))
    loadings[0] = np.sqrt(SAME_SIGN) + np.sqrt(1 - SAME_SIGN) * loadings[0]
    return axes @ (np.sqrt(AXES)[:, None] * loadings)


def _draw_made(gut: Gut, rng: np.random.Generator) -> np.ndarray:
    """Return what three to six common taxa make of each metabolite, standardised."""
    common = np.argsort(-(gut.counts > 0).mean().to_numpy(), kind="stable")[:100]
    made = np.empty((len(gut.latent), N_METABOLITES))
    for j in range(N_METABOLITES):
        makers = rng.choice(common, rng.integers(3, 7), replace=False)
        made[:, j] = gut.latent[:, makers] @ rng.choice([-0.7, 1.0], len(makers))
    return (made - made.mean(axis=0)) / made.std(axis=0)


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
    """Blank the lowest 2 to 20 % of a fifth of the metabolites, never of the planted ones."""
    shown = area.copy()
    n_censored = round(SHARE_CENSORED * N_METABOLITES)
    for column in rng.choice(np.arange(len(PLANTED_METABOLITES), N_METABOLITES), n_censored, replace=False):
        limit = np.quantile(area[:, column], rng.uniform(0.02, 0.2))
        shown[area[:, column] < limit, column] = np.nan
    return shown
