"""What a release needs, for the version in pyproject.toml: a wheel, notes from CHANGELOG.md, and .zenodo.json from CITATION.cff."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from html import escape
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
UNRELEASED = "Unreleased"
_BUILD = "import sys; import setuptools.build_meta as backend; print(backend.build_wheel(sys.argv[1]))"


def read_version() -> str:
    """Return the version in pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def write_notes(version: str, changelog: str) -> str:
    """Return the section of a version in the changelog; refuse one that has none, or while changes are unreleased.

    Parameters
    ----------
    version : str
    changelog : str
        The text of CHANGELOG.md.
    """
    sections = dict(re.findall(r"^## (\S+)[^\n]*\n(.*?)(?=^## |\Z)", changelog, flags=re.M | re.S))
    if sections.get(UNRELEASED, "").strip():
        raise SystemExit(f"CHANGELOG.md has a section {UNRELEASED}: call it {version}, or set the version first.")
    if version not in sections:
        raise SystemExit(f"CHANGELOG.md has no section {version}.")
    return sections[version].strip() + "\n"


def write_zenodo(citation: dict) -> str:
    """Return .zenodo.json: what the archive asks for, from CITATION.cff.

    Parameters
    ----------
    citation : dict
        CITATION.cff as read.
    """
    sources = [
        {"identifier": one["doi"], "relation": "references", "scheme": "doi", "resource_type": "publication-article"}
        for one in citation["references"]
    ]
    record = {
        "title": citation["title"],
        "description": f"<p>{escape(' '.join(citation['abstract'].split()))}</p>",
        "upload_type": "software",
        "creators": [{"name": _name(one)} for one in citation["authors"]],
        "version": citation["version"],
        "license": citation["license"],
        "access_right": "open",
        "language": "eng",
        "keywords": citation["keywords"],
        "related_identifiers": sources,
        "notes": "Text and figures of the book are under CC BY 4.0. The study's own data are not public; the cohort in it is simulated.",
    }
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _name(author: dict) -> str:
    return author.get("name") or f"{author['family-names']}, {author['given-names']}"


def build_wheel(target: Path) -> Path:
    """Build the wheel from the files that git knows, so that nothing derived gets into it.

    Parameters
    ----------
    target : pathlib.Path
        Folder for it.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="wheel-") as folder:
        for name in filter(None, listed.stdout.decode().split("\0")):
            source, copy = ROOT / name, Path(folder) / name
            if source.is_file():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, copy)
        done = subprocess.run(
            [sys.executable, "-c", _BUILD, str(target)], cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise SystemExit(f"The wheel was not built.\n{done.stderr}")
    return target / done.stdout.split()[-1]


def read_citation() -> dict:
    """Return CITATION.cff."""
    return yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def main() -> None:
    """Write all three; notes alone can stop it."""
    (ROOT / ".zenodo.json").write_text(write_zenodo(read_citation()), encoding="utf-8")
    notes = write_notes(read_version(), (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    wheel = build_wheel(DIST)
    (DIST / "notes.md").write_text(notes, encoding="utf-8")
    print(f"dist/{wheel.name} and dist/notes.md are written.")


if __name__ == "__main__":
    main()
