"""The tree of the taxa: whether it can be read, names them, and has what the chapters need of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from helpers.contract.files import Reader
from helpers.problems import count, name_some

TOKEN = re.compile(r"\s+|\[[^\]]*\]|'(?:[^']|'')*'|[(),:;]|[^\s(),:;\[\]']+")
LEFT_OUT = "UniFrac and Faith's diversity are left out"


@dataclass(frozen=True)
class Tree:
    """What the check needs of a Newick tree.

    Attributes
    ----------
    tips : tuple of str
        As written, quotes taken off.
    n_at_root : int
        Branches that leave the root: two in a rooted tree.
    n_bare, n_negative : int
        Branches without a length, and with one below 0.
    """

    tips: tuple[str, ...]
    n_at_root: int
    n_bare: int
    n_negative: int


def scan_newick(text: str) -> Tree:
    """Read what the check needs of a Newick tree, without building it.

    Parameters
    ----------
    text : str
        One tree; comments in square brackets are passed over, underscores kept.

    Returns
    -------
    Tree

    Raises
    ------
    ValueError
        When brackets do not match, a length is no number, or the semicolon is missing; says where.

    Examples
    --------
    >>> scan_newick("((a:1,'b c':2):1,d:-3);")
    Tree(tips=('a', 'b c', 'd'), n_at_root=2, n_bare=0, n_negative=1)
    """
    scan = _Scan()
    for token, place in _list_tokens(text):
        if scan.is_done:
            raise ValueError(f"more text after the semicolon at character {place:,}")
        if token == "(":
            scan.open(place)
        elif token in ",);":
            scan.close(token, place)
        else:
            scan.open_nodes[-1].take(token, place)
    if not scan.is_done:
        raise ValueError("no semicolon at its end")
    return Tree(tuple(scan.tips), scan.n_at_root, scan.n_bare, scan.n_negative)


def _list_tokens(text: str) -> Iterator[tuple[str, int]]:
    """Yield each token with its place, counted from 1; blanks and remarks are passed over."""
    position = 0
    while position < len(text):
        found = TOKEN.match(text, position)
        if not found:
            raise ValueError(f"a quote or bracket without its end at character {position + 1:,}")
        if not found.group()[0].isspace() and found.group()[0] != "[":
            yield found.group(), position + 1
        position = found.end()


class _Node:
    """A node that is being read."""

    def __init__(self) -> None:
        self.name: str | None = None
        self.length: float | None = None
        self.n_children = 0
        self.awaits_length = False

    def take(self, token: str, place: int) -> None:
        """Take a name, a colon, or the length after it."""
        if token == ":":
            self.awaits_length = True
        elif self.awaits_length:
            try:
                self.length, self.awaits_length = float(token), False
            except ValueError:
                raise ValueError(f"'{token[:40]}' for a branch length at character {place:,}") from None
        else:
            word = token[1:-1].replace("''", "'") if token.startswith("'") else token
            self.name = word if self.name is None else f"{self.name} {word}"


class _Scan:
    """What was seen of a tree so far; the last of the open nodes is being read."""

    def __init__(self) -> None:
        self.open_nodes = [_Node()]
        self.tips: list[str] = []
        self.n_at_root = self.n_bare = self.n_negative = 0
        self.is_done = False

    def open(self, place: int) -> None:
        """Begin the first child of a node."""
        parent = self.open_nodes[-1]
        if parent.name is not None or parent.n_children:
            raise ValueError(f"a bracket that opens in the wrong place at character {place:,}")
        parent.n_children = 1
        self.open_nodes.append(_Node())

    def close(self, token: str, place: int) -> None:
        """End a node: by a comma, a closing bracket, or the semicolon after the root."""
        node = self.open_nodes.pop()
        self.is_done = token == ";"
        if self.is_done == bool(self.open_nodes):
            raise ValueError(f"brackets that do not match at character {place:,}")
        if not node.n_children:
            self.tips.append(node.name or "")
        if self.is_done:
            self.n_at_root = node.n_children
            return
        self.n_bare += node.length is None
        self.n_negative += node.length is not None and node.length < 0
        if token == ",":
            self.open_nodes[-1].n_children += 1
            self.open_nodes.append(_Node())


def check_tree(reader: Reader, file: str, taxa: pd.Index) -> bool:
    """Report a tree that cannot be read, lacks taxa, or lacks what distances along it need.

    Parameters
    ----------
    reader : Reader
    file : str
    taxa : pandas.Index
        Columns of the taxa table.

    Returns
    -------
    bool
        Whether chapters can use it. A tree that is not rooted or lacks branch lengths gets a warning and is left out.
    """
    try:
        tree = scan_newick((reader.folder / file).read_text(encoding="utf-8-sig"))
    except (ValueError, OSError) as error:
        reader.report(
            file, f"no readable tree ({reader.tell(error)})", "a Newick tree", "export the tree again as Newick."
        )
        return False
    _check_tips(reader, file, tree, taxa)
    if tree.n_negative:
        reader.report(
            file,
            f"{count(tree.n_negative, 'branch').replace('branchs', 'branches')} shorter than 0",
            "branch lengths of 0 or more",
            "set them to 0, or remove the tree.",
        )
    if tree.n_bare:
        bare = count(tree.n_bare, "branch").replace("branchs", "branches")
        reader.report(
            file,
            f"no length for {bare}; {LEFT_OUT}",
            "a length for every branch",
            "export the tree with branch lengths, or remove it.",
            severity="warning",
        )
    if tree.n_at_root > 2:
        reader.report(
            file,
            f"{tree.n_at_root} branches at the root, so the tree is not rooted; {LEFT_OUT}",
            "2 branches at the root",
            "root the tree first, for instance at its midpoint.",
            severity="warning",
        )
    return tree.n_bare == 0 and tree.n_at_root <= 2


def _check_tips(reader: Reader, file: str, tree: Tree, taxa: pd.Index) -> None:
    tips = Counter(tree.tips)
    twice = [tip for tip, n in tips.items() if n > 1]
    if twice:
        reader.report(
            file,
            f"{count(len(twice), 'tip')} more than once ({name_some(repr(tip) for tip in twice)})",
            "every taxon once",
            "remove the doubles from the tree.",
        )
    lacking = [taxon for taxon in taxa if taxon not in tips]
    if not lacking:
        return
    folded = {_fold(tip): tip for tip in tips}
    alike = [(taxon, folded[_fold(taxon)]) for taxon in lacking if _fold(taxon) in folded]
    fix = "name the tips like the columns of the taxa table, or remove the tree."
    if alike:
        taxon, tip = alike[0]
        fix = f"write '{taxon}' for the tip '{tip}'{f', and so for {len(alike) - 1:,} more' if alike[1:] else ''}, or remove the tree."
    reader.report(
        file,
        f"no tip for {count(len(lacking), 'taxon').replace('taxons', 'taxa')} ({name_some(lacking)})",
        "every taxon as a tip",
        fix,
    )


def _fold(name: str) -> str:
    """Spell a tip so that quotes, blanks, underscores and case make no difference."""
    return re.sub(r"[\s_'\"]+", "_", str(name)).strip("_").lower()
