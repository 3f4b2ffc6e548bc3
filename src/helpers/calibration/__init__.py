"""Do the book's tests keep their error rates? Many simulated cohorts in; rates and coverage with intervals out."""

from __future__ import annotations

from helpers.calibration.awkward import CONDITIONS, run_condition
from helpers.calibration.chapters import CHAPTERS, Effort
from helpers.calibration.cohorts import KINDS, Draw, draw_one, make_stream
from helpers.calibration.describe import describe_coverage, describe_rates, write_page
from helpers.calibration.headlines import measure_cohort, run_draw
from helpers.calibration.order import measure_order
from helpers.calibration.rates import (
    chance_outside,
    find_outside,
    tabulate_coverage,
    tabulate_rates,
    tabulate_verdicts,
    tabulate_words,
)
from helpers.calibration.running import Job, Plan, list_jobs, run_plan
from helpers.calibration.validated import measure_validated

__all__ = [
    "CHAPTERS",
    "CONDITIONS",
    "KINDS",
    "Draw",
    "Effort",
    "Job",
    "Plan",
    "chance_outside",
    "describe_coverage",
    "describe_rates",
    "draw_one",
    "find_outside",
    "list_jobs",
    "make_stream",
    "measure_cohort",
    "measure_order",
    "measure_validated",
    "run_condition",
    "run_draw",
    "run_plan",
    "tabulate_coverage",
    "tabulate_rates",
    "tabulate_verdicts",
    "tabulate_words",
    "write_page",
]
