"""All formats the book reads, and which of them a file has."""

from __future__ import annotations

import importlib
import importlib.util
import os
from functools import cache
from pathlib import Path

from helpers.contract.cell_errors import suggest
from helpers.importers.base import Format, Head
from helpers.importers.heads import read_head
from helpers.problems import CohortError, Problem

MODULES = (
    "qiime2",
    "qiime2_metadata",
    "dada2",
    "mothur",
    "metaphlan",
    "kraken",
    "humann",
    "picrust2",
    "freesurfer",
    "fmriprep",
    "mriqc",
    "xcpd",
    "conn",
    "matrices",
    "cat12",
    "enigma",
    "bids",
    "redcap",
    "qualtrics",
    "statistics_packages",
    "metabolon",
    "metaboanalyst",
    "mwtab",
    "plain",
)


@cache
def list_formats() -> tuple[Format, ...]:
    """Return every format, in the order of the page that lists them.

    Raises
    ------
    ValueError
        When two formats have one name.
    """
    present = [f"{__package__}.{name}" for name in MODULES if importlib.util.find_spec(f"{__package__}.{name}")]
    formats = tuple(form for name in present for form in importlib.import_module(name).FORMATS)
    names = [form.name for form in formats]
    if len(set(names)) < len(names):
        raise ValueError(f"Two formats have one name: {sorted({name for name in names if names.count(name) > 1})}.")
    return formats


def match_formats(head: Head) -> list[Format]:
    """Return the formats that know a file by its head, the most specific ones only.

    Parameters
    ----------
    head : Head
    """
    known = [form for form in list_formats() if form.detect(head)]
    most = max((form.specificity for form in known), default=0)
    return [form for form in known if form.specificity == most]


def recognise(path: str | os.PathLike[str]) -> Format | None:
    """Return the format of a file, told by its content; None when no program is known to write such files.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    Format or None

    Raises
    ------
    CohortError
        When it is no file, is empty, damaged or hostile.
    """
    return next(iter(match_formats(read_head(Path(path)))), None)


def find_format(name: str) -> Format:
    """Return a format by name.

    Parameters
    ----------
    name : str
        As ``--as`` takes it.

    Raises
    ------
    CohortError
        When there is none of that name; the likely one is suggested.
    """
    formats = {form.name: form for form in list_formats()}
    if name not in formats:
        meant = suggest(name, list(formats), alike=0.6)
        fix = f"write {meant}." if meant else "`resilience-book import --list` shows them all."
        raise CohortError([Problem(f"--as {name}", None, None, "no such format", "a format of the list", fix)])
    return formats[name]
