"""The study's claims beside what a cohort shows; simulated people never support a claim."""

from __future__ import annotations

from helpers.verdict.claims import Claim, Ledger, find_ledger, load_claims, load_ledger, load_truth
from helpers.verdict.collect import Evidence, collect_evidence, explain_outcome, find_row
from helpers.verdict.contrasts import describe_strongest, list_contrasts, show_strongest
from helpers.verdict.describe import (
    CLAIM_DETAILS,
    describe_chance,
    describe_ledger,
    describe_sample,
    describe_scope,
    describe_verdicts,
    describe_weights,
    find_n_per_group,
    plan_sample,
    tabulate_claims,
    tabulate_verdicts,
    tabulate_weights,
)
from helpers.verdict.evaluate import adjust_holm, evaluate_claims, evaluate_real, evaluate_simulated
from helpers.verdict.export import export_verdicts, write_verdicts
from helpers.verdict.findings import describe_findings
from helpers.verdict.inference import (
    Contrast,
    compute_bayes_factor,
    compute_contrast_power,
    compute_replication_bayes_factor,
    convert_d_to_r,
    recover_contrast,
    test_equivalence,
)
from helpers.verdict.words import RealVerdict, SimulatedVerdict, Size, expect_words, judge_interval

__all__ = [
    "CLAIM_DETAILS",
    "Claim",
    "Contrast",
    "Evidence",
    "Ledger",
    "RealVerdict",
    "SimulatedVerdict",
    "Size",
    "adjust_holm",
    "collect_evidence",
    "compute_bayes_factor",
    "compute_contrast_power",
    "compute_replication_bayes_factor",
    "convert_d_to_r",
    "describe_chance",
    "describe_findings",
    "describe_ledger",
    "describe_sample",
    "describe_scope",
    "describe_strongest",
    "describe_verdicts",
    "describe_weights",
    "evaluate_claims",
    "evaluate_real",
    "evaluate_simulated",
    "expect_words",
    "explain_outcome",
    "export_verdicts",
    "find_ledger",
    "find_n_per_group",
    "find_row",
    "judge_interval",
    "list_contrasts",
    "load_claims",
    "load_ledger",
    "load_truth",
    "plan_sample",
    "recover_contrast",
    "show_strongest",
    "tabulate_claims",
    "tabulate_verdicts",
    "tabulate_weights",
    "test_equivalence",
    "write_verdicts",
]
