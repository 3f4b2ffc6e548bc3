"""Say what cohorts show together, in sentences and in tables side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from helpers.pool.claims import PooledClaims
from helpers.pool.meta import LEAST_FOR_PREDICTION
from helpers.pool.sharing import ALPHA, TABLE1
from helpers.pool.site import Site
from helpers.problems import Problem, TooLittle, count, name_some
from helpers.wording import as_text

CATEGORIES = "n (%)"


def tell_title(sites: Sequence[Site]) -> str:
    """Return what the pool is called on its pages.

    Parameters
    ----------
    sites : sequence of Site
    """
    return f"{count(len(sites), 'cohort')} together: {name_some(site.name for site in sites)}"


def describe_pool(sites: Sequence[Site]) -> str:
    """Say which cohorts are pooled, and what may be said of them.

    Parameters
    ----------
    sites : sequence of Site
    """
    named = ", ".join(f"*{as_text(site.title)}* ({as_text(site.name)})" for site in sites)
    text = f"{count(len(sites), 'cohort')}: {named}."
    if sites[0].kind == "simulated":
        return (
            f"{text} **All of their participants are simulated.** The only question here is whether the cohorts together find what was "
            "planted in them. Nothing on these pages is a finding about people, or a replication of anything."
        )
    return (
        f"{text} Their participants are real. What is read here are the tables that each cohort's book wrote: no participant's row has left a "
        "cohort. Whether somebody takes part in two of them cannot be seen from such tables; the cohorts have to know it."
    )


def describe_differences(differences: Sequence[Problem]) -> str:
    """List what differs between cohorts, as sentences of a page.

    Parameters
    ----------
    differences : sequence of Problem
        From :func:`helpers.pool.list_differences`.
    """
    if not differences:
        return "All cohorts have the same outcome rule, covariates, scales and versions of packages."
    lines = [
        f"* **{as_text(one.column)}**: {as_text(one.found)}. {as_text(one.fix).capitalize()}" for one in differences
    ]
    return "\n".join(["What differs between them, beside their participants:", "", *lines])


def set_side_by_side(sites: Sequence[Site]) -> pd.DataFrame:
    """Set the Table 1s of all cohorts side by side.

    Parameters
    ----------
    sites : sequence of Site

    Returns
    -------
    pandas.DataFrame
        Index ``characteristic`` (with the statistic), in the order of the first cohort that has it; per cohort two columns of text,
        ``<cohort>, <label of the group>``; blank where a cohort does not have it. At the end the reads at which samples were compared.
    """
    columns = {}
    for site in sites:
        table = site.tables[TABLE1]
        rows = [
            name if said == "n" else f"{name}: {said}"
            for name, said in zip(table.index, table["statistic"], strict=True)
        ]
        for side in ("high", "low"):
            told = pd.Series(table[side].to_numpy(), rows)
            depth = _tell_depth(site)
            columns[f"{site.name}, {site.labels[side]}"] = told[~told.index.duplicated()].to_dict() | (
                {"Reads per sample, compared": depth} if depth else {}
            )
    order = list(dict.fromkeys(row for told in columns.values() for row in told))
    last = [row for row in order if row.startswith("Reads")]
    return (
        pd.DataFrame(columns, index=[*(row for row in order if row not in last), *last])
        .fillna("")
        .rename_axis("characteristic")
    )


def _tell_depth(site: Site) -> str:
    depths = site.tables[ALPHA]["depth"].dropna() if ALPHA in site.tables else pd.Series(dtype=float)
    return f"{depths.iloc[0]:,.0f}" if len(depths) else ""


def describe_claims(found: PooledClaims, sites: Sequence[Site]) -> str:
    """Count the pooled verdicts, and say how many claims the cohorts do not agree on.

    Parameters
    ----------
    found : PooledClaims
    sites : sequence of Site
    """
    words = ", ".join(f"{n} {word}" for word, n in found.pooled["verdict"].value_counts().items())
    tested = found.pooled.dropna(subset=["d"])
    text = f"Of {count(len(found.pooled), 'claim')}, over all cohorts: {words}."
    if tested.empty:
        return text
    apart = tested.index[tested["p_heterogeneity"] < 0.1]
    named = f" ({', '.join(apart)})" if len(apart) else ""
    return (
        f"{text} {len(tested)} have an effect in two cohorts or more; for {len(apart) or 'none'} of these{named} the cohorts differ by more than "
        f"chance explains (p of Q < 0.1, a test that sees little in {count(len(sites), 'cohort')})."
    )


def describe_few(sites: Sequence[Site]) -> str:
    """Say what so few cohorts cannot tell.

    Parameters
    ----------
    sites : sequence of Site
    """
    if len(sites) < LEAST_FOR_PREDICTION:
        return (
            "**Two cohorts tell next to nothing of how cohorts differ.** The interval of Hartung and Knapp rests on one degree of freedom: it "
            "is more than six times as wide as a normal one, and rightly so. Neither a prediction interval nor a mean without one cohort can be had."
        )
    if len(sites) < 5:
        return f"**{count(len(sites), 'cohort')} tell little of how cohorts differ:** τ² and I² are hardly known, and intervals are wide for that reason."
    return ""


def describe_left_out(found: PooledClaims) -> str:
    """Say for which claims the verdict hangs on a single cohort.

    Parameters
    ----------
    found : PooledClaims
    """
    if found.left_out.empty:
        return ""
    pooled = found.left_out["claim"].map(found.pooled["verdict"])
    turned = found.left_out[found.left_out["verdict"] != pooled]
    if turned.empty:
        return "No verdict changes when a single cohort is left out."
    listed = "; ".join(
        f"{claim}: without {', '.join(as_text(name) for name in own['left_out'])}"
        for claim, own in turned.groupby("claim", sort=False)
    )
    return f"The verdict changes when one cohort is left out: {listed}."


def tabulate_left_out(found: PooledClaims) -> pd.DataFrame:
    """Return the mean of each claim without each cohort in turn.

    Parameters
    ----------
    found : PooledClaims

    Returns
    -------
    pandas.DataFrame
        Index ``claim``; left_out, d with its interval, tau2, i2 and verdict.

    Raises
    ------
    TooLittle
        No claim has an effect in three cohorts.
    """
    if found.left_out.empty:
        raise TooLittle("No claim has an effect in three cohorts, which it takes to leave one out.")
    return found.left_out.drop(columns="expected").set_index("claim")


def tabulate_pooled(found: PooledClaims) -> pd.DataFrame:
    """Return the pooled verdicts as a page shows them.

    Parameters
    ----------
    found : PooledClaims

    Returns
    -------
    pandas.DataFrame
        Index ``claim``; expected, n_cohorts, d with interval, p_holm, verdict with its size, alone (how many cohorts by themselves
        have which verdict), by_cohort (the same by name) and reason.
    """
    own = found.effects.assign(told=found.effects["cohort"] + ": " + found.effects["verdict"]).groupby("claim")
    table = found.pooled
    shown = table[["expected", "n_cohorts", "d", "d_low", "d_high", "p_holm"]].assign(
        verdict=[", ".join(filter(None, pair)) for pair in zip(table["verdict"], table["size"], strict=True)],
        alone=own["verdict"].agg(_count_words).reindex(table.index),
        by_cohort=own["told"].agg("; ".join).reindex(table.index),
        reason=table["reason"],
    )
    return shown.set_axis(table.index + " " + table["label"]).rename_axis("claim")


def _count_words(verdicts: pd.Series) -> str:
    return ", ".join(f"{n} {word}" for word, n in verdicts.value_counts().items())


def tabulate_heterogeneity(found: PooledClaims) -> pd.DataFrame:
    """Return how far the cohorts differ in each claim that could be pooled.

    Parameters
    ----------
    found : PooledClaims

    Returns
    -------
    pandas.DataFrame
        Index ``claim``; tau2, i2, cochran_q, p_heterogeneity, the prediction interval, and the mean under a common effect.
    """
    tested = found.pooled.dropna(subset=["d"]).rename_axis("claim")
    named = [
        "tau2",
        "i2",
        "cochran_q",
        "p_heterogeneity",
        "prediction_low",
        "prediction_high",
        "d_common",
        "d_common_low",
        "d_common_high",
    ]
    kept = [name for name in named if not name.startswith("prediction") or tested[name].notna().any()]
    return tested[kept]
