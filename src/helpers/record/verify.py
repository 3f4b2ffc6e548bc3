"""Whether results, pages and inputs are still those of the crate, file by file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from helpers.contract import list_files
from helpers.importers.sources import hash_file
from helpers.problems import CohortError, Problem, count
from helpers.record.crate import FILE, SEAL, WORKFLOW, hash_crate
from helpers.record.inputs import hash_inputs

OUTPUTS = ("results", "pages", "html")
INPUT = "arcp://"
CHANGED, MISSING, NEW = "changed", "missing", "new"


@dataclass(frozen=True)
class Difference:
    """One file that is not as the crate has it.

    Attributes
    ----------
    file : str
        Below the folder of the book; an input below ``inputs/``.
    state : {"changed", "missing", "new"}
    """

    file: str
    state: str


def hash_outputs(output_dir: Path) -> dict[str, str]:
    """Return the sha256 of each file that a run leaves for readers: results, pages, book.

    Parameters
    ----------
    output_dir : pathlib.Path
    """
    files = [path for name in OUTPUTS if (output_dir / name).is_dir() for path in list_files(output_dir / name)]
    files += [output_dir / WORKFLOW] if (output_dir / WORKFLOW).is_file() else []
    return {path.relative_to(output_dir).as_posix(): hash_file(path) for path in files}


def read_crate(output_dir: Path) -> dict[str, Any] | None:
    """Return the crate of a folder; None when there is none.

    Parameters
    ----------
    output_dir : pathlib.Path

    Raises
    ------
    CohortError
        When it cannot be read, or was changed after the run wrote it.
    """
    path = output_dir / FILE
    if not path.is_file():
        return None
    fix = (
        "put back the file as the run wrote it, or move it away and run again; results and pages are left as they are."
    )
    try:
        graph = json.loads(path.read_text(encoding="utf-8"))
        sealed = next(entity["value"] for entity in graph["@graph"] if entity["@id"] == SEAL)
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        problem = Problem(FILE, None, None, "no crate of a run", "what `resilience-book run` wrote", fix)
        raise CohortError([problem]) from None
    if sealed != hash_crate(graph):
        problem = Problem(
            FILE, None, None, "a crate that was changed after it was written", "the hash it holds of itself", fix
        )
        raise CohortError([problem])
    return graph


def list_hashes(graph: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the sha256 of outputs and of inputs as a crate has them; what a blind run did not tell is blank.

    Parameters
    ----------
    graph : mapping
        From `read_crate`.
    """
    files = [entity for entity in graph["@graph"] if "File" in _types(entity)]
    inputs = {unquote(e["@id"].split("/", 3)[3]): e.get("sha256", "") for e in files if e["@id"].startswith(INPUT)}
    outputs = {e["@id"]: e.get("sha256", "") for e in files if not e["@id"].startswith(INPUT)}
    return outputs, inputs


def compare_outputs(output_dir: Path, graph: Mapping[str, Any]) -> list[Difference]:
    """Return the results and pages that are not those of the crate.

    Parameters
    ----------
    output_dir : pathlib.Path
    graph : mapping
        From `read_crate`.
    """
    return _compare(list_hashes(graph)[0], hash_outputs(output_dir))


def compare_inputs(cohort_dir: Path, graph: Mapping[str, Any]) -> list[Difference]:
    """Return the files of a cohort folder that are not those of the crate; one without a hash counts when it is gone.

    Parameters
    ----------
    cohort_dir : pathlib.Path
    graph : mapping
        From `read_crate`.
    """
    known = list_hashes(graph)[1]
    here = hash_inputs(cohort_dir) if cohort_dir.is_dir() else {}
    untold = {name: "" for name, sha256 in known.items() if not sha256 and name in here}
    return [Difference(f"inputs/{one.file}", one.state) for one in _compare(known, here | untold)]


def describe_differences(differences: list[Difference], n_outputs: int, n_inputs: int | None) -> str:
    """Return what a verification found, a line for each file.

    Parameters
    ----------
    differences : list of Difference
    n_outputs : int
    n_inputs : int or None
        None when the inputs were not looked at.

    Examples
    --------
    >>> print(describe_differences([Difference("results/01_cohort/flow.tsv", "changed")], 3, None))
      changed: results/01_cohort/flow.tsv
    1 file is not as the crate has it (3 results and pages looked at; inputs not looked at).
    """
    looked = f"{n_outputs:,} results and pages looked at; " + (
        "inputs not looked at" if n_inputs is None else f"{count(n_inputs, 'input')} as well"
    )
    lines = [f"  {one.state}: {one.file}" for one in differences]
    if differences:
        n = len(differences)
        lines.append(
            f"{count(n, 'file')} {'is' if n == 1 else 'are'} not as the crate has {'it' if n == 1 else 'them'} ({looked})."
        )
    else:
        lines.append(f"Everything is as the crate has it ({looked}).")
    return "\n".join(lines)


def _types(entity: Mapping[str, Any]) -> list[str]:
    kinds = entity.get("@type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def _compare(known: Mapping[str, str], here: Mapping[str, str]) -> list[Difference]:
    found = [Difference(name, MISSING) for name in known if name not in here and name != FILE]
    found += [
        Difference(name, CHANGED) for name in known if name in here and here[name] != known[name] and name != FILE
    ]
    found += [Difference(name, NEW) for name in here if name not in known]
    return sorted(found, key=lambda one: (one.file, one.state))
