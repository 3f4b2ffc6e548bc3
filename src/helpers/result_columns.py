"""What the columns of result tables are called, in which unit they are and what they mean: one list, ``data/schema/results.yml``."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import yaml

from helpers.places import PROJECT_ROOT

PATH = PROJECT_ROOT / "data" / "schema" / "results.yml"
BOUNDS = {"estimate": ("ci_low", "ci_high")}
NUMBER = "#"


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    label : str
        How pages call it.
    means : str
        In a sentence.
    kind : str
        text, label, number, count, people, p, share or flag.
    unit : str
        Empty where there is none.
    bounds : str
        What its two columns ``_low`` and ``_high`` bound, such as ``95 % CI``; empty where it has none.
    """

    label: str
    means: str
    kind: str
    unit: str = ""
    bounds: str = ""


def name_bounds(name: str) -> tuple[str, str]:
    """Return what the lower and upper bound of a column are called.

    Examples
    --------
    >>> name_bounds("d"), name_bounds("estimate")
    (('d_low', 'd_high'), ('ci_low', 'ci_high'))
    """
    return BOUNDS.get(name, (f"{name}_low", f"{name}_high"))


@cache
def read_columns() -> dict[str, Column]:
    """Return every column of result tables and pages by name, bounds included; ``#`` in a name stands for a number."""
    known: dict[str, Column] = {}
    for name, entry in (_read()["columns"] | _read()["pages"]).items():
        column = Column(**entry)
        known[name] = column
        if column.bounds:
            for side, bound in zip(("lower", "upper"), name_bounds(name), strict=True):
                known[bound] = replace(
                    column,
                    bounds="",
                    label=f"{column.label}, {side} end of {column.bounds}",
                    means=f"{side.capitalize()} end of {column.bounds}: {column.means}",
                )
    return known


@cache
def read_words() -> dict[str, str]:
    """Return how pages call codes that stand in cells.

    Examples
    --------
    >>> read_words()["bray_curtis"]
    'Bray-Curtis'
    """
    return _read()["words"]


def list_columns(table: str) -> list[str]:
    """Return the columns of a result table, its index first; those named by the data are not among them.

    Parameters
    ----------
    table : str
        ``chapter/table``.

    Examples
    --------
    >>> list_columns("01_cohort/batches")
    ['batch', 'n_high', 'n_low', 'share_high']
    """
    found: list[str] = []
    for name in _read()["tables"][table]["columns"]:
        found += name if isinstance(name, list) else [name]
    return found


def find_moved(chapter: str, table: str) -> str:
    """Return the other chapter of this number that writes a table of this name; empty where the chapter itself does, or none.

    Parameters
    ----------
    chapter, table : str

    Examples
    --------
    >>> find_moved("03_brain", "sets"), find_moved("03_brain", "networks")
    ('03_structure', '')
    """
    places = [name.partition("/")[0] for name in _read()["tables"] if name.partition("/")[2] == table]
    sisters = [other for other in places if other.partition("_")[0] == chapter.partition("_")[0]]
    return "" if chapter in places or not sisters else sisters[0]


def find_tables(*columns: str) -> list[str]:
    """Return the result tables of the chapters before the verdict that have some columns, as ``chapter/table``.

    Parameters
    ----------
    *columns : str
        Without any: all tables of these chapters.

    Examples
    --------
    >>> find_tables("d", "n_regions")
    ['03_structure/sets']
    """
    return [name for name in _read()["tables"] if "01" <= name[:2] < "07" and set(columns) <= set(list_columns(name))]


def tell_table(table: str) -> str:
    """Return what a result table holds, in a sentence; empty of one outside the list.

    Parameters
    ----------
    table : str
        ``chapter/table``.

    Examples
    --------
    >>> tell_table("03_brain/edges")
    'Every edge of the connectivity.'
    """
    return _read()["tables"].get(table, {}).get("means", "")


def find_column(name: str) -> Column | None:
    """Return a column of the list; None when it is not in it.

    Parameters
    ----------
    name : str

    Examples
    --------
    >>> find_column("loading_comp2").label, find_column("unheard_of")
    ('Loading, component 2', None)
    """
    known = read_columns()
    if name in known:
        return known[name]
    number = re.search(r"\d+", name)
    pattern = re.sub(r"\d+", NUMBER, name, count=1)
    if number is None or pattern not in known:
        return None
    return replace(known[pattern], label=known[pattern].label.replace(NUMBER, number[0]))


def require_column(name: str) -> Column:
    """Return a column of the list; for one outside, a name made readable, with a warning, which fails in tests.

    Parameters
    ----------
    name : str
    """
    found = find_column(name)
    if found is None:
        warnings.warn(f"The column '{name}' is not in data/schema/results.yml: add it.", stacklevel=1)
        return Column(label=name.replace("_", " "), means="Not described.", kind="text")
    return found


def describe_columns(table: str, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return what a result table's JSON file says of its columns, in the words of BIDS.

    Parameters
    ----------
    table : str
        ``chapter/table``; one outside the list has the meanings of its columns alone.
    names : sequence of str
        Its columns, the index first.

    Returns
    -------
    dict
        By column: LongName, Description and, where there is one, Units.

    References
    ----------
    .. [1] Gorgolewski KJ et al. (2016). The brain imaging data structure. Scientific Data 3:160044. doi:10.1038/sdata.2016.44

    Examples
    --------
    >>> describe_columns("03_brain/networks", ["feature", "estimate"])["estimate"]["Units"]
    "Fisher's z"
    """
    entry = _read()["tables"].get(table, {})
    listed = list_columns(table) if entry else []
    others = entry.get("others")
    return {
        name: _describe(name, others if others and name not in listed else name, entry.get("units", {}))
        for name in names
    }


def _describe(name: str, known_as: str, units: dict[str, str]) -> dict[str, str]:
    column = require_column(known_as)
    whole = next((own for own in units if name in (own, *name_bounds(own))), "")
    unit = units.get(whole) or column.unit or ("proportion (0 to 1)" if column.kind == "share" else "")
    label = column.label if name == known_as else name
    return {"LongName": label, "Description": column.means} | ({"Units": unit} if unit else {})


@cache
def _read() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(PATH.read_text(encoding="utf-8"), Loader=loader)
