"""Turn the definitions of the gut-brain modules into a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from helpers.open_data.files import OpenDataError

DEFINITIONS, NAMES = "GBMs.v1.0.txt", "GBMs.v1.0.names"
END = "///"


def arrange_gbm(files: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    """Arrange the modules as one row per alternative of a step.

    Parameters
    ----------
    files : mapping of str to path
        ``GBMs.v1.0.txt`` and ``GBMs.v1.0.names``.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``modules.tsv``: index ``id`` (``<module>.<step>.<alternative>``), then module, name, step, alternative
        (both counted from 1), orthologues (divided by commas: all are needed) and kegg_only (``yes`` when all are
        KEGG orthologues). A step is there when any of its alternatives is; a module needs all its steps.

    Raises
    ------
    OpenDataError
        When the two files name the modules differently.

    References
    ----------
    .. [1] Valles-Colomer M et al. (2019). Nature Microbiology 4:623. doi:10.1038/s41564-018-0337-x
    """
    text = files[DEFINITIONS].read_text(encoding="utf-8")
    entries = [entry.strip().splitlines() for entry in text.split(END) if entry.strip()]
    rows = [row for entry in entries for row in _read_module(entry)]
    table = pd.DataFrame(rows, columns=["id", "module", "name", "step", "alternative", "orthologues"]).set_index("id")
    listed = dict(line.split("\t") for line in files[NAMES].read_text(encoding="utf-8").splitlines() if line)
    if dict(zip(table["module"], table["name"], strict=True)) != listed:
        raise OpenDataError(f"{DEFINITIONS} and {NAMES} do not name the same modules; fetch the files again.")
    is_kegg = table["orthologues"].str.fullmatch(r"K\d{5}(,K\d{5})*")
    return {"modules.tsv": table.assign(kegg_only=is_kegg.map({True: "yes", False: "no"}))}


def _read_module(lines: list[str]) -> list[tuple]:
    module, name = lines[0].split("\t")
    return [
        (f"{module}.{step}.{alternative}", module, name, step, alternative, orthologues)
        for step, line in enumerate(lines[1:], start=1)
        for alternative, orthologues in enumerate(line.split("\t"), start=1)
    ]
