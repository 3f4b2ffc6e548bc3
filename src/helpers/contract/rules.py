"""Rules that hold between files: ids meet, edges know their nodes, the outcome can be worked out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.contract.files import CELLS_LISTED, ID, Reader
from helpers.contract.schema import list_items, read_schema
from helpers.contract.settings import FILE as SETTINGS_FILE
from helpers.contract.settings import ColumnRule, MeasureRule, Settings
from helpers.problems import count, name_some

EDGE = "--"
MIN_GROUP = 10


def check_ids(reader: Reader, file: str, ids: pd.Index, participants: pd.Index) -> None:
    """Report ids of a table that ``participants.tsv`` does not list, each with the likeliest match."""
    unknown = [(line, name) for line, name in enumerate(ids, start=2) if name not in participants]
    if unknown and len(unknown) == len(ids):
        reader.report(
            file,
            f"{count(len(ids), 'id')}, none of them in participants.tsv ({name_some(ids)})",
            f"ids as in participants.tsv ({name_some(participants[:3])})",
            "spell the ids alike in every file.",
            column=ID,
        )
        return
    known = {_fold(name): name for name in participants}
    for line, name in unknown[:CELLS_LISTED]:
        guess = known.get(_fold(name))
        fix = (
            f"write {guess}, if that is who is meant."
            if guess
            else "add the person to participants.tsv, or remove the row."
        )
        reader.report(file, f"'{name}'", "an id of participants.tsv", fix, line=line, column=ID)
    if len(unknown) > CELLS_LISTED:
        reader.report(
            file, f"{len(unknown) - CELLS_LISTED} further unknown ids", "ids of participants.tsv", "mend them as above."
        )


def _fold(name: str) -> str:
    """Spell an id so that sub-001, SUB-1, `1 ` and 01 meet."""
    bare = str(name).strip().lower().removeprefix("sub").lstrip("-_ ")
    return bare.lstrip("0") or "0"


def check_settings(reader: Reader, settings: Settings, participants: pd.DataFrame) -> None:
    """Report covariates, batch and outcome columns that ``participants.tsv`` does not have."""
    wanted = [("covariates", name) for name in settings.covariates]
    wanted += [("batch", settings.batch)] if settings.batch else []
    wanted += [("outcome", settings.outcome.column)] if isinstance(settings.outcome, ColumnRule) else []
    for key, name in wanted:
        if name not in participants.columns:
            reader.report(
                SETTINGS_FILE,
                f"{key} names '{name}'",
                f"a column of participants.tsv ({name_some(participants.columns)})",
                "correct the name, or add the column.",
                column=key,
            )


def check_outcome(
    reader: Reader, settings: Settings, participants: pd.DataFrame, phenotype: Mapping[str, pd.DataFrame]
) -> None:
    """Report an outcome rule that puts nobody, or too few, into a group."""
    if isinstance(settings.outcome, ColumnRule):
        rule = settings.outcome
        if rule.column not in participants.columns:
            return
        labels = participants[rule.column].astype("str")
        for side in ("high", "low"):
            wanted = getattr(rule, side)
            n = int(labels.isin(wanted).sum())
            if n < MIN_GROUP:
                reader.report(
                    SETTINGS_FILE,
                    f"{count(n, 'person')} with {rule.column} {' or '.join(wanted)}",
                    f"at least {MIN_GROUP} in group {side}",
                    f"use labels that stand in that column ({name_some(labels.dropna().unique())}).",
                    column="outcome",
                )
        return
    _check_measure(reader, settings.outcome, phenotype)


def _check_measure(reader: Reader, rule: MeasureRule, phenotype: Mapping[str, pd.DataFrame]) -> None:
    known = read_schema()["phenotype"]["measures"]
    file = known.get(rule.measure, {}).get("file", f"phenotype/{rule.measure}.tsv")
    if rule.measure not in phenotype:
        if not any(problem.file == file for problem in reader.problems):
            reader.report(
                file,
                "no such file",
                f"the answers the outcome rule needs ({rule.measure} {rule.score})",
                "add it, or change outcome in cohort.yml.",
            )
        return
    columns = phenotype[rule.measure].columns
    if rule.score not in columns and not set(list_items(rule.measure)) <= set(columns):
        reader.report(
            file,
            f"neither the items nor a column {rule.score}",
            f"the items {name_some(list_items(rule.measure)[:2])} … or {rule.score}",
            "add the items, or the scored column, or change outcome in cohort.yml.",
            line=1,
        )


def check_edges(reader: Reader, file: str, edges: pd.Index, nodes: pd.DataFrame | None) -> None:
    """Report edges that are not ``<node>--<node>`` of ``nodes.tsv``."""
    if nodes is None:
        if not any(problem.file == "brain/nodes.tsv" for problem in reader.problems):
            reader.report(
                "brain/nodes.tsv",
                "no such file",
                "node, network, x, y, z of every region in the connectivity",
                "add it.",
            )
        return
    known = set(nodes.index)
    ends = [str(edge).split(EDGE) for edge in edges]
    bad = [
        edge
        for edge, pair in zip(edges, ends, strict=True)
        if len(pair) != 2 or not known.issuperset(pair) or pair[0] == pair[1]
    ]
    for edge in bad[:CELLS_LISTED]:
        reader.report(
            file,
            f"the edge '{edge}'",
            f"<node>{EDGE}<node>, two different nodes of brain/nodes.tsv",
            "correct the column's name, or add the node.",
            line=1,
            column=str(edge),
        )
    if len(bad) > CELLS_LISTED:
        reader.report(
            file,
            f"{len(bad) - CELLS_LISTED} further edges of this kind",
            "edges between known nodes",
            "mend them as above.",
        )


def check_features(reader: Reader, name: str, file: str, block: pd.DataFrame, features: pd.DataFrame | None) -> None:
    """Report columns of a block that its feature table does not describe."""
    rules = read_schema()["features"][name]
    if features is None:
        if not any(problem.file == rules["file"] for problem in reader.problems):
            reader.report(
                rules["file"],
                "no such file",
                f"a line for every column of {file}: {', '.join([rules['id'], *rules['required']])}",
                "add it.",
            )
        return
    unknown = block.columns[~block.columns.isin(features.index)]
    if len(unknown):
        reader.report(
            rules["file"],
            f"no line for {count(len(unknown), 'column')} of {file} ({name_some(unknown)})",
            f"every column as {rules['id']}",
            "add the lines.",
            column=rules["id"],
        )


def check_counts_hold(reader: Reader, file: str, block: pd.DataFrame) -> None:
    """Report people without a single read."""
    empty = np.flatnonzero(np.nansum(block.to_numpy(float), axis=1) == 0)
    if empty.size:
        reader.report(
            file,
            f"no reads at all in {count(empty.size, 'row')}",
            "at least one read per person",
            "remove the row: the sample failed.",
            line=int(empty[0]) + 2,
        )


def check_tree(reader: Reader, file: str, taxa: pd.Index) -> None:
    """Report a tree that cannot be read or lacks taxa."""
    from skbio import TreeNode
    from skbio.io import IOSourceError, NewickFormatError, UnrecognizedFormatError

    try:
        tips = {
            tip.name
            for tip in TreeNode.read(str(reader.folder / file), format="newick", convert_underscores=False).tips()
        }
    except (NewickFormatError, UnrecognizedFormatError, IOSourceError, ValueError, OSError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        reader.report(file, f"no readable tree ({said})", "a Newick tree", "export the tree again as Newick.")
        return
    lacking = [taxon for taxon in taxa if taxon not in tips]
    if lacking:
        reader.report(
            file,
            f"no tip for {count(len(lacking), 'taxon').replace('taxons', 'taxa')} ({name_some(lacking)})",
            "every taxon as a tip",
            "name the tips like the columns of the taxa table, or remove the tree.",
        )
