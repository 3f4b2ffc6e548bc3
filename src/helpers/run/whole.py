"""The rendered book as one file: HTML that opens from an e-mail, or a PDF."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from helpers.book import BookError
from helpers.book.printing import NO_BROWSER, find_browser, print_pdf
from helpers.book.single import write_single
from helpers.run.engine import HTML, STAGE

NAME = "resilience_book"
SINGLE_LIMIT_MB = 15


def require_browser() -> None:
    """Refuse before anything is rendered where nothing can print.

    Raises
    ------
    BookError
    """
    if find_browser() is None:
        raise BookError(NO_BROWSER)


def write_whole(output_dir: Path, *, pdf: bool, single: bool) -> Iterator[str]:
    """Write the rendered book as one file or two, and yield a sentence for each.

    Parameters
    ----------
    output_dir : pathlib.Path
        As for :func:`helpers.run.run_book`, with a rendered book.
    pdf, single : bool
        Which: ``resilience_book.pdf``, ``resilience_book.html``. Like the pages themselves they replace those of an earlier build.

    Raises
    ------
    BookError
        See :func:`helpers.book.printing.print_pdf`.
    """
    stage, html = output_dir / STAGE, output_dir / HTML
    if single:
        yield _keep(output_dir / f"{NAME}.html", write_single(stage, html).encode())
    if pdf:
        yield _keep(output_dir / f"{NAME}.pdf", print_pdf(stage, html))


def _keep(target: Path, content: bytes) -> str:
    before = "replaces that of an earlier build; " if target.exists() else ""
    part = target.with_name(f".{target.name}.part")
    part.write_bytes(content)
    part.replace(target)
    size = len(content) / 1e6
    heavy = " It may be too large for an e-mail." if size > SINGLE_LIMIT_MB else ""
    return f"The book as one file: {target} ({before}{size:.1f} MB).{heavy}"
