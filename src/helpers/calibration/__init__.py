"""Do the book's tests keep their error rates? Many simulated cohorts in; rates and coverage with intervals out."""

from __future__ import annotations

from helpers.calibration.chapters import CHAPTERS, Effort
from helpers.calibration.cohorts import KINDS, Draw, draw_cohort, make_stream
from helpers.calibration.headlines import measure_cohort, run_draw

__all__ = ["CHAPTERS", "KINDS", "Draw", "Effort", "draw_cohort", "make_stream", "measure_cohort", "run_draw"]
