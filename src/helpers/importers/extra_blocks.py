"""A block of the user's own: its table and the sidecar that says what its numbers are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class BlockAbout:
    """What ``blocks/<name>.json`` says of a block.

    Attributes
    ----------
    title, unit : str
        For people, e.g. ``Cortical thickness`` and ``mm``.
    modality : {"brain", "gut", "blood", "diet", "other"}
    transform : {"none", "log", "clr"}
        What is to be done to the values before the analysis.
    zero : str or None
        What a 0 means, in words; None where no 0 can be.
    groups : mapping of str to str
        Column to the group it belongs to, e.g. a hemisphere.
    """

    title: str
    unit: str
    modality: str
    transform: str = "none"
    zero: str | None = None
    groups: Mapping[str, str] = field(default_factory=dict)


def write_block(name: str, table: pd.DataFrame, about: BlockAbout) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Return table and sidecar of a block, by file of the cohort folder.

    Parameters
    ----------
    name : str
        Of the block: letters, digits and underscores.
    table : pandas.DataFrame of shape (n_participants, n_columns)
        Index ``participant_id``.
    about : BlockAbout

    Returns
    -------
    tuple of dict
        ``tables`` and ``texts`` as :class:`Imported` wants them.
    """
    said = {"title": about.title, "unit": about.unit, "modality": about.modality, "transform": about.transform}
    said |= {"zero": about.zero} if about.zero else {}
    said |= {"groups": {column: about.groups[column] for column in table.columns if column in about.groups}}
    text = json.dumps(said, ensure_ascii=False, indent=2) + "\n"
    return {f"blocks/{name}.tsv": table}, {f"blocks/{name}.json": text}
