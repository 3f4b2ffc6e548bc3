"""A cohort folder from exports: the tables, and settings with the choices that are left as remarks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from helpers.contract.cell_errors import fold_name
from helpers.contract.schema import list_items, read_schema
from helpers.contract.template import write_guide
from helpers.importers.base import Options
from helpers.importers.into_cohort import ImportReport, import_files
from helpers.importers.merging import ID
from helpers.importers.table_text import tidy_name
from helpers.importers.telling import write_settings
from helpers.problems import CohortError, Problem
from helpers.tables import read_table, write_atomically

COVARIATES = ("age", "sex", "gender", "bmi", "education", "ethnicity", "race", "handedness", "smoking", "medication")
BATCHES = ("study", "site", "scanner", "center", "centre", "batch", "cohort", "run", "plate")
MOST_LABELS = 6
CUT_OF_THE_STUDY = 82


def start_cohort(
    paths: Sequence[str | os.PathLike[str]],
    folder: str | os.PathLike[str],
    *,
    as_name: str | None = None,
    options: Options | None = None,
    ids: Path | None = None,
    strip: str | None = None,
) -> ImportReport:
    """Make a cohort folder from exports.

    Parameters
    ----------
    paths, as_name, options, ids, strip
        As in `import_files`.
    folder : str or path-like
        New or empty.

    Returns
    -------
    ImportReport
        The folder then also has ``cohort.yml`` (the outcome and covariates as remarks to choose from), a page on what
        may be added and, where no export lists participants, a ``participants.tsv`` with everybody's id.

    Raises
    ------
    CohortError
        When the folder is in use, or as in `import_files`.
    """
    target = Path(folder).expanduser().absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        fix = f"choose another name, or add to it: resilience-book import FILE --into {folder}; nothing was changed."
        raise CohortError([Problem(str(folder), None, None, "a folder that is in use", "a new or empty one", fix)])
    report = import_files(paths, target, as_name=as_name, options=options, ids=ids, strip=strip)
    people = target / read_schema()["participants"]["file"]
    if not people.exists():
        write_atomically(people, "\n".join([ID, *_list_people(report)]) + "\n")
    write_atomically(target / "README.md", write_guide(target.name))
    write_atomically(target / "cohort.yml", propose_settings(target, report))
    return report


def _list_people(report: ImportReport) -> list[str]:
    tables = [table for part in report.parts for table in part.imported.tables.values() if table.index.name == ID]
    return sorted({tidy_name(name) for table in tables for name in table.index})


def propose_settings(folder: Path, report: ImportReport) -> str:
    """Return a ``cohort.yml`` for imported tables: what is known is set, what is a choice stands as a remark.

    Parameters
    ----------
    folder : pathlib.Path
        With its ``participants.tsv``.
    report : ImportReport
    """
    people = read_table(folder / read_schema()["participants"]["file"])
    name = fold_name(folder.name) and folder.name.replace(" ", "_")
    covariates = [column for column in people if fold_name(column) in COVARIATES]
    batch = next((column for column in people if fold_name(column) in BATCHES), None)
    parts = [
        f"# Settings of one cohort. Lines with # are remarks. Check the folder with: resilience-book check {folder.name}",
        f"contract: {read_schema()['version']}",
        f"name: {_flow(name or 'my_cohort')}",
        f"title: {_flow(folder.name)}",
        "kind: real",
        "",
        "# Who counts as high and who as low: choose one line, declared before looking at the data, and take its # away.",
        *(f"# outcome: {line}" for line in _list_outcomes(folder, people)),
        "",
        "# Columns of participants.tsv that every contrast is adjusted for.",
        f"# covariates: {_flow(covariates or ['age', 'sex'])}",
        "# If several studies were pooled: the column that says which.",
        f"# batch: {_flow(batch or 'study')}",
        "",
        "# Counts below this are not shown on any page.",
        "small_cell: 5",
    ]
    if report.settings:
        parts += ["", "# What the imported tables hold.", write_settings(report).rstrip()]
    return "\n".join(parts) + "\n"


def _flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=float("inf"), sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def _list_outcomes(folder: Path, people: pd.DataFrame) -> list[str]:
    """Return rules that the tables allow: a cut on a questionnaire's score, labels of a column."""
    rules = []
    for measure, known in read_schema()["phenotype"]["measures"].items():
        file = folder / known["file"]
        scores = _list_scores(file, measure, known.get("totals", {})) if file.is_file() else []
        for score in scores:
            cut = CUT_OF_THE_STUDY if (measure, score) == ("cd_risc", "total") else "CUT"
            rules.append(_flow({"measure": measure, "score": score, "high_at_least": cut}))
    for column in people:
        labels = sorted(people[column].dropna().astype(str).unique())
        if 2 <= len(labels) <= min(MOST_LABELS, people[column].count() - 1) and fold_name(column) not in (
            *COVARIATES,
            *BATCHES,
        ):
            rules.append(_flow({"column": column, "high": [labels[0]], "low": labels[1:2]}))
    return rules or [_flow({"column": "COLUMN", "high": ["LABEL"], "low": ["LABEL"]})]


def _list_scores(file: Path, measure: str, totals: dict[str, Any]) -> list[str]:
    columns = set(read_table(file).columns)
    has_items = bool(columns & set(list_items(measure)))
    return [score for score in totals if has_items or score in columns]
