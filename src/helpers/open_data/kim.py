"""Turn the tables of Kim et al. 2020 into a cohort folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from helpers.open_data.files import OpenDataError
from helpers.open_data.folders import head_readme, refuse_used, write_folder
from helpers.problems import count, name_some
from helpers.tables import MISSING

KIM_FILES = {
    "metadata.tsv": "Sample",
    "genera.counts.tsv": "Sample",
    "mtb.tsv": "Sample",
    "mtb.map.tsv": "Compound",
}
RANKS = ("domain", "phylum", "class", "order", "family", "genus")
AGAIN = "; fetch the files again."
KIM_GROUPS = {
    "Control": "no adenoma and no carcinoma",
    "Adenoma": "colorectal adenoma",
    "Carcinoma": "colorectal carcinoma; in neither of the two compared groups",
}
KIM_COLUMNS = {
    "participant_id": {"Description": "sub- followed by the sample name of the original tables"},
    "study_group": {"Description": "Diagnosis group of the original study", "Levels": KIM_GROUPS},
    "sex": {"Description": "Sex as recorded", "Levels": {"F": "female", "M": "male"}},
    "age_band": {"Description": "Age in bands of years; the age in years is not public"},
    "race": {"Description": "Race or ethnicity as recorded"},
    "smoking": {"Description": "Smoking history as recorded; n/a where missing"},
}
KIM_SETTINGS = {
    "contract": 1,
    "name": "kim_adenomas_2020",
    "title": "Stool genera and metabolites in colorectal adenoma (Kim et al. 2020)",
    "kind": "real",
    "outcome": {"column": "study_group", "high": ["Control"], "low": ["Adenoma"]},
    "labels": {"high": "Control", "low": "Adenoma"},
    "covariates": ["age_band", "sex"],
    "citation": (
        "Kim M et al. (2020) mBio 11:e03186-19, doi:10.1128/mBio.03186-19; curated by Muller E, Algavi YM, "
        "Borenstein E (2022) npj Biofilms and Microbiomes 8:79, doi:10.1038/s41522-022-00345-5"
    ),
    "licence": "MIT (the curated tables)",
    "small_cell": 5,
}
KIM_README = """\
**Origin.** Kim M et al. (2020), mBio 11:e03186-19, doi:10.1128/mBio.03186-19, as curated by Muller E,
Algavi YM and Borenstein E (2022), npj Biofilms and Microbiomes 8:79, doi:10.1038/s41522-022-00345-5. The
curated tables carry the MIT licence. Cite both papers.

**What was done.** `helpers.open_data` gave people and features short ids, split the names of genera into
ranks, wrote blanks as `n/a`, and sorted people by id. Every count and every metabolite value stands as
in the curated tables.

**What it is not.** Nobody here answered a resilience questionnaire. `high` and `low` are only this
book's words for the two compared groups, Control and Adenoma. {n_neither} people with carcinoma are kept
and are in neither group.

**Traps**
- Metabolites are already log-scaled around each metabolite's median and imputed: do not log them again.
  Which values were imputed is not marked.
- Metabolites are named by the laboratory; `High.Confidence.Annotation` in the original `mtb.map.tsv`
  says which names are less certain (all names ending in `*` are).
- Age is known in bands only: compare bands, not years.
- A taxon with `n/a` as genus gathers what could not be named within its family (or higher rank); one
  taxon has no rank at all.
- No tree, transcripts, brain images or questionnaires.
"""


def build_kim_cohort(files: Mapping[str, Path], folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Turn the tables of Kim et al. 2020 into a cohort folder.

    Parameters
    ----------
    files : mapping of str to path
        ``metadata.tsv``, ``genera.counts.tsv``, ``mtb.tsv`` and ``mtb.map.tsv``, as :func:`fetch_files` gives
        them.
    folder : str or path-like
        Made whole or not at all; the same files always give the same bytes.
    overwrite : bool, default False
        Replace a folder made earlier by this function. Any other folder that is not empty is refused.

    Returns
    -------
    pathlib.Path
        The cohort folder: 240 people, counts of genera, and metabolites that are **already log-scaled and
        imputed** and are therefore not logged again.

    Raises
    ------
    OpenDataError
        When a table is missing, the tables disagree about people or metabolites, a count is not a whole
        number, or the folder is in use.

    References
    ----------
    .. [1] Kim M et al. (2020). mBio 11:e03186-19. doi:10.1128/mBio.03186-19
    .. [2] Muller E, Algavi YM, Borenstein E (2022). npj Biofilms and Microbiomes 8:79.
       doi:10.1038/s41522-022-00345-5
    """
    refuse_used(folder, KIM_SETTINGS["name"], overwrite=overwrite)
    people, genera, values, names = _read_kim(files)
    head = head_readme(KIM_SETTINGS["name"], KIM_SETTINGS["title"])
    n_neither = int(people["Study.Group"].eq("Carcinoma").sum())
    taxa, taxonomy = _name_genera(genera)
    metabolites, features = _name_metabolites(values, names)
    texts = {
        "README.md": head + KIM_README.format(n_neither=n_neither),
        "cohort.yml": yaml.safe_dump(KIM_SETTINGS, sort_keys=False, allow_unicode=True, width=110),
        "participants.tsv": _to_tsv(_describe_people(people)),
        "participants.json": json.dumps(KIM_COLUMNS, indent=2) + "\n",
        "microbiome/taxa.tsv": _to_tsv(taxa),
        "microbiome/taxonomy.tsv": _to_tsv(taxonomy),
        "metabolites/metabolites.tsv": _to_tsv(metabolites),
        "metabolites/features.tsv": _to_tsv(features),
    }
    return write_folder(folder, {path: text.encode() for path, text in texts.items()})


def _read_kim(files: Mapping[str, Path]) -> tuple[pd.DataFrame, ...]:
    if absent := [name for name in KIM_FILES if name not in files]:
        raise OpenDataError(f"Kim et al. 2020 needs {', '.join(KIM_FILES)}; missing: {', '.join(absent)}.")
    people, genera, values, names = (
        pd.read_csv(files[name], sep="\t", dtype=str, keep_default_na=False).set_index(key)
        for name, key in KIM_FILES.items()
    )
    people, genera, values = (table.sort_index() for table in (people, genera, values))
    _check_kim(people, genera, values, names)
    return people, genera, values, names


def _check_kim(people: pd.DataFrame, genera: pd.DataFrame, values: pd.DataFrame, names: pd.DataFrame) -> None:
    for name, table in {"genera.counts.tsv": genera, "mtb.tsv": values}.items():
        if not table.index.equals(people.index) or table.index.has_duplicates:
            raise OpenDataError(f"{name} and metadata.tsv do not list the same samples once each{AGAIN}")
    if set(values.columns) != set(names.index) or names.index.has_duplicates:
        raise OpenDataError(f"mtb.tsv and mtb.map.tsv do not list the same metabolites once each{AGAIN}")
    whole = genera.apply(lambda column: column.str.fullmatch(r"\d+"))
    if not whole.to_numpy().all():
        bad = whole.columns[~whole.all()]
        where = f"{count(len(bad), 'column')} ({name_some(bad)})"
        raise OpenDataError(f"genera.counts.tsv holds counts that are not whole numbers in {where}{AGAIN}")
    if not np.isfinite(values.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)).all():
        raise OpenDataError(f"mtb.tsv holds values that are not finite numbers{AGAIN}")


def _describe_people(people: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "study_group": people["Study.Group"],
            "sex": people["Gender"].map({"Female": "F", "Male": "M"}),
            "age_band": people["Age"],
            "race": people["Race"],
            "smoking": people["Chem ID / Smoking history"].replace("Missing", MISSING),
        }
    )
    return _index_people(table)


def _index_people(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_axis("sub-" + table.index, axis=0).rename_axis("participant_id")


def _name_genera(genera: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    ids = [f"genus_{number:03d}" for number in range(1, genera.shape[1] + 1)]
    ranks = [
        [part.partition("__")[2] for part in name.split(";")] if "__" in name else [""] * len(RANKS)
        for name in genera.columns
    ]
    taxonomy = pd.DataFrame(ranks, index=pd.Index(ids, name="taxon"), columns=list(RANKS))
    return _index_people(genera.set_axis(ids, axis=1)), taxonomy.replace("", MISSING)


def _name_metabolites(values: pd.DataFrame, names: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    names = names.loc[values.columns]
    ids = names["Chem.ID"].str.lower().str.replace(r"[^a-z0-9_]", "_", regex=True)
    if ids.duplicated().any():
        raise OpenDataError(f"mtb.map.tsv gives the same Chem.ID twice: {name_some(ids[ids.duplicated()])}.")
    features = pd.DataFrame(
        {
            "name": names.index.str.strip(),
            "hmdb": names["HMDB"].to_numpy(),
            "kegg": names["KEGG"].to_numpy(),
            "super_pathway": names["Superpathway"].to_numpy(),
            "sub_pathway": names["Subpathway"].to_numpy(),
            "scale": "log",
        },
        index=pd.Index(ids.to_numpy(), name="metabolite"),
    )
    values = values.set_axis(ids.to_numpy(), axis=1)
    return _index_people(values), features.replace({"": MISSING, "NA": MISSING})


def _to_tsv(table: pd.DataFrame) -> str:
    return table.to_csv(sep="\t", na_rep=MISSING, lineterminator="\n")
