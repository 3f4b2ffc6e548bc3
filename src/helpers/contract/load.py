"""A cohort folder in; a Cohort out, or every problem at once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract.answer_patterns import (
    FEWEST_JOINED,
    check_block_codes,
    check_own_column,
    holds_only_marks,
    report_marks,
)
from helpers.contract.blocks import BlockTable, read_block_table
from helpers.contract.brain import check_edges
from helpers.contract.columns import ColumnRules, as_numbers, check_columns, participants_rules, phenotype_rules
from helpers.contract.copies import check_answers
from helpers.contract.dependence import check_dependence
from helpers.contract.design import check_settings
from helpers.contract.direction import check_direction
from helpers.contract.files import ID, Reader, read_sidecar
from helpers.contract.headers import check_damaged_names, check_item_names, check_names, is_small
from helpers.contract.ids import check_ids, check_participant_ids
from helpers.contract.inventory import check_inventory, find_refused, list_files
from helpers.contract.maps import read_maps
from helpers.contract.matrices import read_matrices
from helpers.contract.meaning import check_meaning
from helpers.contract.measurements import check_features, check_measurements
from helpers.contract.schema import list_items, read_schema
from helpers.contract.settings import FILE as SETTINGS_FILE
from helpers.contract.settings import ColumnRule, MeasureRule, Settings, read_settings
from helpers.contract.tree import check_tree
from helpers.problems import CohortError, MissingBlock, Problem, name_some
from helpers.tables import resolve_path

RANKS_ABOVE = ("phylum", "class", "order", "family")  # genus


@dataclass(frozen=True, eq=False)
class Cohort:
    """A cohort folder that was read and found usable.

    Attributes
    ----------
    folder : pathlib.Path
    settings : Settings
        What ``cohort.yml`` says.
    participants : pandas.DataFrame
        Index ``participant_id``; age in years, bmi in kg/m², text elsewhere; NaN where unknown.
    phenotype : dict of str to pandas.DataFrame
        By questionnaire; index ``participant_id``.
    blocks : dict of str to pandas.DataFrame
        Those present among connectivity, volumes, tracts, motion, taxa, transcripts, genes, metabolites.
    features : dict of str to pandas.DataFrame
        By block: what is known of its columns (nodes for connectivity, taxonomy for taxa); index: the column.
    tree_path : pathlib.Path or None
    warnings : tuple of Problem
    maps : dict of str to pathlib.Path
        NIfTI map by participant id; all of one shape and affine. Empty when there are none.
    """

    folder: Path
    settings: Settings
    participants: pd.DataFrame
    phenotype: dict[str, pd.DataFrame] = field(default_factory=dict)
    blocks: dict[str, pd.DataFrame] = field(default_factory=dict)
    features: dict[str, pd.DataFrame] = field(default_factory=dict)
    tree_path: Path | None = None
    warnings: tuple[Problem, ...] = ()
    maps: dict[str, Path] = field(default_factory=dict)

    @property
    def is_simulated(self) -> bool:
        """Whether the people of this cohort were made by a program."""
        return self.settings.kind == "simulated"

    def block(self, name: str) -> pd.DataFrame:
        """Return one block.

        Raises
        ------
        MissingBlock
            When the cohort does not have it.
        """
        if name not in self.blocks:
            stem = read_schema()["blocks"][name]["file"]
            raise MissingBlock(
                f"This cohort has no {name} ({stem}.tsv): this part needs it. Skip it, or add the table."
            )
        return self.blocks[name]

    def available(self) -> set[str]:
        """Return what a chapter or section may ask for: blocks, questionnaires, ``tree``, ``ranks``, ``maps``, ``<measure>_items``.

        Maps of a handful of people cannot be compared and do not count.

        ``resilience_score`` is there when the groups come from a questionnaire, ``symptoms`` when there is any other.
        """
        names = set(self.blocks) | set(self.phenotype)
        names |= {"tree"} if self.tree_path else set()
        names |= {"ranks"} if self._has_ranks() else set()
        names |= {"maps"} if len(self.maps) >= read_schema()["maps"]["at_least"] else set()
        names |= {
            f"{m}_items" for m, table in self.phenotype.items() if list_items(m) and set(list_items(m)) <= set(table)
        }
        rule = self.settings.outcome
        if isinstance(rule, MeasureRule):
            names |= {"resilience_score"} | ({"symptoms"} if set(self.phenotype) - {rule.measure} else set())
        return names

    def _has_ranks(self) -> bool:
        """Whether any taxon has a name at a rank above genus."""
        taxonomy = self.features.get("taxa", pd.DataFrame())
        return bool(taxonomy[[rank for rank in RANKS_ABOVE if rank in taxonomy]].notna().any(axis=None))


def load_cohort(cohort_dir: str | os.PathLike[str], blocks: Collection[str] | None = None) -> Cohort:
    """Read a cohort folder.

    Parameters
    ----------
    cohort_dir : str or path-like
        A relative path counts from the project's root.
    blocks : collection of str, optional
        Read only these blocks, to save time and memory; by default all. ``maps`` among them stands for the maps,
        whose voxels are looked at only when all is read.

    Returns
    -------
    Cohort

    Raises
    ------
    CohortError
        With every problem of every file, before anything is computed.
    """
    cohort, problems = inspect_cohort(cohort_dir, blocks)
    if cohort is None:
        raise CohortError(problems)
    return cohort


def inspect_cohort(
    cohort_dir: str | os.PathLike[str], blocks: Collection[str] | None = None
) -> tuple[Cohort | None, list[Problem]]:
    """Read a cohort folder and return it (None when it cannot be used) with all problems and warnings.

    Parameters
    ----------
    cohort_dir : str or path-like
    blocks : collection of str, optional

    Returns
    -------
    Cohort or None
    list of Problem
    """
    folder = resolve_path(cohort_dir)
    if not folder.is_dir():
        problem = Problem(
            str(cohort_dir),
            None,
            None,
            "no such folder",
            "a cohort folder",
            "correct the path; `resilience-book new <folder>` makes an empty one.",
        )
        return None, [problem]
    refused = find_refused(folder)
    reader = Reader(folder, [*refused.values(), *check_inventory(folder)], refused)
    settings, problems = (None, []) if SETTINGS_FILE in refused else read_settings(folder)
    reader.problems += problems
    participants = _read_participants(reader, settings)
    ids = participants.index if participants is not None else pd.Index([])
    if participants is not None:
        check_dependence(reader, participants)
    phenotype = _read_phenotype(reader, ids)
    scale = None if settings is None else settings.connectivity_scale
    tables, features = _read_blocks(reader, ids, blocks, scale)
    tree = _read_tree(reader, tables)
    maps = read_maps(reader, ids, with_values=blocks is None) if blocks is None or "maps" in blocks else {}
    if settings is not None and participants is not None:
        check_settings(reader, settings, participants, phenotype)
    errors = [problem for problem in reader.problems if problem.severity == "error"]
    if errors or settings is None or participants is None:
        return None, reader.problems
    cohort = Cohort(folder, settings, participants, phenotype, tables, features, tree, tuple(reader.problems), maps)
    return cohort, reader.problems


def hash_cohort(cohort_dir: str | os.PathLike[str]) -> str:
    """Return one sha256 over the names and bytes of all files of a cohort folder.

    Parameters
    ----------
    cohort_dir : str or path-like

    Returns
    -------
    str
        64 hexadecimal digits; changes when any file does, is added or removed.
    """
    folder = resolve_path(cohort_dir)
    digest = hashlib.sha256()
    for path in list_files(folder):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _read_participants(reader: Reader, settings: Settings | None) -> pd.DataFrame | None:
    file = read_schema()["participants"]["file"]
    if not reader.has(file):
        if not any(problem.file == file for problem in reader.problems):
            fix = "add it; `resilience-book new <folder>` writes a template."
            reader.report(file, "no such file", "one line per person", fix)
        return None
    table = reader.read_text(file, ID)
    if table is None or not is_small(reader, file, table.columns):
        return None
    known = list(read_schema()["participants"]["columns"])
    table = check_names(reader, file, table, known)
    rules = participants_rules(_read_levels(reader, list(table.columns)))
    check_participant_ids(reader, file, table[ID])
    check_columns(reader, file, table, rules)
    used = _list_used(settings)
    free = [name for name in table.columns if name not in rules]
    own = [*free, *(name for name, rule in rules.items() if rule.kind == "text" and name in table)]
    marked = [name for name in own if name not in used and holds_only_marks(table[name])]
    for name in own:
        if name not in marked or len(marked) < FEWEST_JOINED:
            check_own_column(reader, file, name, table[name], is_used=name in used)
    report_marks(reader, file, table, marked if len(marked) >= FEWEST_JOINED else [])
    numbers = as_numbers(table, rules)
    labels = {settings.outcome.column} if settings is not None and isinstance(settings.outcome, ColumnRule) else set()
    free = [name for name in free if name not in labels]  # labels 0 and 1 are names of groups, not amounts
    return _numeric_where_possible(numbers, free).dropna(subset=ID).drop_duplicates(ID).set_index(ID)


def _list_used(settings: Settings | None) -> set[str]:
    """Return the columns of ``participants.tsv`` that the analysis rests on."""
    if settings is None:
        return set()
    outcome = {settings.outcome.column} if isinstance(settings.outcome, ColumnRule) else set()
    return {*settings.covariates, *([settings.batch] if settings.batch else []), *outcome}


def _numeric_where_possible(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Turn columns without a rule into numbers when every cell is one."""
    parsed = {name: pd.to_numeric(table[name], errors="coerce") for name in columns}
    whole = {
        name: cells
        for name, cells in parsed.items()
        if cells.notna().any() and (cells.notna() == table[name].notna()).all()
    }
    return table.assign(**whole)


def _read_levels(reader: Reader, columns: list[str]) -> dict[str, tuple[str, ...]]:
    levels = {}
    for name, about in read_sidecar(reader, "participants.json", columns).items():
        listed = about.get("Levels")
        if isinstance(listed, dict | list) and listed:
            levels[name] = tuple(map(str, listed))
    return levels


def _read_phenotype(reader: Reader, participants: pd.Index) -> dict[str, pd.DataFrame]:
    tables = {}
    for path in sorted((reader.folder / "phenotype").glob("[!.]*.tsv")):
        file, measure = f"phenotype/{path.name}", path.stem
        table = reader.read_text(file, ID)
        if table is None or not is_small(reader, file, table.columns):
            continue
        table = check_item_names(reader, file, measure, table)
        read_sidecar(reader, f"phenotype/{measure}.json", list(table.columns))
        rules = phenotype_rules(measure, list(table.columns))
        table = check_names(reader, file, table, list(rules))
        check_columns(reader, file, table, rules)
        named = table[ID].dropna()
        reader.lines[file] = [row + 2 for row in named.index]
        if len(participants):
            check_ids(reader, file, pd.Index(named), participants)
        tables[measure] = as_numbers(table, rules).dropna(subset=ID).drop_duplicates(ID).set_index(ID)
        check_direction(reader, file, measure, tables[measure])
        check_answers(reader, file, tables[measure].reindex(columns=list_items(measure)).dropna(axis=1, how="all"))
    return tables


def _read_blocks(
    reader: Reader, participants: pd.Index, wanted: Collection[str] | None, connectivity_scale: str | None
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    tables, features = {}, {}
    for name, rules in read_schema()["blocks"].items():
        if wanted is not None and name not in wanted:
            continue
        found = _find_block(reader, rules)
        if found is None:
            continue
        about = _read_features(reader, rules["features"]) if "features" in rules else None
        is_matrices = found == read_schema()["matrices"]["folder"]
        read = (
            read_matrices(reader, found, participants, about)
            if is_matrices
            else read_block_table(reader, found, participants)
        )
        if read is None or not (is_matrices or _check_names(reader, name, read, participants, about)):
            continue
        check_measurements(read, name, about, connectivity_scale=connectivity_scale)
        tables[name] = read.without_repeats
        if name == "connectivity" and connectivity_scale == "fisher_z":
            tables[name] = np.tanh(tables[name])
        if about is not None:
            features[name] = about
    return tables, features


def _find_block(reader: Reader, rules: dict[str, Any]) -> str | None:
    """Return the file of a block, or its folder of matrices; None when the cohort does not have it."""
    file = reader.find(rules["file"], is_counts=rules.get("counts", False))
    for ending in [] if rules.get("counts") else read_schema()["count_formats"]:
        if reader.has(f"{rules['file']}{ending}"):
            reader.report(
                f"{rules['file']}{ending}",
                f"a table in {ending}",
                f"{' or '.join(read_schema()['table_formats'])}, as BIOM is for counts",
                "export it as tab-separated text.",
            )
    folder = read_schema()["matrices"]["folder"]
    if not rules.get("matrices") or folder in reader.refused or not (reader.folder / folder).is_dir():
        return file
    if file is not None:
        reader.report(
            file,
            f"the same block as a table and as matrices in {folder}/",
            "one of them",
            "remove the table, or the folder.",
        )
        return file
    return folder


def _check_names(
    reader: Reader, name: str, block: BlockTable, participants: pd.Index, about: pd.DataFrame | None
) -> bool:
    """Check the ids and the columns of a table; return whether its numbers can be looked at."""
    ids = block.table.index
    rules = read_schema()["blocks"][name]
    if (
        len(participants)
        and about is not None
        and not ids.isin(participants).any()
        and ids.isin(about.index).mean() > 0.5
    ):
        reader.report(
            block.file,
            f"{rules['features']} in rows, and columns that are no participants ({name_some(block.table.columns)})",
            f"people in rows, spelled as in participants.tsv ({name_some(participants[:3])})",
            "turn the table, and spell the ids alike.",
            column=ID,
        )
        return False
    if len(participants):
        check_ids(reader, block.file, ids, participants)
    check_damaged_names(reader, block.file, block.table.columns)
    if not rules.get("counts"):
        check_block_codes(reader, block.file, block.without_repeats)
    if name == "connectivity":
        check_edges(reader, block.file, block.table.columns, about)
    elif "features" in rules:
        check_features(reader, rules["features"], block.file, block.table.columns, about)
    return True


def _read_features(reader: Reader, name: str) -> pd.DataFrame | None:
    rules = read_schema()["features"][name]
    already = any(problem.file == rules["file"] and problem.severity == "error" for problem in reader.problems)
    if already or not reader.has(rules["file"]):
        return None
    table = reader.read_text(rules["file"], rules["id"])
    if table is None:
        return None
    columns = {rules["id"]: ColumnRules("id", required=True)}
    columns |= {column: ColumnRules(required=True) for column in rules["required"]}
    columns |= {column: ColumnRules("number", required=True) for column in rules.get("numbers", [])}
    columns |= {
        column: ColumnRules("label", required=True, allowed=tuple(labels))
        for column, labels in rules.get("allowed", {}).items()
    }
    table = check_names(reader, rules["file"], table, [*columns, *rules.get("optional", [])])
    check_columns(reader, rules["file"], table, columns)
    check_damaged_names(reader, rules["file"], table[rules["id"]].dropna(), column=rules["id"], first_line=2)
    numbers = as_numbers(table, columns)
    check_meaning(reader, name, numbers.set_index(rules["id"]))
    return numbers.dropna(subset=rules["id"]).drop_duplicates(rules["id"]).set_index(rules["id"])


def _read_tree(reader: Reader, tables: dict[str, pd.DataFrame]) -> Path | None:
    file = read_schema()["tree"]["file"]
    if "taxa" not in tables or not reader.has(file):
        return None
    return reader.folder / file if check_tree(reader, file, tables["taxa"].columns) else None
