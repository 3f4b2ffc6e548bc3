"""A cohort folder in; a Cohort out, or every problem at once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from helpers.contract.ages import check_age_range
from helpers.contract.answer_patterns import (
    FEWEST_JOINED,
    check_own_column,
    holds_only_marks,
    report_marks,
)
from helpers.contract.clusters import label_clusters
from helpers.contract.columns import as_numbers, check_columns, participants_rules
from helpers.contract.dependence import check_dependence
from helpers.contract.design import check_settings
from helpers.contract.files import ID, Reader, read_sidecar
from helpers.contract.further import FurtherBlock, read_further
from helpers.contract.headers import check_names, is_small
from helpers.contract.ids import check_participant_ids
from helpers.contract.inventory import Recogniser, check_inventory, find_refused, list_cohort_files
from helpers.contract.ledger import check_own_claims
from helpers.contract.maps import read_maps
from helpers.contract.named_blocks import read_blocks
from helpers.contract.outcome import ColumnRule, MeasureRule, NumberRule, is_about_resilience, is_continuous
from helpers.contract.phenotype import read_phenotype
from helpers.contract.questionnaires import Questionnaire
from helpers.contract.same_person import check_same_person
from helpers.contract.schema import list_items, read_schema
from helpers.contract.settings import FILE as SETTINGS_FILE
from helpers.contract.settings import Settings, read_settings
from helpers.contract.tree import check_tree
from helpers.contract.visits import Visits, check_visitors, check_visits
from helpers.problems import CohortError, MissingBlock, Problem
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
        Those present among connectivity, volumes, tracts, motion, taxa, transcripts, genes, metabolites. Taxa, transcripts and
        genes are counts, or, where ``settings.scale`` names them, shares that sum to 1 in each row.
    features : dict of str to pandas.DataFrame
        By block: what is known of its columns (nodes for connectivity, taxonomy for taxa); index: the column.
    tree_path : pathlib.Path or None
    warnings : tuple of Problem
    maps : dict of str to pathlib.Path
        NIfTI map by participant id; all of one shape and affine. Empty when there are none.
    further : dict of str to FurtherBlock
        Blocks of the folder ``blocks/`` by name.
    questionnaires : dict of str to Questionnaire
        Rules of those that the contract does not score itself; ``phenotype`` has their scores beside their items.
    visit : str or None
        Visit that all tables are of; None where none is named.
    attendance : pandas.DataFrame
        Who came when: participants by visits in their order, yes or no. Empty where no table names visits.
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
    further: dict[str, FurtherBlock] = field(default_factory=dict)
    questionnaires: dict[str, Questionnaire] = field(default_factory=dict)
    visit: str | None = None
    attendance: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def clusters(self) -> pd.Series | None:
        """Who belongs together: a label by participant, its own for one who stands alone; None where ``cohort.yml`` names no column."""
        if self.settings.cluster is None:
            return None
        return label_clusters(self.participants[self.settings.cluster])

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

    @property
    def reads(self) -> dict[str, pd.DataFrame]:
        """The tables of counts among taxa, transcripts and genes: relative abundances do not tell how deeply a sample was read."""
        counted = [name for name, rules in read_schema()["blocks"].items() if rules.get("counts")]
        return {name: self.blocks[name] for name in counted if name in self.blocks and name not in self.settings.scale}

    def available(self) -> set[str]:
        """Return what a chapter or section may ask for: blocks, questionnaires, ``tree``, ``ranks``, ``maps``, ``<measure>_items``, ``<block>_reads``.

        Maps of a handful of people cannot be compared and do not count.

        ``groups`` is there unless the outcome has no cut (``continuous``); ``outcome_score`` is there when the groups come from a number, ``resilience_score`` when that is a questionnaire's (``resilience_outcome`` when it is one of resilience),
        and then ``symptoms`` when there is any other questionnaire. ``claims`` is there when it has its own (``own_claims``)
        or those of a study of resilience can be asked of it (``study_claims``), ``no_claims`` when neither.
        """
        names = set(self.blocks) | set(self.phenotype)
        names |= {f"further_{block.place}" for block in self.further.values()}
        names |= {"questionnaires"} if self.questionnaires else set()
        names |= {"further_integrated"} if any(block.integrate for block in self.further.values()) else set()
        names |= {"reads", *(f"{name}_reads" for name in self.reads)} if self.reads else set()
        names |= {"tree"} if self.tree_path else set()
        names |= {"ranks"} if self._has_ranks() else set()
        names |= {"visits"} if self.attendance.shape[1] > 1 else set()
        names |= {"clusters"} if self.settings.cluster is not None else set()
        names |= {"maps"} if len(self.maps) >= read_schema()["maps"]["at_least"] else set()
        names |= {
            f"{m}_items" for m, table in self.phenotype.items() if list_items(m) and set(list_items(m)) <= set(table)
        }
        rule = self.settings.outcome
        names |= {"resilience_outcome"} if is_about_resilience(rule) else set()
        asked = {"own_claims"} if self.settings.claims else {"study_claims"} if is_about_resilience(rule) else set()
        names |= {"claims", *asked} if asked else {"no_claims"}
        names |= {"regions"} if {"volumes", "tracts"} & set(self.blocks) else set()
        names |= {"continuous"} if is_continuous(rule) else {"groups"}
        names |= set() if isinstance(rule, ColumnRule) else {"outcome_score"}
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
        whose voxels are looked at only when all is read, ``further`` for the folder ``blocks/``.

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
    cohort_dir: str | os.PathLike[str],
    blocks: Collection[str] | None = None,
    *,
    recognise: Recogniser | None = None,
) -> tuple[Cohort | None, list[Problem]]:
    """Read a cohort folder and return it (None when it cannot be used) with all problems and warnings, those of all visits.

    Parameters
    ----------
    cohort_dir : str or path-like
    blocks : collection of str, optional
    recognise : callable, optional
        What to say of a file that is not read, where another program wrote it: see `check_inventory`.

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
    cohort, reader, settings = _read_visit(folder, blocks, recognise=recognise)
    if blocks is None and settings is not None:
        reader.problems += check_visits(reader.visits, settings.visit)
        for visit in reader.visits.list_visits():
            if visit != reader.visits.wanted and settings.visit is not None:
                _, other, _ = _read_visit(folder, None, visit=visit)
                reader.problems += [p for p in _name_visit(other.problems, visit) if p not in reader.problems]
    if any(problem.severity == "error" for problem in reader.problems):
        return None, reader.problems
    return None if cohort is None else replace(cohort, warnings=tuple(reader.problems)), reader.problems


def load_visits(cohort_dir: str | os.PathLike[str]) -> dict[str, Cohort]:
    """Read a cohort folder once for each visit.

    Parameters
    ----------
    cohort_dir : str or path-like

    Returns
    -------
    dict of str to Cohort
        By visit, in their order. What names no visit stands in the chapters' visit alone, but for ``participants.tsv``, which then
        holds for all.

    Raises
    ------
    CohortError
        With every problem of every visit.
    """
    cohort = load_cohort(cohort_dir)
    others = [name for name in cohort.attendance if name != cohort.visit]
    read = {name: _read_visit(cohort.folder, None, visit=name)[0] for name in others} | {cohort.visit: cohort}
    return {name: read[name] for name in cohort.attendance if read[name] is not None}


def _name_visit(problems: list[Problem], visit: str) -> list[Problem]:
    """Name the visit in problems that no line tells apart from those of another visit."""
    return [p if p.line else replace(p, found=f"{p.found} (visit {visit})") for p in problems]


def _read_visit(
    folder: Path,
    blocks: Collection[str] | None,
    *,
    visit: str | None = None,
    recognise: Recogniser | None = None,
) -> tuple[Cohort | None, Reader, Settings | None]:
    """Read the tables of one visit: the chapters', or another, of which the rules of ``cohort.yml`` are not asked."""
    refused = find_refused(folder)
    settings, problems = (None, []) if SETTINGS_FILE in refused else read_settings(folder)
    declared = None if settings is None else settings.visit
    is_other = visit is not None
    reader = Reader(folder, [], refused, visits=Visits(visit if is_other else declared, is_other))
    if not is_other:
        reader.problems += [*refused.values(), *check_inventory(folder, recognise), *problems]
        if settings is not None and settings.claims and settings.claims not in refused:
            reader.problems += check_own_claims(folder, settings.claims)
    reader.read_sessions()
    participants = _read_participants(reader, settings)
    ids = participants.index if participants is not None else pd.Index([])
    has_clusters = settings is not None and settings.cluster is not None
    is_told = participants is None or is_other or has_clusters or check_dependence(reader, participants)
    phenotype, questionnaires = read_phenotype(reader, ids)
    tables, features = read_blocks(reader, ids, blocks, settings)
    tree = _read_tree(reader, tables)
    further = read_further(reader, ids) if blocks is None or "further" in blocks else {}
    maps = read_maps(reader, ids, with_values=blocks is None) if blocks is None or "maps" in blocks else {}
    if blocks is None and participants is not None and not is_told:
        check_same_person(reader, participants, tables | {name: block.table for name, block in further.items()})
    reader.problems += check_visitors(reader.visits, ids) if len(ids) else []
    if settings is None or participants is None:
        return None, reader, settings
    names = reader.visits.list_visits()
    if not is_other and (declared is None or not names or declared in names):
        check_settings(reader, settings, participants, phenotype)
    cohort = Cohort(
        folder,
        settings,
        participants,
        phenotype,
        tables,
        features,
        tree,
        (),
        maps,
        further,
        questionnaires,
        visit if is_other else declared or next(iter(names), None),
        reader.visits.attend(),
    )
    return cohort, reader, settings


def hash_cohort(cohort_dir: str | os.PathLike[str]) -> str:
    """Return one sha256 over the names and bytes of all files of a cohort folder, its registration left out.

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
    for path in list_cohort_files(folder):
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
    is_refused = any(p.column == "age" and p.severity == "error" for p in reader.problems if p.file == file)
    if settings is not None and settings.age_range and "age" in numbers and not is_refused:
        check_age_range(reader, numbers["age"], settings.age_range)
    labels = {settings.outcome.column} if settings is not None and isinstance(settings.outcome, ColumnRule) else set()
    free = [name for name in free if name not in labels]  # labels 0 and 1 are names of groups, not amounts
    return _numeric_where_possible(numbers, free).dropna(subset=ID).drop_duplicates(ID).set_index(ID)


def _list_used(settings: Settings | None) -> set[str]:
    """Return the columns of ``participants.tsv`` that the analysis rests on."""
    if settings is None:
        return set()
    outcome = {settings.outcome.column} if isinstance(settings.outcome, ColumnRule | NumberRule) else set()
    named = {name for name in (settings.batch, settings.cluster) if name}
    return {*settings.covariates, *named, *outcome}


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


def _read_tree(reader: Reader, tables: dict[str, pd.DataFrame]) -> Path | None:
    file = read_schema()["tree"]["file"]
    if "taxa" not in tables or not reader.has(file):
        return None
    return reader.folder / file if check_tree(reader, file, tables["taxa"].columns) else None
