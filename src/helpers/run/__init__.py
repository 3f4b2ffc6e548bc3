"""Run chapters on a cohort and render the book: order, parameters, resume, provenance."""

from helpers.run.chapters import CHAPTERS, Chapter
from helpers.run.engine import BookRun, Outcome, render_book, run_book
from helpers.run.execution import ChapterFailed, check_parameters, parse_parameter, read_parameters
from helpers.run.lock import OutputBusy, hold_output

__all__ = [
    "CHAPTERS",
    "BookRun",
    "Chapter",
    "ChapterFailed",
    "Outcome",
    "OutputBusy",
    "check_parameters",
    "hold_output",
    "parse_parameter",
    "read_parameters",
    "render_book",
    "run_book",
]
