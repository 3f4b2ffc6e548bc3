"""Write environment.yml from requirements.lock, so that conda and Binder get the same pins."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = """\
# Made by tools/write_environment.py from requirements.lock: the same pins for conda and Binder. Do not edit by hand.
name: resilience-book
channels:
  - conda-forge
dependencies:
  - python=3.12
  - pip
  - pip:
"""


def list_pins() -> list[str]:
    """Return the pins of the lock file, hashes left out, each with its marker."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (re.sub(r"\s+--hash=\S+", "", line).strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def write_environment() -> str:
    """Return the text of environment.yml."""
    quoted = "".join(f"      - '{pin}'\n" if "'" not in pin else f'      - "{pin}"\n' for pin in list_pins())
    return f"{HEAD}{quoted}      - -e .\n"


if __name__ == "__main__":
    (ROOT / "environment.yml").write_text(write_environment(), encoding="utf-8")
