"""Files of other programs in; tables of a cohort folder out, nothing overwritten, with a record of where they came from."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.contract.schema import read_schema
from helpers.importers.base import Format, Imported, LeftOut, Options
from helpers.importers.finding import Found, find_files
from helpers.importers.merging import (
    ID,
    TAXA,
    TAXONOMY,
    Content,
    check_contents,
    fit_taxonomy,
    is_person_file,
    merge_contents,
    split_person_file,
)
from helpers.importers.placing import check_places, read_names, write_contents
from helpers.importers.sample_ids import IdRules, read_id_rules, rename_samples
from helpers.importers.sources import Source, append_sources, describe_left_out, hash_file
from helpers.problems import CohortError, Problem, count, name_some

PLAIN = "plain"


@dataclass(frozen=True, eq=False)
class Part:
    """What the files of one format became.

    Attributes
    ----------
    format : Format
    paths : tuple of pathlib.Path
    imported : Imported
        With ids of participants.
    respelled : mapping of str to str
        Samples whose participant is spelled otherwise, with the participant.
    """

    format: Format
    paths: tuple[Path, ...]
    imported: Imported
    respelled: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """One file of the cohort folder; a folder with ``/`` where every participant has a file.

    Attributes
    ----------
    file : str
    n_rows, n_columns : int or None
        Of a table, the ids not counted; files of participants count as rows.
    """

    file: str
    n_rows: int | None = None
    n_columns: int | None = None

    def __str__(self) -> str:
        if self.n_rows is None:
            return self.file
        size = f"{self.n_rows:,} × {self.n_columns:,}" if self.n_columns is not None else f"{self.n_rows:,}"
        return f"{self.file} ({size})"


@dataclass(frozen=True, eq=False)
class ImportReport:
    """What was found, what was written, what was left out.

    Attributes
    ----------
    folder : pathlib.Path
    parts : tuple of Part
        By format, with notes and what was left out.
    targets : tuple of Target
        Written, or to be written where `is_dry`.
    left_out : tuple of LeftOut
        What several formats together made superfluous.
    unrecognised : tuple of pathlib.Path
        Files of a folder that no program is known to write.
    settings : mapping
        What ``cohort.yml`` has to say of these tables.
    is_dry : bool
        Whether nothing was written, as asked.
    """

    folder: Path
    parts: tuple[Part, ...]
    targets: tuple[Target, ...]
    left_out: tuple[LeftOut, ...] = ()
    unrecognised: tuple[Path, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    is_dry: bool = False


def import_files(
    paths: Sequence[str | os.PathLike[str]],
    folder: str | os.PathLike[str],
    *,
    as_name: str | None = None,
    options: Options | None = None,
    ids: Path | None = None,
    strip: str | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """Import files of other programs into a cohort folder.

    Parameters
    ----------
    paths : sequence of str or path-like
        Files, or folders: of these all files that are recognised.
    folder : str or path-like
        The cohort folder; made if need be. A relative path counts from the working directory.
    as_name : str, optional
        The format of all files; by default each is recognised by its content.
    options : Options, optional
        What the user says beside the files.
    ids : pathlib.Path, optional
        A table with the columns ``sample`` and ``participant_id``; samples that it does not list are left out.
    strip : str, optional
        A regular expression, taken off the names of samples.
    dry_run : bool, default False
        Read and check everything, write nothing.

    Returns
    -------
    ImportReport

    Raises
    ------
    CohortError
        With every problem of every file; nothing is written then. A file that the folder has is never touched.

    Notes
    -----
    Without `ids`, samples are matched to the ids of ``participants.tsv`` (the folder's own, else the one that is
    imported): of the same spelling, else the only one without case, blanks, dashes, ``sub-`` and leading zeros.
    """
    target, options = Path(folder).expanduser().absolute(), options or Options()
    rules = read_id_rules(ids, strip)
    otherwise = PLAIN if options.role is not None else None
    found = find_files([Path(path).expanduser().absolute() for path in paths], as_name, otherwise)
    parts = _rename(_read(found, options), rules, target)
    contents, problems = merge_contents([_contents_of(part.imported) for part in parts])
    contents, left_out, lacking = fit_taxonomy(contents, {file: read_names(target, file) for file in (TAXA, TAXONOMY)})
    problems += [*lacking, *check_contents(contents), *check_places(target, contents)]
    if problems:
        raise CohortError(problems)
    report = ImportReport(
        target,
        tuple(parts),
        tuple(_list_targets(contents)),
        tuple(left_out),
        found.unrecognised,
        _join_settings([part.imported.settings for part in parts]),
        dry_run,
    )
    if not dry_run:
        lines = _list_sources(report, contents, _say_options(options, ids, strip))
        write_contents(target, contents, lambda: append_sources(target, lines))
    return report


def _read(found: Found, options: Options) -> list[Part]:
    parts, problems = [], []
    for form, paths in found.by_format.items():
        try:
            parts.append(Part(form, tuple(paths), form.read(paths, options)))
        except CohortError as error:
            problems += error.problems
    if problems:
        raise CohortError(problems)
    return parts


def _contents_of(imported: Imported) -> dict[str, Content]:
    return {**imported.tables, **imported.texts, **imported.copies}


def _rename(parts: list[Part], rules: IdRules, folder: Path) -> list[Part]:
    """Return the parts with ids of participants; the table of participants itself is renamed first."""
    people = read_schema()["participants"]["file"]
    listed = read_names(folder, people)
    holders = [part for part in parts if people in part.imported.tables]
    reference = listed if listed is not None and len(listed) else None
    problems, renamed = [], {}
    if reference is None and holders:
        part = holders[-1]  # of several, people's own programs come after those of samples in the registry
        renamed[id(part)], wrong = _rename_part(part, rules, None)
        problems += wrong
        reference = None if wrong else renamed[id(part)].imported.tables[people].index
    for part in parts:
        if id(part) not in renamed:
            renamed[id(part)], wrong = _rename_part(part, rules, reference)
            problems += wrong
    if problems:
        raise CohortError(problems)
    return [renamed[id(part)] for part in parts]


def _rename_part(part: Part, rules: IdRules, participants: pd.Index | None) -> tuple[Part, list[Problem]]:
    imported, file = part.imported, part.paths[0].name
    made_from = dict(imported.made_from)
    tables: dict[str, pd.DataFrame] = {}
    others: dict[str, Content] = {}
    respelled: dict[str, str] = {}
    unlisted: dict[str, None] = {}
    problems: list[Problem] = []

    def ask(names: Sequence[str]) -> dict[str, str]:
        try:
            got = rename_samples([str(name) for name in names], rules, participants, file=file)
        except CohortError as error:
            problems.extend(error.problems)
            return {}
        respelled.update(got.respelled)
        unlisted.update(dict.fromkeys(got.unlisted))
        return got.ids

    per_person = [name for name in _contents_of(imported) if is_person_file(name)]
    ids_of_files = ask(dict.fromkeys(split_person_file(name)[1] for name in per_person)) if per_person else {}
    for name, content in _contents_of(imported).items():
        if name in per_person:
            place, sample, ending = split_person_file(name)
            if sample not in ids_of_files:
                continue
            named = f"{place}/{ids_of_files[sample]}{ending}"
            made_from |= {named: imported.made_from[name]} if name in imported.made_from else {}
            name = named
        elif isinstance(content, pd.DataFrame) and content.index.name == ID:
            if content.index.has_duplicates:
                twice = content.index[content.index.duplicated()].unique()
                found = f"{count(len(twice), 'sample')} more than once ({name_some(twice)})"
                problems.append(Problem(file, None, None, found, "every sample once", "keep one visit (--visit)."))
                continue
            ids = ask(content.index)
            content = content[content.index.astype(str).isin(ids)]
            content = content.set_axis([ids[str(sample)] for sample in content.index], axis=0).rename_axis(ID)
        (tables if isinstance(content, pd.DataFrame) else others)[name] = content
    if problems:
        return part, list(dict.fromkeys(problems))
    left_out = [*imported.left_out]
    if unlisted:
        why = "the map (--ids) does not list them" if rules.ids is not None else "participants.tsv does not list them"
        left_out.append(LeftOut("samples", len(unlisted), why))
    notes = [*imported.notes, *([f"samples left out: {name_some(unlisted)}."] if unlisted else [])]
    made = replace(
        imported,
        tables=tables,
        texts={name: content for name, content in others.items() if isinstance(content, str)},
        copies={name: content for name, content in others.items() if isinstance(content, Path)},
        left_out=left_out,
        notes=notes,
        made_from=made_from,
    )
    return replace(part, imported=made, respelled=respelled), []


def _list_targets(contents: Mapping[str, Content]) -> list[Target]:
    targets, folders = [], {}
    for file, content in contents.items():
        if is_person_file(file):
            place = f"{split_person_file(file)[0]}/"
            folders[place] = folders.get(place, 0) + 1
        elif isinstance(content, pd.DataFrame):
            targets.append(Target(file, *content.shape))
        else:
            targets.append(Target(file))
    return targets + [Target(place, n_files) for place, n_files in folders.items()]


def _list_sources(report: ImportReport, contents: Mapping[str, Content], options: str) -> list[Source]:
    now, lines = datetime.now(UTC).strftime("%Y-%m-%d %H:%M"), []
    sizes = {target.file: target for target in report.targets}
    for part in report.parts:
        hashes = {path: hash_file(path) for path in part.paths}
        left_out = describe_left_out([*part.imported.left_out, *report.left_out])
        for file, paths in _list_origins(part).items():
            size = [str(n) if n is not None else "" for n in (sizes[file].n_rows, sizes[file].n_columns)]
            about = (part.format.name, part.format.program, options, *size, left_out, now)
            lines += [Source(file, path.name, hashes[path], *about) for path in paths]
    return lines


def _list_origins(part: Part) -> dict[str, list[Path]]:
    """Return the files that each file of the folder was made of; files of participants together, as their folder."""
    imported, origins = part.imported, {}
    for file, content in _contents_of(imported).items():
        place = f"{split_person_file(file)[0]}/" if is_person_file(file) else file
        own = [content] if isinstance(content, Path) else imported.made_from.get(file, part.paths)
        origins.setdefault(place, {}).update(dict.fromkeys(path for path in own if path in part.paths))
    return {place: list(paths) for place, paths in origins.items()}


def _say_options(options: Options, ids: Path | None, strip: str | None) -> str:
    said = {**vars(options), "ids": ids, "strip": strip}
    shown = {name: value.name if isinstance(value, Path) else value for name, value in said.items()}
    return ", ".join(f"{name}={value}" for name, value in shown.items() if value is not None)


def _join_settings(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the settings of all readers; mappings of one name are joined."""
    joined: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            is_both = isinstance(value, Mapping) and isinstance(joined.get(name), Mapping)
            joined[name] = {**joined[name], **value} if is_both else value
    return joined
