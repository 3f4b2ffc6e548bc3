"""Tables as MetaboAnalyst takes them: amounts with the class of every sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from helpers.importers.base import Format, Head, Imported, Options, refuse
from helpers.importers.cells import index_by_id
from helpers.importers.delimited import check_unique, find_separator, read_frame, split_line
from helpers.importers.metabolite_tables import guess_scale, read_amounts, write_metabolites
from helpers.importers.people import PARTICIPANTS

SAMPLES = frozenset(["sample", "samples", "patient id", "patient"])
CLASSES = frozenset(["label", "labels", "class", "group", "phenotype", "muscle loss"])
LOGGED_NOTE = "The scale is taken as {}: correct it in metabolites/features.tsv if it is not."


def read_table(paths: Sequence[Path], options: Options) -> Imported:
    """Read a table with samples in rows and the class in the second column, or turned, with the class in the second line.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        One table.
    options : Options

    Returns
    -------
    Imported
        ``metabolites/metabolites.tsv`` and ``features.tsv``; ``participants.tsv`` with the class, which is no metabolite.

    Raises
    ------
    CohortError
        For several tables, a table without a class, a sample or metabolite twice, or cells that are no amounts.
    """
    if len(paths) > 1:
        raise refuse(paths[1], f"{len(paths)} tables", "one at a time", "import them one by one.")
    (path,) = paths
    frame = read_frame(path)
    if frame.iloc[0, 0].strip().lower() in CLASSES and frame.columns[0].strip().lower() in SAMPLES | {""}:
        check_unique(path, frame.iloc[:, 0].tolist(), "row")
        frame = frame.set_index(frame.columns[0]).T.rename_axis("Sample").rename_axis(None, axis=1).reset_index()
    check_unique(path, frame.columns[1:].tolist(), "column")
    label = frame.columns[1]
    if label.strip().lower() not in CLASSES:
        fix = "call the column of classes Label, or import it as a plain table with --role metabolites."
        raise refuse(path, f"'{label[:40]}' as second column", "the class of every sample", fix, line=1)
    table = index_by_id(path, frame, options.column or frame.columns[0])
    amounts = read_amounts(path, table.drop(columns=label))
    scale = guess_scale(amounts.values)
    made = write_metabolites(amounts, None, scale, notes=[LOGGED_NOTE.format(scale)])
    classes = table[[label]].replace("", None)
    return Imported({**made.tables, PARTICIPANTS: classes}, notes=made.notes)


def _detect(head: Head) -> bool:
    lines = head.lines
    if len(lines) < 2 or head.members:
        return False
    separator = find_separator(lines[0])
    first, second = (split_line(line[:10_000], separator) for line in lines[:2])
    if len(first) < 3:
        return False
    names = [cell.strip().lower() for cell in first[:2]]
    return names[0] in SAMPLES and (names[1] in CLASSES or second[0].strip().lower() in CLASSES)


FORMATS: tuple[Format, ...] = (
    Format(
        "metaboanalyst",
        "MetaboAnalyst",
        "a table for MetaboAnalyst",
        "metabolites/, participants.tsv",
        _detect,
        read_table,
    ),
)
