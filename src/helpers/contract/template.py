"""An empty cohort folder to start from: commented settings, headers to fill, a page on what else may be added."""

from __future__ import annotations

import json
import os
from pathlib import Path

from helpers.contract.questionnaires import read_questionnaires
from helpers.contract.schema import list_items, read_schema
from helpers.problems import CohortError, Problem
from helpers.tables import write_atomically

SETTINGS = """\
# Settings of one cohort. Lines with # are remarks. Check the folder with: resilience-book check {folder}
contract: 2

# A short name without blanks, and how the cohort is called on the pages.
name: {name}
title: "{name}"

# real: data of people. simulated: made by a program (every page then says so).
kind: real

# Who counts as high and who as low. Either a cut on a questionnaire, declared before looking at the data ...
outcome: {{measure: cd_risc, score: total, high_at_least: 82}}
# ... or two cuts, those between in neither group: {{measure: brs, score: mean, high_at_least: 4.3, low_below: 3}}
# ... or a cut on a column of numbers in participants.tsv: {{column: happiness, high_at_least: 5}}
# ... or the upper against the lower third of this very sample, which every page then calls data-driven:
# outcome: {{measure: brs, score: mean, terciles: true}}
# ... or no cut at all: no groups, every chapter then follows the score and says r, the correlation with it:
# outcome: {{measure: brs, score: mean, continuous: true}}
# ... or labels in a column of participants.tsv; people with other labels are in neither group:
# outcome: {{column: diagnosis, high: [HC], low: [MDD]}}

# How to call the two groups.
labels: {{high: High resilience, low: Low resilience}}

# The youngest and the oldest age you expect, in years; participants outside are told with their lines.
# age_range: [18, 65]

# Columns of participants.tsv that every contrast is adjusted for.
covariates: [age, sex]

# If several studies were pooled: the column that says which. Contrasts are adjusted for it, shuffles stay within it.
# batch: study

# If people belong together (families, twins, classes, litters): the column that says who with whom.
# cluster: family_id

# If people came several times (a column session_id in the tables): the visit that the chapters use.
# visit: baseline

# What connectivity files hold: correlations (r, the default), or their Fisher z (then turned into r on reading).
# connectivity_scale: fisher_z

# Tables that hold no raw counts: relative (rows sum to 1), percent, or of transcripts and genes cpm, tpm or rpk. Methods that need
# reads are then left out, with the reason on the page.
# scale: {{taxa: percent, genes: cpm}}

# Your own claims, declared before looking at the data; `resilience-book new FOLDER --claims` writes such a file to edit.
# claims: my_claims.yml

# Counts below this are not shown on any page.
small_cell: 5

# What to cite for these data.
citation: ""
"""


CLAIMS_FILE = "my_claims.yml"
CLAIMS = """\
# Your own claims, for chapter 07: each names one number that a chapter computes, the side that you expect, and the smallest effect
# that would matter, before you look. `resilience-book freeze {folder}` then registers them. `resilience-book check {folder}` lists what
# is wrong here. Every field: data/claims/README.md. Replace these two, and add as many as you have.
claims:
  - id: M01
    label: Depression symptoms
    statement: Fewer symptoms of depression in the group that cohort.yml calls high.
    direction: lower  # of the high group, or along the score: higher, lower
    chapter: 02_resilience  # the row that is read: results/<chapter>/<table>.tsv, first column <feature>
    table: symptoms
    feature: hads.depression
    smallest_effect_of_interest: 0.2  # in d, the difference in standard deviations

  - id: M02
    label: N-acetylglutamate
    statement: More N-acetylglutamate in the group that cohort.yml calls high.
    direction: higher
    chapter: 05_metabolites
    table: metabolites
    feature: N-acetylglutamate
    aliases: [HMDB0001138]  # optional: other names of the row, also looked for in the columns name and hmdb
    smallest_effect_of_interest: 0.3
    sesoi_reason: smaller differences are within the assay's error  # optional
    # optional: other columns of that table; the smallest effect is then in their unit
    # columns: {{estimate: estimate, low: ci_low, high: ci_high}}
"""


def add_claims(folder: str | os.PathLike[str]) -> Path:
    """Add a list of claims to edit to a cohort folder, and name it in its settings.

    Parameters
    ----------
    folder : str or path-like
        With ``cohort.yml``, as `write_template` makes it.

    Returns
    -------
    pathlib.Path
        Of the list of claims.
    """
    folder = Path(folder).expanduser().absolute()
    write_atomically(folder / CLAIMS_FILE, CLAIMS.format(folder=folder.name))
    settings = (folder / "cohort.yml").read_text(encoding="utf-8")
    remark, line = f"# claims: {CLAIMS_FILE}\n", f"claims: {CLAIMS_FILE}\n"
    with_claims = settings.replace(remark, line) if remark in settings else f"{settings}\n# Your own claims.\n{line}"
    write_atomically(folder / "cohort.yml", with_claims)
    return folder / CLAIMS_FILE


def write_template(folder: str | os.PathLike[str]) -> Path:
    """Write an empty cohort folder.

    Parameters
    ----------
    folder : str or path-like
        New or empty; a relative path counts from the working directory.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    CohortError
        When the folder holds something already.
    """
    folder = Path(folder).expanduser().absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CohortError(
            [
                Problem(
                    str(folder),
                    None,
                    None,
                    "a folder that is in use",
                    "a new or empty one",
                    "choose another name; nothing was changed.",
                )
            ]
        )
    participants = read_schema()["participants"]["columns"]
    texts = {
        "cohort.yml": SETTINGS.format(folder=folder.name, name=folder.name),
        "participants.tsv": "\t".join(participants) + "\n",
        "participants.json": json.dumps(_describe(participants), indent=2, ensure_ascii=False) + "\n",
        "phenotype/cd_risc.tsv": "\t".join(["participant_id", *list_items("cd_risc")]) + "\n",
        "README.md": write_guide(folder.name),
    }
    for name, text in texts.items():
        write_atomically(folder / name, text)
    return folder


def _describe(columns: dict[str, dict]) -> dict[str, dict]:
    about = {}
    for name, column in columns.items():
        about[name] = {"Description": column["about"]}
        about[name] |= {"Units": column["unit"]} if "unit" in column else {}
        about[name] |= {"Levels": {label: label for label in column["allowed"]}} if "allowed" in column else {}
    return about


def write_guide(name: str) -> str:
    """Return the page that says what belongs into a cohort folder, made from the contract.

    Parameters
    ----------
    name : str
        How the folder is called.
    """
    schema = read_schema()
    needed = {
        "cohort.yml": "settings; every line is explained in it",
        "participants.tsv": schema["participants"]["about"],
    }
    blocks = {f"{rules['file']}.tsv": f"{rules['about']} Unit: {rules['unit']}." for rules in schema["blocks"].values()}
    others = {
        rules["file"]: f"{rules['id']}, {', '.join(rules['required'])}: {rules['about']}"
        for rules in schema["features"].values()
    }
    measures = {
        rules["file"]: _describe_measure(name, rules) for name, rules in schema["phenotype"]["measures"].items()
    }
    blocks |= {"blocks/<name>.tsv": schema["further"]["about"]}
    measures |= {
        f"phenotype/{name}.tsv": f"{one.title}. {'Items ' + one.items[0] + ' to ' + one.items[-1] + ', or only' if one.items else 'Only'} the scores: "
        f"{', '.join(one.totals)}."
        for name, one in read_questionnaires().items()
    }
    measures["phenotype/<name>.tsv"] = (
        'Any other: an entry "questionnaire" in phenotype/<name>.json says its items, range and scoring.'
    )
    tree = {schema["tree"]["file"]: schema["tree"]["about"], f"{schema['maps']['folder']}/": schema["maps"]["about"]}
    return (
        f"# {name}: a cohort folder\n\n"
        "Tables are tab-separated text in UTF-8 with a decimal point; the first column is `participant_id`, spelled alike "
        "everywhere; an unknown value is written `n/a`. Rows meet by id, so their order does not matter. A large table may "
        "also be `.tsv.gz` or `.parquet`, counts `.biom`.\n\n"
        f"## Needed\n\n{_list(needed)}\nand whatever the outcome rule in `cohort.yml` names.\n\n"
        f"## Optional: questionnaires\n\n{_list(measures)}\n"
        f"## Optional: measurements\n\nA chapter without its data is skipped, with the reason on its page; the rest runs.\n\n{_list(blocks | others | tree)}\n"
        "## Then\n\n```sh\nresilience-book check " + name + "\nresilience-book run " + name + "\n```\n"
    )


def _describe_measure(name: str, rules: dict) -> str:
    items = list_items(name)
    if not items:
        return rules["about"]
    answers, totals = " to ".join(map(str, rules["range"])), " or ".join(rules["totals"])
    return f"{rules['about']} Items {items[0]} to {items[-1]}, answers {answers}; or only the score: {totals}."


def _list(entries: dict[str, str]) -> str:
    return "".join(f"- `{file}`: {about}\n" for file, about in entries.items())
