"""Weigh claims by a cohort's results. Simulated people can never support a claim: their verdicts are other words."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy

from helpers.contract import Settings
from helpers.verdict.claims import Claim
from helpers.verdict.collect import Evidence, collect_evidence
from helpers.verdict.inference import (
    compute_bayes_factor,
    compute_contrast_power,
    compute_replication_bayes_factor,
    convert_d_to_r,
    test_equivalence,
)
from helpers.verdict.words import RealVerdict, SimulatedVerdict, Size, judge_interval

LEVEL = 0.05  # of the shuffles a block must beat before an order counts
COLUMNS = (
    "label", "statement", "block", "expected", "measure", "estimate", "ci_low", "ci_high", "d", "d_low", "d_high",
    "r", "r_low", "r_high", "n_high", "n_low", "n",
    "smallest_effect", "power", "p_equivalence", "bayes_factor", "bayes_factor_kind", "rank", "n_blocks", "lead",
    "lead_low", "lead_high",
    "p_one_sided", "p_holm", "verdict", "size", "reason",
)  # fmt: skip


def evaluate_claims(
    claims: Sequence[Claim],
    results_dir: str | os.PathLike[str],
    *,
    settings: Settings,
    truth: Sequence[Mapping[str, Any]] | None = None,
) -> pd.DataFrame:
    """Set every claim beside what this cohort's result tables say.

    Parameters
    ----------
    claims : sequence of Claim
    results_dir : str or path-like
        Where the earlier chapters wrote; any table may be missing.
    settings : Settings
        Of the cohort. Its kind decides which verdicts exist: a simulated
        cohort is judged by :func:`evaluate_simulated`, a real one by
        :func:`evaluate_real`.
    truth : sequence of mapping, optional
        What was planted in a simulated cohort (:func:`load_truth`).

    Returns
    -------
    pandas.DataFrame
        Index ``id``; columns label, statement, block, expected; measure (what is judged: d, r, or the column that a
        cohort's own claim names) and estimate with its 95 % interval; d with its 95 % interval and the correlation r it
        amounts to; n_high, n_low, or n of a table without groups; smallest_effect (of interest) and power for it; ``p_equivalence``
        (:func:`test_equivalence`, against the smallest effect of interest); ``bayes_factor`` for the claim's side
        over no effect and its kind (``replication``, where the study gives an effect size, else ``default``); for a
        rank among blocks ``rank``, ``n_blocks`` and ``lead`` in out-of-fold AUC over the best other block, with its interval;
        ``p_one_sided`` (for the claim's own side) and ``p_holm`` (the same, for all claims at once); verdict, ``size``
        (:class:`Size`, of an effect with a sure side) and reason. Blank estimate: a rank, or not testable.
    """
    evidences = [collect_evidence(claim, results_dir, settings=settings) for claim in claims]
    if settings.kind == "real":
        judged: list[tuple[RealVerdict | SimulatedVerdict, str]] = [evaluate_real(evidence) for evidence in evidences]
    else:
        planted = _index_planted(truth)
        judged = [evaluate_simulated(evidence, planted) for evidence in evidences]
    rows = [_write_row(evidence, *verdict) for evidence, verdict in zip(evidences, judged, strict=True)]
    index = pd.Index([claim.id for claim in claims], name="id")
    table = pd.DataFrame(rows, index=index, columns=list(COLUMNS))
    table["p_holm"] = adjust_holm(table["p_one_sided"].astype(float))
    return table.astype(dict.fromkeys(("n_high", "n_low", "n", "rank", "n_blocks"), "Int64"))


def evaluate_real(evidence: Evidence) -> tuple[RealVerdict, str]:
    """Judge a claim by real people, by the table of :func:`helpers.verdict.judge_interval`.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    RealVerdict
    str
        The reason, as a sentence.
    """
    if evidence.missing:
        return RealVerdict.NOT_TESTABLE, _as_sentence(evidence.missing)
    if evidence.claim.is_rank:
        return _judge_rank(evidence)
    _, low, high = evidence.oriented
    smallest = float(f"{evidence.smallest:.2g}")
    verdict, size = judge_interval(low, high, evidence.smallest)
    if verdict is RealVerdict.INCONCLUSIVE:
        told = f"{evidence.measure} = {smallest:g}"
        chance = f" (power for {told}: {100 * evidence.power:.0f} %)" if np.isfinite(evidence.power) else ""
        return verdict, f"The interval includes both no effect and an effect of interest{chance}."
    if verdict is RealVerdict.NO_EFFECT:
        return verdict, f"Effects of {smallest:g} or more are ruled out on both sides."
    side = "expected" if verdict is RealVerdict.SUPPORTED else "other"
    return verdict, f"The interval lies wholly on the {side} side{_say_size(size, smallest, evidence.measure)}."


def _say_size(size: Size | None, smallest: float, measure: str) -> str:
    said = {
        Size.OF_INTEREST: f", beyond the smallest effect of interest ({smallest:g})",
        Size.SMALL: f", yet below the smallest effect of interest ({smallest:g})",
        Size.OPEN: f"; whether {measure} reaches {smallest:g} is open",
    }
    return said.get(size, "")


def evaluate_simulated(
    evidence: Evidence, planted: Mapping[str, Mapping[str, Any]] | None
) -> tuple[SimulatedVerdict, str]:
    """Judge whether the analysis found what was planted in simulated people.

    Parameters
    ----------
    evidence : Evidence
    planted : mapping of claim id to mapping, or None
        What was planted: ``direction`` and ``d``. None when it is not known.

    Returns
    -------
    SimulatedVerdict
        Never a verdict about the claim itself.
    str
        The reason, as a sentence.
    """
    if evidence.missing:
        return SimulatedVerdict.NOT_TESTABLE, _as_sentence(evidence.missing)
    if planted is None:
        return (
            SimulatedVerdict.NOT_TESTABLE,
            "The cohort folder has no truth.yml: what was planted is not known.",
        )
    plant = _find_plant(evidence.claim, planted)
    if plant is None:
        return SimulatedVerdict.NOT_TESTABLE, _say_unplanted(evidence)
    if evidence.claim.is_rank:
        return _judge_order(evidence, plant["blocks"])
    return _judge_planted(evidence, plant)


def _find_plant(claim: Claim, planted: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return what was planted for a claim: by its id, a cohort's own by the feature, as its ids are its own."""
    if not claim.is_own:
        return planted.get(claim.id)
    kind, name = ("blocks", None) if claim.is_rank else ("feature", claim.feature)
    return next((item for item in planted.values() if kind in item and (name is None or item[kind] == name)), None)


def _index_planted(truth: Sequence[Mapping[str, Any]] | None) -> dict[str, Mapping[str, Any]] | None:
    if truth is None:
        return None
    return {str(item.get("claim")): item for item in truth if item.get("d") != 0}


def _judge_planted(evidence: Evidence, plant: Mapping[str, Any]) -> tuple[SimulatedVerdict, str]:
    sign = -1 if plant.get("direction", evidence.claim.direction) == "lower" else 1
    low, high = sorted((sign * evidence.d_low, sign * evidence.d_high))
    size = f" of d = {sign * abs(float(plant['d'])):.2g}".replace("-", "−") if _is_sized(evidence, plant) else ""
    if low > 0:
        return (
            SimulatedVerdict.RECOVERED,
            f"The planted effect{size} was found: the interval excludes zero on its side.",
        )
    where = "lies on the other side" if high < 0 else "includes zero"
    return (
        SimulatedVerdict.MISSED,
        f"An effect{size} was planted, yet the interval {where}{_say_power(evidence, plant)}.",
    )


def _judge_order(evidence: Evidence, planted: Sequence[str]) -> tuple[SimulatedVerdict, str]:
    """Judge whether the block that was made to tell the groups apart best is found to do so."""
    order = [block for block in planted if block in evidence.blocks.index]
    if len(order) < 2:
        return SimulatedVerdict.NOT_TESTABLE, "Of the blocks whose order was planted, fewer than two are here."
    leader, feature = evidence.blocks.loc[order[0]], evidence.claim.feature
    place = f"{feature} rank {order.index(feature) + 1} of {len(order)}" if feature in order else f"not {feature}"
    said = (
        f"What was planted makes {order[0]} the best block ({place}). Here {order[0]} have a lead over the best other of "
        f"{_say_lead(leader)}"
    )
    if leader["lead_low"] > 0:
        return SimulatedVerdict.RECOVERED, f"{said}: found."
    return (
        SimulatedVerdict.MISSED,
        f"{said}, which {'leaves the order open' if leader['lead_high'] >= 0 else 'points to another'}.",
    )


def _say_power(evidence: Evidence, plant: Mapping[str, Any]) -> str:
    if not _is_sized(evidence, plant) or evidence.contrast is None:
        return ""
    power = compute_contrast_power(float(plant["d"]), evidence.contrast)
    return f"; so many people find an effect of that size in about {100 * power:.0f} % of cohorts"


def _is_sized(evidence: Evidence, plant: Mapping[str, Any]) -> bool:
    """Return whether the size that was planted is in the unit of what is judged."""
    return plant.get("d") is not None and evidence.measure == "d"


def _say_unplanted(evidence: Evidence) -> str:
    if evidence.claim.is_rank:
        return "No order of the blocks was planted."
    alarm = evidence.d_low > 0 or evidence.d_high < 0
    tail = "the interval excludes zero: a false alarm" if alarm else "the interval includes zero, as it should"
    return f"Nothing was planted for this claim; {tail}."


def _judge_rank(evidence: Evidence) -> tuple[RealVerdict, str]:
    """Judge by people the models had not seen: by the interval of the lead over the best other block, in the same folds.

    An order only counts where the block in front beats shuffled groups; for a block that was not named beforehand the level
    is divided by the number of blocks. Where the covariates alone do as well as the block, nothing is decided.
    """
    blocks, feature = evidence.blocks, evidence.claim.feature
    aucs, p, own = blocks["auc"], blocks["p_permutation"], blocks.loc[feature]
    rank, best_other = int((aucs > aucs[feature]).sum()) + 1, aucs.drop(feature).idxmax()
    said = (
        f"Out of fold, {feature} rank {rank} of {len(aucs)} (AUC {aucs[feature]:.2f}; best other, {best_other}, "
        f"{aucs[best_other]:.2f}): a lead of {_say_lead(own)}; with shuffled groups a lead as large has p = {own['p_lead']:.2g}, "
        f"an error as small p = {p[feature]:.2g}{_say_training_rank(evidence)}."
    )
    if evidence.covariates_auc >= aucs[feature]:
        said += f" The covariates alone do as well (AUC {evidence.covariates_auc:.2f}), so no order of blocks counts."
        return RealVerdict.INCONCLUSIVE, said
    if own["lead_low"] > 0 and max(p[feature], own["p_lead"]) <= LEVEL:
        return RealVerdict.SUPPORTED, said
    if own["lead_high"] < 0 and p[best_other] <= LEVEL / len(aucs):
        return RealVerdict.OPPOSED, said
    return RealVerdict.INCONCLUSIVE, said


def _say_lead(row: pd.Series) -> str:
    return f"{row['lead']:+.2f} in AUC (95 % interval {row['lead_low']:+.2f} to {row['lead_high']:+.2f})".replace(
        "-", "−"
    )


def _say_training_rank(evidence: Evidence) -> str:
    if "auc_training" not in evidence.blocks or evidence.blocks["auc_training"].isna().any():
        return ""
    training = evidence.blocks["auc_training"]
    rank = int((training > training[evidence.claim.feature]).sum()) + 1
    return f"; by training AUC, which rewards wide blocks, they rank {rank}"


def _as_sentence(reason: str) -> str:
    return reason[0].upper() + reason[1:].rstrip(".") + "."


def _write_row(evidence: Evidence, verdict: RealVerdict | SimulatedVerdict, reason: str) -> dict[str, Any]:
    claim = evidence.claim
    return {
        "label": claim.label,
        "statement": claim.statement,
        "block": claim.block,
        "expected": claim.direction,
        "measure": "" if evidence.missing or claim.is_rank else evidence.measure,
        **dict(zip(("estimate", "ci_low", "ci_high"), (evidence.d, evidence.d_low, evidence.d_high), strict=True)),
        "smallest_effect": evidence.smallest,
        **{name: getattr(evidence, name) for name in ("n_high", "n_low", "n", "power")},
        **(_measure_contrast(evidence) if evidence.contrast else {}),
        **(_measure_rank(evidence) if evidence.blocks is not None else {}),
        "verdict": verdict.value,
        "size": _measure_size(evidence) if isinstance(verdict, RealVerdict) else "",
        "reason": reason,
    }


def _measure_size(evidence: Evidence) -> str:
    if evidence.missing or evidence.claim.is_rank:
        return ""
    _, low, high = evidence.oriented
    size = judge_interval(low, high, evidence.smallest)[1]
    return "" if size is None else size.value


def adjust_holm(p: pd.Series) -> pd.Series:
    """Return Holm's p-values, which hold for all claims at once; blanks stay blank and count for nothing.

    Parameters
    ----------
    p : pandas.Series
        p-values, 0 to 1.

    Returns
    -------
    pandas.Series
        Adjusted p-values, with the index of `p`.

    Examples
    --------
    >>> adjust_holm(pd.Series([0.01, np.nan, 0.03])).tolist()
    [0.02, nan, 0.03]
    """
    from statsmodels.stats.multitest import multipletests

    known = p.dropna()
    if known.empty:
        return p
    return pd.Series(multipletests(known, method="holm")[1], known.index).reindex(p.index)


def _measure_contrast(evidence: Evidence) -> dict[str, Any]:
    claim, contrast = evidence.claim, evidence.contrast
    effect = {"": evidence.d, "_low": evidence.d_low, "_high": evidence.d_high}
    measured = (
        {f"{evidence.measure}{end}": value for end, value in effect.items()} if evidence.measure in ("d", "r") else {}
    )
    tests = {
        "p_equivalence": float(test_equivalence(contrast, evidence.margin)),
        "p_one_sided": float(scipy.stats.t.sf(claim.sign * contrast.t, contrast.df)),
    }
    if evidence.measure != "d":
        return measured | tests | {"bayes_factor_kind": ""}  # the default prior is one on d
    share = evidence.n_high / (evidence.n_high + evidence.n_low)
    if claim.original is None:
        kind, factor = "default", compute_bayes_factor(contrast, sign=claim.sign)
    else:
        kind, factor = "replication", compute_replication_bayes_factor(contrast, claim.original)
    r = {f"r{end}": float(convert_d_to_r(value, share_high=share)) for end, value in effect.items()}
    return measured | r | tests | {"bayes_factor": factor, "bayes_factor_kind": kind}


def _measure_rank(evidence: Evidence) -> dict[str, Any]:
    aucs, feature = evidence.blocks["auc"], evidence.claim.feature
    lead = evidence.blocks.loc[feature, ["lead", "lead_low", "lead_high"]].astype(float)
    return {"rank": int((aucs > aucs[feature]).sum()) + 1, "n_blocks": len(aucs), **lead}
