"""One table with all that is known of participants: answers to known questionnaires apart, personal columns out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from helpers.contract.cell_errors import fold_name
from helpers.contract.schema import list_items, list_measures, read_schema
from helpers.importers.base import Imported, LeftOut
from helpers.importers.personal import leave_out_personal
from helpers.problems import count, name_some

PARTICIPANTS = "participants.tsv"
SEXES = {"f": "F", "female": "F", "w": "F", "weiblich": "F", "m": "M", "male": "M", "männlich": "M"}


@dataclass(frozen=True)
class About:
    """What a dictionary says of a column, in the words of a BIDS sidecar.

    Attributes
    ----------
    description, units : str
        Empty where unknown.
    levels : mapping of str to str
        Label in the table to what it means.
    """

    description: str = ""
    units: str = ""
    levels: Mapping[str, str] = field(default_factory=dict)

    def as_sidecar(self) -> dict[str, object]:
        """Return the entry of a BIDS sidecar."""
        said = {"Description": self.description, "Units": self.units, "Levels": dict(self.levels)}
        return {key: value for key, value in said.items() if value}


def sort_columns(
    table: pd.DataFrame,
    *,
    about: Mapping[str, About] | None = None,
    marked: Mapping[str, str] | None = None,
    left_out: Sequence[LeftOut] = (),
    notes: Sequence[str] = (),
) -> Imported:
    """Put the columns of one table of participants into the files of a cohort folder.

    Columns named like the items of a questionnaire of the contract (``cd_risc_01``, also ``CDRISC1``) become
    ``phenotype/<measure>.tsv`` under the contract's names, two items at least; all others ``participants.tsv``.
    ``Age``, ``SEX`` and ``BMI`` get the contract's spelling, and ``female`` or ``Male`` become F and M. Personal columns and columns
    without a value are left out.

    Parameters
    ----------
    table : pandas.DataFrame of shape (n_participants, n_columns)
        Index ``participant_id``; cells as written, NaN where missing.
    about : mapping of str to About, optional
        By column; becomes ``participants.json``.
    marked : mapping of str to str, optional
        Column to the reason why it is never imported.
    left_out, notes : sequence
        What the reader has to say already.

    Returns
    -------
    Imported
    """
    about, notes = dict(about or {}), list(notes)
    kept, personal = leave_out_personal(table, marked=marked)
    if personal:
        notes.append(f"{count(len(personal), 'personal column')} left out; see the list of what was left out.")
    kept, empty = _drop_empty(kept.map(_flatten))
    tables: dict[str, pd.DataFrame] = {}
    for measure, columns in find_questionnaires(kept.columns).items():
        tables[f"phenotype/{measure}.tsv"] = kept[list(columns)].rename(columns=columns)
        kept = kept.drop(columns=list(columns))
        notes.append(f"{count(len(columns), 'column')} became phenotype/{measure}.tsv ({name_some(columns)}).")
    kept, about = _spell_known(kept, about, notes)
    texts = _write_sidecar(kept, about)
    if len(kept.columns) or not tables:
        tables = {PARTICIPANTS: kept} | tables
    return Imported(tables=tables, texts=texts, left_out=[*left_out, *personal, *empty], notes=notes)


def find_questionnaires(columns: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the questionnaires of the contract whose items or scores are among the columns.

    Returns
    -------
    dict of str to dict of str to str
        Measure to column to the contract's name. Of the forms of one questionnaire that share items, the shortest one that
        has them all.

    Examples
    --------
    >>> find_questionnaires(["age", "brs_1", "BRS2"])
    {'brs': {'brs_1': 'brs_1', 'BRS2': 'brs_2'}}
    >>> list(find_questionnaires([f"cd_risc_{i:02d}" for i in range(1, 26)]))
    ['cd_risc']
    """
    found: dict[str, dict[str, str]] = {}
    taken: set[str] = set()
    for measure in sorted(list_measures(), key=lambda name: len(list_items(name))):
        match = {name: meant for name in columns if name not in taken and (meant := _find_meant(measure, name))}
        n_items = len(set(match.values()) & set(list_items(measure)))
        is_doubled = len(set(match.values())) < len(match)
        if match and not is_doubled and n_items != 1 and not _has_other_items(columns, measure):
            found[measure] = match
            taken |= set(match)
    return found


def _find_meant(measure: str, name: str) -> str | None:
    """Return the item or score of a measure that a column is named after."""
    if list_items(measure):
        return _spellings(measure).get(fold_name(name))
    head, _, score = name.partition(f"{measure}_")
    return score if not head and score else _spellings(measure).get(fold_name(name))


def _has_other_items(columns: Sequence[str], measure: str) -> bool:
    """Return whether the columns hold items of the long form that a short form does not have."""
    if _prefix(measure) == fold_name(measure):
        return False
    own = {int(re.search(r"\d+$", item)[0]) for item in list_items(measure)}
    pattern = re.compile(rf"{_prefix(measure)}0*(\d{{1,2}})")
    numbers = {int(match[1]) for name in columns if (match := pattern.fullmatch(fold_name(name)))}
    return bool(numbers - own)


def _prefix(measure: str) -> str:
    rules = read_schema()["phenotype"]["measures"][measure]
    return fold_name(rules["items"].partition("{")[0]) if "items" in rules else fold_name(measure)


def _spellings(measure: str) -> dict[str, str]:
    """Return folded spellings of a measure's items and scores, each with the contract's name."""
    prefix = _prefix(measure)
    spelled = {}
    for item in list_items(measure):
        number = int(re.search(r"\d+$", item)[0])
        forms = (f"{number}", f"{number:02d}", f"item{number}", f"item{number:02d}", f"q{number}", f"q{number:02d}")
        spelled |= {f"{prefix}{form}": item for form in forms}
    for score in read_schema()["phenotype"]["measures"][measure].get("totals", {}):
        spelled[f"{fold_name(measure)}{fold_name(score)}"] = score
    return spelled


def _spell_known(
    table: pd.DataFrame, about: dict[str, About], notes: list[str]
) -> tuple[pd.DataFrame, dict[str, About]]:
    known = {fold_name(name): name for name in ("age", "sex", "bmi")}
    meant = {
        name: known[fold_name(name)]
        for name in table.columns
        if fold_name(name) in known and known[fold_name(name)] not in table.columns
    }
    meant = meant if len(set(meant.values())) == len(meant) else {}
    if meant:
        notes.append(", ".join(f"{old} is called {new}" for old, new in meant.items()) + ", as in the contract.")
    table = table.rename(columns=meant)
    about = {meant.get(name, name): said for name, said in about.items()}
    if "sex" in table:
        labels = table["sex"].dropna().astype(str).unique()
        if len(labels) and all(label.lower() in SEXES for label in labels) and set(labels) - {"F", "M"}:
            table = table.assign(sex=table["sex"].map(lambda cell: SEXES[cell.lower()], na_action="ignore"))
            about["sex"] = About(about.get("sex", About()).description, levels={"F": "female", "M": "male"})
            notes.append(f"sex is written F and M ({name_some(labels)} in the file).")
    return table, about


def _drop_empty(table: pd.DataFrame) -> tuple[pd.DataFrame, list[LeftOut]]:
    empty = [name for name in table.columns if table[name].isna().all()]
    said = [LeftOut(f"columns without a value ({', '.join(empty)})", len(empty), "blank in the rows kept")]
    return table.drop(columns=empty), said if empty else []


def _write_sidecar(table: pd.DataFrame, about: Mapping[str, About]) -> dict[str, str]:
    said = {name: about[name].as_sidecar() for name in table.columns if name in about and about[name].as_sidecar()}
    return {"participants.json": json.dumps(said, ensure_ascii=False, indent=2) + "\n"} if said else {}


def _flatten(cell: object) -> object:
    """Return a text on one line; others as they are."""
    return " ".join(cell.split()) if isinstance(cell, str) else cell
