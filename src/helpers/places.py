"""Where the project lies. Imports nothing that takes time, so that the command answers at once."""

from __future__ import annotations

from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]
