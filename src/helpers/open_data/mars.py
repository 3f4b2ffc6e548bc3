"""Turn the tables of Mars et al. 2020 into a cohort folder of one stool per person, and keep all stools beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.open_data.curated import (
    BLANKS,
    CuratedTables,
    describe_metabolites,
    index_people,
    keep_seen,
    make_ids,
    name_genera,
    read_curated,
)
from helpers.open_data.files import OpenDataError
from helpers.tables import MISSING

FLARE = "Flare"
MEASURED_IN = 0.5
PANELS = {"NMR_": "NMR", "Tryptophan_Metabolites_": "tryptophan metabolites", "BA_Metabolites_": "bile acids"}
SHORT = {"NMR_": "nmr_", "Tryptophan_Metabolites_": "trp_", "BA_Metabolites_": "ba_"}
COLUMNS = {
    "participant_id": {"Description": "sub- followed by the subject number of the original tables"},
    "study_group": {
        "Description": "Group of the original study",
        "Levels": {
            "C": "irritable bowel syndrome with constipation",
            "D": "irritable bowel syndrome with diarrhoea",
            "H": "healthy",
        },
    },
    "sex": {"Description": "Sex as recorded", "Levels": {"F": "female", "M": "male"}},
    "age": {"Description": "Age as recorded; one value per person", "Units": "years"},
    "bmi": {"Description": "Body mass index as recorded; one value per person", "Units": "kg/m^2"},
}
SAMPLE_COLUMNS = {
    "Timepoint": "timepoint",
    "Flare_timepoint.y": "flare_between",
    "IBS_symptom_severity_1_500": "severity",
    "Effect_on_life_in_general_0_100": "effect_on_life",
    "Antibiotics": "antibiotics",
}


def arrange_mars(files: Mapping[str, Path]) -> dict[str, Any]:
    """Arrange the tables of Mars et al. 2020 as those of a cohort folder, with all stools under ``repeated/``.

    The stool that stands for a person is the first scheduled one (time points 0, 1, 2 …; never one taken at a
    flare) in which all three panels of metabolites were measured.

    Parameters
    ----------
    files : mapping of str to path
        As :func:`~helpers.open_data.curated.read_curated` wants them.

    Returns
    -------
    dict of str to pandas.DataFrame or dict
        By file. Metabolites stand as they came: raw, ``n/a`` where not measured. Those measured in fewer than half
        of the chosen stools are under ``repeated/`` only.

    Raises
    ------
    OpenDataError
        When the tables do not fit together, or a person has no such stool.

    References
    ----------
    .. [1] Mars RAT et al. (2020). Cell 182:1460. doi:10.1016/j.cell.2020.08.007
    """
    tables = read_curated(files, with_blanks=True)
    features = _describe_features(tables)
    taxonomy = name_genera(tables.genera.columns)
    taxa = keep_seen(tables.genera.set_axis(taxonomy.index.tolist(), axis=1)).rename_axis("sample_id")
    values = tables.metabolites.set_axis(features.index.tolist(), axis=1).rename_axis("sample_id")
    chosen = choose_stools(tables.metadata, tables.metabolites)
    one_taxa, one_values = keep_seen(_take(taxa, chosen)), _keep_measured(_take(values, chosen))
    return {
        "participants.tsv": _describe_people(tables.metadata, chosen),
        "participants.json": COLUMNS,
        "phenotype/ibs_symptoms.tsv": _describe_symptoms(tables.metadata, chosen),
        "microbiome/taxa.tsv": one_taxa,
        "microbiome/taxonomy.tsv": taxonomy.loc[one_taxa.columns],
        "metabolites/metabolites.tsv": one_values,
        "metabolites/features.tsv": features.loc[one_values.columns],
        "repeated/samples.tsv": _describe_samples(tables.metadata, chosen),
        "repeated/taxa.tsv": taxa,
        "repeated/taxonomy.tsv": taxonomy.loc[taxa.columns],
        "repeated/metabolites.tsv": values,
        "repeated/features.tsv": features,
    }


def choose_stools(metadata: pd.DataFrame, metabolites: pd.DataFrame) -> pd.Series:
    """Choose the stool that stands for each person.

    Parameters
    ----------
    metadata : pandas.DataFrame
        Index: sample; columns ``Subject`` and ``Timepoint`` (``0``, ``1`` … or ``Flare``).
    metabolites : pandas.DataFrame
        Index: sample; columns named ``NMR_…``, ``Tryptophan_Metabolites_…`` and ``BA_Metabolites_…``; ``n/a``
        where not measured.

    Returns
    -------
    pandas.Series
        Index: subject, sorted; the sample of the first scheduled time point with a value in every panel.

    Raises
    ------
    OpenDataError
        When a person has no such sample.
    """
    measured = [~metabolites.filter(regex=f"^{panel}").eq(MISSING).all(axis=1) for panel in PANELS]
    complete = pd.concat(measured, axis=1).all(axis=1).reindex(metadata.index)
    scheduled = metadata[complete & metadata["Timepoint"].ne(FLARE)]
    in_time = scheduled.assign(order=scheduled["Timepoint"].astype(int)).sort_values("order", kind="stable")
    first = in_time.drop_duplicates("Subject")
    if without := set(metadata["Subject"]) - set(first["Subject"]):
        raise OpenDataError(f"{len(without)} of the people of metadata.tsv have no stool with every panel measured.")
    return pd.Series(first.index, index=first["Subject"].to_numpy()).sort_index()


def _take(table: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    return index_people(table.loc[chosen].set_axis(chosen.index, axis=0))


def _keep_measured(values: pd.DataFrame) -> pd.DataFrame:
    return values.loc[:, values.ne(MISSING).mean() >= MEASURED_IN]


def _describe_features(tables: CuratedTables) -> pd.DataFrame:
    names = tables.names.index
    panels = names.str.extract(f"^({'|'.join(PANELS)})")[0]
    short = [SHORT[panel] + name.removeprefix(panel) for panel, name in zip(panels, names, strict=True)]
    return describe_metabolites(
        tables,
        make_ids(pd.Index(short)),
        scale="raw",
        name=tables.names["Compound.Name"].str.strip(),
        panel=panels.map(PANELS),
    )


def _describe_people(metadata: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    people = metadata.loc[chosen].set_axis(chosen.index, axis=0)
    table = pd.DataFrame(
        {
            "study_group": people["Study.Group"],
            "sex": people["Gender"].map({"Female": "F", "Male": "M"}),
            "age": people["Age"],
            "bmi": people["BMI"],
        }
    )
    return index_people(table)


def _describe_symptoms(metadata: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    symptoms = metadata.rename(columns=SAMPLE_COLUMNS)[["severity", "effect_on_life"]].replace("NA", MISSING)
    table = _take(symptoms, chosen)
    return table[table.ne(MISSING).any(axis=1)]


def _describe_samples(metadata: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    shown = metadata.rename(columns=SAMPLE_COLUMNS)[list(SAMPLE_COLUMNS.values())]
    shown = shown.replace(dict.fromkeys(BLANKS, MISSING)).assign(
        timepoint=shown["timepoint"].replace(FLARE, MISSING),
        at_flare=metadata["Timepoint"].eq(FLARE).map({True: "yes", False: "no"}),
        in_cohort=metadata.index.isin(chosen),
    )
    shown["in_cohort"] = shown["in_cohort"].map({True: "yes", False: "no"})
    shown.insert(0, "participant_id", "sub-" + metadata["Subject"])
    return shown.rename_axis("sample_id")
