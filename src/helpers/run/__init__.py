"""Run chapters on a cohort and render the book: order, parameters, resume, provenance."""

from helpers.run.chapters import CHAPTERS, Chapter
from helpers.run.engine import BookRun, Order, render_book, run_book, run_books
from helpers.run.execution import ChapterFailed, check_parameters, parse_parameter, read_parameters
from helpers.run.lock import OutputBusy, hold_output
from helpers.run.pooled import pool_book, refuse_used_folder
from helpers.run.schedule import Outcome

__all__ = [
    "CHAPTERS",
    "BookRun",
    "Chapter",
    "ChapterFailed",
    "Order",
    "Outcome",
    "OutputBusy",
    "check_parameters",
    "hold_output",
    "parse_parameter",
    "pool_book",
    "read_parameters",
    "refuse_used_folder",
    "render_book",
    "run_book",
    "run_books",
]
