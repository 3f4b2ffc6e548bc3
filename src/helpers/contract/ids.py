"""Ids: safe in participants.tsv, and the same people under the same spelling in every other table."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict

import pandas as pd

from helpers.contract.cell_errors import explain_name, suggest
from helpers.contract.files import CELLS_LISTED, ID, Reader
from helpers.problems import count, name_some, quote

LONGEST_ID = 64
SUMMARIES = frozenset({"total", "sum", "all", "mean", "average", "median", "sd", "std", "min", "max", "n", "overall"})
FEWEST_SHARE = 0.5


def fold_id(name: str) -> str:
    """Spell an id so that one person's usual spellings meet.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        Without case, blanks, dashes, a leading ``sub``, leading zeros of its numbers, or the ``.0`` of a number.

    Examples
    --------
    >>> fold_id("sub-001"), fold_id("SUB-1 "), fold_id("01"), fold_id("1.0"), fold_id("sub-A010")
    ('1', '1', '1', '1', 'a10')
    """
    plain = re.sub(r"^(\d+)\.0$", r"\1", unicodedata.normalize("NFKC", str(name)).strip().casefold())
    bare = re.sub(r"[\W_]+", "", plain)
    return re.sub(r"0*(\d+)", r"\1", bare.removeprefix("sub") or bare)


def check_participant_ids(reader: Reader, file: str, ids: pd.Series) -> None:
    """Report ids of ``participants.tsv`` that are unsafe as names, damaged, or two spellings of one person.

    Parameters
    ----------
    reader : Reader
    file : str
    ids : pandas.Series
        As written; its index counts rows from 0.
    """
    named = ids.dropna()
    flaws = {row: flaw for row, name in named.items() if (flaw := find_flaw(name))}
    for row in list(flaws)[:CELLS_LISTED]:
        found, fix = flaws[row]
        expected = f"letters, digits, - and _, at most {LONGEST_ID} signs"
        reader.report(file, f"{quote(named[row])} ({found})", expected, fix, line=row + 2, column=ID)
    if len(flaws) > CELLS_LISTED:
        more = f"{count(len(flaws) - CELLS_LISTED, 'further id')} of this kind"
        reader.report(file, more, "ids as above", "mend them in the same way.", column=ID)
    _check_twins(reader, file, named)


def find_flaw(name: str) -> tuple[str, str] | None:
    """Return what keeps a text from being an id, and how to mend it; None when nothing does.

    Examples
    --------
    >>> find_flaw("sub-01") is None, find_flaw("../x")[0]
    (True, 'a path')
    """
    if damage := explain_name(name):
        return damage.what, damage.fix
    if name != name.strip():
        return "a blank before or behind", f"write {quote(name.strip())}, here and in every other table."
    if any(unicodedata.category(c).startswith("C") for c in name):
        return "an invisible sign", "type the id again."
    everywhere = "here and in every other table."
    if re.search(r"\s", name):
        joined = re.sub(r"\s+", "-", name)
        return "a blank inside", f"write {quote(joined)}, {everywhere}"
    if re.search(r"[/\\]", name) or name in (".", ".."):
        joined = re.sub(r"[/\\.]+", "-", name).strip("-")
        return "a path", f"write {quote(joined)}, {everywhere}"
    if len(name) > LONGEST_ID:
        return f"{len(name)} signs", "give the person a shorter id, here and in every other table."
    return None


def _check_twins(reader: Reader, file: str, ids: pd.Series) -> None:
    folded = ids.map(fold_id)
    for _, group in ids.groupby(folded):
        names = group.unique()
        if len(names) > 1:
            reader.report(
                file,
                f"{' and '.join(map(quote, names[:5]))}, which may be one person",
                "one spelling per person",
                "if they are one person, keep one row; if not, nothing.",
                line=int(group.index[1]) + 2,
                column=ID,
                severity="warning",
            )


def check_ids(reader: Reader, file: str, ids: pd.Index, participants: pd.Index) -> None:
    """Report ids of a table that ``participants.tsv`` does not list, each with the likeliest match.

    Parameters
    ----------
    reader : Reader
        Knows the line of every id where the file was read by it.
    file : str
    ids, participants : pandas.Index
    """
    lines = reader.lines.get(file)
    unknown = [(None if lines is None else lines[at], name) for at, name in enumerate(ids) if name not in participants]
    _check_coverage(reader, file, len(ids) - len(unknown), len(participants))
    if not unknown:
        return
    guesses = _guess(unknown, participants)
    if len(unknown) == len(ids) and len(ids) > 1:
        _report_all_unknown(reader, file, ids, participants, guesses)
        return
    for line, name in unknown[:CELLS_LISTED]:
        _report_unknown(reader, file, line, name, guesses.get(name))
    if len(unknown) > CELLS_LISTED:
        found = f"{len(unknown) - CELLS_LISTED} further unknown ids"
        reader.report(file, found, "ids of participants.tsv", "mend them as above.", column=ID)


def guess_id(name: str, participants: pd.Index) -> str | None:
    """Return the participant an id likely means; None when nobody is alike."""
    return _guess([(None, name)], participants).get(name)


def _guess(unknown: list[tuple[int | None, str]], participants: pd.Index) -> dict[str, str]:
    """Return the likeliest participant by unknown id; a guess never changes a number inside an id."""
    times, alike = Counter(map(fold_id, participants)), defaultdict(list)
    known = {fold_id(name): name for name in participants if times[fold_id(name)] == 1}
    for name in participants:
        alike[_numbers_of(name)].append(name)
    guesses, n_searched = {}, 0
    for _, name in unknown:
        guess = known.get(fold_id(name))
        if guess is None and n_searched < CELLS_LISTED:
            n_searched += 1
            guess = suggest(name, alike[_numbers_of(name)], alike=0.6)
        if guess is not None:
            guesses[name] = guess
    return guesses


def _numbers_of(name: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d{1,18}", str(name)))


def _report_all_unknown(
    reader: Reader, file: str, ids: pd.Index, participants: pd.Index, guesses: dict[str, str]
) -> None:
    shown = name_some(participants[:3])
    matched = [name for name in ids if name in guesses]
    if len(matched) == len(ids) and len(set(guesses.values())) == len(set(ids)):
        first = matched[0]
        found = f"{count(len(ids), 'id')} spelled otherwise throughout ({quote(first)} for {guesses[first]})"
        fix = f"spell all of them as there: {guesses[first]} in place of {first}."
    else:
        found = f"{count(len(ids), 'id')}, none of them in participants.tsv ({name_some(ids)})"
        fix = "spell the ids alike in every file."
    reader.report(file, found, f"ids as in participants.tsv ({shown})", fix, column=ID)


def _report_unknown(reader: Reader, file: str, line: int | None, name: str, guess: str | None) -> None:
    damage = explain_name(str(name))
    found = f"{quote(name)} ({damage.what})" if damage else quote(name)
    fix = damage.fix if damage else "correct the id, add the person to participants.tsv, or remove the row."
    if str(name).strip().lower() in SUMMARIES:
        fix = "remove the row: it holds figures over participants, and is none of them."
    fix = f"write {guess}, if that is who is meant." if guess else fix
    reader.report(file, found, "an id of participants.tsv", fix, line=line, column=ID)


def _check_coverage(reader: Reader, file: str, n_known: int, n_participants: int) -> None:
    if 0 < n_known < FEWEST_SHARE * n_participants:
        reader.report(
            file,
            f"{n_known} of {count(n_participants, 'participant')}",
            "at least half of them",
            "add the missing rows if there are any; else results of this table rest on few people.",
            column=ID,
            severity="warning",
        )
