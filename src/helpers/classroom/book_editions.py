"""The book for students, without a solution in any of its files, and the book for teachers, with solutions and answers open."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat
import yaml

from helpers.book import BookError, build_html
from helpers.book.pages import SOLUTION_TAG, take_solutions_out, unfold_solutions
from helpers.contract import Cohort
from helpers.course import Exercise, read_exercises
from helpers.course.checking import find_answer
from helpers.course.places import Shelf
from helpers.problems import CohortError, MissingResult, Problem
from helpers.run import CHAPTERS
from helpers.run.engine import PAGES, RESULTS, stage_run
from helpers.run.execution import NOTEBOOKS_DIR
from helpers.simulate import whole_folder

STUDENT, TEACHER = "student", "teacher"
KINDS = (STUDENT, TEACHER)
DOOR, PLANS, LIST = "book/how_to_teach", "book/teaching", "book/teaching/exercises"
ANSWERS = "book/teaching/answers"
TO_PLANS = re.compile(
    r"\[(?P<text>[^\]]*)\]\((?:/book/|\.\./|/)?(?:book/)?(?:how_to_teach|teaching/(?!exercises)\w+)(?:\.md)?(?:#[\w-]+)?\)"
)
READABLE = frozenset({".html", ".js", ".ipynb", ".md", ".txt", ".json"})
LONG_WORD = re.compile(r"[A-Za-z_]{7,}")


def write_edition(kind: str, cohort: Cohort, output_dir: Path, folder: Path) -> Path:
    """Render the edition of a run's book.

    Parameters
    ----------
    kind : {"student", "teacher"}
        For students solutions are neither on pages nor in notebooks nor in the search, and plans for teaching are left out; for teachers
        solutions are open, and a page has each right answer on this cohort and what is said of the wrong ones.
    cohort : Cohort
        That of the run.
    output_dir : pathlib.Path
        Output folder of a finished run.
    folder : pathlib.Path
        New.

    Returns
    -------
    pathlib.Path
        First page.

    Raises
    ------
    CohortError
        When the folder exists or nothing was run.
    BookError
        When it cannot be rendered, or a solution is found in a file of the students' edition.
    """
    _refuse(output_dir, folder)
    with whole_folder(folder, overwrite=False) as partial:
        stage, pages = partial / ".stage", partial / ".pages"
        stage_edition(kind, cohort, output_dir, stage)
        build_html(stage, pages)
        if kind == STUDENT and (found := find_solutions(pages, list_solutions())):
            raise BookError(f"Solutions would be in {', '.join(found)}; nothing was written.")
        for path in list(pages.iterdir()):
            path.rename(partial / path.name)
        for path in partial.glob(".*"):
            if path.is_dir():
                shutil.rmtree(path)
    return folder / "index.html"


def _refuse(output_dir: Path, folder: Path) -> None:
    problems = []
    if folder.exists():
        problems.append(Problem("--into", None, None, f"{folder}, which exists", "a new folder", "name another."))
    if not list((output_dir / PAGES).glob("*.ipynb")):
        fix = "run the book first: resilience-book run COHORT."
        problems.append(Problem(str(output_dir), None, None, "no executed chapter", "a finished run", fix))
    if problems:
        raise CohortError(problems)


def stage_edition(kind: str, cohort: Cohort, output_dir: Path, stage: Path) -> None:
    """Put the source of an edition together.

    Parameters
    ----------
    kind, cohort, output_dir
        As for :func:`write_edition`.
    stage : pathlib.Path
        Gets the tree that is rendered.
    """
    stage_run(cohort, output_dir, stage)
    for path in sorted((stage / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        (take_solutions_out if kind == STUDENT else unfold_solutions)(notebook)
        nbformat.write(notebook, path)
    contents = yaml.safe_load((stage / "_toc.yml").read_text(encoding="utf-8"))
    if kind == STUDENT:
        _leave_plans_out(stage, contents)
    else:
        (stage / f"{ANSWERS}.md").write_text(write_answers(cohort, output_dir / RESULTS), encoding="utf-8")
        _find_door(contents)["sections"].append({"file": ANSWERS})
    (stage / "_toc.yml").write_text(yaml.safe_dump(contents, sort_keys=False), encoding="utf-8")


def _find_door(contents: dict) -> dict:
    return next(entry for part in contents["parts"] for entry in part["chapters"] if entry["file"] == DOOR)


def _leave_plans_out(stage: Path, contents: dict) -> None:
    """Take what is for teachers out of the contents and the tree; links to it become plain words."""
    door = _find_door(contents)
    door.clear()
    door["file"] = LIST
    for path in [stage / f"{DOOR}.md", *(stage / PLANS).glob("*.md")]:
        if path != stage / f"{LIST}.md":
            path.unlink()
    texts = [*(stage / "book").rglob("*.md"), *(stage / "notebooks").glob("*")]
    for path in texts:
        text = path.read_text(encoding="utf-8")
        plain = TO_PLANS.sub(lambda found: found["text"] or "How to teach", text)
        plain = re.sub(r"^:link: how_to_teach$", ":link: teaching/exercises", plain, flags=re.MULTILINE)
        if plain != text:
            path.write_text(plain, encoding="utf-8")


def list_solutions() -> Mapping[str, str]:
    """Return every solution of the notebooks, and what is said of every right answer, by where it comes from."""
    found = {f"exercise {one.id}": one.right for one in read_exercises().values()}
    for chapter in CHAPTERS:
        cells = nbformat.read(NOTEBOOKS_DIR / f"{chapter.id}.ipynb", as_version=4).cells
        solved = [cell.source for cell in cells if SOLUTION_TAG in cell.metadata.get("tags", [])]
        found |= {f"{chapter.id}, solution {number}": text for number, text in enumerate(solved, start=1)}
    return found


def find_solutions(folder: Path, solutions: Mapping[str, str]) -> list[str]:
    """Search all readable files of a folder for solutions.

    Parameters
    ----------
    folder : pathlib.Path
    solutions : mapping of str to str
        From :func:`list_solutions`.

    Returns
    -------
    list of str
        ``file: where the solution comes from``. A search index holds single words: those that stand in solutions alone are looked for.
    """
    found, everything = [], set()
    wanted = {where: _squeeze(text) for where, text in solutions.items()}
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in READABLE and path.is_file()]
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.name == "searchindex.js":
            continue
        shown = _read_cells(path) if path.suffix == ".ipynb" else html.unescape(re.sub(r"<[^>]+>", "", text))
        plain = _squeeze(shown)
        everything |= set(LONG_WORD.findall(shown.lower()))
        found += [f"{path.relative_to(folder)}: {where}" for where, squeezed in wanted.items() if squeezed in plain]
    alone = {word for text in solutions.values() for word in LONG_WORD.findall(text.lower())} - everything
    for path in (path for path in files if path.name == "searchindex.js"):
        indexed = set(LONG_WORD.findall(path.read_text(encoding="utf-8").lower()))
        found += [f"{path.name}: {word}" for word in sorted(alone & indexed)]
    return found


def _read_cells(path: Path) -> str:
    notebook = nbformat.read(path, as_version=4)
    said = [str(output) for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join([*(cell.source for cell in notebook.cells), *said])


def _squeeze(text: str) -> str:
    """Return a text without any space, as pages break lines at will."""
    return re.sub(r"\s+", "", text)


def write_answers(cohort: Cohort, results_dir: Path) -> str:
    """Return the page of answers: what is right on a cohort, and the typical wrong answers with what is said of them.

    Parameters
    ----------
    cohort : Cohort
    results_dir : pathlib.Path
    """
    shelf = Shelf(cohort.folder, results_dir)
    lines = ["# Answers", "", f"Computed on *{cohort.settings.title}*; on another cohort they differ.", ""]
    for chapter in CHAPTERS:
        own = [one for one in read_exercises().values() if one.chapter == chapter.id]
        lines += [f"## {chapter.title}", ""] if own else []
        for one in own:
            lines += [f"### {one.id}: {one.title}", "", *_answer_lines(one, shelf), ""]
    return "\n".join(lines)


def _answer_lines(exercise: Exercise, shelf: Shelf) -> Iterable[str]:
    try:
        answer = find_answer(exercise, shelf)
    except (MissingResult, KeyError, IndexError, OSError):
        return ["It has no answer in this run."]
    wrong = [
        f"* `{_tell(answer.wrong[name])}` ({name.replace('_', ' ')}): {said}"
        for name, said in exercise.wrong.items()
        if answer.wrong.get(name) is not None
    ]
    return [f"**`{_tell(answer.right)}`** {exercise.right}", "", "Typical wrong answers:", "", *wrong]


def _tell(value: object) -> str:
    if isinstance(value, str):
        return value
    return ", ".join(sorted(map(str, value))) if isinstance(value, Iterable) else f"{float(value):.4g}"
