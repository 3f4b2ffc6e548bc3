"""Names of BIDS files: whose they are, of which session and run; and the choice of one visit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from helpers.importers.base import LeftOut, refuse
from helpers.problems import CohortError, Problem, count, name_some, quote

_ENTITY = re.compile(r"([a-zA-Z]+)-([^_./\\]+)")


def read_entities(path: Path) -> dict[str, str]:
    """Return the entities in a BIDS name, with those of the folders above where the name lacks them.

    Examples
    --------
    >>> read_entities(Path("sub-01/ses-2/sub-01_ses-2_task-rest_bold.tsv"))
    {'sub': '01', 'ses': '2', 'task': 'rest'}
    """
    above = {}
    for part in path.parts[:-1]:
        if (match := re.fullmatch(r"(sub|ses)-([^_]+)", part)) is not None:
            above[match[1]] = match[2]
    return above | dict(_ENTITY.findall(path.name))


def name_participant(path: Path) -> str:
    """Return ``sub-<label>`` of a BIDS name.

    Raises
    ------
    CohortError
        When the name does not say whose file it is.
    """
    label = read_entities(path).get("sub")
    if label is None:
        raise refuse(path, "a name without sub-…", "a BIDS name, e.g. sub-01_task-rest…", "rename the file.")
    return f"sub-{label}"


def group_by_participant(paths: Sequence[Path]) -> dict[str, list[Path]]:
    """Return the files of each participant, in the order given; a nameless file and a name given twice are problems.

    Raises
    ------
    CohortError
    """
    grouped: dict[str, list[Path]] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            grouped.setdefault(name_participant(path), []).append(path)
        except CohortError as error:
            problems += error.problems
    for name in [name for name, n in Counter(path.name for path in paths).items() if n > 1]:
        problems.append(Problem(name, None, None, "two files of this name", "every run once", "give one of them."))
    if problems:
        raise CohortError(problems)
    return grouped


def choose_session(paths: Sequence[Path], visit: str | None) -> tuple[list[Path], list[LeftOut]]:
    """Keep the files of one session.

    Parameters
    ----------
    paths : sequence of pathlib.Path
    visit : str or None
        ``ses-`` label, with or without ``ses-``; needed where the files have several sessions.

    Returns
    -------
    tuple of list of pathlib.Path, and of list of LeftOut

    Raises
    ------
    CohortError
        Several sessions and none chosen, or the chosen one is in no file.
    """
    sessions = {path: read_entities(path).get("ses") for path in paths}
    wanted = visit.removeprefix("ses-") if visit is not None else None
    kept = choose_visit(paths[0], list(sessions.values()), wanted, "session")
    chosen = [path for path in paths if sessions[path] == kept or sessions[path] is None]
    n = len(paths) - len(chosen)
    return chosen, [LeftOut("files of other sessions", n, f"ses-{kept} was chosen")] if n else []


def choose_visit(path: Path, values: Iterable[str | None], visit: str | None, what: str) -> str | None:
    """Return the one visit to keep among those that stand in a file.

    Raises
    ------
    CohortError
        Several and none chosen, or the chosen one is not among them; both list them.
    """
    found = list(dict.fromkeys(value for value in values if value is not None))
    if visit is not None and visit not in found and found:
        raise refuse(
            path, f"no {what} {quote(visit)}", f"one of {name_some(map(quote, found))}", "choose with --visit."
        )
    if visit is not None:
        return visit
    if len(found) > 1:
        fix = f"choose with --visit: {_name_all(found)}."
        raise refuse(path, f"{count(len(found), what)} and none chosen", "one per participant", fix)
    return found[0] if found else None


def _name_all(found: Sequence[str]) -> str:
    return ", ".join(map(quote, found[:30])) + (f" and {len(found) - 30} more" if len(found) > 30 else "")
