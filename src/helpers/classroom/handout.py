"""What a student gets beside the cohort: notebooks with the exercises of chapters and with the blind exam, and a page of instructions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers.book import prepare_download
from helpers.book.pages import name_cohort
from helpers.classroom.editions import PARAMETERS
from helpers.course.blind import TRUTHS
from helpers.run import CHAPTERS
from helpers.run.execution import NOTEBOOKS_DIR
from helpers.run.pages import COURSE
from helpers.tables import PROJECT_ROOT, read_table
from helpers.verdict import load_claims

EXAM = "exam"
MARK = "resilience_book"  # in the notebook's metadata: whose it is
CLAIMS = PROJECT_ROOT / "data" / "claims" / "an2024.yml"
NOT_PLANTED = "rank 1"  # a claim about an order, which is not planted by itself
PLACES = 'from pathlib import Path\n\ncohort_dir = Path.cwd() / "cohort"\nresults_dir = Path.cwd() / "results"'
EXAM_TEXT = f"""# Blind exam

In your cohort some claims of the study were planted, some were turned round, and some were left out. Which? Look at the data in any way you like,
and answer each claim with one of three words:

* **{TRUTHS[0]}**: it was planted in the direction of the claim;
* **{TRUTHS[1]}**: it was planted in the other direction;
* **{TRUTHS[2]}**: nothing was planted.

Your teacher has the key. With so few participants chance can hide what was planted, and show what was not: nobody is expected to be right about
every claim. Add a sentence of reasoning below each answer. Differences are high minus low, adjusted for age, sex, BMI and study."""
README = """# A simulated cohort for {student}

**Everything here is simulated**; nothing found in it says anything about people. Some claims of the study were planted in it, some were turned round,
others were left out. Which, your teacher knows. Your cohort differs from that of your neighbour: questions are alike, answers are not.

To work, in the folder of the book, with the path of this folder in place of PATH:

    resilience-book lab PATH

JupyterLab opens with {notebooks}. Hand in these files under any name, saved; leave `cohort` and `results` as they are.
To read whole chapters on your cohort: `resilience-book lab PATH/cohort`.

How it is marked: each notebook is run anew from its first cell, on your cohort as it was handed out. Only answers that are given
to `check_answer` or `answer_claim` in that run count; of several to one question, the last. Programs cannot be started and the network
cannot be reached then, and each notebook has {minutes} minutes.
"""
MINUTES = 2


def write_handout(folder: Path, *, student: str, chapters: Sequence[str], mark: str) -> None:
    """Write the notebooks and the instructions of a student.

    Parameters
    ----------
    folder : pathlib.Path
        The student's, with the folder ``cohort`` in it.
    student : str
        Id.
    chapters : sequence of str
        Ids of chapters whose exercises are asked.
    mark : str
        Fingerprint of the cohort, by which a notebook is known again whatever it is called.
    """
    n = len(read_table(folder / "cohort" / "participants.tsv"))
    facts = {"title": f"Simulated cohort of {student}", "kind": "simulated", "n_participants": n}
    notebooks = {chapter: make_exercises(chapter) for chapter in chapters} | {EXAM: make_exam()}
    for name, notebook in notebooks.items():
        notebook.metadata[MARK] = {"student": student, "notebook": name, "cohort": mark}
        notebook.cells[0].source = name_cohort(notebook.cells[0].source, facts, source=name)
        nbformat.validate(notebook)
        (folder / f"{name}.ipynb").write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    listed = ", ".join(f"`{name}.ipynb`" for name in notebooks)
    text = README.format(student=student, notebooks=listed, minutes=MINUTES)
    (folder / "README.md").write_text(text, encoding="utf-8")


def is_handed_out(folder: Path) -> bool:
    """Say whether a folder is what a student of a class got."""
    return (folder / f"{EXAM}.ipynb").is_file() and (folder / "cohort" / "cohort.yml").is_file()


def make_exercises(chapter: str) -> nbformat.NotebookNode:
    """Return the exercises of a chapter as a notebook of their own, without solutions.

    Parameters
    ----------
    chapter : str
        Id, for example ``"04_microbiome"``.
    """
    source = prepare_download(nbformat.read(NOTEBOOKS_DIR / f"{chapter}.ipynb", as_version=4))
    title = next(one.title for one in CHAPTERS if one.id == chapter)
    asked = [cell for cell in source.cells if COURSE in cell.metadata.get("tags", []) and "## Quiz" not in cell.source]
    declared = next(cell for cell in source.cells if PARAMETERS in cell.metadata.get("tags", [])).source.splitlines()
    others = [line for line in declared if not line.startswith(("cohort_dir", "results_dir"))]
    return _put_together(source.metadata, f"# Exercises: {title}", asked, "\n".join([PLACES, *others]))


def make_exam() -> nbformat.NotebookNode:
    """Return the blind exam: a question per claim that can be planted."""
    start = new_code_cell(
        "import pandas as pd\n\nfrom helpers.course import answer_claim\n\n"
        'people = pd.read_csv(cohort_dir / "participants.tsv", sep="\\t", index_col=0)\npeople.head()'
    )
    cells = [start]
    for claim in load_claims(CLAIMS):
        if claim.direction != NOT_PLANTED:
            cells.append(new_markdown_cell(f"## {claim.id}: {claim.label}\n\n{claim.statement}"))
            cells.append(new_code_cell(f'answer_claim("{claim.id}", ...)'))
    any_chapter = nbformat.read(NOTEBOOKS_DIR / f"{CHAPTERS[0].id}.ipynb", as_version=4)
    return _put_together(any_chapter.metadata, EXAM_TEXT, cells, PLACES)


def _put_together(
    metadata: dict, text: str, cells: Sequence[nbformat.NotebookNode], places: str
) -> nbformat.NotebookNode:
    """Return a notebook of the book's kernel; cells are called by their place, so that it is the same each time."""
    kept = {"kernelspec": metadata["kernelspec"]}
    notebook = new_notebook(metadata=kept, cells=[new_markdown_cell(text), new_code_cell(places), *cells])
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:03d}"
    return notebook
