"""Which terms explain how communities differ: distances and a table of people in, a PERMANOVA table out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.designs import number_clusters
from helpers.intervals import tell_shuffled_p
from helpers.linear_algebra import span, span_design
from helpers.microbiome.beta import centre_distances
from helpers.microbiome.permanova_algebra import measure_term
from helpers.permutation import ENOUGH, NOTHING, WHOLE, Movable, draw_movable
from helpers.problems import TooLittle, count, name_some
from helpers.wording import as_text

KINDS = ("marginal", "sequential", "overall")


@dataclass(frozen=True, eq=False)
class Permanova:
    """A PERMANOVA with one or more terms, and all one needs to report it.

    Attributes
    ----------
    table : pandas.DataFrame
        Index term, then Residual and Total; columns df, sum_of_squares, r_squared (share of the total, 0-1),
        pseudo_f, p (NaN in the last two rows, and for a term that no shuffle can change), shuffled and n_arrangements
        (:class:`helpers.permutation.Movable`).
    kind : str
        ``marginal``, ``sequential`` or ``overall``.
    n_samples, n_left_out, n_permutations, n_strata : int
        ``n_left_out``: samples without a group, a covariate or a place in the table.
    """

    table: pd.DataFrame
    kind: str
    n_samples: int
    n_left_out: int
    n_permutations: int
    n_strata: int

    def to_frame(self) -> pd.DataFrame:
        """Return the table with the numbers of samples and shuffles, ready for a results table."""
        return self.table.assign(n_samples=self.n_samples, n_permutations=self.n_permutations, kind=self.kind)


def run_permanova(
    distances: pd.DataFrame,
    terms: pd.DataFrame,
    *,
    kind: str = "marginal",
    strata: pd.Series | None = None,
    n_permutations: int,
    rng: np.random.Generator,
) -> Permanova:
    """Share the variation between samples out over the columns of a table, and test each by shuffling people.

    Sums of squares are traces of projections of the centred inner products [1]_. *Marginal*: each term after all
    others, whatever their order. *Sequential*: each after those before it, so that the order matters. *Overall*: all at
    once. F sets a term against the residual of the whole model; what is shuffled are the residuals on the terms it is
    tested after (Freedman-Lane [2]_), within strata where there are any, in the same orders for all terms. A term that is the
    same within each stratum (the group of a person who gave several samples) would have a p of 1 whatever it explains:
    whole strata of equal size change places then.
    scikit-bio's ``permanova`` takes one factor only.

    Parameters
    ----------
    distances : pandas.DataFrame of shape (n, n)
        From :func:`helpers.microbiome.measure_beta`; index participant_id.
    terms : pandas.DataFrame
        Index participant_id; one column per term. Numbers are one degree of freedom, anything else (text, categories,
        yes and no) one less than it has values. Blank: that person is left out, and counted.
    kind : {"marginal", "sequential", "overall"}
    strata : pandas.Series, optional
        Index participant_id; people are shuffled within.
    n_permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    Permanova

    Raises
    ------
    ValueError
        Unknown kind, nobody in both tables, a person without a stratum, a term that follows from the others (named), or
        more terms than people bear.

    References
    ----------
    .. [1] McArdle BH, Anderson MJ (2001). Fitting multivariate models to community data: a comment on distance-based
       redundancy analysis. Ecology 82(1):290-297. doi:10.1890/0012-9658(2001)082[0290:FMMTCD]2.0.CO;2
    .. [2] Winkler AM et al. (2014). Permutation inference for the general linear model. NeuroImage 92:381-397.
       doi:10.1016/j.neuroimage.2014.01.060

    Examples
    --------
    On distances along one line pseudo-F is Fisher's F: groups 0, 2 and 4, 6 give 16 / 2 = 8.

    >>> place = pd.Series([0.0, 2.0, 4.0, 6.0], index=list("abcd"))
    >>> distances = pd.DataFrame(np.abs(np.subtract.outer(place.to_numpy(), place.to_numpy())), list("abcd"), list("abcd"))
    >>> terms = pd.DataFrame({"group": ["low", "low", "high", "high"]}, index=list("abcd"))
    >>> result = run_permanova(distances, terms, n_permutations=9, rng=np.random.default_rng(1))
    >>> result.table.loc["group", ["df", "pseudo_f", "r_squared"]].round(6).tolist()
    [1.0, 8.0, 0.8]
    """
    if kind not in KINDS:
        raise ValueError(f"The kind '{kind}' of PERMANOVA is unknown. It may be {', '.join(KINDS)}.")
    people = match_people(distances, terms)
    inner = centre_distances(distances.loc[people, people].to_numpy(float))
    blocks, clusters = match_strata(strata, people), number_clusters(terms.loc[people])
    columns = {name: code_term(terms.loc[people, name]) for name in terms.columns}
    if kind == "overall":
        columns = {"Model": np.column_stack(list(columns.values()))}
    rows, moved = {}, {}
    entropy = rng.integers(2**63)  # all terms are shuffled in the same orders, where they can be
    for name, (before, term, after) in _arrange(columns, kind, len(people)).items():
        own = np.random.default_rng(entropy)
        moved[name] = draw_movable(columns[name], blocks, n_permutations=n_permutations, rng=own, clusters=clusters)
        rows[name] = measure_term(inner, term, nuisance=before, others=after, orders=moved[name].orders)
    return Permanova(
        table=_tabulate(rows, inner, columns, moved),
        kind=kind,
        n_samples=len(people),
        n_left_out=len(distances) - len(people),
        n_permutations=n_permutations,
        n_strata=len(np.unique(blocks)),
    )


def describe_permanova(result: Permanova) -> str:
    """Say which share of the variation each term explains, and p."""
    how = {"marginal": "each after all others", "sequential": "each after those before it", "overall": "all at once"}
    terms = result.table.drop(index=["Residual", "Total"])
    parts = [
        f"{as_text(name)} {100 * row.r_squared:.1f} % ({_say_p(row, result.n_permutations)})"
        for name, row in terms.iterrows()
    ]
    return f"{count(result.n_samples, 'sample')}, {how[result.kind]}: {'; '.join(parts)}."


def find_stronger(result: Permanova, *, than: str = "group") -> str | None:
    """Return the term that explains most, if it explains more than the groups.

    Examples
    --------
    >>> table = pd.DataFrame({"r_squared": [0.01, 0.03, 0.96, 1.0]}, index=["group", "age", "Residual", "Total"])
    >>> find_stronger(Permanova(table, "marginal", 20, 0, 99, 1))
    'age'
    """
    shares = result.table["r_squared"].drop(index=["Residual", "Total"])
    first = shares.idxmax()
    return None if first == than else str(first)


def _say_p(row: pd.Series, n_permutations: int) -> str:
    if row["shuffled"] == NOTHING:
        return "not tested: it is the same within each stratum, and no two strata can change places"
    said = tell_shuffled_p(row["p"], n_permutations)
    said += ", whole strata exchanged" if row["shuffled"] == WHOLE else ""
    few = f", of only {row['n_arrangements']:.0f} arrangements" if row["n_arrangements"] < ENOUGH else ""
    return said + few


def match_people(distances: pd.DataFrame, *tables: pd.DataFrame | pd.Series) -> pd.Index:
    """Return the people who have distances and no blank in any table, in the order of the distances.

    Raises
    ------
    ValueError
        When an id stands twice, or nobody is left.
    """
    people = distances.index
    if people.has_duplicates:
        raise ValueError(f"{count(int(people.duplicated().sum()), 'sample')} stand twice among the distances.")
    for table in tables:
        if table.index.has_duplicates:
            twice = table.index[table.index.duplicated()].unique()
            raise ValueError(f"{name_some(twice)} stand more than once among the terms. Keep one row per sample.")
        people = people.intersection(table.dropna().index, sort=False)
    if people.empty:
        raise ValueError("No participant has distances and all terms. Are the ids spelled alike, e.g. sub-01?")
    return people


def match_strata(strata: pd.Series | None, people: pd.Index) -> np.ndarray:
    """Return the stratum of each person as a number, one for all where there are none.

    Raises
    ------
    ValueError
        When a person has none.
    """
    codes = np.zeros(len(people), int) if strata is None else pd.factorize(strata.reindex(people))[0]
    if (codes < 0).any():
        raise ValueError(
            f"{count(int((codes < 0).sum()), 'participant')} without a stratum: fill in the batch column for everyone."
        )
    return codes


def code_term(column: pd.Series) -> np.ndarray:
    """Return a column as numbers: itself, or one column of 0 and 1 per value.

    Examples
    --------
    >>> code_term(pd.Series(["a", "b", "a"])).tolist()
    [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    """
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.to_numpy(float)
        return (values - values.mean())[:, None]
    codes, names = pd.factorize(column, sort=True)
    return np.eye(len(names))[codes]


def _arrange(columns: dict[str, np.ndarray], kind: str, n_people: int) -> dict[str, tuple[np.ndarray, ...]]:
    """Return, per term, bases of what stands before it, of itself, and of the rest of the model."""
    names, places = list(columns), {}
    for number, name in enumerate(names):
        ahead = names[:number] if kind == "sequential" else [other for other in names if other != name]
        behind = [other for other in names if other not in ahead and other != name]
        before, term, after = (_stack(columns, chosen, n_people) for chosen in (ahead, [name], behind))
        before = span_design(before)
        term = span(term, beside=before)
        after = span(after, beside=np.column_stack([before, term]))
        if not term.shape[1]:
            others = name_some(ahead) or "the intercept"
            raise TooLittle(f"'{name}' is constant or follows from {others}: leave one of them out.")
        if before.shape[1] + term.shape[1] + after.shape[1] >= n_people:
            raise TooLittle(f"{count(n_people, 'sample')} are too few for the terms {name_some(names)}.")
        places[name] = (before, term, after)
    return places


def _stack(columns: dict[str, np.ndarray], names: list[str], n_people: int) -> np.ndarray:
    return np.column_stack([np.empty((n_people, 0)), *(columns[name] for name in names)])


def _tabulate(rows: dict, inner: np.ndarray, columns: dict[str, np.ndarray], moved: dict[str, Movable]) -> pd.DataFrame:
    fields = ["df", "sum_of_squares", "pseudo_f", "p"]
    table = pd.DataFrame({name: [getattr(row, field) for field in fields] for name, row in rows.items()}, fields).T
    table["shuffled"] = pd.Series({name: one.shuffled for name, one in moved.items()})
    table["n_arrangements"] = pd.Series({name: one.n_arrangements for name, one in moved.items()})
    table.loc[table["shuffled"] == NOTHING, "p"] = np.nan
    total, n_people = float(np.trace(inner)), len(inner)
    model = span(np.column_stack(list(columns.values())), beside=np.full((n_people, 1), n_people**-0.5))
    explained = float(np.einsum("ij,ij->", inner @ model, model))
    table.loc["Residual", fields[:2]] = [n_people - 1 - model.shape[1], total - explained]
    table.loc["Total", fields[:2]] = [n_people - 1, total]
    table.insert(2, "r_squared", table["sum_of_squares"] / total)
    return table.rename_axis("term")
