"""The questionnaires of a cohort folder: files in, answers and scores out."""

from __future__ import annotations

import pandas as pd

from helpers.contract.columns import as_numbers, check_columns, phenotype_rules
from helpers.contract.copies import check_answers
from helpers.contract.direction import check_direction
from helpers.contract.files import ID, Reader, read_sidecar
from helpers.contract.headers import check_item_names, check_names, is_small
from helpers.contract.ids import check_ids
from helpers.contract.questionnaires import Questionnaire, add_scores, find_questionnaire
from helpers.contract.schema import list_items


def read_phenotype(reader: Reader, participants: pd.Index) -> tuple[dict[str, pd.DataFrame], dict[str, Questionnaire]]:
    """Read the questionnaires of a cohort folder, and report all that is wrong with them.

    Parameters
    ----------
    reader : Reader
    participants : pandas.Index
        Ids of ``participants.tsv``.

    Returns
    -------
    dict of str to pandas.DataFrame
        By questionnaire; index ``participant_id``.
    dict of str to Questionnaire
        Rules of those that the contract does not score itself; their scores stand beside their items.
    """
    tables, questionnaires = {}, {}
    for path in sorted((reader.folder / "phenotype").glob("[!.]*.tsv")):
        file, measure = f"phenotype/{path.name}", path.stem
        table = reader.read_text(file, ID)
        if table is None or not is_small(reader, file, table.columns):
            continue
        table = check_item_names(reader, file, measure, table)
        read_sidecar(reader, f"phenotype/{measure}.json", list(table.columns))
        own = find_questionnaire(reader, measure, list(table.columns))
        rules = phenotype_rules(measure, list(table.columns), own)
        table = check_names(reader, file, table, list(rules))
        check_columns(reader, file, table, rules)
        named = table[ID].dropna()
        reader.lines[file] = [row + 2 for row in named.index]
        if len(participants):
            check_ids(reader, file, pd.Index(named), participants)
        tables[measure] = as_numbers(table, rules).dropna(subset=ID).drop_duplicates(ID).set_index(ID)
        check_direction(reader, file, measure, tables[measure], own)
        items = list_items(measure) if own is None else list(own.items)
        check_answers(reader, file, tables[measure].reindex(columns=items).dropna(axis=1, how="all"))
        if own is not None:
            questionnaires[measure] = own
            tables[measure] = add_scores(tables[measure], own)
    return tables, questionnaires
