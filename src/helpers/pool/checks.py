"""Whether cohorts may be pooled: the same kind of people, groups made alike, the same claims, the same program, each once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.pool.sharing import VERDICTS, read_site
from helpers.pool.site import FILE, Site
from helpers.problems import CohortError, Problem, count, name_some
from helpers.verdict import Claim

LEAST = 2  # cohorts
MINE = "cohorts to pool"


def load_sites(folders: Sequence[str | os.PathLike[str]], claims: Sequence[Claim]) -> tuple[list[Site], list[Problem]]:
    """Read the results of several cohorts that are to be pooled.

    Parameters
    ----------
    folders : sequence of str or path-like
        Results folders of runs, or folders written by ``run --share``; two or more.
    claims : sequence of Claim
        That the cohorts were asked.

    Returns
    -------
    list of Site
        In the order given.
    list of Problem
        Warnings: what differs between cohorts and does not forbid to pool them.

    Raises
    ------
    CohortError
        Every problem of every folder, and everything that does not fit between them.
    """
    read = [read_site(Path(folder).expanduser().absolute(), str(folder)) for folder in folders]
    problems = [problem for _, found in read for problem in found]
    sites = {str(folder): site for folder, (site, _) in zip(folders, read, strict=True) if site is not None}
    if len(folders) < LEAST:
        fix = "name the results of two cohorts or more."
        problems.append(Problem(MINE, None, None, count(len(folders), "folder"), f"{LEAST} or more", fix))
    problems += [problem for called, site in sites.items() for problem in _check_claims(called, site, claims)]
    problems += _check_once(sites)
    problems += _check_kind(sites) + _check_rule(sites) + _check_program(sites)
    if problems:
        raise CohortError(problems)
    return list(sites.values()), list_differences(list(sites.values()))


def _check_once(sites: dict[str, Site]) -> list[Problem]:
    """Report a cohort that is given twice, and two cohorts of one name."""
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for called, site in sites.items():
        earlier = seen.setdefault(site.cohort_sha256, called)
        if earlier != called:
            fix = "give each cohort once: the same people would count twice."
            problems.append(
                Problem(f"{called}/{FILE}", None, "cohort_sha256", f"the cohort of {earlier}", "another cohort", fix)
            )
    named = Counter(site.name for site in sites.values())
    for called, site in sites.items():
        if named[site.name] > 1 and not any(p.file.startswith(f"{called}/") for p in problems):
            fix = "give each cohort a name of its own in cohort.yml, and run it again: figures and tables call cohorts by it."
            problems.append(
                Problem(f"{called}/{FILE}", None, "name", f"'{site.name}', as in another", "a name of its own", fix)
            )
    return problems


def _check_kind(sites: dict[str, Site]) -> list[Problem]:
    kinds = {site.kind for site in sites.values()}
    if len(kinds) < 2:
        return []
    simulated = [called for called, site in sites.items() if site.kind == "simulated"]
    fix = "pool real cohorts with real ones, simulated with simulated ones: a program's participants say nothing about people."
    found = f"simulated participants in {name_some(simulated)}, real ones in the others"
    return [Problem(MINE, None, "kind", found, "one kind of participants", fix)]


def _check_rule(sites: dict[str, Site]) -> list[Problem]:
    """Report cohorts whose groups differ in something else than those of the first; another cut is no problem."""
    if not sites:
        return []
    first_called, first = next(iter(sites.items()))
    fix = "pool cohorts whose groups were made by the same score or diagnosis; the cut may differ."
    return [
        Problem(
            f"{called}/{FILE}",
            None,
            "outcome",
            site.outcome.get("told", ""),
            f"as in {first_called} ({first.outcome.get('told', '')})",
            fix,
        )
        for called, site in sites.items()
        if site.asks != first.asks
    ]


def _check_program(sites: dict[str, Site]) -> list[Problem]:
    versions = Counter(site.program for site in sites.values())
    if len(versions) < 2:
        return []
    usual = versions.most_common(1)[0][0]
    fix = "run all cohorts with the same version of the book: tables of two versions may mean different things."
    return [
        Problem(
            f"{called}/{FILE}", None, "program", f"version {site.program}", f"version {usual}, as in other cohorts", fix
        )
        for called, site in sites.items()
        if site.program != usual
    ]


def _check_claims(called: str, site: Site, claims: Sequence[Claim]) -> list[Problem]:
    table, place = site.tables[VERDICTS], f"{called}/{VERDICTS}.tsv"
    fix = "run chapter 07 of that cohort with the list of claims that the pool is asked about (claims_path, --claims)."
    if table.index.has_duplicates:
        twice = name_some(table.index[table.index.duplicated()].unique())
        return [Problem(place, None, "id", f"{twice} twice", "every claim once", fix)]
    known, asked = set(table.index), {claim.id for claim in claims}
    problems = [
        Problem(place, None, "id", f"{verb} {name_some(sorted(ids))}", "the claims that the pool is asked about", fix)
        for verb, ids in (("no claim", asked - known), ("an unknown claim", known - asked))
        if ids
    ]
    for claim in claims:
        if claim.id not in known:
            continue
        row = table.loc[claim.id]
        told = {
            "expected": (row["expected"], claim.direction),
            "smallest_effect": (row["smallest_effect"], claim.smallest_effect_of_interest),
        }
        problems += [
            Problem(place, int(table.index.get_loc(claim.id)) + 2, name, f"{claim.id}: {found}", f"{wanted}", fix)
            for name, (found, wanted) in told.items()
            if not (found == wanted if isinstance(wanted, str) else np.isclose(found, wanted))
        ]
    return problems


def list_differences(sites: Sequence[Site]) -> list[Problem]:
    """Return what differs between cohorts and does not forbid to pool them, as warnings.

    Parameters
    ----------
    sites : sequence of Site
    """
    told = {
        "outcome": [site.outcome.get("told", "") for site in sites],
        "covariates": [", ".join(sorted(site.covariates)) or "none" for site in sites],
        "scale": [", ".join(f"{k}: {v}" for k, v in sorted(site.scale.items())) or "reads" for site in sites],
        "packages": [", ".join(f"{k} {v}" for k, v in sorted(site.packages.items())) for site in sites],
    }
    fixes = {
        "outcome": "expect effects to differ more between cohorts: another cut makes other groups.",
        "covariates": "expect effects to differ: they are adjusted for other things.",
        "scale": "compare genera with care: shares and reads are not analysed alike.",
        "packages": "run all cohorts with the locked versions, if results look odd.",
    }
    return [
        Problem(MINE, None, name, _tell_apart(name, values), "the same in all cohorts", fixes[name], "warning")
        for name, values in told.items()
        if len(set(values)) > 1
    ]


def _tell_apart(name: str, values: Sequence[str]) -> str:
    if name != "packages":
        return "; ".join(dict.fromkeys(values))
    parts = [set(value.split(", ")) for value in values]
    return ", ".join(sorted(set.union(*parts) - set.intersection(*parts)))


def tabulate_sites(sites: Sequence[Site]) -> pd.DataFrame:
    """Return what each cohort says of itself.

    Parameters
    ----------
    sites : sequence of Site

    Returns
    -------
    pandas.DataFrame
        Index ``cohort``; columns kind_of_people, rule, adjusted, is_batched and program.
    """
    rows = {
        site.name: {
            "kind_of_people": site.kind,
            "rule": site.outcome.get("told", ""),
            "adjusted": ", ".join(site.covariates) or "nothing",
            "is_batched": site.is_batched,
            "program": f"{site.program} ({site.revision})",
        }
        for site in sites
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("cohort")
