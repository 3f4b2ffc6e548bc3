"""Follow names from the ways in (notebooks, command, tools, the book's extensions) to every definition they lead to."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path

import jupytext

PEERS = ("tests/parity.py",)  # what a tool writes the page on agreement with R from


@dataclass(frozen=True, eq=False)
class Definition:
    """A function, class or constant at the top of a module.

    Attributes
    ----------
    file : str
        Inside the project.
    name : str
    node : ast.stmt
    """

    file: str
    name: str
    node: ast.stmt


def list_definitions(project: Path) -> list[Definition]:
    """Return what the modules of ``src/helpers`` define, but for the command, which is a way in itself."""
    found = []
    for path in sorted((project / "src" / "helpers").rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            names = (
                [node.name]
                if hasattr(node, "name")
                else [
                    target.id
                    for target in (node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)])
                    if isinstance(target, ast.Name) and target.id != "__all__"
                ]
            )
            found += [Definition(path.relative_to(project).as_posix(), name, node) for name in names]
    return found


def read_ways_in(project: Path) -> set[str]:
    """Return every name that a notebook, the command, a tool or an extension of the book uses."""
    names: set[str] = set()
    for path in sorted((project / "notebooks").rglob("*.md")):
        for cell in jupytext.read(path).cells:
            if cell.cell_type == "code":
                names |= list_names(ast.parse(cell.source))
    for path in (*sorted((project / "tools").glob("*.py")), *sorted((project / "book" / "_ext").glob("*.py")), *PEERS):
        names |= list_names(ast.parse((project / path).read_text()))
    return names | {"main", "cli"}


def list_names(tree: ast.AST) -> set[str]:
    """Return the identifiers that code uses: names, attributes, names it imports or spells as ``helpers.room:name``.

    Examples
    --------
    >>> sorted(list_names(ast.parse("from helpers.x import f\\ny = f(z.w)")))
    ['f', 'w', 'y', 'z']
    """
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    names |= {text.rpartition(":")[2] for text in texts if text.startswith("helpers.")}
    return names | {
        alias.name.split(".")[-1] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }


def find_unreached(definitions: Iterable[Definition], ways_in: Set[str]) -> list[Definition]:
    """Return the public definitions that no way in leads to, however long the way.

    A name leads to every definition of that name; the body of what is reached leads on. What decorates a definition (a command of
    ``click``) reaches it.
    """
    waiting, reached = list(definitions), set(ways_in)
    while True:
        found = [one for one in waiting if one.name in reached or _is_command(one.node)]
        if not found:
            return [one for one in waiting if not one.name.startswith("_") and hasattr(one.node, "name")]
        waiting = [one for one in waiting if one not in found]
        for one in found:
            reached |= list_names(one.node)


def _is_command(node: ast.stmt) -> bool:
    return any("command" in ast.unparse(one) for one in getattr(node, "decorator_list", []))
