"""The methods text as Markdown, as a page of the book and as a Word file, with the sources it cites."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pybtex.database import BibliographyData, parse_file
from pybtex.plugin import find_plugin

from helpers.report.methods import CITED, Section, list_cited
from helpers.tables import PROJECT_ROOT
from helpers.wording import escape_signs, flatten_text

SOURCES_FILE = PROJECT_ROOT / "book" / "references.bib"
FREE = "This text was written by the program from what was run. It may be copied and changed without asking (CC0 1.0)."
SIMULATED = "Simulated data: nothing here is a finding about people."
TITLE = "Methods"
SEVERAL = 3  # authors from whom on a citation names the first


def write_markdown(sections: Sequence[Section], *, is_simulated: bool) -> str:
    """Return the text for pandoc and others that read ``[@key]`` with ``references.bib``.

    Parameters
    ----------
    sections : sequence of Section
    is_simulated : bool
        Whether to say so at its start.
    """
    notes = "\n>\n".join(f"> {note}" for note in ([SIMULATED] if is_simulated else []) + [FREE])
    body = "\n\n".join(f"## {one.heading}\n\n{_escape(one.text)}" for one in sections)
    return f"# {TITLE}\n\n{notes}\n\n{body}\n\n## References\n"


def write_page(sections: Sequence[Section]) -> str:
    """Return the text as a part of a page of the book (MyST).

    Parameters
    ----------
    sections : sequence of Section
    """
    texts = (_escape(one.text, lambda keys: f"{{cite:p}}`{','.join(keys)}`") for one in sections)
    return "\n\n".join(f"## {one.heading}\n\n{text}" for one, text in zip(sections, texts, strict=True))


def write_sources(sections: Sequence[Section]) -> str:
    """Return the cited part of the book's bibliography, in BibTeX.

    Parameters
    ----------
    sections : sequence of Section
    """
    return _take_sources(sections).to_string("bibtex")


def write_word(sections: Sequence[Section], *, is_simulated: bool) -> bytes:
    """Return the text as a Word file (docx), with authors and years in place of keys and a list of references.

    Parameters
    ----------
    sections : sequence of Section
    is_simulated : bool
        Whether to say so at its start.
    """
    sources = _take_sources(sections)
    import docx

    document = docx.Document()
    document.core_properties.author, document.core_properties.title = "", TITLE
    document.add_heading(TITLE, 0)
    for note in ([SIMULATED] if is_simulated else []) + [FREE]:
        document.add_paragraph().add_run(note).italic = True
    for section in sections:
        document.add_heading(section.heading, 1)
        document.add_paragraph(_cite(section.text, sources))
    document.add_heading("References", 1)
    for line in _list_sources(sources):
        document.add_paragraph(line)
    out = BytesIO()
    document.save(out)
    return _pack_again(out)


def _pack_again(packed: BytesIO) -> bytes:
    """Return an archive without the time of packing, so that the same text gives the same bytes."""
    out = BytesIO()
    with ZipFile(packed) as source, ZipFile(out, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(ZipInfo(name), source.read(name), ZIP_DEFLATED)
    return out.getvalue()


def _escape(text: str, cite: Any = None) -> str:
    """Escape what Markdown would read as markup, citations excepted."""
    parts, end, line = [], 0, flatten_text(text)
    for found in CITED.finditer(line):
        parts.append(escape_signs(line[end : found.start()]))
        parts.append(found[0] if cite is None else cite(_split(found["keys"])))
        end = found.end()
    return "".join([*parts, escape_signs(line[end:])])


def _split(keys: str) -> list[str]:
    return [key.strip().removeprefix("@") for key in keys.split(";")]


def _take_sources(sections: Sequence[Section]) -> BibliographyData:
    known = parse_file(str(SOURCES_FILE))
    return BibliographyData({key: known.entries[key] for key in list_cited(list(sections))})


def _cite(text: str, sources: BibliographyData) -> str:
    return CITED.sub(lambda found: f"({'; '.join(_name(key, sources) for key in _split(found['keys']))})", text)


def _name(key: str, sources: BibliographyData) -> str:
    entry = sources.entries[key]
    names = [re.sub(r"[{}]", "", " ".join([*one.prelast_names, *one.last_names])) for one in entry.persons["author"]]
    told = f"{names[0]} et al." if len(names) >= SEVERAL else " and ".join(names)
    return f"{told}, {entry.fields['year']}"


def _list_sources(sources: BibliographyData) -> list[str]:
    """Return the references in words, by author."""
    style, words = find_plugin("pybtex.style.formatting", "plain")(), find_plugin("pybtex.backends", "plaintext")()
    return [
        re.sub(r"[${}]", "", one.text.render(words))
        for one in style.format_entries(style.sort(sources.entries.values()))
    ]
