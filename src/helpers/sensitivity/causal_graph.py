"""A declared causal graph: what must be adjusted for follows from it, and so do the mediators that must not."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import networkx as nx
import pandas as pd
import yaml

from helpers.contract import Cohort
from helpers.problems import CohortError, Problem, name_some
from helpers.tables import resolve_path
from helpers.wording import as_text

FIELDS = {"label", "exposure", "columns", "batch", "blocks", "place"}
EXPOSURE = "exposure"


@dataclass(frozen=True, eq=False)
class CausalGraph:
    """What is supposed to cause what.

    Attributes
    ----------
    graph : networkx.DiGraph
        Without cycles; each edge has ``why``, each node what the file says of it.
    exposure : str
        The node that the groups stand for.
    measured : frozenset of str
        Nodes that the cohort at hand has measured, the exposure among them.
    adjusted : frozenset of str
        Nodes that its ``cohort.yml`` adjusts for.
    """

    graph: nx.DiGraph
    exposure: str
    measured: frozenset[str] = field(default_factory=frozenset)
    adjusted: frozenset[str] = field(default_factory=frozenset)

    def call(self, node: str) -> str:
        """Return the label of a node."""
        return self.graph.nodes[node]["label"]

    def name(self, nodes: Collection[str]) -> str:
        """Return the labels of nodes in the order of the file, in small letters, joined."""
        return ", ".join(as_text(self.call(node).lower()) for node in self.graph if node in nodes)


def load_graph(path: str | os.PathLike[str]) -> CausalGraph:
    """Read a causal graph.

    Parameters
    ----------
    path : path-like
        YAML, see ``data/causal/graph.yml``.

    Raises
    ------
    CohortError
        Every problem of the file: unknown fields, edges from or to no node, no or several exposures, a cycle.

    Examples
    --------
    >>> load_graph("data/causal/graph.yml").exposure
    'resilience'
    """
    content = yaml.safe_load(resolve_path(path).read_text(encoding="utf-8")) or {}
    nodes, edges = content.get("nodes") or {}, content.get("edges") or []
    problems = list(_find_problems(nodes, edges, resolve_path(path).name))
    if problems:
        raise CohortError(problems)
    graph = nx.DiGraph()
    graph.add_nodes_from((name, {"label": name, **about}) for name, about in nodes.items())
    graph.add_edges_from((cause, effect, {"why": str(why)}) for cause, effect, why in edges)
    return CausalGraph(graph, next(name for name, about in nodes.items() if about.get(EXPOSURE)))


def _find_problems(nodes: Mapping[str, Any], edges: list[Any], file: str):
    def say(found: str, expected: str, fix: str) -> Problem:
        return Problem(file, None, None, found, expected, fix)

    for name, about in nodes.items():
        if unknown := sorted(set(about) - FIELDS):
            yield say(
                f"{name_some(unknown)} of node '{name}'",
                f"only {name_some(sorted(FIELDS))}",
                "take it out, or correct its spelling.",
            )
    whole = [edge for edge in edges if isinstance(edge, list) and len(edge) == 3]
    if len(whole) < len(edges):
        yield say("an edge without three entries", "[cause, effect, why]", "write each edge as [cause, effect, why].")
    for cause, effect, _ in whole:
        for name in (cause, effect):
            if name not in nodes:
                yield say(
                    f"'{name}' in edge {cause} to {effect}",
                    "a node of the list",
                    "add the node, or correct its spelling.",
                )
    exposures = [name for name, about in nodes.items() if about.get(EXPOSURE)]
    if len(exposures) != 1:
        yield say(
            f"{len(exposures)} nodes with exposure: true", "one, that the groups stand for", "mark exactly one node."
        )
    graph = nx.DiGraph([(cause, effect) for cause, effect, _ in whole])
    if not nx.is_directed_acyclic_graph(graph):
        around = [cause for cause, _ in nx.find_cycle(graph)]
        yield say(
            f"a circle through {name_some(around)}",
            "a graph without circles",
            "decide which way comes first, and take one edge out.",
        )


def match_cohort(graph: CausalGraph, cohort: Cohort, blocks: Collection[str]) -> CausalGraph:
    """Return the graph with what a cohort has measured and adjusts for.

    Parameters
    ----------
    graph : CausalGraph
    cohort : Cohort
    blocks : collection of str
        Kinds of data with a main contrast.
    """
    settings, columns = cohort.settings, set(cohort.participants.columns[cohort.participants.notna().any()])
    batch = {settings.batch} if settings.batch else set()

    def has(about: Mapping[str, Any], names: set[str]) -> bool:
        return bool(names.intersection(about.get("columns") or [])) or bool(about.get("batch") and batch & names)

    nodes = graph.graph.nodes(data=True)
    measured = {
        name for name, about in nodes if has(about, columns | batch) or set(about.get("blocks") or []) & set(blocks)
    }
    adjusted = {name for name, about in nodes if has(about, set(settings.covariates) | batch)}
    return CausalGraph(graph.graph, graph.exposure, frozenset(measured | {graph.exposure}), frozenset(adjusted))


def find_adjustment(
    graph: CausalGraph, outcome: str, *, exposure: str = "", among: Collection[str] | None = None
) -> set[str] | None:
    """Return a smallest set of nodes that closes every back door from exposure to outcome.

    The back-door criterion [1]_: no node of the set is caused by the exposure, and the set d-separates exposure and outcome once
    the arrows out of the exposure are taken away.

    Parameters
    ----------
    graph : CausalGraph
    outcome : str
    exposure : str, optional
        By default that of the graph.
    among : collection of str, optional
        Only of these; by default of all nodes, measured or not.

    Returns
    -------
    set of str or None
        None where no set of these closes all.

    References
    ----------
    .. [1] Pearl J (1995). Causal diagrams for empirical research. Biometrika 82(4):669-688. doi:10.1093/biomet/82.4.669

    Examples
    --------
    A common cause has to be held, what the exposure makes must not be:

    >>> graph = CausalGraph(nx.DiGraph([("c", "x"), ("c", "y"), ("x", "m"), ("m", "y")]), "x")
    >>> find_adjustment(graph, "y")
    {'c'}
    """
    exposure = exposure or graph.exposure
    allowed = set(graph.graph if among is None else among) - nx.descendants(graph.graph, exposure) - {exposure, outcome}
    return nx.find_minimal_d_separator(_cut(graph, exposure), exposure, outcome, restricted=allowed)


def find_open(graph: CausalGraph, outcome: str, held: Collection[str]) -> list[str]:
    """Return the causes that, besides what is held, would each have to be held as well to close every back door.

    Parameters
    ----------
    graph : CausalGraph
    outcome : str
    held : collection of str
        What is adjusted for.

    Returns
    -------
    list of str
        A smallest set; empty when what is held is enough.
    """
    kept = set(held) - nx.descendants(graph.graph, graph.exposure) - {graph.exposure, outcome}
    others = set(graph.graph) - nx.descendants(graph.graph, graph.exposure) - {graph.exposure, outcome}
    found = nx.find_minimal_d_separator(
        _cut(graph, graph.exposure), graph.exposure, outcome, included=kept, restricted=others | kept
    )
    return [node for node in graph.graph if node in (found or set()) - kept]


def find_mediators(graph: CausalGraph, outcome: str, *, exposure: str = "") -> set[str]:
    """Return the nodes between exposure and outcome: caused by the one and causes of the other.

    Examples
    --------
    >>> graph = CausalGraph(nx.DiGraph([("x", "m"), ("m", "y"), ("x", "y"), ("x", "other")]), "x")
    >>> find_mediators(graph, "y")
    {'m'}
    """
    return nx.descendants(graph.graph, exposure or graph.exposure) & nx.ancestors(graph.graph, outcome)


def list_outcomes(graph: CausalGraph) -> list[str]:
    """Return what the exposure may cause and the cohort has measured, in the order of the file."""
    return [node for node in graph.graph if node in graph.measured & nx.descendants(graph.graph, graph.exposure)]


def tabulate_adjustment(graph: CausalGraph) -> pd.DataFrame:
    """Return for each measured outcome what the graph asks to hold, what the cohort leaves open, and what it must not hold.

    Parameters
    ----------
    graph : CausalGraph
        From :func:`match_cohort`.

    Returns
    -------
    pandas.DataFrame
        Index outcome (its label); needed (a smallest set), left_open (what is not adjusted for and leaves a back door), mediators.
    """
    rows = {
        graph.call(node): {
            "needed": graph.name(find_adjustment(graph, node) or set()) or "nothing",
            "left_open": graph.name(find_open(graph, node, graph.adjusted)) or "nothing",
            "mediators": graph.name(find_mediators(graph, node)) or "none",
        }
        for node in list_outcomes(graph)
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["needed", "left_open", "mediators"]).rename_axis(
        "outcome"
    )


def describe_adjustment(graph: CausalGraph, *, other_groups: str = "") -> str:
    """Say what the contrasts are adjusted for, whether the graph is content with it, and what must never be adjusted for.

    Parameters
    ----------
    graph : CausalGraph
        From :func:`match_cohort`.
    other_groups : str, optional
        What the groups of a cohort differ in, where that is not the exposure of the graph.
    """
    caused = graph.adjusted & nx.descendants(graph.graph, graph.exposure)
    opened = {node: find_open(graph, node, graph.adjusted) for node in list_outcomes(graph)}
    causes = {cause for found in opened.values() for cause in found}
    said = [f"This cohort adjusts for {graph.name(graph.adjusted) or 'nothing'}."]
    if causes:
        said.append(
            f"By this graph that leaves back doors to {graph.name([node for node in opened if opened[node]])} open."
        )
    elif opened:
        said.append("By this graph that closes every back door, as far as the graph itself is right.")
    if causes - graph.measured:
        said.append(
            f"Nobody measured {graph.name(causes - graph.measured)} here, so no choice of covariates closes them; the E-values below say "
            "how strong what comes through would have to be."
        )
    if causes & graph.measured:
        said.append(f"Measured, and not adjusted for: {graph.name(causes & graph.measured)}.")
    if caused:
        said.append(
            f"**It also holds what the exposure may cause** ({graph.name(caused)}), which takes a part of the effect away."
        )
    if other_groups:
        exposure = as_text(graph.call(graph.exposure).lower())
        said.append(
            f"**Caution.** The diagram is of {exposure}, and {other_groups}: it holds here only as far as that has the same causes and effects."
        )
    return " ".join(said)


def _cut(graph: CausalGraph, exposure: str) -> nx.DiGraph:
    """Return the graph without the arrows that leave the exposure."""
    cut = nx.DiGraph(graph.graph)
    cut.remove_edges_from(list(graph.graph.out_edges(exposure)))
    return cut
