"""Put the simulated blocks together and describe them: settings, sidecar, truth, README."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.simulate.brain import draw_brain
from helpers.simulate.gut import draw_metabolites, draw_taxa, draw_transcripts
from helpers.simulate.people import CUT, draw_people, draw_phenotype
from helpers.simulate.planting import People, Planted
from helpers.simulate.writing import format_table, format_yaml

SIDECAR = {
    "age": {"Description": "Age at the visit", "Units": "years"},
    "sex": {"Description": "Sex", "Levels": {"F": "female", "M": "male"}},
    "bmi": {"Description": "Body mass index", "Units": "kg/m²"},
    "study": {"Description": "Which of the two pooled studies", "Levels": {"A": "study A", "B": "study B"}},
    "diet_score": {"Description": "Simulated diet quality, 0 to 100, higher is healthier", "Units": "points"},
}
DECIMALS = {"nodes": 2, "connectivity": 3, "volumes": 1, "tracts": 4, "motion": 4}
WHY_OTHER_FALLS = "log-ratios of all transcripts sum to zero, so the rest falls when groups rise"
LOST = {"brain": 4, "tracts": 1, "stool": 4, "transcripts": 2, "metabolites": 3}


@dataclass(frozen=True)
class Recipe:
    """What a simulated cohort is made from."""

    n_participants: int
    seed: int
    effect: float
    title: str
    name: str


def build_files(recipe: Recipe) -> dict[str, str]:
    """Return the text of every file of a simulated cohort, by path within its folder.

    Every block has its own random stream, so that the null twin of a seed has the same people, and the same
    noise, in every block.
    """
    names = ("people", "phenotype", "brain", "taxa", "transcripts", "metabolites", "missing")
    streams = dict(
        zip(names, map(np.random.default_rng, np.random.SeedSequence(recipe.seed).spawn(len(names))), strict=True)
    )
    people = draw_people(recipe.n_participants, rng=streams["people"])
    phenotype, planted = draw_phenotype(people, recipe.effect, rng=streams["phenotype"])
    brain, in_brain = draw_brain(people, recipe.effect, rng=streams["brain"])
    gut = draw_taxa(people, rng=streams["taxa"])
    transcripts, functions, in_transcripts = draw_transcripts(people, gut, recipe.effect, rng=streams["transcripts"])
    metabolites, compounds, in_metabolites = draw_metabolites(people, gut, recipe.effect, rng=streams["metabolites"])
    lost = _choose_lost(people.table.index, streams["missing"])
    participants = people.table.copy()
    participants.loc[streams["missing"].choice(participants.index, 2, replace=False), "bmi"] = np.nan
    planted += in_brain + in_transcripts + in_metabolites
    latent = pd.DataFrame(gut.latent, index=gut.counts.index, columns=gut.counts.columns)
    stool = {
        "taxa": _let_all_be_seen(_drop(gut.counts, lost["stool"]), _drop(latent, lost["stool"])),
        "transcripts": _drop(transcripts, lost["stool"] | lost["transcripts"]),
    }
    features = {
        "microbiome/taxonomy": gut.taxonomy,
        "microbiome/features": functions,
        "metabolites/features": compounds,
    }
    files = _describe(recipe, people, planted)
    files["participants.tsv"] = format_table(_text_columns(participants), decimals=0)
    files |= {f"phenotype/{name}.tsv": format_table(table) for name, table in phenotype.items()}
    files["brain/nodes.tsv"] = format_table(brain.pop("nodes"), decimals=2)
    for name, table in brain.items():
        without = lost["brain"] | (lost["tracts"] if name == "tracts" else set())
        files[f"brain/{name}.tsv"] = format_table(_drop(table, without), decimals=DECIMALS[name])
    files |= {f"microbiome/{name}.tsv": format_table(table) for name, table in stool.items()}
    files |= {f"{name}.tsv": format_table(table) for name, table in features.items()}
    files["microbiome/tree.nwk"] = gut.tree
    files["metabolites/metabolites.tsv"] = format_table(_drop(metabolites, lost["metabolites"]), decimals=1)
    return files


def _choose_lost(ids: pd.Index, rng: np.random.Generator) -> dict[str, set[str]]:
    """Choose who lacks which block; the people without metabolites overlap with those without stool."""
    order = rng.permutation(ids).tolist()
    per_person = len(ids) / 116
    sizes = {name: max(1, round(n * per_person)) for name, n in LOST.items()}
    lost, start = {}, 0
    for name, size in sizes.items():
        lost[name] = set(order[start : start + size])
        start += size
    lost["metabolites"] |= set(sorted(lost["stool"])[:2])
    return lost


def _drop(table: pd.DataFrame, ids: set[str]) -> pd.DataFrame:
    return table.loc[~table.index.isin(ids)]


def _let_all_be_seen(counts: pd.DataFrame, latent: pd.DataFrame) -> pd.DataFrame:
    """Give a taxon that nobody shows one read, in its likeliest carrier: tables of counts list what was seen."""
    seen = counts.copy()
    for taxon in counts.columns[(counts == 0).all()]:
        seen.loc[latent[taxon].idxmax(), taxon] = 1
    return seen


def _text_columns(participants: pd.DataFrame) -> pd.DataFrame:
    one_decimal = {
        name: participants[name].map("{:.1f}".format, na_action="ignore").astype(object)
        for name in ("bmi", "diet_score")
    }
    return participants.assign(**one_decimal)


def _describe(recipe: Recipe, people: People, planted: list[Planted]) -> dict[str, str]:
    settings = {
        "contract": 1,
        "name": recipe.name,
        "title": recipe.title,
        "kind": "simulated",
        "outcome": {"measure": "cd_risc", "score": "total", "high_at_least": CUT},
        "labels": {"high": "High resilience", "low": "Low resilience"},
        "covariates": ["age", "sex", "bmi"],
        "batch": "study",
        "citation": "Simulated by helpers.simulate; no real person is in it.",
        "small_cell": 5,
    }
    return {
        "cohort.yml": format_yaml(settings),
        "participants.json": json.dumps(SIDECAR, indent=2, ensure_ascii=False) + "\n",
        "truth.yml": format_yaml(_tell_truth(recipe, people, planted)),
        "README.md": _write_readme(recipe, people, planted),
    }


def _tell_truth(recipe: Recipe, people: People, planted: list[Planted]) -> dict:
    claims = [p for p in planted if p.claim != "by-product"]
    by_products = [p for p in planted if p.claim == "by-product" and p.d]
    return {
        "seed": recipe.seed,
        "effect": recipe.effect,
        "n_participants": recipe.n_participants,
        "n_high": int(people.high.sum()),
        "n_low": int((~people.high).sum()),
        "meaning_of_d": (
            "Difference high minus low, adjusted for age, sex, bmi and study (volumes also icv), that was added to the "
            "feature, divided by the feature's residual SD in the null twin: the cohort of the same seed with effect 0, "
            "in which everybody and all noise is the same. The difference is carried by the continuous CD-RISC total. "
            "What one cohort shows is this difference plus the chance difference of its null twin."
        ),
        "planted": [p.to_dict() for p in sorted(claims, key=lambda p: p.claim)],
        "by_products": [p.to_dict() | {"why": WHY_OTHER_FALLS} for p in by_products],
        "not_planted": {
            "C16": "No block was made to classify best; which one does follows from the effects above and from chance."
        },
        "null": {
            "phenotype": "brs measures the same trait as cd_risc and follows it also when effect is 0; all else as planted",
            "connectivity": "all edges but those between Reward and Somatomotor",
            "volumes": "all regions outside emotion_regulation",
            "tracts": "all tracts outside emotion_regulation",
            "motion": "no group difference",
            "taxa": "all taxa, all diversity measures",
            "transcripts": "shifts are the same for all transcripts of a planted group",
            "metabolites": "all but N-acetylglutamate and dimethylglycine",
            "participants": "age, bmi, diet_score, study and sex do not depend on resilience",
        },
    }


def _write_readme(recipe: Recipe, people: People, planted: list[Planted]) -> str:
    rows = "\n".join(
        f"| {p['claim']} | {p['block']} | {p['feature']} | {p['direction']} | {p['d']:+.2f} |"
        for p in (p.to_dict() for p in sorted(planted, key=lambda p: p.claim) if p.claim != "by-product")
    )
    return README.format(
        title=recipe.title,
        n=recipe.n_participants,
        seed=recipe.seed,
        effect=recipe.effect,
        rows=rows,
        cut=CUT,
        n_high=int(people.high.sum()),
        n_low=int((~people.high).sum()),
        n_women=int((people.table["sex"] == "F").sum()),
    )


README = """# {title}

**Everything here is simulated.** No row is a person, and nothing recovered from it says anything about people.
The cohort has the shape of the study in the book, so that every chapter runs, and a known truth (`truth.yml`), so that
every method can be checked against it.

Made by `resilience-book simulate FOLDER --n {n} --seed {seed} --effect {effect:g}`: {n} people ({n_high} high, {n_low} low;
{n_women} women). Without options, as in `resilience-book simulate data/example`, it is
the book's own example: 116 people, seed 20240501, effect 1. The
same numbers give the same bytes. `--null` gives the null twin: the same people and noise, no resilience effect. To change
anything, change the program and simulate again; do not edit these files.

## What is planted

Standardised differences, high minus low, adjusted for age, sex, BMI and study; `truth.yml` says exactly what d means.

| claim | block | feature | direction | d |
|---|---|---|---|---|
{rows}

C16 (which block classifies best) is not planted. Where groups of transcripts rise, the log-ratios of all others fall
(`by_products` in `truth.yml`). The BRS follows the same trait as the CD-RISC, also in the null twin. Taxa, diversity and
everything else not listed are null.

## What it matches

- the published numbers of people and of women, the age range, two pooled studies; groups by CD-RISC total at {cut} or more;
- questionnaires with the right items, ranges and typical means; blanks, and people who lack a modality;
- connectivity from positive-definite matrices over nodes of the Seitzman 2018 atlas, with network structure and motion;
- counts with zeros, overdispersion and unequal depth; transcripts and metabolites that follow taxa; values below detection.

## What it does not

- group means, effect sizes or any result of the study: they were not published, so the sizes above are free choices;
- the study's atlas, its annotation of transcripts, its metabolite panel; real taxon and metabolite names carry no biology here;
- everything a real cohort has that nobody thought of: outliers, wrong entries, effects that are not linear.
"""
