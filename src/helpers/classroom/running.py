"""Run a notebook that came back, by papermill in a kernel of its own, and take from it what it answers."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from helpers.classroom.guard import LATE, write_command
from helpers.classroom.kernel import MIME
from helpers.run.execution import ONE_THREAD, run_notebook

KERNEL_NAME = "marking"
SPARE_SECONDS = 30  # what papermill waits longer than the guard
WORK = ("cohort", "results")
LONGEST = 200  # characters of an error


@dataclass(frozen=True)
class Limits:
    """What a notebook may use.

    Attributes
    ----------
    seconds : float
    megabytes : int
        Of memory; cannot be limited on Windows.
    """

    seconds: float = 120
    megabytes: int = 4096


@dataclass(frozen=True)
class Ran:
    """What a notebook did when it was run anew.

    Attributes
    ----------
    answers : mapping of str to object
        By exercise or claim, the last one that was given: as read by the form of the exercise.
    unreadable : mapping of str to str
        Answers of another form than asked for, with the sentence that says so.
    trouble : str
        Why it did not reach its end; empty where it did.
    """

    answers: Mapping[str, Any]
    unreadable: Mapping[str, str]
    trouble: str


def run_submission(notebook: NotebookNode, place: Path, hidden: Path, limits: Limits) -> Ran:
    """Run a notebook on a copy of what was handed out.

    Parameters
    ----------
    notebook : NotebookNode
        As it came back; its output counts for nothing.
    place : pathlib.Path
        The student's folder as it was handed out, with ``cohort`` and ``results``.
    hidden : pathlib.Path
        The class, which the notebook must not read.
    limits : Limits
    """
    with tempfile.TemporaryDirectory(prefix="marking-") as spare:
        work = Path(spare, "work")
        work.mkdir()
        for name in WORK:
            if (place / name).is_dir():
                shutil.copytree(place / name, work / name)
        source, target = Path(spare, "came_back.ipynb"), Path(spare, "ran.ipynb")
        nbformat.write(_strip(notebook), source)
        with _kernel_of(Path(spare, "jupyter"), work, write_command(limits.seconds, limits.megabytes, hidden)):
            trouble = _execute(source, target, work, limits)
        ran = nbformat.read(target, as_version=4) if target.is_file() else notebook.__class__(cells=[])
        return _collect(ran, trouble)


def _execute(source: Path, target: Path, work: Path, limits: Limits) -> str:
    """Run, and return in a sentence what went wrong."""
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what goes wrong is told in the marks
    late = f"It was not finished after {limits.seconds:g} seconds. Look for a loop that never ends."
    try:
        run_notebook(
            source,
            target,
            {},
            working_dir=work,
            kernel_name=KERNEL_NAME,
            cell_seconds=int(limits.seconds) + SPARE_SECONDS,
        )
    except PapermillExecutionError as error:
        said = " ".join(str(error.evalue).split())[:LONGEST]
        return f"It stopped in its code cell {error.exec_count}: {error.ename}: {said}"
    except CellTimeoutError:
        return late
    except (DeadKernelError, RuntimeError, TimeoutError):
        lost = f"Its kernel was ended, most likely because it needed more than {limits.megabytes:,} MB of memory."
        return late if (work / LATE).exists() else lost
    return ""


def _strip(notebook: NotebookNode) -> NotebookNode:
    """Return code and text alone: no output that could be taken for new."""
    bare = deepcopy(notebook)
    bare.metadata = nbformat.from_dict(
        {"kernelspec": {"name": KERNEL_NAME, "display_name": "Python 3", "language": "python"}}
    )
    for cell in bare.cells:
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return bare


@contextmanager
def _kernel_of(folder: Path, work: Path, command: list[str]) -> Iterator[None]:
    """Let Jupyter know the kernel of this marking, for as long as it takes."""
    spec = folder / "kernels" / KERNEL_NAME
    spec.mkdir(parents=True)
    place = str(work)
    environment = ONE_THREAD | {
        "IPYTHONDIR": f"{place}/.ipython",
        "TMPDIR": place,
        "TEMP": place,
        "TMP": place,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    told = {"argv": command, "display_name": "Marking", "language": "python", "env": environment}
    (spec / "kernel.json").write_text(json.dumps(told), encoding="utf-8")
    before = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("JUPYTER_PATH")
        if before is not None:
            os.environ["JUPYTER_PATH"] = before


def _collect(ran: NotebookNode, trouble: str) -> Ran:
    answers: dict[str, Any] = {}
    unreadable: dict[str, str] = {}
    outputs = [output for cell in ran.cells if cell.cell_type == "code" for output in cell.outputs]
    for noted in (output.get("data", {}).get(MIME) for output in outputs):
        if not isinstance(noted, dict) or not isinstance(noted.get("id"), str):
            continue
        answers.pop(noted["id"], None)
        unreadable.pop(noted["id"], None)
        if "value" in noted:
            answers[noted["id"]] = noted["value"]
        else:
            unreadable[noted["id"]] = str(noted.get("unreadable", ""))[:LONGEST]
    return Ran(MappingProxyType(answers), MappingProxyType(unreadable), trouble)
