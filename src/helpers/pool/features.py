"""Genera and metabolites over all cohorts: matched by name or HMDB number, then combined one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.contrasts import Q_SHOWN, adjust_bh
from helpers.pool.meta import POOLED, as_row, combine, find_standard_error
from helpers.pool.sharing import METABOLITES, TAXA
from helpers.pool.site import Site
from helpers.problems import count, name_some
from helpers.wording import as_text

RANK_PREFIX = re.compile(r"^(?:[a-z]__)+", re.IGNORECASE)
HMDB = re.compile(r"HMDB0*(\d+)", re.IGNORECASE)
CODE = r"[A-Za-z]+[_-]?\d+"  # of a cohort's own numbering, such as metabolite_012: no name
UNNAMED = frozenset({"", "unclassified", "unknown", "uncultured", "na", "nan"})
FEATURE_COLUMNS = ["n_cohorts", "n_high", "n_low", "d", "d_low", "d_high", "p", "q", "tau2", "i2"]  # that a page shows
NEEDED = ["d", "d_low", "d_high", "n_high", "n_low"]


@dataclass(frozen=True, eq=False)
class PooledFeatures:
    """Genera or metabolites of several cohorts.

    Attributes
    ----------
    table : pandas.DataFrame
        Index ``feature`` (the name that the first cohort gives it), smallest p first; for metabolites hmdb; n_cohorts, n_high, n_low
        (of all cohorts), d with its interval, p, q (over the table), tau2, i2, cochran_q, p_heterogeneity and the prediction interval.
    n_alone : int
        Features of a single cohort, which are not combined.
    unclear : dict of str to list of str
        By cohort, names that stand more than once in it and were therefore matched to nothing.
    cohorts : tuple of str
        Those that have the block.
    """

    table: pd.DataFrame
    n_alone: int
    unclear: Mapping[str, list[str]]
    cohorts: tuple[str, ...]


def pool_taxa(sites: Sequence[Site]) -> PooledFeatures:
    """Combine each genus over the cohorts that have it; genera are matched by name, see :func:`simplify_name`.

    Parameters
    ----------
    sites : sequence of Site
    """
    tables = {site.name: site.tables[TAXA] for site in sites if TAXA in site.tables}
    keys = {cohort: pd.Series(table.index.map(simplify_name), table.index) for cohort, table in tables.items()}
    return _pool(
        tables, keys, {cohort: pd.Series(table.index.map(strip_rank), table.index) for cohort, table in tables.items()}
    )


def pool_metabolites(sites: Sequence[Site]) -> PooledFeatures:
    """Combine each metabolite over the cohorts that have it; matched by HMDB number, else by name.

    A metabolite without a number takes the one that its name has in another cohort, where that is one.

    Parameters
    ----------
    sites : sequence of Site
    """
    tables = {site.name: site.tables[METABOLITES] for site in sites if METABOLITES in site.tables}
    named = {cohort: _call(table) for cohort, table in tables.items()}
    numbers = {cohort: table["hmdb"].map(read_hmdb) for cohort, table in tables.items()}
    pairs = pd.DataFrame(
        [
            (simplify_name(name), number)
            for cohort in tables
            for name, number in zip(named[cohort], numbers[cohort], strict=True)
            if number and simplify_name(name)
        ],
        columns=["name", "number"],
    ).drop_duplicates()
    learnt = pairs.drop_duplicates("name", keep=False).set_index("name")["number"]
    keys = {
        cohort: pd.Series(
            [
                number or learnt.get(simplify_name(name), simplify_name(name))
                for name, number in zip(named[cohort], numbers[cohort], strict=True)
            ],
            table.index,
        )
        for cohort, table in tables.items()
    }
    return _pool(tables, keys, named, numbered=True)


def _call(table: pd.DataFrame) -> pd.Series:
    """Return the name of each metabolite; its id where it has none, unless that is a code of one cohort."""
    ids = pd.Series(table.index, table.index).astype(str)
    return table["name"].where(table["name"].ne(""), ids.mask(ids.str.fullmatch(CODE), ""))


def strip_rank(name: object) -> str:
    """Return a name without prefixes of rank.

    Examples
    --------
    >>> strip_rank("g__Blautia"), strip_rank("Dorea")
    ('Blautia', 'Dorea')
    """
    return RANK_PREFIX.sub("", str(name).strip())


def simplify_name(name: object) -> str:
    """Return a name as it is compared: without prefixes of rank, signs and capitals; empty where it names nothing.

    Examples
    --------
    >>> simplify_name("g__[Eubacterium]_hallii group"), simplify_name("Eubacterium hallii group"), simplify_name("Unclassified")
    ('eubacteriumhalliigroup', 'eubacteriumhalliigroup', '')
    """
    bare = "".join(c for c in strip_rank(name).casefold() if c.isalnum())
    return "" if bare in UNNAMED else bare


def read_hmdb(text: object) -> str:
    """Return an HMDB number in its long form; empty where there is none, or more than one.

    Examples
    --------
    >>> read_hmdb("HMDB00092"), read_hmdb("HMDB0000092"), read_hmdb("")
    ('HMDB0000092', 'HMDB0000092', '')
    """
    found = {int(number) for number in HMDB.findall(str(text))}
    return f"HMDB{found.pop():07d}" if len(found) == 1 else ""


def _pool(
    tables: Mapping[str, pd.DataFrame],
    keys: Mapping[str, pd.Series],
    names: Mapping[str, pd.Series],
    *,
    numbered: bool = False,
) -> PooledFeatures:
    parts, unclear = [], {}
    for cohort, table in tables.items():
        part = table[NEEDED].assign(key=keys[cohort].to_numpy(), called=names[cohort].to_numpy())
        part = part[part["key"].ne("")].dropna(subset=NEEDED)
        twice = part["key"].duplicated(keep=False)
        if twice.any():
            unclear[cohort] = sorted(part.loc[twice, "called"].astype(str))
        parts.append(part[~twice])
    everything = pd.concat(parts) if parts else pd.DataFrame(columns=[*NEEDED, "key", "called"])
    everything = everything.assign(error=find_standard_error(everything["d_low"], everything["d_high"]))
    everything = everything[everything["error"] > 0]
    rows, n_alone = {}, 0
    for key, own in everything.groupby("key", sort=False):
        if len(own) < 2:
            n_alone += 1
            continue
        people = {name: int(own[name].sum()) for name in ("n_high", "n_low")}
        number = {"hmdb": key if HMDB.fullmatch(key) else ""} if numbered else {}
        called = str(own["called"].iloc[0])
        rows[called if called not in rows else f"{called} ({key})"] = (
            number | people | as_row(combine(own["d"], own["error"]))
        )
    columns = [*(["hmdb"] if numbered else []), "n_high", "n_low", *POOLED]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("feature")
    table.insert(table.columns.get_loc("p") + 1, "q", adjust_bh(table["p"].astype(float)))
    kept = [name for name in table.columns if not name.startswith("d_common")]
    return PooledFeatures(table[kept].sort_values("p", kind="stable"), n_alone, unclear, tuple(tables))


def describe_features(found: PooledFeatures, *, noun: str) -> str:
    """Say how many features could be combined, how many differ between the groups and what was left aside.

    Parameters
    ----------
    found : PooledFeatures
    noun : str
        What one feature is, in the plural.
    """
    if len(found.cohorts) < 2:
        return (
            f"{'One cohort has' if found.cohorts else 'No cohort has'} a table of {noun}: there is nothing to combine."
        )
    table = found.table
    if table.empty:
        return f"None of the {noun} is in two cohorts by the same name: there is nothing to combine."
    called = table[table["q"] < Q_SHOWN]
    sides = (
        f" ({int((called['d'] > 0).sum())} higher, {int((called['d'] < 0).sum())} lower in the high group)"
        if len(called)
        else ""
    )
    everywhere = int((table["n_cohorts"] == len(found.cohorts)).sum())
    text = (
        f"{count(len(found.cohorts), 'cohort')} have {noun}; {len(table):,} are in two cohorts or more ({everywhere:,} in all of them) and are "
        f"combined, {found.n_alone:,} are in one alone and are not. {len(called) or 'None'} "
        f"{'has' if len(called) == 1 else 'have'} q < {Q_SHOWN:g}{sides}."
    )  # fmt: skip
    listed = "; ".join(f"{as_text(cohort)}: {as_text(name_some(names))}" for cohort, names in found.unclear.items())
    return f"{text} Left aside, as the name stands twice: {listed}." if listed else text
