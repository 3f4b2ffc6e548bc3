"""How much of an effect goes through a mediator: two linear models, and intervals from resampled participants."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd

from helpers.cohort import design_matrix
from helpers.contract import Cohort
from helpers.contrasts import CONFIDENCE
from helpers.designs import number_clusters
from helpers.least import find_shortage
from helpers.problems import TooLittle
from helpers.sensitivity.causal_graph import CausalGraph, find_mediators
from helpers.sensitivity.main_contrasts import MainMeasures
from helpers.wording import as_text

PATHS = ("a", "b", "direct", "indirect", "total")
AT_ONCE = 500  # resamples computed at once
GROUP = "group"


@dataclass(frozen=True)
class Route:
    """One way through the graph that is asked about.

    Attributes
    ----------
    exposure, mediator, outcome : str
        Nodes of the graph.
    held : tuple of str
        Measured nodes that come before the exposure, adjusted for besides the covariates.
    """

    exposure: str
    mediator: str
    outcome: str
    held: tuple[str, ...] = ()


def mediate(
    x: np.ndarray,
    mediator: np.ndarray,
    outcome: np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    rng: np.random.Generator,
    n_bootstraps: int = 2000,
    clusters: np.ndarray | None = None,
) -> pd.DataFrame:
    """Split the effect of x on an outcome into a part through a mediator and the rest.

    Two linear models by least squares: the mediator on x (slope ``a``), and the outcome on x (``direct``) and the mediator (``b``),
    both with the covariates. What goes through the mediator is ``a b``, and ``total = direct + a b``. Where x and the mediator do
    not interact, and nothing unmeasured makes two of the three, these are the natural indirect and direct effects [1]_. The intervals are
    percentiles over resampled participants (whole clusters, where there are any), as the product is not normal; of the bootstrap intervals
    this one keeps its level best in small samples [2]_.

    Parameters
    ----------
    x, mediator, outcome : numpy.ndarray of shape (n,)
        Complete.
    covariates : numpy.ndarray of shape (n, k), optional
        Complete, without intercept.
    rng : numpy.random.Generator
    n_bootstraps : int, default 2000
    clusters : numpy.ndarray of int of shape (n,), optional
        From 0.

    Returns
    -------
    pandas.DataFrame
        Index a, b, direct, indirect, total; columns estimate, ci_low, ci_high (95 %), in the units given.

    References
    ----------
    .. [1] Imai K, Keele L, Tingley D (2010). A general approach to causal mediation analysis. Psychological Methods 15(4):309-334.
       doi:10.1037/a0020761
    .. [2] Hayes AF, Scharkow M (2013). The relative trustworthiness of inferential tests of the indirect effect in statistical
       mediation analysis: does method really matter? Psychological Science 24(10):1918-1927. doi:10.1177/0956797613480187

    Examples
    --------
    >>> x = np.array([0.0, 0, 0, 1, 1, 1])
    >>> m = x + np.array([0.1, -0.1, 0, 0.2, 0, -0.2])
    >>> mediate(x, m, 2 * m + x, rng=np.random.default_rng(1), n_bootstraps=20)["estimate"].round(6).tolist()
    [1.0, 2.0, 1.0, 2.0, 3.0]
    """
    columns = [np.ones(len(x)), x, *(() if covariates is None else covariates.T), mediator, outcome]
    table = np.column_stack(columns).astype(float)
    table[:, 2:] -= table[:, 2:].mean(axis=0)
    products = (table[:, :, None] * table[:, None, :]).reshape(len(table), -1)
    found = _solve(products.sum(axis=0)[None])[0]
    owner = np.arange(len(x)) if clusters is None else clusters
    n_owners = int(owner.max()) + 1
    drawn = []
    for start in range(0, n_bootstraps, AT_ONCE):
        n = min(AT_ONCE, n_bootstraps - start)
        weights = rng.multinomial(n_owners, np.full(n_owners, 1 / n_owners), size=n)[:, owner]
        drawn.append(_solve(weights @ products))
    tails = 50 * (1 - CONFIDENCE)
    low, high = np.nanpercentile(np.concatenate(drawn), [tails, 100 - tails], axis=0)
    return pd.DataFrame({"estimate": found, "ci_low": low, "ci_high": high}, pd.Index(PATHS, name="path"))


def _solve(products: np.ndarray) -> np.ndarray:
    """Return the paths from sums of products of (1, x, covariates, mediator, outcome), one row per resample."""
    size = int(np.sqrt(products.shape[1]))
    s = products.reshape(-1, size, size)
    on_x = _regress(s[:, : size - 2, : size - 2], s[:, : size - 2, size - 2])
    on_both = _regress(s[:, : size - 1, : size - 1], s[:, : size - 1, size - 1])
    a, b, direct = on_x[:, 1], on_both[:, -1], on_both[:, 1]
    return np.column_stack([a, b, direct, a * b, direct + a * b])


def _regress(inner: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """Solve normal equations; a column that does not vary in a resample (a rare batch) gets a slope of 0."""
    return (np.linalg.pinv(inner, rcond=1e-12, hermitian=True) @ outer[:, :, None])[:, :, 0]


def list_routes(graph: CausalGraph) -> list[Route]:
    """Return every way from a measured node through a measured mediator to the last measured outcome of the graph.

    Parameters
    ----------
    graph : CausalGraph
        From :func:`helpers.sensitivity.match_cohort`.

    Raises
    ------
    TooLittle
        When fewer than two of what the exposure may cause were measured.
    """
    caused = [node for node in nx.topological_sort(graph.graph) if node in nx.descendants(graph.graph, graph.exposure)]
    measured = [node for node in caused if node in graph.measured]
    if len(measured) < 2:
        raise TooLittle("A mediator and an outcome are needed, and this cohort has contrasts of one kind only.")
    outcome = measured[-1]
    routes = []
    for exposure in [graph.exposure, *measured[:-1]]:
        between = find_mediators(graph, outcome, exposure=exposure)
        held = [node for node in (graph.exposure, *measured) if node in nx.ancestors(graph.graph, exposure)]
        routes += [Route(exposure, node, outcome, tuple(held)) for node in measured if node in between]
    return routes


def fit_routes(
    routes: list[Route],
    graph: CausalGraph,
    cohort: Cohort,
    groups: pd.DataFrame,
    measures: MainMeasures,
    *,
    rng: np.random.Generator,
    n_bootstraps: int = 2000,
) -> pd.DataFrame:
    """Fit every route, each kind of data by the first main contrast that measures it.

    Parameters
    ----------
    routes : list of Route
    graph : CausalGraph
    cohort : Cohort
    groups : pandas.DataFrame
    measures : MainMeasures
    rng : numpy.random.Generator
        Each route has a stream of its own.
    n_bootstraps : int, default 2000

    Returns
    -------
    pandas.DataFrame
        Index route, such as *group → N-acetylglutamate → Depression symptoms*; exposure, mediator, outcome (labels), held, n, then a, b,
        direct, indirect, total with ``_low`` and ``_high``: in SD of the participants, per SD of an exposure that is no group. Fewer
        participants of a group than a contrast needs: no numbers.
    """
    chosen = {node: _choose(graph, node, measures) for node in graph.graph if node in graph.measured}
    design = design_matrix(cohort, groups)
    rows = []
    for route, stream in zip(routes, rng.spawn(len(routes)), strict=True):
        used = [chosen[node] for node in (route.mediator, route.outcome, route.exposure, *route.held) if chosen[node]]
        extras = pd.DataFrame({claim: measures.extras[claim] for claim in used if claim in measures.extras})
        complete = measures.values[used].join(extras.add_prefix("extra "), how="left").dropna().index
        own = design.loc[design.index.isin(complete)]
        sizes = (own[GROUP] == 1).sum(), (own[GROUP] == 0).sum()
        row = _name_route(route, graph, measures, chosen) | {"n": len(own)}
        if not find_shortage("contrast", *map(int, sizes)):
            row |= _fit_route(route, own, chosen, measures, extras, stream, n_bootstraps)
        rows.append(row)
    bounds = [f"{path}{end}" for path in PATHS for end in ("", "_low", "_high")]
    return (
        pd.DataFrame(rows).set_index("route").reindex(columns=["exposure", "mediator", "outcome", "held", "n", *bounds])
    )


def _choose(graph: CausalGraph, node: str, measures: MainMeasures) -> str:
    """Return the first main contrast that measures a node; none for the exposure and for covariates."""
    blocks = graph.graph.nodes[node].get("blocks") or []
    found = [claim for block in blocks for claim in measures.about.index[measures.about["block"] == block]]
    return found[0] if found else ""


def _name_route(route: Route, graph: CausalGraph, measures: MainMeasures, chosen: dict[str, str]) -> dict[str, str]:
    def name(node: str) -> str:
        return measures.about.loc[chosen[node], "label"] if chosen[node] else GROUP

    ends = {part: name(getattr(route, part)) for part in ("exposure", "mediator", "outcome")}
    return {"route": " → ".join(ends.values()), **ends, "held": ", ".join(map(name, route.held))}


def _fit_route(
    route: Route,
    design: pd.DataFrame,
    chosen: dict[str, str],
    measures: MainMeasures,
    extras: pd.DataFrame,
    rng: np.random.Generator,
    n_bootstraps: int,
) -> dict[str, float]:
    def take(node: str) -> np.ndarray:
        if not chosen[node]:
            return design[GROUP].to_numpy(float)
        values = measures.values[chosen[node]].loc[design.index].to_numpy(float)
        return (values - values.mean()) / values.std(ddof=1)

    held = [design.drop(columns=GROUP).to_numpy(float), extras.reindex(design.index).to_numpy(float)]
    held += [take(node)[:, None] for node in route.held]
    found = mediate(
        take(route.exposure), take(route.mediator), take(route.outcome), _scale(np.hstack(held)),
        rng=rng, n_bootstraps=n_bootstraps, clusters=number_clusters(design),
    ).rename(columns={"estimate": "", "ci_low": "_low", "ci_high": "_high"})  # fmt: skip
    return {f"{path}{end}": value for path, row in found.iterrows() for end, value in row.items()}


def _scale(table: np.ndarray) -> np.ndarray:
    """Return columns of one spread, those that do not vary left out, so that normal equations stay well conditioned."""
    spread = table.std(axis=0)
    return (table[:, spread > 0] - table[:, spread > 0].mean(axis=0)) / spread[spread > 0]


def describe_routes(table: pd.DataFrame) -> str:
    """Say how many indirect effects are away from zero, and the largest.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`fit_routes`.

    Raises
    ------
    TooLittle
        When none could be fitted.
    """
    known = table.dropna(subset=["indirect"])
    if known.empty:
        raise TooLittle("Too few participants have all three of exposure, mediator and outcome.")
    away = known[known["indirect_low"].gt(0) | known["indirect_high"].lt(0)]
    top = known.loc[known["indirect"].abs().idxmax()]
    several = "intervals" if len(known) > 1 else "interval"
    return (
        f"{len(away) or 'None'} of {len(known)} {several} of the indirect effect {'lies' if len(away) == 1 else 'lie'} wholly on one side "
        f"of zero. Largest: {as_text(top.name)}, indirect {top['indirect']:.2f} (95 % CI {top['indirect_low']:.2f} to "
        f"{top['indirect_high']:.2f}) of {top['total']:.2f} in all ({top['total_low']:.2f} to {top['total_high']:.2f}), in SD."
    )
