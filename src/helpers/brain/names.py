"""What regions and edges are called: by their anatomy, where the cohort gives it."""

from __future__ import annotations

import re

import pandas as pd

from helpers.brain.connectivity import EDGE_SEPARATOR

NAME_COLUMNS = ("region", "name", "label")  # of nodes.tsv, the first that is there
SIDES = {"left": "L", "right": "R", "lh": "L", "rh": "R", "l": "L", "r": "R"}
_SIDE = re.compile(r"^(lh|rh|left|right|l|r)[_. -]|[_. -](lh|rh|left|right|l|r)$", re.IGNORECASE)
_UNIT = re.compile(r"[_ ](volume|thickness|fa|area)$", re.IGNORECASE)


def name_region(region: str) -> str:
    """Return the name of a region or tract: the word for its side last, no unit, underscores as blanks.

    Examples
    --------
    >>> name_region("lh_insula_volume"), name_region("Right-Amygdala"), name_region("uncinate_left")
    ('insula L', 'Amygdala R', 'uncinate L')
    """
    text = _UNIT.sub("", str(region))
    found = _SIDE.search(text)
    side = f" {SIDES[next(filter(None, found.groups())).lower()]}" if found else ""
    return _SIDE.sub("", text, count=1).replace("_", " ") + side


def name_node(node: str, nodes: pd.DataFrame) -> str:
    """Return the anatomical name of a node where ``nodes.tsv`` has one, else its own with its side.

    Examples
    --------
    >>> nodes = pd.DataFrame({"network": ["Reward"], "hemisphere": ["L"]}, index=["Reward_01"])
    >>> name_node("Reward_01", nodes), name_node("Reward_01", nodes.assign(region="putamen"))
    ('Reward 01 L', 'putamen L')
    """
    column = next((name for name in NAME_COLUMNS if name in nodes), None)
    known = column is not None and pd.notna(nodes.loc[node, column])
    side = nodes["hemisphere"].get(node) if "hemisphere" in nodes else None
    text = str(nodes.loc[node, column]) if known else node.replace("_", " ")
    return f"{text} {side}" if isinstance(side, str) and side and not text.endswith(f" {side}") else text


def name_edge(edge: str, nodes: pd.DataFrame) -> str:
    """Return what an edge is called: the names of its two nodes."""
    return " – ".join(name_node(node, nodes) for node in edge.split(EDGE_SEPARATOR))
