"""Render the book: the frame and the executed chapters in, static pages out. Nothing is executed here."""

from helpers.book.pages import BookError, prepare_download, prepare_page
from helpers.book.rendering import build_html
from helpers.book.repository import Repository, find_repository
from helpers.book.staging import list_chapters, stage_book

__all__ = [
    "BookError",
    "Repository",
    "build_html",
    "find_repository",
    "list_chapters",
    "prepare_download",
    "prepare_page",
    "stage_book",
]
