"""Amounts of metabolites: below detection told apart from not measured, and what is known of each metabolite."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.importers.base import Imported, LeftOut
from helpers.importers.cells import BLANKS
from helpers.importers.delimited import to_numbers
from helpers.problems import count

METABOLITES, FEATURES = "metabolites/metabolites.tsv", "metabolites/features.tsv"
COLUMNS = ("name", "hmdb", "kegg", "super_pathway", "sub_pathway", "scale")
BELOW = re.compile(
    r"<\s*(\d+([.,]\d+)?|l?lo[dq]|detection.*)|n\.?d\.?|not detected|b(elow)?\s?(dl|lo[dq]|lq|lloq|detection.*)|l?lo[dq]",
    re.I,
)
LARGEST_LOG = 100


@dataclass(frozen=True, eq=False)
class Amounts:
    """Numbers of a table, and how many cells were below detection.

    Attributes
    ----------
    values : pandas.DataFrame of shape (n_participants, n_metabolites)
        A cell below detection is 0, one that was not measured NaN.
    below : pandas.DataFrame of bool
        Which cells were below detection.
    n_blank : int
    """

    values: pd.DataFrame
    below: pd.DataFrame
    n_blank: int


def read_amounts(path: Path, table: pd.DataFrame, *, first_line: int = 2) -> Amounts:
    """Return text cells as amounts.

    A mark such as ``<0.5``, ``<LOD`` or ``ND`` means below detection and becomes 0, which the contract takes as below detection;
    a blank means not measured and stays missing.

    Parameters
    ----------
    path : pathlib.Path
    table : pandas.DataFrame of str
    first_line : int, default 2
        Line of the first row, for errors.

    Raises
    ------
    CohortError
        For cells that are neither a number nor a mark.
    """
    cells = table.astype(object)
    texts = pd.unique(cells.to_numpy().ravel())
    marks = [text for text in texts if isinstance(text, str) and text not in BLANKS and BELOW.fullmatch(text)]
    below = cells.isin(marks)
    values = to_numbers(path, cells.mask(below, "0"), missing=BLANKS, first_line=first_line)
    return Amounts(values, below, int(cells.isin(BLANKS).to_numpy().sum()))


def guess_scale(values: pd.DataFrame) -> str:
    """Return ``log`` when a value is below 0 and none beyond 100, as an amount cannot be negative; else ``raw``."""
    numbers = values.to_numpy(float)
    return "log" if (numbers < 0).any() and not (abs(numbers) > LARGEST_LOG).any() else "raw"


def write_metabolites(
    amounts: Amounts,
    features: Mapping[str, Sequence[str]] | pd.DataFrame | None,
    scale: str,
    *,
    left_out: Sequence[LeftOut] = (),
    notes: Sequence[str] = (),
) -> Imported:
    """Return ``metabolites.tsv`` and ``features.tsv``.

    Parameters
    ----------
    amounts : Amounts
    features : pandas.DataFrame or None
        Index: the columns of the amounts; any of name, hmdb, kegg, super_pathway, sub_pathway. None: names are the columns'.
    scale : {"raw", "log"}
        On a log scale 0 is a value, so cells below detection become missing.
    left_out, notes : sequence

    Returns
    -------
    Imported
    """
    values, notes = amounts.values, list(notes)
    n_below = int(amounts.below.to_numpy().sum())
    about = pd.DataFrame(features, index=values.columns)
    about = about.assign(name=about.get("name", values.columns), scale=scale)
    about = about.reindex(columns=[name for name in COLUMNS if name in about]).rename_axis("metabolite")
    if n_below and scale == "log":
        values = values.astype(float).mask(amounts.below)
        notes.append(f"{count(n_below, 'cell')} below detection became missing: on a log scale 0 is an amount.")
    elif n_below:
        notes.append(f"{count(n_below, 'cell')} below detection became 0, which is taken as below detection.")
    if amounts.n_blank:
        notes.append(f"{count(amounts.n_blank, 'blank cell')} stayed missing (n/a): not measured.")
    return Imported({METABOLITES: values, FEATURES: about}, left_out=left_out, notes=notes)
