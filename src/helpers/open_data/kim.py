"""Turn the tables of Kim et al. 2020 into a cohort folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.open_data.curated import describe_metabolites, index_people, name_genera, read_curated
from helpers.open_data.files import OpenDataError
from helpers.problems import name_some
from helpers.tables import MISSING

COLUMNS = {
    "participant_id": {"Description": "sub- followed by the sample name of the original tables"},
    "study_group": {
        "Description": "Diagnosis group of the original study",
        "Levels": {
            "Control": "no adenoma and no carcinoma",
            "Adenoma": "colorectal adenoma",
            "Carcinoma": "colorectal carcinoma; in neither of the two compared groups",
        },
    },
    "sex": {"Description": "Sex as recorded", "Levels": {"F": "female", "M": "male"}},
    "age_band": {"Description": "Age in bands of years; the age in years is not public"},
    "race": {"Description": "Race or ethnicity as recorded"},
    "smoking": {"Description": "Smoking history as recorded; n/a where missing"},
}


def arrange_kim(files: Mapping[str, Path]) -> dict[str, Any]:
    """Arrange the tables of Kim et al. 2020 as those of a cohort folder.

    Parameters
    ----------
    files : mapping of str to path
        As :func:`~helpers.open_data.curated.read_curated` wants them.

    Returns
    -------
    dict of str to pandas.DataFrame or dict
        By file. Metabolites are **already log-scaled and imputed** and are therefore not logged again.

    Raises
    ------
    OpenDataError
        When the tables do not fit together.

    References
    ----------
    .. [1] Kim M et al. (2020). mBio 11:e03186-19. doi:10.1128/mBio.03186-19
    """
    tables = read_curated(files)
    taxonomy = name_genera(tables.genera.columns)
    ids = tables.names["Chem.ID"].str.lower().str.replace(r"[^a-z0-9_]", "_", regex=True)
    if ids.duplicated().any():
        raise OpenDataError(f"mtb.map.tsv gives the same Chem.ID twice: {name_some(ids[ids.duplicated()])}.")
    features = describe_metabolites(
        tables,
        pd.Index(ids),
        scale="log",
        name=tables.names.index.str.strip(),
        super_pathway=tables.names["Superpathway"],
        sub_pathway=tables.names["Subpathway"],
    )
    return {
        "participants.tsv": _describe_people(tables.metadata),
        "participants.json": COLUMNS,
        "microbiome/taxa.tsv": index_people(tables.genera.set_axis(taxonomy.index.tolist(), axis=1)),
        "microbiome/taxonomy.tsv": taxonomy,
        "metabolites/metabolites.tsv": index_people(tables.metabolites.set_axis(features.index.tolist(), axis=1)),
        "metabolites/features.tsv": features,
    }


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
    return index_people(table)
