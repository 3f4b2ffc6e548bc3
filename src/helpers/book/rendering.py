"""Render a staged book with Jupyter Book, offline, with warnings as errors."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from helpers.book.pages import BookError

TAIL_LINES = 25
N_PROCESSES = 2  # that read and write pages; they change no byte
RENDERERS = ("jupyter-book", "myst-nb", "Sphinx", "sphinx-book-theme", "sphinxcontrib-bibtex")
_RENDER = """
import sys
from jupyter_book.sphinx import build_sphinx
stage, html, doctrees, n_processes = sys.argv[1:]
status = build_sphinx(
    stage, html, doctreedir=doctrees, noconfig=True, path_config=stage + "/_config.yml", quiet=True,
    warningiserror=True, keep_going=True, jobs=int(n_processes),
    confoverrides={"external_toc_path": stage + "/_toc.yml", "latex_individualpages": False},
)
sys.exit(status if isinstance(status, int) else 2)
"""
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_WARNING = re.compile(r"(?P<page>(?:book|notebooks)/[\w-]+)[^\n]*?(?:WARNING|ERROR|CRITICAL|SEVERE)")


def build_html(stage_dir: Path, html_dir: Path) -> Path:
    """Render a staged book with Jupyter Book; a warning is an error.

    An unchanged stage is not rendered again; a changed page is rendered alone, unless the settings changed.

    Parameters
    ----------
    stage_dir : pathlib.Path
        As :func:`stage_book` leaves it.
    html_dir : pathlib.Path
        Where the pages go. Beside it, a hidden folder keeps what the next build can reuse.

    Returns
    -------
    pathlib.Path
        ``html_dir/index.html``.

    Raises
    ------
    BookError
        With the pages concerned and the end of the log.
    """
    stage_dir, html_dir = Path(stage_dir).resolve(), Path(html_dir).resolve()
    index, kept = html_dir / "index.html", html_dir.parent / f".{html_dir.name}-doctrees"
    settings = _hash_files(stage_dir, ("_config.yml", "_toc.yml", "book/_ext", "book/_static"))
    everything = _hash_files(stage_dir, (".",))
    before = (kept / "rendered").read_text().split() if (kept / "rendered").exists() else []
    if before == [settings, everything] and index.exists():
        return index
    if before[:1] != [settings] or not (html_dir / "searchindex.js").exists() or is_from_the_future(kept):
        _clear(html_dir, kept)
    else:
        (kept / "rendered").unlink()
    _render(stage_dir, html_dir, kept)
    (kept / "rendered").write_text(f"{settings}\n{everything}\n")
    return index


def is_from_the_future(kept: Path) -> bool:
    """Say whether something kept from the last build is newer than now: the clock was set back, and ages tell nothing.

    Parameters
    ----------
    kept : pathlib.Path
        A folder; one that is not there is not.
    """
    return any(path.stat().st_mtime > time.time() for path in kept.rglob("*"))


def _render(stage_dir: Path, html_dir: Path, kept: Path) -> None:
    html_dir.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", _RENDER, str(stage_dir), str(html_dir), str(kept), str(N_PROCESSES)]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=stage_dir)
    if done.returncode:
        shutil.rmtree(kept, ignore_errors=True)
        raise BookError(_explain(done.stdout + done.stderr, stage_dir))


def _explain(log: str, stage_dir: Path) -> str:
    log = _COLOUR.sub("", log)
    lines = [line for line in log.replace(f"{stage_dir.as_posix()}/", "").splitlines() if line.strip()]
    pages = sorted({match["page"] for match in _WARNING.finditer("\n".join(lines))})
    where = f" Pages concerned: {', '.join(pages)}." if pages else ""
    report = "\n".join(lines[-TAIL_LINES:])
    return f"The book was not rendered; a warning counts as an error.{where}\n{report}"


def _hash_files(folder: Path, names: tuple[str, ...]) -> str:
    digest = hashlib.sha256(" ".join(f"{name} {version(name)}" for name in RENDERERS).encode())
    for name in names:
        root = folder / name
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
                digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def _clear(html_dir: Path, kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    if (html_dir / "searchindex.js").exists():
        shutil.rmtree(html_dir)
    elif html_dir.is_dir() and any(html_dir.iterdir()) and not (html_dir / "_static").is_dir():
        raise BookError(f"{html_dir.name}/ holds files that the book did not make; choose an empty folder.")
