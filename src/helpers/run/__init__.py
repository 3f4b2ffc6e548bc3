"""Run chapters on a cohort and render the book: order, parameters, resume, provenance."""

from helpers.run.chapters import CHAPTERS, Chapter
from helpers.run.engine import BookRun, Outcome, render_book, run_book
from helpers.run.execution import check_parameters, parse_parameter, read_parameters

__all__ = [
    "CHAPTERS",
    "BookRun",
    "Chapter",
    "Outcome",
    "check_parameters",
    "parse_parameter",
    "read_parameters",
    "render_book",
    "run_book",
]
