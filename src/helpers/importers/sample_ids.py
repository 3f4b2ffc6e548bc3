"""Names of samples become ids of participants: by a map, by a pattern taken off, or by the ids there are."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpers.contract.ids import find_flaw, fold_id
from helpers.importers.delimited import check_unique, read_frame
from helpers.problems import CohortError, Problem, count, name_some, quote

USUAL = (  # what sequencers and pipelines write behind the name of a sample
    r"_S[0-9]+_L[0-9]+.*$", r"_S[0-9]+$", r"_L[0-9]+.*$", r"_R[12].*$", r"[._-][A-Za-z]+[0-9]*$", r"[._-][0-9]+$", r"^[A-Za-z]+[._-]",
)  # fmt: skip
FEWEST_KNOWN = 0.5
TWO_WAYS = "give a map of samples to participants (--ids) or, where a participant has several visits, the one to keep (--visit)."


@dataclass(frozen=True)
class IdRules:
    """How names of samples become ids of participants.

    Attributes
    ----------
    ids : mapping of str to str or None
        Sample to participant; samples that it does not list are left out.
    strip : re.Pattern or None
        What is taken off every name first.
    """

    ids: Mapping[str, str] | None = None
    strip: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Renamed:
    """Participants by sample, and what was done to get them.

    Attributes
    ----------
    ids : dict of str to str
        Only samples that are kept.
    respelled : dict of str to str
        Those whose participant is spelled otherwise in participants.tsv.
    unlisted : tuple of str
        Samples left out: not in the map, or of nobody in participants.tsv.
    """

    ids: dict[str, str]
    respelled: dict[str, str] = field(default_factory=dict)
    unlisted: tuple[str, ...] = ()


def read_id_rules(ids: Path | None, strip: str | None) -> IdRules:
    """Read what the user says of ids.

    Parameters
    ----------
    ids : pathlib.Path or None
        A table with the columns ``sample`` and ``participant_id``.
    strip : str or None
        A regular expression.

    Returns
    -------
    IdRules

    Raises
    ------
    CohortError
        When the table lacks a column, names a sample twice, or the expression is none.
    """
    problems, pattern, table = [], None, None
    try:
        pattern = re.compile(strip) if strip else None
    except re.error as error:
        found = f"{quote(strip)}, no pattern ({error})"
        problems.append(Problem("--strip", None, None, found, "a regular expression", r"for instance '_S\d+$'."))
    try:
        table = None if ids is None else _read_map(ids)
    except CohortError as error:
        problems += error.problems
    if problems:
        raise CohortError(problems)
    return IdRules(table, pattern)


def _read_map(path: Path) -> dict[str, str]:
    table = read_frame(path)
    if not {"sample", "participant_id"} <= set(table.columns):
        found = f"the columns {name_some(table.columns)}"
        fix = "name the column of the program's names sample, and the other participant_id."
        raise CohortError([Problem(path.name, 1, None, found, "sample and participant_id", fix)])
    samples, people = (table[name].str.strip().tolist() for name in ("sample", "participant_id"))
    check_unique(path, samples, "sample")
    pairs = {sample: person for sample, person in zip(samples, people, strict=True) if person not in ("", "n/a")}
    return pairs


def rename_samples(
    samples: Iterable[str], rules: IdRules, participants: Collection[str] | None, *, file: str
) -> Renamed:
    """Return the participant of every sample.

    Parameters
    ----------
    samples : iterable of str
        As the program wrote them, every name once.
    rules : IdRules
    participants : collection of str or None
        Ids of ``participants.tsv``; None when there is none yet.
    file : str
        Named in errors.

    Returns
    -------
    Renamed

    Raises
    ------
    CohortError
        When two samples become one participant, an id is unsafe, or hardly any sample is of a known participant.

    Examples
    --------
    >>> rename_samples(["S1_L001", "S2_L001"], IdRules(strip=re.compile("_L001")), ["sub-S1", "sub-S2"], file="x").ids
    {'S1_L001': 'sub-S1', 'S2_L001': 'sub-S2'}
    """
    bare = {name: rules.strip.sub("", name).strip() if rules.strip else name for name in samples}
    if rules.ids is not None:
        pairs = {name: rules.ids.get(name, rules.ids.get(short)) for name, short in bare.items()}
        ids = {name: person for name, person in pairs.items() if person is not None}
        renamed = Renamed(ids, unlisted=tuple(name for name in bare if name not in ids))
        hint = "the first column of the map (sample) must hold the names of the file"
    elif participants is not None:
        renamed = _match(bare, participants)
        hint = f"they are spelled otherwise than in participants.tsv{_suggest_strip(bare, participants)}"
    else:
        renamed, hint = Renamed(bare), ""
    problems = [*_find_few(renamed, bare, hint, file), *_find_unsafe(renamed, file), *_find_doubles(renamed, file)]
    if problems:
        raise CohortError(problems)
    return renamed


def _match(bare: Mapping[str, str], participants: Collection[str]) -> Renamed:
    """Return the listed participant of every sample: of the same spelling, else the only one that folds alike."""
    times = Counter(map(fold_id, participants))
    folded = {fold_id(person): person for person in participants if times[fold_id(person)] == 1}
    known = set(participants)
    pairs = {name: short if short in known else folded.get(fold_id(short)) for name, short in bare.items()}
    ids = {name: person for name, person in pairs.items() if person is not None}
    respelled = {name: person for name, person in ids.items() if bare[name] != person}
    return Renamed(ids, respelled, tuple(name for name in bare if name not in ids))


def _suggest_strip(bare: Mapping[str, str], participants: Collection[str]) -> str:
    """Return the pattern to take off with which most samples would be those of participants; empty where none of the usual does it."""
    for pattern in USUAL:
        short = {name: re.sub(pattern, "", text) for name, text in bare.items()}
        if short != dict(bare) and len(_match(short, participants).ids) >= FEWEST_KNOWN * len(bare):
            return f" (they are its participants with --strip '{pattern}')"
    return ""


def _find_few(renamed: Renamed, bare: Mapping[str, str], hint: str, file: str) -> list[Problem]:
    if len(renamed.ids) >= FEWEST_KNOWN * len(bare) and renamed.ids:
        return []
    if renamed.ids and not hint.startswith("they"):
        return []
    found = f"{count(len(renamed.unlisted), 'sample')} of nobody that is known ({name_some(renamed.unlisted)})"
    fix = f"{hint}: give a map (--ids), or a pattern to take off (--strip)."
    return [Problem(file, None, None, found, f"most of the {count(len(bare), 'sample')} known", fix)]


def _find_unsafe(renamed: Renamed, file: str) -> list[Problem]:
    flaws = {name: flaw for name in renamed.ids.values() if (flaw := find_flaw(name))}
    return [
        Problem(
            file,
            None,
            None,
            f"{quote(name)} for a participant ({found})",
            "letters, digits, - and _",
            "give a map of samples to participants (--ids), or a pattern to take off (--strip).",
        )
        for name, (found, _) in list(flaws.items())[:5]
    ]


def _find_doubles(renamed: Renamed, file: str) -> list[Problem]:
    samples = defaultdict(list)
    for name, person in renamed.ids.items():
        samples[person].append(name)
    doubles = {person: names for person, names in samples.items() if len(names) > 1}
    return [
        Problem(
            file,
            None,
            None,
            f"{count(len(names), 'sample')} that become one participant, {quote(person)} ({name_some(names)})",
            "one sample per participant",
            TWO_WAYS,
        )
        for person, names in list(doubles.items())[:5]
    ] + (
        [
            Problem(
                file, None, None, f"{len(doubles) - 5} further participants with several samples", "one each", TWO_WAYS
            )
        ]
        if len(doubles) > 5
        else []
    )
