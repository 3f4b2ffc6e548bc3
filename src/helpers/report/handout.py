"""Write all that one hands on of a run into one folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.problems import CohortError, Problem, name_some
from helpers.report.checklists import fill_checklists, write_checklists
from helpers.report.methods import write_methods
from helpers.report.reading import RunRecord
from helpers.report.rendering import write_markdown, write_sources, write_word
from helpers.report.supplement import write_supplement

FIGURES = "figures"


@dataclass(frozen=True)
class Handout:
    """What was written.

    Attributes
    ----------
    folder : pathlib.Path
    files : tuple of str
        Below it, in the order in which they were written.
    """

    folder: Path
    files: tuple[str, ...]


def write_handout(record: RunRecord, into: Path, *, overwrite: bool = False) -> Handout:
    """Write methods text, supplement, checklists and figures of a run.

    Parameters
    ----------
    record : RunRecord
    into : pathlib.Path
        A folder; made if need be.
    overwrite : bool, default False
        Replace files of the same names.

    Returns
    -------
    Handout

    Raises
    ------
    CohortError
        When a file would be replaced that nobody said may be, or the run is blind; nothing is written then.
    """
    if record.settings.blind:
        fix = "look at its pages, then run with --unblind and export that."
        raise CohortError([Problem(str(record.folder), None, None, "a blind run", "a run with its true groups", fix)])
    made = dict(make_texts(record)) | {"supplement.xlsx": write_supplement(record)} | dict(_draw(record))
    there = [name for name in made if (into / name).exists()]
    if into.exists() and not into.is_dir():
        raise CohortError([Problem(str(into), None, None, "a file", "a folder", "name a folder, or a new path.")])
    if there and not overwrite:
        found = f"{name_some(there)} of an earlier export"
        fix = "name a new folder, or add --overwrite to replace them."
        raise CohortError([Problem(str(into), None, None, found, "no file that would be replaced", fix)])
    for name, content in made.items():
        _write(into / name, content)
    return Handout(into, tuple(made))


def make_texts(record: RunRecord) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the methods text and the checklists.

    Parameters
    ----------
    record : RunRecord
    """
    sections = write_methods(record)
    yield "methods.md", write_markdown(sections, is_simulated=record.is_simulated).encode()
    yield "methods.docx", write_word(sections, is_simulated=record.is_simulated)
    yield "references.bib", write_sources(sections).encode()
    checklists = fill_checklists(record)
    if checklists:
        yield "checklists.xlsx", write_checklists(checklists, is_simulated=record.is_simulated)


def _draw(record: RunRecord) -> Iterator[tuple[str, bytes]]:
    from helpers.report.drawings import WIDTHS_MM, find_drawings, list_letters, write_pdf, write_svg

    told, drawings = [], list(find_drawings(record))
    letters = list_letters(drawings)
    for drawing in drawings:
        start = f"{FIGURES}/{drawing.chapter}/{drawing.name}"
        told.append((f"{drawing.chapter}/{drawing.name}", drawing.caption, drawing.alt))
        for width in WIDTHS_MM:
            yield f"{start}_{width}mm.svg", write_svg(drawing, width, letters)
            yield f"{start}_{width}mm.pdf", write_pdf(drawing, width)
    captions = pd.DataFrame(told, columns=["figure", "caption", "alternative_text"])
    yield f"{FIGURES}/captions.tsv", captions.to_csv(sep="\t", index=False, lineterminator="\n").encode()


def _write(target: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.chmod(part, 0o644)
    os.replace(part, target)
