"""Where the project lies: in the clone, or inside the installed package. Imports nothing that takes time, so that the command answers at once."""

from __future__ import annotations

from pathlib import Path

PACKAGE = "resilience-book"
CODE_ROOT = Path(__file__).resolve().parents[1]
IS_CLONE = (CODE_ROOT.parent / "_toc.yml").is_file()
PROJECT_ROOT = CODE_ROOT.parent if IS_CLONE else CODE_ROOT / "helpers" / "_project"  # which setup.py fills
BUILD_DIR = (PROJECT_ROOT if IS_CLONE else Path.cwd()) / "_build"


def read_version() -> str:
    """Return the version of the installed package, in words."""
    from importlib import metadata

    return f"version {metadata.version(PACKAGE)}"
