"""Write the output-free .ipynb pair of every notebook from its .md source; the same source gives the same bytes."""

from pathlib import Path

import jupytext
import nbformat

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def write_pair(source: Path) -> Path:
    """Write the .ipynb beside a .md notebook, its cells numbered so that ids never change by themselves."""
    notebook = jupytext.read(source)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:03d}"
    notebook.metadata.pop("jupytext", None)
    pair = source.with_suffix(".ipynb")
    nbformat.validate(notebook)
    pair.write_text(nbformat.writes(notebook, indent=1) + "\n", encoding="utf-8")
    return pair


if __name__ == "__main__":
    for path in sorted(NOTEBOOKS.rglob("*.md")):
        print(write_pair(path).name)
