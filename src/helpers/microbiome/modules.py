"""Gut-brain modules and sets of gut orthologues: a table of KEGG orthologues in, modules per person out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contrasts import COLUMNS, fit_contrasts
from helpers.problems import name_some

NEEDED = ("module", "name", "step", "alternative", "orthologues")
MIN_COVERAGE = 2 / 3
ORTHOLOGUE = r"K\d{5}"
HALF = 0.5  # of a read, for people without the module


@dataclass(frozen=True, eq=False)
class ModuleScores:
    """Modules of orthologues in each sample.

    Attributes
    ----------
    values : pandas.DataFrame of shape (n_participants, n_modules)
        In the units of the orthologues (reads, or shares); 0 where the module is absent.
    coverage : pandas.DataFrame of shape (n_participants, n_modules)
        Share of the steps that are there, 0-1.
    modules : pandas.DataFrame
        Index module; name, n_steps, n_reachable (steps that any orthologue of the table could fill), prevalence (share
        of samples that have it, 0-1).
    min_coverage : float
    """

    values: pd.DataFrame
    coverage: pd.DataFrame
    modules: pd.DataFrame
    min_coverage: float


def score_modules(
    orthologues: pd.DataFrame, modules: pd.DataFrame, *, min_coverage: float = MIN_COVERAGE
) -> ModuleScores:
    """Say which modules the bacteria of each sample have, and how much of them.

    A module is a chain of steps; each step lists alternatives (OR), each alternative the orthologues it needs (AND). An
    alternative counts as its scarcest orthologue, a step as the sum of its alternatives, a module as the median of its
    steps; with fewer steps than ``min_coverage`` asks for it is absent. Two thirds of the steps is the coverage of the
    study that defined the gut-brain modules [1]_. Potential is not activity: a gene may lie silent.

    Parameters
    ----------
    orthologues : pandas.DataFrame of shape (n_participants, n_orthologues)
        Columns KEGG orthologues (``K00001``), or whatever ids the modules use; reads or shares, 0 or more.
    modules : pandas.DataFrame
        One row per alternative: module, name, step, alternative, orthologues (divided by commas). The open set ``gbm``
        and ``data/sets/gut_modules.tsv`` have this form.
    min_coverage : float, default 2/3
        Share of steps, above 0 to 1.

    Returns
    -------
    ModuleScores

    Raises
    ------
    ValueError
        Missing columns, negative or missing values, a coverage out of range, or not one orthologue in common.

    References
    ----------
    .. [1] Valles-Colomer M et al. (2019). The neuroactive potential of the human gut microbiota in quality of life and
       depression. Nature Microbiology 4:623-632. doi:10.1038/s41564-018-0337-x

    Examples
    --------
    Step 1 is A or B; step 2 is C and D. Sample s has 2 A, 4 C and 6 D: steps of 2 and 4, a median of 3.

    >>> modules = pd.DataFrame(
    ...     {"module": "M1", "name": "one", "step": [1, 1, 2], "alternative": [1, 2, 1], "orthologues": ["A", "B", "C,D"]}
    ... )
    >>> orthologues = pd.DataFrame({"A": [2, 2], "C": [4, 4], "D": [6, 0]}, index=["s", "t"])
    >>> scores = score_modules(orthologues, modules)
    >>> scores.values["M1"].tolist(), scores.coverage["M1"].tolist()
    ([3.0, 0.0], [1.0, 0.5])
    """
    _check(orthologues, modules, min_coverage)
    steps = _score_steps(orthologues, modules)
    names = pd.Index(modules["module"].unique(), name="module")
    values, coverage = {}, {}
    for module in names:
        part = np.column_stack(list(steps[module].values()))
        coverage[module] = (part > 0).mean(axis=1)
        there = coverage[module] >= min_coverage - 1e-9
        values[module] = np.where(there, np.median(part, axis=1), 0.0)
    values, coverage = (pd.DataFrame(each, index=orthologues.index) for each in (values, coverage))
    known = modules["orthologues"].str.split(",").map(lambda needed: set(needed) <= set(orthologues.columns))
    reachable = known.groupby([modules["module"], modules["step"]]).any().groupby("module").sum()
    described = modules.drop_duplicates("module").set_index("module")[["name"]]
    described["n_steps"] = [len(steps[module]) for module in described.index]
    described["n_reachable"] = reachable.reindex(described.index)
    described["prevalence"] = (values > 0).mean()
    return ModuleScores(values, coverage, described, min_coverage)


def compare_modules(
    genes: pd.DataFrame | None,
    features: pd.DataFrame | None,
    modules: pd.DataFrame,
    design: pd.DataFrame,
    *,
    min_prevalence: float = 0.1,
    min_coverage: float = MIN_COVERAGE,
) -> pd.DataFrame:
    """Contrast the groups on modules of orthologues, each as the log of its share of all reads.

    Parameters
    ----------
    genes : pandas.DataFrame of shape (n_participants, n_genes), or None
        Raw reads. Columns that are KEGG orthologues (``K00001``) are used; other columns are, where ``features`` gives
        their orthologue, added up by it. None: there are no genes, and nothing is compared.
    features : pandas.DataFrame or None
        Index gene; column ``orthologue``, if there.
    modules : pandas.DataFrame
        See :func:`score_modules`.
    design : pandas.DataFrame
    min_prevalence : float, default 0.1
        Share of people who must have a module, 0 to 1.
    min_coverage : float, default 2/3

    Returns
    -------
    pandas.DataFrame
        Index feature (module); columns of :func:`helpers.contrasts.fit_contrasts` (estimate in natural log units), name,
        n_steps, n_reachable, prevalence. Empty where the table has no orthologue of the modules, or no module is common.

    Examples
    --------
    >>> genes = pd.DataFrame({"K01667": [1, 2, 8, 9], "rest": [9, 8, 2, 1]}, index=list("abcd"))
    >>> modules = pd.DataFrame(
    ...     {"module": ["M"], "name": ["indole"], "step": [1], "alternative": [1], "orthologues": ["K01667"]}
    ... )
    >>> design = pd.DataFrame({"group": [0, 0, 1, 1]}, index=list("abcd"))
    >>> bool(compare_modules(genes, None, modules, design).loc["M", "estimate"] > 0)
    True
    """
    columns = ["name", "n_steps", "n_reachable", "prevalence"]
    nothing = pd.DataFrame(columns=[*COLUMNS, *columns], dtype=float).rename_axis("feature")
    if genes is None:
        return nothing
    people = design.index.intersection(genes.index, sort=False)
    reads = genes.loc[people]
    table = sum_orthologues(reads, features)
    used = {name for needed in modules["orthologues"].astype(str) for name in needed.split(",")}
    if not used & set(table.columns):
        return nothing
    scores = score_modules(table, modules, min_coverage=min_coverage)
    common = scores.modules.index[scores.modules["prevalence"] >= max(min_prevalence, 1e-9)]
    shares = (scores.values[common] + HALF).div(reads.sum(axis=1), axis=0)
    return fit_contrasts(np.log(shares), design).join(scores.modules[columns]).rename_axis("feature")


def sum_orthologues(genes: pd.DataFrame, features: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return reads per KEGG orthologue: columns that are named so, or that the features assign to one.

    Examples
    --------
    >>> genes = pd.DataFrame({"K00001": [1], "gene_1": [2], "gene_2": [4]}, index=["s"])
    >>> sum_orthologues(genes, pd.DataFrame({"orthologue": ["K00001"]}, index=["gene_1"])).to_dict("index")
    {'s': {'K00001': 3}}
    """
    names = pd.Series(genes.columns, index=genes.columns, dtype=object)
    if features is not None and "orthologue" in features.columns:
        names = features["orthologue"].reindex(genes.columns).fillna(names)
    kegg = names.astype(str).str.fullmatch(ORTHOLOGUE)
    return genes.loc[:, kegg.to_numpy()].T.groupby(names[kegg].to_numpy()).sum().T


def describe_reach(modules: pd.DataFrame, *, min_coverage: float = MIN_COVERAGE) -> str:
    """Say how many modules a table of KEGG orthologues could fill, whatever it holds.

    Examples
    --------
    >>> modules = pd.DataFrame({"module": ["M", "N"], "step": [1, 1], "orthologues": ["K00001", "COG0076"]})
    >>> describe_reach(modules)
    'Of 2 modules, 1 can reach a coverage of 67% from KEGG orthologues alone.'
    """
    pattern = f"{ORTHOLOGUE}(,{ORTHOLOGUE})*"
    is_kegg = modules["orthologues"].str.fullmatch(pattern)
    reach = is_kegg.groupby([modules["module"], modules["step"]]).any().groupby("module").mean()
    within = int((reach >= min_coverage - 1e-9).sum())
    return f"Of {len(reach)} modules, {within} can reach a coverage of {min_coverage:.0%} from KEGG orthologues alone."


def _score_steps(orthologues: pd.DataFrame, modules: pd.DataFrame) -> dict[str, dict[int, np.ndarray]]:
    """Return, per module and step, its amount in each sample."""
    amounts = {name: column.to_numpy(float) for name, column in orthologues.items()}
    nothing = np.zeros(len(orthologues))
    steps: dict[str, dict[int, np.ndarray]] = {}
    for row in modules.itertuples(index=False):
        needed = [amounts.get(name, nothing) for name in str(row.orthologues).split(",")]
        own = steps.setdefault(row.module, {})
        own[row.step] = own.get(row.step, nothing) + np.min(needed, axis=0)
    return steps


def _check(orthologues: pd.DataFrame, modules: pd.DataFrame, min_coverage: float) -> None:
    if missing := [name for name in NEEDED if name not in modules.columns]:
        raise ValueError(f"The modules have no column {name_some(missing)}; they need {', '.join(NEEDED)}.")
    values = orthologues.to_numpy(float)
    if not np.isfinite(values).all() or (values < 0).any():
        wrong = orthologues.columns[(~np.isfinite(values) | (values < 0)).any(axis=0)]
        raise ValueError(f"Amounts of orthologues are 0 or more, none missing; not so in {name_some(wrong)}.")
    if not 0 < min_coverage <= 1:
        raise ValueError(f"The coverage is {min_coverage:g}; it is a share of the steps, above 0 to 1.")
    used = {name for needed in modules["orthologues"].astype(str) for name in needed.split(",")}
    if not used & set(orthologues.columns):
        raise ValueError(
            f"Not one of the {len(orthologues.columns):,} columns ({name_some(orthologues.columns)}) is an orthologue of the "
            f"modules ({name_some(sorted(used))}). Columns must be spelled as there, for instance K00001."
        )
