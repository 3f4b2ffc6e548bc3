"""Executed notebooks in, pages out: the cohort named, traces of the run removed, solutions folded."""

from __future__ import annotations

import ast
import re
from copy import deepcopy

from nbformat import NotebookNode

from helpers.course import write_quiz
from helpers.wording import as_text, escape_signs, flatten_text

SOLUTION_TAG = "solution"
FINDINGS_TAG = "findings"  # of the cell at a chapter's end whose sentences open its page
PROMPT_CODE = "# Your turn: write your answer here."
PROMPT_TEXT = "*Your turn: write what you see.*"
CODE_PROMPTS = {"code_prompt_show": "Show code", "code_prompt_hide": "Hide code"}
READ_AS_CODE = frozenset({"by-hand", SOLUTION_TAG, "hide-cell", "hide-input", "remove-input"})
SOLUTION_PROMPTS = {"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"}
FOLDED = frozenset({"hide-cell", "hide-input", "hide-output"})
QUIZ_TEXT = "*The quiz stands on the page of this chapter in the book.*"
QUIZ = re.compile(r"^```\{quiz\} (?P<chapter>\w+)\n```$", re.MULTILINE)
TAKE_AWAYS = re.compile(r"^## Take-aways\n", re.MULTILINE)
CHECKED = re.compile(r"\bcheck_answer\(\"(?P<id>[\w.]+)\"")


BLIND_NOTE = (
    "```{admonition} Blind run\n:class: warning blind\n"
    "The outcome of each participant is that of another here, so the groups are permuted: **no contrast between them, and nothing that "
    "follows the score, is true.** What does not rest on the groups (quality of the data, the questionnaire itself) is as it is.\n```"
)


class BookError(RuntimeError):
    """The pages could not be staged or rendered; the message names the page and the reason."""


def prepare_page(notebook: NotebookNode, cohort_facts: dict, *, source: str = "notebook") -> NotebookNode:
    """Return the notebook as its page shows it.

    The cohort is named under the title; the traces of the run (folders, times) are left out; parameters are
    shown twice only where the run changed them; code is folded, but for what is computed by hand; solutions are folded;
    quizzes are written out. What the chapter finds, computed at its end, stands in a box at its head.

    Parameters
    ----------
    notebook : NotebookNode
        An executed chapter.
    cohort_facts : dict
        As for :func:`stage_book`.
    source : str
        Name of the file, for the error message.
    """
    page = deepcopy(notebook)
    page.metadata = _keep(page.metadata, ("kernelspec", "language_info"))
    page.cells = [cell for cell in page.cells if not _repeats_parameters(cell, page.cells)]
    found = _take_findings(page)
    for cell in page.cells:
        cell.metadata = _keep(cell.metadata, ("tags", "mystnb"))
        if SOLUTION_TAG in cell.metadata.get("tags", []):
            _fold_solution(cell)
        elif cell.cell_type == "code":
            _fold_code(cell)
        cell.source = _write_out_quiz(cell)
    titled = next((cell for cell in page.cells if _find_title(cell.source) is not None), None)
    if titled is None or titled.cell_type != "markdown":
        raise BookError(f"{source} has no title: its first text cell must start with a line '# Title'.")
    if found:
        titled.source = insert_after_title(titled.source, write_findings_box(found), source=source)
        _open_take_aways(page, found)
    titled.source = name_cohort(titled.source, cohort_facts, source=source)
    return page


def prepare_download(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook as it is offered for download: no output, no trace of a run, no solution.

    Where a solution called ``check_answer``, the call stays, with dots in place of the answer.

    Parameters
    ----------
    notebook : NotebookNode
        A chapter, executed or not.
    """
    offered = deepcopy(notebook)
    offered.metadata = _keep(offered.metadata, ("kernelspec", "language_info", "jupytext"))
    offered.cells = [c for c in offered.cells if "injected-parameters" not in c.metadata.get("tags", [])]
    take_solutions_out(offered)
    for cell in offered.cells:
        cell.metadata = _keep(cell.metadata, ("tags", "mystnb"))
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if cell.cell_type == "markdown":
            cell.source = QUIZ.sub(QUIZ_TEXT, cell.source)
    return offered


def take_solutions_out(notebook: NotebookNode) -> None:
    """Put a prompt in place of each solution; its output goes, and the calls that check the answer stay.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place.
    """
    for cell in notebook.cells:
        if SOLUTION_TAG not in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "code":
            cell.source, cell.outputs, cell.execution_count = _ask(cell.source), [], None
        else:
            cell.source = PROMPT_TEXT
        cell.metadata = NotebookNode(tags=[tag for tag in cell.metadata["tags"] if tag not in FOLDED])


def unfold_solutions(notebook: NotebookNode) -> None:
    """Show the solutions of a page as they are, without a fold.

    Parameters
    ----------
    notebook : NotebookNode
        As :func:`prepare_page` left it; changed in place.
    """
    for cell in notebook.cells:
        if SOLUTION_TAG in cell.metadata.get("tags", []):
            cell.source = cell.source.replace("::::::{dropdown} Solution", "::::::{admonition} Solution", 1)
            cell.metadata = NotebookNode(tags=[tag for tag in cell.metadata["tags"] if tag not in FOLDED])


def _keep(metadata: NotebookNode, keys: tuple[str, ...]) -> NotebookNode:
    return NotebookNode({key: metadata[key] for key in keys if key in metadata})


def _repeats_parameters(cell: NotebookNode, cells: list[NotebookNode]) -> bool:
    if "injected-parameters" not in cell.metadata.get("tags", []):
        return False
    declared: dict[str, str] = {}
    for other in cells:
        if "parameters" in other.metadata.get("tags", []):
            declared |= _read_assignments(other.source)
    return _read_assignments(cell.source).items() <= declared.items()


def _take_findings(page: NotebookNode) -> str:
    """Take the cell of findings off a page and return what it says; empty where it says nothing or was not executed."""
    cells = [cell for cell in page.cells if FINDINGS_TAG in cell.metadata.get("tags", [])]
    page.cells = [cell for cell in page.cells if cell not in cells]
    said = [output.get("data", {}).get("text/markdown", "") for cell in cells for output in cell.get("outputs", [])]
    return "\n\n".join(filter(None, ("".join(text).strip() for text in said)))


def _open_take_aways(page: NotebookNode, found: str) -> None:
    """Let the take-aways begin with the results that stand at the head of the page as well."""
    for cell in page.cells:
        if cell.cell_type == "markdown":
            cell.source = TAKE_AWAYS.sub(lambda head: f"{head[0]}\n* **In this cohort.** {found}", cell.source)


def write_findings_box(text: str) -> str:
    """Return the box at the head of a chapter: what it finds in this cohort."""
    return f"```{{admonition}} In this cohort\n:class: in-this-cohort\n{text}\n```"


def _read_assignments(source: str) -> dict[str, str]:
    statements = [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    return {ast.unparse(target): ast.dump(node.value) for node in statements for target in node.targets}


def _ask(solution: str) -> str:
    """Return a cell to work in, with the calls that check the answer."""
    calls = [f'check_answer("{found["id"]}", ...)' for found in CHECKED.finditer(solution)]
    return "\n".join([PROMPT_CODE, *calls])


def _write_out_quiz(cell: NotebookNode) -> str:
    if cell.cell_type != "markdown":
        return cell.source
    return QUIZ.sub(lambda found: f"```{{raw}} html\n{write_quiz(found['chapter'])}\n```", cell.source)


def _fold_code(cell: NotebookNode) -> None:
    """Fold the code of a cell behind *Show code*, unless it is what is to be read; leave out one that only writes results."""
    tags = cell.metadata.get("tags", [])
    if all("write_result(" in ast.unparse(statement) for statement in ast.parse(cell.source).body) and not cell.outputs:
        cell.metadata["tags"] = [*tags, "remove-cell"]
    elif READ_AS_CODE.isdisjoint(tags):
        cell.metadata["tags"] = [*tags, "hide-input"]
        cell.metadata["mystnb"] = {**cell.metadata.get("mystnb", {}), **CODE_PROMPTS}


def _fold_solution(cell: NotebookNode) -> None:
    if cell.cell_type == "code":
        cell.metadata["tags"] = [*cell.metadata["tags"], "hide-cell"]
        cell.metadata["mystnb"] = {**cell.metadata.get("mystnb", {}), **SOLUTION_PROMPTS}
    elif cell.cell_type == "markdown":
        cell.source = f"::::::{{dropdown}} Solution\n{cell.source}\n::::::"


def _find_title(text: str) -> int | None:
    lines = text.splitlines()
    start = lines.index("---", 1) + 1 if lines[:1] == ["---"] and "---" in lines[1:] else 0
    return next((i for i, line in enumerate(lines[start:], start) if line.startswith("# ")), None)


def find_title(page: NotebookNode) -> str:
    """Return the title of a page: the text of its first heading, empty where it has none.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> find_title(new_notebook(cells=[new_markdown_cell("# Brain\\nText.")]))
    'Brain'
    """
    for cell in page.cells:
        at = _find_title(cell.source) if cell.cell_type == "markdown" else None
        if at is not None:
            return cell.source.splitlines()[at].removeprefix("# ").strip()
    return ""


def insert_after_title(text: str, block: str, *, source: str = "text") -> str:
    """Put a block under the title of a MyST text.

    Parameters
    ----------
    text : str
        MyST, with or without front matter.
    block : str
        What to insert.
    source : str
        Name of the file, for the error message.

    Examples
    --------
    >>> insert_after_title("# Brain\\nText.", "Note.").split("\\n")
    ['# Brain', '', 'Note.', '', 'Text.']
    """
    at = _find_title(text)
    if at is None:
        raise BookError(f"{source} has no title: it must start with a line '# Title'.")
    lines = text.splitlines()
    return "\n".join([*lines[: at + 1], "", block, "", *lines[at + 1 :]])


def _link_citation(citation: object) -> str:
    parts = re.split(r"doi:\s*(10\.\d{4,9}/[^\s;,]+[^\s;,.])", flatten_text(citation))
    for i, part in enumerate(parts):
        parts[i] = f"[doi:{part}](https://doi.org/{part})" if i % 2 else escape_signs(part)
    return "".join(parts)


def name_cohort(text: str, cohort_facts: dict, *, source: str = "text") -> str:
    """Return a page's text with the box that names the cohort under its title, unless it has one already.

    Examples
    --------
    >>> facts = {"title": "Mine", "kind": "real", "n_participants": 9}
    >>> page = name_cohort("# Brain", facts)
    >>> name_cohort(page, facts) == page
    True
    """
    if ":class: simulated" in text or ":class: cohort" in text:
        return text
    return insert_after_title(text, write_page_note(cohort_facts), source=source)


def name_book(text: str, cohort_facts: dict) -> str:
    """Return the landing page under the title of its cohort where that is real: the book is then about that cohort.

    Examples
    --------
    >>> name_book("# The resilience book", {"title": "Mine", "kind": "real"})
    '# Mine'
    """
    if cohort_facts["kind"] != "real":
        return text
    at, lines = _find_title(text), text.splitlines()
    title = str(cohort_facts["title"]).translate(
        {ord("<"): "‹", ord(">"): "›"}
    )  # the theme's menu shows it as it stands
    return "\n".join([*lines[:at], f"# {as_text(title)}", *lines[at + 1 :]])


def write_page_note(cohort_facts: dict) -> str:
    """Return the box under a chapter's title: which cohort this page shows."""
    title, n = as_text(cohort_facts["title"]), cohort_facts["n_participants"]
    if cohort_facts.get("blind"):
        return f"{BLIND_NOTE}\n\n{write_page_note({**cohort_facts, 'blind': False})}"
    if cohort_facts["kind"] == "simulated":
        return (
            "```{admonition} Simulated data\n:class: simulated\n"
            f"Every number and figure on this page that is not marked as data of real people comes from *{title}* ({n} "
            "simulated participants). They show how the analysis works; they say nothing about real people.\n```"
        )
    return f"```{{admonition}} Cohort\n:class: cohort\n*{title}* ({n} participants).\n```"


def write_landing_note(cohort_facts: dict, skipped: dict[str, str], chapters: list[str]) -> str:
    """Return the box on the landing page: the cohort of this build, and the chapters it could not have."""
    if cohort_facts.get("blind"):
        return f"{BLIND_NOTE}\n\n{write_landing_note({**cohort_facts, 'blind': False}, skipped, chapters)}"
    title, n = as_text(cohort_facts["title"]), cohort_facts["n_participants"]
    if cohort_facts["kind"] == "simulated":
        lines = [
            "```{admonition} Simulated data",
            ":class: simulated",
            f"This book shows *{title}*: {n} participants made by a program, with the truth written down. Apart from sections "
            "marked as data of real people, nothing in it is a finding about real people, and nothing replicates the study.",
        ]
    else:
        lines = ["```{admonition} The cohort of this build", ":class: cohort"]
        lines += [f"*{title}*: {n} participants."]
        if cohort_facts.get("citation"):
            lines += ["", f"Source: {_link_citation(cohort_facts['citation'])}"]
    listed = [chapter for chapter in chapters if chapter in skipped]
    if listed:
        lines += ["", "Chapters that were not run on it:", ""]
        lines += [f"- [](/notebooks/{chapter}): {as_text(skipped[chapter])}" for chapter in listed]
    return "\n".join([*lines, "```", *_write_warnings(cohort_facts.get("warnings") or [])])


def _write_warnings(warnings: list[str]) -> list[str]:
    if not warnings:
        return []
    head = ["", "```{admonition} Warnings about these data", ":class: warning cohort-warnings"]
    listed = [f"- {as_text(warning)}" for warning in warnings]
    return [*head, "Nothing was changed because of them; read the results with them in mind.", "", *listed, "```"]
