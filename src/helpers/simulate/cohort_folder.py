"""Describe a simulated cohort and lay it out as a folder: settings, sidecar, truth, README, tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from helpers.contract import read_schema
from helpers.simulate.dependence import ICC, find_families, list_visits, repeat_visits, share_within
from helpers.simulate.draw import DECIMALS, SimulatedCohort, draw_recipe, open_streams
from helpers.simulate.maps import CENTER_MM, RADIUS_MM, draw_maps
from helpers.simulate.people import CUT
from helpers.simulate.recipe import DEFAULT_MISSING, Recipe
from helpers.simulate.writing import format_table, format_yaml

SIDECAR = {
    "age": {"Description": "Age at the visit", "Units": "years"},
    "sex": {"Description": "Sex", "Levels": {"F": "female", "M": "male"}},
    "bmi": {"Description": "Body mass index", "Units": "kg/m²"},
    "study": {"Description": "Which of the two pooled studies", "Levels": {"A": "study A", "B": "study B"}},
    "diet_score": {"Description": "Simulated diet quality, 0 to 100, higher is healthier", "Units": "points"},
}
DECIMALS_MM = 2


def build_files(recipe: Recipe) -> dict[str, str | bytes]:
    """Return what every file of a simulated cohort holds, by path within its folder: text, or bytes of maps."""
    schema = read_schema()
    drawn = draw_recipe(recipe, set(schema["blocks"]))
    cohort = drawn.cohort
    if recipe.families:
        families = find_families(drawn, recipe)
        drawn.truth["families"] = {"column": families.name, "icc": ICC, "block": "metabolites"}
        cohort.participants[families.name] = families
        about = cohort.features["metabolites"]
        cohort.blocks["metabolites"] = share_within(cohort.blocks["metabolites"], about, families, recipe)
    visits, drawn.truth["course"] = repeat_visits(drawn, recipe) if recipe.visits > 1 else ({}, None)
    if not visits:
        drawn.truth.pop("course")
    files = _describe(recipe, drawn)
    files[schema["participants"]["file"]] = format_table(_text_columns(cohort.participants))
    files |= {f"phenotype/{name}.tsv": format_table(table) for name, table in cohort.phenotype.items()}
    for name, table in cohort.blocks.items():
        files[f"{schema['blocks'][name]['file']}.tsv"] = format_table(table, decimals=DECIMALS.get(name, 0))
    files |= _write_visits(visits)
    for name, table in cohort.features.items():
        about = schema["features"][schema["blocks"][name]["features"]]
        files[about["file"]] = format_table(table, decimals=DECIMALS_MM)
    files[schema["tree"]["file"]] = drawn.tree
    maps = draw_maps(drawn.people, recipe.effect, lacking=drawn.lacking["volumes"], rng=open_streams(recipe)["maps"])
    return files | {f"{schema['maps']['folder']}/{person}.nii": content for person, content in maps.items()}


def _write_visits(visits: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Return the tables with several visits, and the one that says who came when."""
    if not visits:
        return {}
    blocks = read_schema()["blocks"]
    files = {
        f"{blocks[name]['file'] if name in blocks else name}.tsv": format_table(table, decimals=DECIMALS.get(name, 0))
        for name, table in visits.items()
    }
    came = pd.concat([table["session_id"].reset_index() for table in visits.values()]).drop_duplicates()
    order = {f"ses-{name}": 3 * at for at, name in enumerate(dict.fromkeys(_strip(came["session_id"])))}
    sessions = (
        came.assign(time=came["session_id"].map(order))
        .sort_values(["participant_id", "time"])
        .set_index("participant_id")
    )
    return files | {read_schema()["sessions"]["file"]: format_table(sessions)}


def _strip(sessions: pd.Series) -> list[str]:
    return [name.removeprefix("ses-") for name in sessions]


def _text_columns(participants: pd.DataFrame) -> pd.DataFrame:
    one_decimal = {
        name: participants[name].map("{:.1f}".format, na_action="ignore").astype(object)
        for name in ("bmi", "diet_score")
    }
    return participants.assign(**one_decimal)


def _describe(recipe: Recipe, drawn: SimulatedCohort) -> dict[str, str]:
    settings = drawn.cohort.settings
    written = {
        "contract": 1,
        "name": settings.name,
        "title": settings.title,
        "kind": settings.kind,
        "outcome": {"measure": "cd_risc", "score": "total", "high_at_least": CUT},
        "labels": dict(settings.labels),
        "covariates": list(settings.covariates),
        "batch": settings.batch,
        "citation": settings.citation,
        "small_cell": settings.small_cell,
    }
    more = {"visit": list_visits(recipe)[0]} if recipe.visits > 1 else {}
    more |= {"cluster": "family_id"} if recipe.families else {}
    written |= {"contract": 2, **more} if more else {}
    return {
        "cohort.yml": format_yaml(written),
        "participants.json": json.dumps(SIDECAR, indent=2, ensure_ascii=False) + "\n",
        "truth.yml": format_yaml(drawn.truth),
        "README.md": _write_readme(recipe, drawn),
    }


def _write_readme(recipe: Recipe, drawn: SimulatedCohort) -> str:
    rows = "\n".join(
        f"| {p['claim']} | {p['block']} | {p['feature']} | {p['direction']} | {p['d']:+.2f} |"
        for p in drawn.truth["planted"]
    )
    return README.format(
        title=recipe.title,
        n=recipe.n_participants,
        seed=recipe.seed,
        effect=recipe.effect,
        missing=recipe.missing,
        more=(f" --visits {recipe.visits}" if recipe.visits > 1 else "") + (" --families" if recipe.families else ""),
        default_missing=DEFAULT_MISSING,
        rows=rows,
        d_maps=drawn.truth["maps"]["d"],
        radius_mm=RADIUS_MM,
        center_mm=", ".join(f"{x:g}" for x in CENTER_MM),
        cut=CUT,
        n_high=drawn.truth["n_high"],
        n_low=drawn.truth["n_low"],
        order=_say_order(drawn.truth.get("order")),
        n_women=int((drawn.cohort.participants["sex"] == "F").sum()),
    )


def _say_order(order: Mapping[str, Any] | None) -> str:
    if order is None:
        return "C16 (which block classifies best) has no truth here: no order was planted."
    return (
        f"Together these effects decide which block classifies best (C16): {order['blocks'][0]}, then "
        f"{', '.join(order['blocks'][1:])}, on average over many simulated cohorts (`order` in `truth.yml`)."
    )


README = """# {title}

**Everything here is simulated.** No row is a person, and nothing recovered from it says anything about people.
The cohort has the shape of the study in the book, so that every chapter runs, and a known truth (`truth.yml`), so that
every method can be checked against it.

Made by `resilience-book simulate FOLDER --n {n} --seed {seed} --effect {effect:g} --missing {missing:g}{more}`: {n} people ({n_high} high, {n_low} low;
{n_women} women). Without options, as in `resilience-book simulate data/example`, it is
the book's own example: 116 people, seed 20240501, effect 1, missing {default_missing:g}. The
same numbers give the same bytes. `--null` gives the null twin: the same people and noise, no resilience effect; `--missing` changes only
what is blank. To change anything, change the program and simulate again; do not edit these files.

## What is planted

Standardised differences, high minus low, adjusted for age, sex, BMI and study; `truth.yml` says exactly what d means.

| claim | block | feature | direction | d |
|---|---|---|---|---|
{rows}

In the grey-matter maps (`brain/maps`, 4 mm, of a dozen people: the first of each group in each study) one sphere is planted,
{radius_mm:g} mm around ({center_mm}) in MNI space, with d = {d_maps:+.2f}. So much is more than any brain shows; a dozen people see nothing less.

{order} Where groups of transcripts rise, the log-ratios of all others fall
(`by_products` in `truth.yml`). The BRS follows the same trait as the CD-RISC, also in the null twin. Taxa, diversity and
everything else not listed are null; `status` in `truth.yml` says so of every feature of every table.

## What it matches

- the published numbers of people and of women, the age range, two pooled studies; groups by CD-RISC total at {cut} or more;
- questionnaires with the right items, ranges and typical means; blanks, and people who lack a modality;
- CD-RISC norms of the general population, before the quota of high scorers lowers the mean;
- margins and correlation structure of open data of real people: prevalence and spread of genera, spread, correlation and
  predictability of metabolites, how RNA follows DNA, how edges of the connectome vary over people;
- connectivity from positive-definite matrices over nodes of the Seitzman 2018 atlas; values below detection.

The page "The simulated people" of the book states the model and compares simulated with real margins.

## What it does not

- group means, effect sizes or any result of the study: they were not published, so the sizes above are free choices;
- the study's atlas, its annotation of transcripts, its metabolite panel; real taxon and metabolite names carry no biology here;
- everything a real cohort has that nobody thought of: outliers, wrong entries, effects that are not linear.
"""
