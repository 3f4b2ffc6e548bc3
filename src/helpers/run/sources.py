"""What a chapter depends on: its notebook, the rooms it imports (and theirs), the data, the packages."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import jupytext

from helpers.places import CODE_ROOT, PROJECT_ROOT

NESTING = ("body", "orelse", "handlers", "finalbody", "cases")  # where a statement holds others
SHOWN_PACKAGES = ("numpy", "pandas", "scipy", "scikit-learn", "scikit-bio", "nilearn", "matplotlib", "papermill")


def list_rooms(source: Path) -> list[Path]:
    """Return the files of all rooms that a notebook imports, directly or through other rooms.

    Parameters
    ----------
    source : pathlib.Path
        A notebook in any form jupytext reads.

    Returns
    -------
    list of pathlib.Path
        Sorted. Imports inside functions count.
    """
    notebook = jupytext.read(source)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return collect_rooms(_imported(code, "helpers"))


def collect_rooms(names: Iterable[str]) -> list[Path]:
    """Return the files of the named rooms and of all rooms these import.

    Parameters
    ----------
    names : iterable of str
        Dotted names such as ``helpers.book``.
    """
    seen: set[Path] = set()
    known, waiting = set(), set(names)
    while waiting:
        known |= waiting
        found = {path for name in waiting for path in _files_of(name)} - seen
        seen |= found
        waiting = {name for path in found for name in _imported_by(path, path.stat().st_mtime_ns)} - known
    return sorted(seen)


def hash_files(files: Iterable[Path], *, root: Path) -> str | None:
    """Return one sha256 over names (below root) and bytes of files; None when one is missing."""
    digest = hashlib.sha256()
    for path in sorted(files):
        if not path.is_file():
            return None
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def hash_rooms(names: Iterable[str]) -> str:
    """Return a short hash over the named rooms and all rooms they import, to tell whether code has changed since.

    Parameters
    ----------
    names : iterable of str
        Dotted names such as ``helpers.calibration``.
    """
    return str(hash_files(collect_rooms(names), root=PROJECT_ROOT))[:16]


@cache
def hash_packages() -> str:
    """Return one sha256 over the names and versions of all installed packages."""
    return hashlib.sha256(repr(sorted(list_packages().items())).encode()).hexdigest()


@cache
def list_packages() -> dict[str, str]:
    """Return the versions of all installed packages, by name."""
    found = [dist.metadata for dist in metadata.distributions()]
    return dict(sorted((one["Name"].lower(), one["Version"]) for one in found))


def list_versions() -> dict[str, str]:
    """Return the versions of the packages that compute, for the stamp on each page."""
    return {name: metadata.version(name) for name in SHOWN_PACKAGES}


def tell_program() -> str:
    """Return the version of the book."""
    return metadata.version("resilience-book")


@cache
def _imported_by(path: Path, _changed_ns: int) -> tuple[str, ...]:
    package = ".".join(path.relative_to(CODE_ROOT).parent.parts)
    return tuple(_imported(path.read_text(encoding="utf-8"), package))


def _imported(code: str, package: str) -> list[str]:
    names = []
    for node in _list_statements(ast.parse(code)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.split(".")[0] == "helpers"]


def _list_statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield all statements, those inside others included; expressions, which hold no import, are not looked into."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for field in NESTING:
            waiting += getattr(node, field, [])


def _files_of(name: str) -> list[Path]:
    """Return the file of a module and the ``__init__`` of every package above it."""
    parts = name.split(".")
    candidates = [CODE_ROOT.joinpath(*parts[:i], "__init__.py") for i in range(1, len(parts) + 1)]
    candidates.append(CODE_ROOT.joinpath(*parts).with_suffix(".py"))
    return [path for path in candidates if path.is_file()]
