"""Files of one person each, in a folder: which are there, and what is wrong with many of them said once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from helpers.contract.files import Reader
from helpers.contract.ids import guess_id
from helpers.problems import count

FILES_LISTED = 5


@dataclass
class Findings:
    """Problems of many alike files: each named while few, one in the name of all when many."""

    reader: Reader
    found: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, kind: str, file: str, found: str, expected: str, fix: str, **place: Any) -> None:
        """Add one problem of a kind."""
        self.found[kind].append({"file": file, "found": found, "expected": expected, "fix": fix, **place})

    def report(self) -> None:
        """Report all that was added."""
        for problems in self.found.values():
            many = len(problems) > FILES_LISTED
            for problem in problems[:1] if many else problems:
                more = f" (and the like in {count(len(problems) - 1, 'further file')})" if many else ""
                self.reader.report(**problem | {"found": problem["found"] + more})


def list_person_files(
    reader: Reader, folder: str, endings: Sequence[str], participants: pd.Index, what: str
) -> dict[str, str]:
    """Return the file of each person in a folder; strangers and doubles are reported.

    Parameters
    ----------
    reader : Reader
    folder : str
        Inside the cohort folder.
    endings : sequence of str
    participants : pandas.Index
    what : str
        What a file holds, in a word.

    Returns
    -------
    dict of str to str
        Id to file, both sorted; empty when there is no such folder.
    """
    files: dict[str, str] = {}
    findings = Findings(reader)
    is_there = folder not in reader.refused and (reader.folder / folder).is_dir()
    paths = sorted((reader.folder / folder).glob("*")) if is_there else []
    for path in paths:
        file = f"{folder}/{path.name}"
        ending = next((ending for ending in endings if path.name.endswith(ending)), None)
        if path.name.startswith(".") or path.suffix == ".json" or file in reader.refused:
            continue
        name, visit = split_visit(path.name.removesuffix(ending or ""), participants)
        if visit is not None:
            reader.visits.note_file(folder, name, visit)
        if (reader.visits.is_other and visit is None) or visit not in (None, reader.visits.wanted):
            continue
        if ending is None or not path.is_file():
            expected = f"one {what} per person, <participant_id>{' or '.join(endings)}"
            findings.add(
                "other",
                folder,
                f"'{_shorten(path.name)}', which is not read",
                expected,
                "move it elsewhere.",
                severity="warning",
            )
        elif name in files:
            findings.add(
                "twice", file, f"a second {what} of {name}", f"one {what} per person", "remove one of the two."
            )
        elif len(participants) and name not in participants:
            guess = guess_id(name, participants)
            fix = (
                f"rename it {guess}{ending}, if that is who is meant."
                if guess
                else "add the person to participants.tsv, or remove the file."
            )
            findings.add("stranger", file, f"a {what} of '{name}'", "an id of participants.tsv as its name", fix)
        else:
            files[name] = file
    findings.report()
    return files


def split_visit(name: str, participants: pd.Index) -> tuple[str, str | None]:
    """Return the participant and the visit of a file's name; None where it names no visit.

    Examples
    --------
    >>> split_visit("sub-01_ses-month3", pd.Index(["sub-01"])), split_visit("sub-01", pd.Index(["sub-01"]))
    (('sub-01', 'month3'), ('sub-01', None))
    """
    person, mark, visit = name.rpartition("_ses-")
    return (person, visit) if mark and name not in participants else (name, None)


def _shorten(name: str) -> str:
    """Return how a file's name ends, as its start may be somebody's id."""
    return f"…{name[name.index('.') :]}" if "." in name else "a file without an ending"
