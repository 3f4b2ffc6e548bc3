"""Fill a checklist of reporting from what a cohort declares: where each item is shown, or that it is not reported."""

from __future__ import annotations

import pandas as pd

from helpers.contract import Cohort, MeasureRule, read_reporting
from helpers.problems import count
from helpers.wording import flatten_text

STATUSES = ("reported", "in part", "not reported", "does not apply")
DIET = "diet"
INTEGRATION, INTEGRATED = "integration", ("connectivity", "taxa", "transcripts", "metabolites", "further_integrated")


def fill_checklist(cohort: Cohort) -> pd.DataFrame:
    """Say for each item of STROBE, STORMS, COBIDAS and TRIPOD+AI where this book answers it for a cohort.

    An item is *reported* when the book shows it or ``cohort.yml`` answers it under ``reporting``, *in part* when the
    page leaves something open, *not reported* when nobody says, and *does not apply* when the cohort has no such data.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    pandas.DataFrame
        Index ``item``; columns guideline, asks, status (one of ``STATUSES``), evidence (page, or page#section; empty
        where there is none) and note (what is left open, or what the cohort says of it).

    References
    ----------
    .. [1] von Elm E et al. (2007). The STROBE statement. Lancet 370:1453-1457. doi:10.1016/S0140-6736(07)61602-X
    .. [2] Mirzayi C et al. (2021). Reporting guidelines for human microbiome research: the STORMS checklist. Nature
       Medicine 27:1885-1892. doi:10.1038/s41591-021-01552-x
    .. [3] Nichols TE et al. (2017). Best practices in data analysis and sharing in neuroimaging using MRI. Nature
       Neuroscience 20:299-303. doi:10.1038/nn.4500
    .. [4] Collins GS et al. (2024). TRIPOD+AI statement. BMJ 385:e078378. doi:10.1136/bmj-2023-078378
    """
    facts = find_facts(cohort)
    said = cohort.settings.reporting
    rows = {name: _fill(item, facts, said.get(name, "")) for name, item in read_reporting().items()}
    columns = ["guideline", "asks", "status", "evidence", "note"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("item")


def find_facts(cohort: Cohort) -> set[str]:
    """Return what a cohort declares or has, by the names that ``data/schema/reporting.yml`` uses under ``needs``.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    set of str
        Blocks and questionnaires; covariates, batch, citation, resilience_score, symptoms where declared; age, sex,
        bmi, diet where such a column has values; described_columns where participants.json stands beside the
        participants; icv where volumes have it; integration where two blocks or more can be joined.
    """
    settings, people = cohort.settings, cohort.participants
    facts = set(cohort.available())
    facts |= {name for name in ("covariates", "batch", "citation") if getattr(settings, name)}
    filled = [name for name in people if people[name].notna().any()]
    facts |= {name for name in ("age", "sex", "bmi") if name in filled}
    facts |= {DIET} if any(DIET in str(name).lower() for name in filled) else set()
    facts |= {"described_columns"} if (cohort.folder / "participants.json").is_file() else set()
    facts |= {INTEGRATION} if len(facts & set(INTEGRATED)) > 1 else set()
    facts |= {"icv"} if "icv" in cohort.blocks.get("volumes", pd.DataFrame()) else set()
    return facts if isinstance(settings.outcome, MeasureRule) else facts - {"resilience_score", "symptoms"}


def describe_checklist(checklist: pd.DataFrame) -> str:
    """Say how many items are answered, guideline by guideline.

    Parameters
    ----------
    checklist : pandas.DataFrame
        From :func:`fill_checklist`.

    Returns
    -------
    str
    """
    parts = []
    for name, statuses in checklist["status"].groupby(checklist["guideline"].str.split().str[0], sort=False):
        n = statuses.value_counts()
        asked = len(statuses) - int(n.get("does not apply", 0))
        if asked:
            parts.append(
                f"{name}: {n.get('reported', 0)} of {count(asked, 'item')} reported, {n.get('in part', 0)} in part, "
                f"{n.get('not reported', 0)} not reported"
            )
    return f"{'; '.join(parts)}."


def _fill(item: dict, facts: set[str], said: str) -> tuple[str, str, str, str, str]:
    start = (item["guideline"], item["asks"])
    if item.get("of") and not facts & set(item["of"]):
        return (*start, "does not apply", "", "")
    if said:
        return (*start, "reported", "", flatten_text(said))
    lacking = [need for need in item.get("needs", ()) if need not in facts]
    if "where" not in item:
        return (*start, "not reported", "", "")
    if lacking:
        return (*start, "not reported", "", f"this cohort has no {' and no '.join(lacking).replace('_', ' ')}")
    places = item["where"]
    place = places if isinstance(places, str) else next(page for block, page in places.items() if block in facts)
    return (*start, "in part" if item.get("lacks") else "reported", place, item.get("lacks", ""))
