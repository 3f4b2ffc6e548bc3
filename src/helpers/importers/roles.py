"""What a table is that no program names: the user says it (``--role``), and it takes its place in the cohort folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.importers.base import Imported, LeftOut, refuse
from helpers.importers.cells import BLANKS, mask_blanks
from helpers.importers.delimited import to_numbers
from helpers.importers.extra_blocks import BlockAbout, write_block
from helpers.importers.metabolite_tables import guess_scale, read_amounts, write_metabolites
from helpers.importers.people import About, find_questionnaires, sort_columns
from helpers.importers.personal import leave_out_personal
from helpers.problems import quote

ROLES = ("participants", "phenotype/<measure>", "taxa", "metabolites", "volumes", "tracts", "motion", "blocks/<name>")
NAMED = re.compile(r"(phenotype|blocks)/([A-Za-z][A-Za-z0-9_]{0,63})")
FRACTION_OFF = 0.02


def check_role(path: Path, role: str | None) -> str:
    """Return the role of a plain table.

    Raises
    ------
    CohortError
        When none is said, or one that is none.
    """
    if role is not None and (role in ROLES or NAMED.fullmatch(role)):
        return role
    found = "a table whose content is not said" if role is None else f"the role {quote(role)}"
    fix = f"say what the table is, for instance --role {ROLES[0]}; further: {', '.join(ROLES[1:])}."
    raise refuse(path, found, "one of the roles", fix)


def place_table(
    path: Path,
    table: pd.DataFrame,
    role: str,
    *,
    about: Mapping[str, About] | None = None,
    left_out: Sequence[LeftOut] = (),
    notes: Sequence[str] = (),
    first_line: int = 2,
) -> Imported:
    """Put a table of participants where its role says.

    Parameters
    ----------
    path : pathlib.Path
        Named in errors.
    table : pandas.DataFrame of str
        Index ``participant_id``.
    role : str
        One of the roles, checked by :func:`check_role`.
    about : mapping of str to About, optional
        What the file says of its columns.
    left_out, notes : sequence
        What the reader has to say already.
    first_line : int, default 2
        Line of the first row, for errors.

    Returns
    -------
    Imported

    Raises
    ------
    CohortError
        For cells that the role does not allow.
    """
    if role == "participants":
        return sort_columns(mask_blanks(table), about=about, left_out=left_out, notes=notes)
    table, personal = leave_out_personal(table)
    left_out = [*left_out, *personal]
    kind, _, name = role.partition("/")
    if kind == "phenotype":
        kept = mask_blanks(table).rename(columns=find_questionnaires(table.columns).get(name, {}))
        return Imported({f"{role}.tsv": kept}, left_out=left_out, notes=notes)
    if kind == "metabolites":
        amounts = read_amounts(path, table, first_line=first_line)
        scale = guess_scale(amounts.values)
        said = [*notes, f"The scale is taken as {scale}: correct it in metabolites/features.tsv if it is not."]
        return write_metabolites(amounts, None, scale, left_out=left_out, notes=said)
    numbers = to_numbers(path, table, missing=BLANKS, first_line=first_line)
    return _PLACES[kind](path, numbers, name, left_out, list(notes))


def _place_taxa(path: Path, numbers: pd.DataFrame, _: str, left_out: list[LeftOut], notes: list[str]) -> Imported:
    """Return counts, or shares with their scale; taxonomy.tsv is the user's to give."""
    notes.append("Taxa need microbiome/taxonomy.tsv as well: one line per taxon with its genus.")
    values = numbers.to_numpy(float)
    if np.isnan(values).any():
        fix = "write 0 where a taxon was not seen."
        raise refuse(path, "blank cells among the taxa", "a number in every cell", fix)
    if (values < 0).any():
        raise refuse(path, "values below 0", "counts, or shares", "give the counts before any transformation.")
    if (values == np.floor(values)).all():
        return Imported({"microbiome/taxa.tsv": numbers}, left_out=left_out, notes=notes)
    sums = values.sum(axis=1)
    for scale, total in (("percent", 100), ("relative", 1)):
        if (abs(sums - total) <= FRACTION_OFF * total).all():
            notes.append(f"Every row adds up to {total}: the scale is {scale}.")
            return Imported(
                {"microbiome/taxa.tsv": numbers}, left_out=left_out, notes=notes, settings={"scale": {"taxa": scale}}
            )
    raise refuse(path, "numbers that are neither counts nor shares", "counts of reads", "give the raw counts.")


def _place_volumes(_: Path, numbers: pd.DataFrame, __: str, left_out: list[LeftOut], notes: list[str]) -> Imported:
    names = ("icv", "etiv", "tiv", "estimatedtotalintracranialvol", "intracranialvolume", "totalintracranialvolume")
    found = next((name for name in numbers if re.sub(r"[\W_]+", "", name.lower()) in names), None)
    notes.append("Volumes are taken as mm³.")
    if found not in (None, "icv"):
        notes.append(f"{found} is called icv, the intracranial volume.")
    return Imported({"brain/volumes.tsv": numbers.rename(columns={found: "icv"})}, left_out=left_out, notes=notes)


def _place_file(file: str) -> Callable[..., Imported]:
    def place(_: Path, numbers: pd.DataFrame, __: str, left_out: list[LeftOut], notes: list[str]) -> Imported:
        return Imported({file: numbers}, left_out=left_out, notes=notes)

    return place


def _place_block(_: Path, numbers: pd.DataFrame, name: str, left_out: list[LeftOut], notes: list[str]) -> Imported:
    title = name.replace("_", " ").capitalize()
    tables, texts = write_block(name, numbers, BlockAbout(title, "as measured", "other"))
    notes.append(f"Say in blocks/{name}.json what the numbers are: unit, modality, and whether to take logarithms.")
    return Imported(tables, texts, left_out=left_out, notes=notes)


_PLACES: Mapping[str, Callable[..., Imported]] = {
    "taxa": _place_taxa,
    "volumes": _place_volumes,
    "tracts": _place_file("brain/tracts.tsv"),
    "motion": _place_file("brain/motion.tsv"),
    "blocks": _place_block,
}
