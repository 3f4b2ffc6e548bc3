"""The fewest participants with whom a method can say anything: one list, ``data/schema/least.yml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import yaml

from helpers.problems import TooLittle
from helpers.tables import PROJECT_ROOT
from helpers.wording import hide_small

PATH = PROJECT_ROOT / "data" / "schema" / "least.yml"


@dataclass(frozen=True)
class Least:
    """What one method needs.

    Attributes
    ----------
    title : str
    why : str
    doi : str
    per_group, in_all : int
        Participants; 0 where it does not matter.
    """

    title: str
    why: str
    doi: str
    per_group: int = 0
    in_all: int = 0

    def __str__(self) -> str:
        return f"{self.per_group} in each group" if self.per_group else f"{self.in_all} in all"


@cache
def read_least() -> dict[str, Least]:
    """Return what each method needs, by its name in the list.

    Examples
    --------
    >>> str(read_least()["contrast"])
    '10 in each group'
    """
    return {name: Least(**entry) for name, entry in yaml.safe_load(PATH.read_text(encoding="utf-8")).items()}


def find_shortage(method: str, *sizes: int) -> str:
    """Return why a method cannot work on groups of these sizes; empty when it can.

    Parameters
    ----------
    method : str
        A name of the list.
    *sizes : int
        Participants of each group, or of all.

    Examples
    --------
    >>> find_shortage("cross_validation", 40, 44)
    ''
    >>> find_shortage("cross_validation", 40, 12)[:68]
    'Cross-validated integration needs 15 in each group, and here are 40 '
    """
    least = read_least()[method]
    enough = min(sizes) >= least.per_group and sum(sizes) >= least.in_all
    held = " and ".join(hide_small(int(n)) for n in (sizes if least.per_group else [sum(sizes)]))
    return "" if enough else f"{least.title} needs {least}, and here are {held}. {least.why}"


def refuse_few(method: str, *sizes: int) -> None:
    """Refuse a method that groups of these sizes are too small for.

    Raises
    ------
    TooLittle
        With the reason of the list.
    """
    if reason := find_shortage(method, *sizes):
        raise TooLittle(reason)
