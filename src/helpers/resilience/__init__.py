"""Questionnaires: answers in, scores, reliability and group contrasts out."""

from __future__ import annotations

from helpers.resilience.cfa import STRUCTURES, FactorFit, fit_cfa, fit_structures
from helpers.resilience.describe import (
    describe_precision,
    describe_reliability,
    describe_scores,
    describe_split,
)
from helpers.resilience.dichotomisation import compare_cuts, describe_cuts, describe_median, list_cuts
from helpers.resilience.distribution import bin_scores
from helpers.resilience.factor import mcdonald_omega, omega_hierarchical
from helpers.resilience.findings import describe_findings
from helpers.resilience.invariance import check_invariance, check_invariance_by, describe_invariance
from helpers.resilience.measures import (
    estimate_precision,
    fit_cohort_structures,
    score_measures,
    score_outcome,
)
from helpers.resilience.norms import summarise_bands, summarise_scores
from helpers.resilience.overlap import describe_overlaps, find_overlaps
from helpers.resilience.questionnaires import compare_questionnaires, summarise_questionnaires
from helpers.resilience.reliability import (
    ScorePrecision,
    check_answering,
    cronbach_alpha,
    measure_precision,
    summarise_items,
    summarise_reliability,
)
from helpers.resilience.response_quality import count_out_of_range, find_straight_lines, report_response_quality
from helpers.resilience.scales import (
    BRS,
    CD_RISC,
    CD_RISC_2,
    CD_RISC_10,
    CD_RISC_FACTORS,
    CD_RISC_ITEMS,
    GAD7,
    HADS,
    PHQ9,
    PSS,
    Scale,
    list_bands,
    list_references,
    read_answers,
    reverse_code,
)
from helpers.resilience.scoring import (
    ResilienceScores,
    score_brs,
    score_cd_risc,
    score_cd_risc_2,
    score_cd_risc_10,
    score_cd_risc_factors,
    score_hads,
    score_sum,
)
from helpers.resilience.symptoms import (
    SYMPTOMS,
    compare_split_and_score,
    compare_symptoms,
    correlate_measures,
    expect_share_kept,
    relate_symptoms,
)

__all__ = [
    "BRS",
    "CD_RISC",
    "CD_RISC_2",
    "CD_RISC_10",
    "CD_RISC_FACTORS",
    "CD_RISC_ITEMS",
    "GAD7",
    "HADS",
    "PHQ9",
    "PSS",
    "STRUCTURES",
    "SYMPTOMS",
    "FactorFit",
    "ResilienceScores",
    "Scale",
    "ScorePrecision",
    "bin_scores",
    "check_answering",
    "check_invariance",
    "check_invariance_by",
    "compare_cuts",
    "compare_questionnaires",
    "compare_split_and_score",
    "compare_symptoms",
    "correlate_measures",
    "count_out_of_range",
    "cronbach_alpha",
    "describe_cuts",
    "describe_findings",
    "describe_invariance",
    "describe_median",
    "describe_overlaps",
    "describe_precision",
    "describe_reliability",
    "describe_scores",
    "describe_split",
    "estimate_precision",
    "expect_share_kept",
    "find_overlaps",
    "find_straight_lines",
    "fit_cfa",
    "fit_cohort_structures",
    "fit_structures",
    "list_bands",
    "list_cuts",
    "list_references",
    "mcdonald_omega",
    "measure_precision",
    "omega_hierarchical",
    "read_answers",
    "relate_symptoms",
    "report_response_quality",
    "reverse_code",
    "score_brs",
    "score_cd_risc",
    "score_cd_risc_2",
    "score_cd_risc_10",
    "score_cd_risc_factors",
    "score_hads",
    "score_measures",
    "score_outcome",
    "score_sum",
    "summarise_bands",
    "summarise_items",
    "summarise_questionnaires",
    "summarise_reliability",
    "summarise_scores",
]
