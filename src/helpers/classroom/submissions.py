"""What came back: whose notebook is it, and does its code do more than answer?"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from helpers.classroom.handout import MARK

CHECKER = frozenset({"check_answer", "answer_claim", "open_chapter"})
INSIDE = re.compile(r"\b(find_answer|judge_answer|ANSWERS)\b|helpers\.classroom|course\.answers")
LARGEST = 50 * 2**20  # bytes of a notebook


@dataclass(frozen=True)
class Submission:
    """A notebook that came back.

    Attributes
    ----------
    student, name : str
        Whose, and which of those handed out.
    path : pathlib.Path
    notebook : NotebookNode
    """

    student: str
    name: str
    path: Path
    notebook: NotebookNode


@dataclass(frozen=True)
class Findings:
    """What came back of a class.

    Attributes
    ----------
    submissions : mapping of tuple of str to Submission
        By student and notebook.
    doubtful : mapping of tuple of str to str
        Notebooks that are not marked, with the reason.
    unknown : tuple of str
        A sentence for each file that belongs to nobody.
    """

    submissions: Mapping[tuple[str, str], Submission]
    doubtful: Mapping[tuple[str, str], str]
    unknown: tuple[str, ...]


def find_submissions(folder: Path, keys: Mapping[str, Mapping[str, Any]], names: tuple[str, ...]) -> Findings:
    """Find the notebooks that came back, whatever they are called and however deep they lie.

    Parameters
    ----------
    folder : pathlib.Path
    keys : mapping of str to mapping
        By student; ``cohort`` is the fingerprint of the student's cohort.
    names : tuple of str
        Notebooks that were handed out.
    """
    found: dict[tuple[str, str], Submission] = {}
    doubtful: dict[tuple[str, str], str] = {}
    unknown = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or ".ipynb_checkpoints" in path.parts or path.name.startswith("."):
            continue
        shown = path.relative_to(folder).as_posix()
        read = _read(path)
        whose = _find_owner(read, keys, names) if isinstance(read, NotebookNode) else read
        if isinstance(whose, str):
            unknown.append(f"{shown}: {whose}")
        elif whose in found or whose in doubtful:
            found.pop(whose, None)
            doubtful[whose] = "Two notebooks came back. Leave one of them in the folder, and mark again."
        else:
            found[whose] = Submission(*whose, path, read)
    return Findings(found, doubtful, tuple(unknown))


def _read(path: Path) -> NotebookNode | str:
    if path.suffix != ".ipynb":
        return "no notebook (.ipynb). Unpack archives first."
    if path.stat().st_size > LARGEST:
        return f"larger than {LARGEST // 2**20} MB; ask for it without output."
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # whatever a damaged file makes of a reader
        return f"it cannot be read as a notebook ({type(error).__name__})."
    return notebook


def _find_owner(
    notebook: NotebookNode, keys: Mapping[str, Mapping[str, Any]], names: tuple[str, ...]
) -> tuple[str, str] | str:
    """Return student and notebook, or why it is nobody's."""
    mark = notebook.metadata.get(MARK)
    if not isinstance(mark, dict) or not {"student", "notebook", "cohort"} <= set(mark):
        return "it has no mark of a class. Was it handed out by `resilience-book class new`, and saved as a notebook?"
    student, name = str(mark["student"]), str(mark["notebook"])
    if keys.get(student, {}).get("cohort") != mark["cohort"]:
        return "it belongs to a cohort of another class."
    return (student, name) if name in names else "it was not handed out in this class."


def find_tricks(notebook: NotebookNode) -> tuple[str, ...]:
    """Return in a sentence each what a notebook does to the checker.

    Parameters
    ----------
    notebook : NotebookNode

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> find_tricks(new_notebook(cells=[new_code_cell("def check_answer(*_):\\n    print('Right.')")]))
    ('Its cell 1 puts something in place of check_answer.',)
    """
    said = []
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        if replaced := sorted(_list_bound(cell.source) & CHECKER):
            said.append(f"Its cell {number} puts something in place of {', '.join(replaced)}.")
        if looked := INSIDE.search(cell.source):
            said.append(f"Its cell {number} reaches for the checker's own answers ({looked[0]}).")
    return tuple(said)


def list_typed(notebook: NotebookNode) -> frozenset[str]:
    """Return the exercises whose answer is a number that was typed, not computed.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> cells = [new_code_cell("check_answer('01.1', -0.31)"), new_code_cell("check_answer('01.3', len(shared))")]
    >>> sorted(list_typed(new_notebook(cells=cells)))
    ['01.1']
    """
    calls = [node for cell in notebook.cells if cell.cell_type == "code" for node in _walk(cell.source)]
    calls = [
        node
        for node in calls
        if isinstance(node, ast.Call) and _called(node.func) == "check_answer" and len(node.args) == 2
    ]
    return frozenset(str(_literal(node.args[0])) for node in calls if isinstance(_literal(node.args[1]), int | float))


def _list_bound(source: str) -> set[str]:
    """Return the names that a cell defines, assigns, or sets as an attribute; imports from the course are none."""
    bound = set()
    for node in _walk(source):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            bound.add(_called(node))
        elif (
            isinstance(node, ast.Call) and _called(node.func) in ("setattr", "delattr", "patch") and len(node.args) > 1
        ):
            bound.add(str(_literal(node.args[1])))
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = [(one.name, one.asname or one.name) for one in node.names]
            bound |= {name for was, name in names if getattr(node, "module", "") != "helpers.course" or was != name}
    return bound


def _walk(source: str) -> list[ast.AST]:
    try:
        return list(ast.walk(ast.parse(TransformerManager().transform_cell(source))))
    except SyntaxError:
        return []


def _called(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _literal(node: ast.AST) -> Any:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if not isinstance(value, bool) else None


def list_claimed_right(notebook: NotebookNode) -> frozenset[str]:
    """Return the exercises that the notebook, as it came back, shows as right; nobody has to believe it."""
    shown = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            said = " ".join(
                str(output.get("text", output.get("data", {}).get("text/plain", ""))) for output in cell.outputs
            )
            if re.search(r"\bRight\b", said):
                shown |= set(re.findall(r"check_answer\(\s*[\"']([\w.]+)[\"']", cell.source))
    return frozenset(shown)
