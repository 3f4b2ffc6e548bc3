"""Each claim over all cohorts: effects beside each other, their mean, how far they differ, and the mean without each in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.pool.meta import LEAST_FOR_PREDICTION, POOLED, as_row, combine, find_standard_error, leave_one_out
from helpers.pool.sharing import VERDICTS
from helpers.pool.site import Site
from helpers.verdict import Claim, Evidence, adjust_holm, evaluate_real, evaluate_simulated
from helpers.verdict.words import judge_interval

EFFECTS = (
    "claim",
    "cohort",
    "expected",
    "d",
    "d_low",
    "d_high",
    "standard_error",
    "n_high",
    "n_low",
    "weight",
    "verdict",
)
NOT_POOLED = "A rank among blocks is not pooled: what each cohort ranked depends on the blocks it has."


@dataclass(frozen=True, eq=False)
class PooledClaims:
    """What several cohorts say of the claims together.

    Attributes
    ----------
    pooled : pandas.DataFrame
        Index ``id`` of the claim; label, expected, smallest_effect, n_high and n_low (of all cohorts), the columns of
        :class:`helpers.pool.meta.Pooled` but for the weights, p_one_sided (for the claim's side), p_holm (over the claims), verdict,
        size, reason. Blank d: fewer than two cohorts have it, or it is a rank.
    effects : pandas.DataFrame
        One row per claim and cohort: claim, cohort, expected, d with its interval, standard_error, n_high, n_low, weight in the mean and
        the cohort's own verdict.
    left_out : pandas.DataFrame
        One row per claim and cohort left out: claim, left_out, d with its interval, tau2, i2, verdict of the mean without it. Claims with
        three cohorts or more.
    """

    pooled: pd.DataFrame
    effects: pd.DataFrame
    left_out: pd.DataFrame


def pool_claims(sites: Sequence[Site], claims: Sequence[Claim]) -> PooledClaims:
    """Combine what each cohort says of each claim.

    Parameters
    ----------
    sites : sequence of Site
        From :func:`helpers.pool.load_sites`: of one kind, so that the words of the verdict are those of that kind.
    claims : sequence of Claim

    Returns
    -------
    PooledClaims
    """
    rows, effects, left_out = {}, [], []
    for claim in claims:
        own = _list_effects(claim, sites)
        known = own.dropna(subset=["d", "standard_error"])
        rows[claim.id], weights = _pool_one(claim, known, sites)
        effects.append(own.assign(weight=weights.reindex(own.index)))
        left_out.append(_leave_each_out(claim, known, sites))
    pooled = pd.DataFrame.from_dict(rows, orient="index").rename_axis("id")
    pooled["p_holm"] = adjust_holm(pooled["p_one_sided"].astype(float))
    words = pooled.columns[-4:-1]
    ordered = [*pooled.columns[:-4], "p_holm", *words]
    counts = dict.fromkeys(("n_high", "n_low", "n_cohorts"), "Int64")
    return PooledClaims(
        pooled[ordered].astype(counts),
        pd.concat(effects, ignore_index=True)[list(EFFECTS)].astype({"n_high": "Int64", "n_low": "Int64"}),
        pd.concat(left_out, ignore_index=True),
    )


def _list_effects(claim: Claim, sites: Sequence[Site]) -> pd.DataFrame:
    rows = []
    for site in sites:
        row = site.tables[VERDICTS].loc[claim.id]
        error = float(find_standard_error(row["d_low"], row["d_high"]))
        said = {name: row[name] for name in ("d", "d_low", "d_high", "n_high", "n_low", "verdict")}
        rows.append(
            {"claim": claim.id, "cohort": site.name, "expected": claim.direction, "standard_error": error} | said
        )
    return pd.DataFrame(rows)


def _pool_one(claim: Claim, known: pd.DataFrame, sites: Sequence[Site]) -> tuple[dict, pd.Series]:
    about = {"label": claim.label, "expected": claim.direction, "smallest_effect": claim.smallest_effect_of_interest}
    people = {name: known[name].sum() if len(known) else np.nan for name in ("n_high", "n_low")}
    blank = dict.fromkeys(POOLED, np.nan) | {"n_cohorts": len(known), "p_one_sided": np.nan}
    nobody = pd.Series(dtype=float)
    if claim.is_rank:
        verdict, _, _ = judge(Evidence(claim, missing="x"), sites)
        ranks = _tell_ranks(claim, sites)
        return about | people | blank | {
            "verdict": verdict,
            "size": "",
            "reason": f"{NOT_POOLED} {ranks}".strip(),
        }, nobody
    if len(known) < 2:
        missing = f"{'only one cohort has' if len(known) else 'no cohort has'} an effect to pool"
        verdict, size, reason = judge(Evidence(claim, missing=missing), sites)
        return about | people | blank | {"verdict": verdict, "size": size, "reason": reason}, nobody
    found = combine(known["d"], known["standard_error"])
    verdict, size, reason = judge(Evidence(claim, d=found.d, d_low=found.d_low, d_high=found.d_high), sites)
    side = found.p / 2 if claim.sign * found.d > 0 else 1 - found.p / 2
    row = about | people | as_row(found) | {"p_one_sided": side, "verdict": verdict, "size": size, "reason": reason}
    return row, pd.Series(found.weights, known.index)


def judge(evidence: Evidence, sites: Sequence[Site]) -> tuple[str, str, str]:
    """Choose the word for a pooled effect, by the rule that each cohort's verdict has.

    Parameters
    ----------
    evidence : Evidence
        The pooled d with its interval as that of one cohort.
    sites : sequence of Site

    Returns
    -------
    str, str, str
        Verdict, size (of real people, with a sure side), and reason.
    """
    if sites[0].kind == "real":
        verdict, reason = evaluate_real(evidence)
        size = None if evidence.missing else judge_interval(*evidence.oriented[1:], evidence.smallest)[1]
        return verdict.value, "" if size is None else size.value, reason
    planted = [None if site.planted is None else site.planted.get(evidence.claim.id, {}) for site in sites]
    unsure = next((said for said in (_tell_unknown(planted), _tell_mixed(planted)) if said), "")
    if unsure and not evidence.missing:
        evidence = Evidence(evidence.claim, missing=unsure)
    mean = float(np.mean([plant["d"] for plant in planted])) if planted and all(planted) else np.nan
    known = {evidence.claim.id: {"direction": planted[0]["direction"], "d": mean}} if np.isfinite(mean) else {}
    verdict, reason = evaluate_simulated(evidence, known)
    return verdict.value, "", reason


def _tell_unknown(planted: Sequence[dict | None]) -> str:
    return "what was planted is not known of every cohort" if any(plant is None for plant in planted) else ""


def _tell_mixed(planted: Sequence[dict | None]) -> str:
    directions = {(plant or {}).get("direction") for plant in planted}
    return (
        "not the same was planted in all cohorts, so that there is no one truth to find" if len(directions) > 1 else ""
    )


def _tell_ranks(claim: Claim, sites: Sequence[Site]) -> str:
    told = []
    for site in sites:
        row = site.tables[VERDICTS].loc[claim.id]
        if pd.notna(row["rank"]):
            told.append(
                f"{site.name}: rank {row['rank']:.0f} of {row['n_blocks']:.0f}, lead {row['lead']:+.2f} in AUC".replace(
                    "-", "−"
                )
            )
    return f"{'; '.join(told)}." if told else ""


def _leave_each_out(claim: Claim, known: pd.DataFrame, sites: Sequence[Site]) -> pd.DataFrame:
    kept = ["d", "d_low", "d_high", "tau2", "i2"]
    columns = ["claim", "left_out", "expected", *kept, "verdict"]
    if claim.is_rank or len(known) < LEAST_FOR_PREDICTION:
        return pd.DataFrame(columns=columns)
    table = leave_one_out(known["d"].tolist(), known["standard_error"].tolist(), known["cohort"].tolist())
    rows = table[kept].reset_index().assign(claim=claim.id, expected=claim.direction)
    rows["verdict"] = [
        judge(
            Evidence(claim, d=row.d, d_low=row.d_low, d_high=row.d_high), [s for s in sites if s.name != row.left_out]
        )[0]
        for row in rows.itertuples()
    ]
    return rows[columns]
