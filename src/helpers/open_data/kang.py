"""Turn the tables of Kang et al. 2018 into a cohort folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.open_data.curated import (
    describe_metabolites,
    index_people,
    keep_seen,
    make_ids,
    name_genera,
    read_curated,
)
from helpers.tables import MISSING

PH = "pH"
REFERENCE = "DSS-d6 (Chemical Shape Indicator)"
COLUMNS = {
    "participant_id": {"Description": "sub- followed by the sample name of the original tables"},
    "study_group": {
        "Description": "Group of the original study; trailing blanks removed",
        "Levels": {"Neurotypical": "neurotypical children", "Autistic": "children with autism spectrum disorder"},
    },
    "sex": {"Description": "Sex as recorded", "Levels": {"F": "female", "M": "male"}},
    "age_years": {
        "Description": "Age; these are children, and the contract's column age is for adults",
        "Units": "years",
    },
    "visit": {"Description": "New_or_Reinvited of the original table", "Levels": {"New": "new", "Revisit": "revisit"}},
    "stool_ph": {"Description": "pH, which the original table lists among the metabolites"},
}
GUT = {
    "Constipation_GS_1": "constipation",
    "Diarrhea_GS_2": "diarrhoea",
    "Consistency_GS_3": "consistency",
    "Smell_GS_4": "smell",
    "Flatulence_GS_5": "flatulence",
    "Abdominal_pain_GS_6": "abdominal_pain",
    "GS_Index_total": "total",
}
ATEC = {
    "Speech_lang_comunication_ATEC_1": "speech",
    "sociability_ATEC_2": "sociability",
    "sensory_cognition_ATEC_3": "sensory_cognition",
    "health_physical_behavior_ATEC_4": "health_behaviour",
    "ATEC_Total": "total",
}
PDD_BI = {
    "Sensory_Perceptual_Approach_Behaviors_SENSORY_PDD_BI_1": "sensory",
    "Ritualisms_Resistance_to_Change_RITUAL_PDD_BI_2": "ritual",
    "Social_Pragmatic_Problemes_SOCPP_PDD_BI_3": "social_pragmatic",
    "Social_Approach_Behaviors_SOCAPP_PDD_BI_4": "social_approach",
    "Expressive_Language_EXPRESS_PDD_BI_5": "expressive_language",
    "Semantic_Pragmatic_Problems_SEMPP": "semantic_pragmatic",
    "Arousal_Regulation_Problems_AROUSE": "arousal",
    "Specific_Fears_FEARS": "fears",
    "Aggressiveness_AGG": "aggressiveness",
    "Learning_Memory_and_Receptive_Language_LMRL": "learning_memory",
    "PDD_BI_total_Sensory_Ritual_Socpp_Socapp_Express": "total",
}


def arrange_kang(files: Mapping[str, Path]) -> dict[str, Any]:
    """Arrange the tables of Kang et al. 2018 as those of a cohort folder.

    Parameters
    ----------
    files : mapping of str to path
        As :func:`~helpers.open_data.curated.read_curated` wants them.

    Returns
    -------
    dict of str to pandas.DataFrame or dict
        By file. Metabolites are raw; pH moves to the participants, and what is zero in every child is left out.

    Raises
    ------
    OpenDataError
        When the tables do not fit together.

    References
    ----------
    .. [1] Kang DW et al. (2018). Anaerobe 49:121. doi:10.1016/j.anaerobe.2017.12.007
    """
    tables = read_curated(files)
    taxonomy = name_genera(tables.genera.columns)
    features = describe_metabolites(
        tables, make_ids(tables.names.index), scale="raw", name=tables.names.index.str.strip()
    )
    values = tables.metabolites.set_axis(features.index.tolist(), axis=1)
    values = keep_seen(values.drop(columns=features.index[features["name"].isin([PH, REFERENCE])]))
    scores = {"gut_symptoms": GUT, "atec": ATEC, "pdd_bi": PDD_BI}
    return {
        "participants.tsv": _describe_people(tables.metadata, tables.metabolites[PH]),
        "participants.json": COLUMNS,
        **{f"phenotype/{name}.tsv": _pick_scores(tables.metadata, columns) for name, columns in scores.items()},
        "microbiome/taxa.tsv": index_people(tables.genera.set_axis(taxonomy.index.tolist(), axis=1)),
        "microbiome/taxonomy.tsv": taxonomy,
        "metabolites/metabolites.tsv": index_people(values),
        "metabolites/features.tsv": features.loc[values.columns],
    }


def _describe_people(people: pd.DataFrame, stool_ph: pd.Series) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "study_group": people["Study.Group"].str.strip(),
            "sex": people["Gender"].str.strip().map({"Female": "F", "Male": "M"}),
            "age_years": people["Age"],
            "visit": people["New_or_Reinvited"],
            "stool_ph": stool_ph,
        }
    )
    return index_people(table)


def _pick_scores(people: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    scores = index_people(people[list(columns)].rename(columns=columns).replace("NA", MISSING))
    return scores[scores.ne(MISSING).any(axis=1)]
