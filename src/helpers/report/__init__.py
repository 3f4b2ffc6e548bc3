"""What one hands on of a run: methods text, supplement, figures for print, filled checklists."""

from helpers.report.handout import Handout, write_handout
from helpers.report.reading import NOT_RUN, RunChapter, RunRecord, read_record

__all__ = ["NOT_RUN", "Handout", "RunChapter", "RunRecord", "read_record", "write_handout"]
