"""The study's claims beside what a cohort shows; simulated people never support a claim."""

from __future__ import annotations

from helpers.verdict.claims import Claim, load_claims, load_truth
from helpers.verdict.describe import (
    describe_scope,
    describe_verdicts,
    find_n_per_group,
    plan_sample,
    tabulate_claims,
    tabulate_verdicts,
)
from helpers.verdict.weigh import (
    Evidence,
    RealVerdict,
    SimulatedVerdict,
    explain_outcome,
    find_row,
    gather_evidence,
    judge_real,
    judge_simulated,
    weigh_claims,
)

__all__ = [
    "Claim",
    "Evidence",
    "RealVerdict",
    "SimulatedVerdict",
    "describe_scope",
    "describe_verdicts",
    "explain_outcome",
    "find_n_per_group",
    "find_row",
    "gather_evidence",
    "judge_real",
    "judge_simulated",
    "load_claims",
    "load_truth",
    "plan_sample",
    "tabulate_claims",
    "tabulate_verdicts",
    "weigh_claims",
]
