"""The methods text of a run: sentences of ``data/report/methods.yml`` that hold for what was executed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from helpers.report.facts import find_facts, join_words, name_rows
from helpers.report.reading import RunChapter, RunRecord
from helpers.tables import PROJECT_ROOT

SENTENCES_FILE = PROJECT_ROOT / "data" / "report" / "methods.yml"
CITED = re.compile(r"\[@(?P<keys>[\w@; ]+)\]")
_BLANK = re.compile(r"\{(?P<name>[^{}]+)\}")


@dataclass(frozen=True)
class Section:
    """A heading with its paragraph.

    Attributes
    ----------
    heading : str
    text : str
        Plain; sources stand in it as ``[@key; @key]``.
    """

    heading: str
    text: str


@cache
def read_sentences() -> dict[str, Any]:
    """Return ``data/report/methods.yml``."""
    return yaml.safe_load(SENTENCES_FILE.read_text(encoding="utf-8"))


def write_methods(record: RunRecord) -> list[Section]:
    """Write what was done, from what was executed.

    Parameters
    ----------
    record : RunRecord

    Returns
    -------
    list of Section
        A chapter that was skipped or failed has none, and what a chapter left out for want of data no sentence.

    References
    ----------
    .. [1] Esteban O et al. (2019). fMRIPrep: a robust preprocessing pipeline for functional MRI. Nature Methods 16:111-116.
       doi:10.1038/s41592-018-0235-4, whose boilerplate is the model.
    """
    facts, sections = find_facts(record), []
    for entry in read_sentences()["sections"]:
        chapter = record.chapters.get(entry["chapter"])
        if chapter is None:
            continue
        held = [one["says"] for one in entry["sentences"] if _holds(one, record, chapter, facts)]
        text = " ".join(_fill(says, record, chapter, facts) for says in held)
        sections += [Section(entry["heading"], text)] if text else []
    return sections


def list_cited(sections: list[Section]) -> list[str]:
    """Return the keys of the sources that a text cites, in order, each once.

    Examples
    --------
    >>> list_cited([Section("Brain", "Edges [@smith2009; @power2012] and maps [@smith2009].")])
    ['smith2009', 'power2012']
    """
    found = [match["keys"] for section in sections for match in CITED.finditer(section.text)]
    return list(dict.fromkeys(key.strip().removeprefix("@") for keys in found for key in keys.split(";")))


def _holds(sentence: Mapping[str, Any], record: RunRecord, chapter: RunChapter, facts: Mapping[str, Any]) -> bool:
    return (
        all(call in chapter.calls for call in sentence.get("calls", ()))
        and all(facts.get(name) for name in sentence.get("if", ()))
        and not any(facts.get(name) for name in sentence.get("unless", ()))
        and ("table" not in sentence or record.table(sentence["table"]) is not None)
    )


def _fill(says: str, record: RunRecord, chapter: RunChapter, facts: Mapping[str, Any]) -> str:
    def write(found: re.Match[str]) -> str:
        name, _, form = found["name"].partition(":")
        if name in ("rows", "names"):
            index = record.table(form).index
            return f"{len(index):,}" if name == "rows" else name_rows(index)
        if "." in name:
            call, keyword = name.split(".")
            return str(chapter.calls[call][keyword])
        value = chapter.parameters[name] if name in chapter.parameters else facts[name]
        if form == "%":
            return f"{value:.4%}".rstrip("%0").rstrip(".") + " %"
        if isinstance(value, list):
            return join_words(value)
        return f"{value:,}" if isinstance(value, int) else str(value)

    return _BLANK.sub(write, says)
