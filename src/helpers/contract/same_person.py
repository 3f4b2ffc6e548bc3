"""Several samples of one person under ids that do not tell: seen by profiles nearer to each other than two people's are."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np
import pandas as pd

from helpers.contract.copies import ALIKE
from helpers.contract.files import Reader
from helpers.contract.schema import read_schema
from helpers.problems import count, name_some

FILE = "participants.tsv"
MIN_PEOPLE, MIN_FEATURES, MOST_FEATURES = 20, 40, 400
KNOWN = 0.5
PREVALENCE = 0.05
PER_AXIS, MOST_AXES, FEATURES_PER_AXIS = 40, 20, 8
UPPER = 0.9
CHANCE = 0.01
SHARE, BEYOND = 0.25, 6
YEARS = 5
CONTRADICTED = 0.2
TRAITS_RATIO, TRAITS_SHARE, TRAITS_FEWEST = 3, 0.1, 10
FIX = (
    "if these are samples of one person, or of one family, say so: one participant_id per person, a session_id per sample and "
    "`visit:` in cohort.yml; or a column that says who belongs together, named as `cluster:` in cohort.yml. Else p-values are too "
    "small, as they take all rows as independent. If they are different people, leave everything as it is."
)
EXPECTED = "participants who are no nearer to one another than two people are"


def check_same_person(reader: Reader, participants: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> None:
    """Warn where many participants have another who is nearer than two people are.

    In each block, and in all together, profiles are turned into normal scores per feature, the leading axes (site, sex,
    community types) are taken out, and each row is correlated with all others. In independent people the largest of n - 1
    correlations behaves like the largest of n - 1 normal numbers with the median and the upper tenth of that row; it is above
    the normal quantile of 1 - 0.01 / (n - 1) in one of a hundred rows. Skewed features, few rows and sites make it more: in
    simulated independent people up to 23 of 100, and 15 of 40 (``tools/try_false_alarms.py``,
    ``data/calibration/same_person.tsv``), so that a quarter of the rows and six are asked for. Bacteria [1]_ and
    connectivity [2]_ tell most people apart.

    Nearest others of unlike sex, or more than five years apart, are not counted, and where they are more than one in five,
    something else than the person makes rows alike (a batch), and nothing is said.

    Parameters
    ----------
    reader : Reader
    participants : pandas.DataFrame
        Index ``participant_id``; ``sex``, ``age`` and ``bmi`` are looked at where they are.
    tables : mapping of str to pandas.DataFrame
        Blocks by name, rows by participant; those with fewer than 20 participants or 40 features are not judged.

    References
    ----------
    .. [1] Franzosa EA et al. (2015). Identifying personal microbiomes using metagenomic codes. PNAS 112:E2930.
       doi:10.1073/pnas.1423854112
    .. [2] Finn ES et al. (2015). Functional connectome fingerprinting. Nat Neurosci 18:1664. doi:10.1038/nn.4135
    """
    likeness = {name: _score_pairs(table, name) for name, table in tables.items()}
    likeness = {name: pairs for name, pairs in likeness.items() if pairs is not None}
    if len(likeness) > 1:
        likeness[" and ".join(likeness)] = _add_up(list(likeness.values()))
    for where, pairs in sorted(likeness.items(), key=lambda item: len(item[0])):
        found = find_partners(pairs, participants)
        if found:
            said = name_some(f"{second} near {first}" for first, second in found)
            what = f"{count(len(found), 'participant')} of {len(pairs):,} with another who is nearer by {where} than two people are ({said})"
            reader.report(FILE, what, EXPECTED, FIX, severity="warning")
            return
    _check_traits(reader, participants)


def find_limit(n: int) -> float:
    """Return how many of n rows, at least, must have a partner: a quarter and six, above all independent people that were drawn.

    Examples
    --------
    >>> find_limit(20), find_limit(100)
    (11.0, 31.0)
    """
    return SHARE * n + BEYOND


def find_partners(pairs: pd.DataFrame, participants: pd.DataFrame) -> list[tuple[str, str]]:
    """Return each row that has a partner, as partner and row; none where they are too few, or contradicted by sex or age.

    Parameters
    ----------
    pairs : pandas.DataFrame of shape (n, n)
        Standard scores of likeness; NaN where a pair is not judged.
    participants : pandas.DataFrame
    """
    best, above = _find_nearest(pairs)
    possible = _may_be_one(participants.reindex(pairs.index), best)
    kept = above & possible
    if kept.sum() < find_limit(len(pairs)) or (above & ~possible).sum() > CONTRADICTED * above.sum():
        return []
    return [(str(pairs.index[best[row]]), str(pairs.index[row])) for row in np.flatnonzero(kept)]


def measure_share(table: pd.DataFrame, name: str) -> float:
    """Return the share of rows of a block with another that is nearer than two people are; 0 where it is not judged.

    Parameters
    ----------
    table : pandas.DataFrame
    name : str
        Of the block; reads are judged as proportions.
    """
    pairs = _score_pairs(table, name)
    return 0.0 if pairs is None else float(_find_nearest(pairs)[1].mean())


def _find_nearest(pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest other of each row, and whether it is nearer than two people are."""
    n = len(pairs)
    if n < MIN_PEOPLE:
        return np.zeros(n, int), np.zeros(n, bool)
    values = np.where(np.isfinite(pairs.to_numpy()), pairs.to_numpy(), -np.inf)
    best = values.argmax(axis=1)
    return best, values[np.arange(n), best] > NormalDist().inv_cdf(1 - CHANCE / (n - 1))


def _may_be_one(people: pd.DataFrame, best: np.ndarray) -> np.ndarray:
    """Whether a row and its nearest may be of one person, by sex and age as far as known."""
    may = np.ones(len(people), bool)
    if "sex" in people:
        sex = people["sex"].astype(object).to_numpy()
        may &= (sex == sex[best]) | pd.isna(sex) | pd.isna(sex[best])
    if "age" in people and people["age"].dtype.kind in "if":
        age = people["age"].to_numpy(dtype=float)
        may &= ~(np.abs(age - age[best]) > YEARS)
    return may


def _score_pairs(table: pd.DataFrame, name: str) -> pd.DataFrame | None:
    """Return standard scores of the likeness of all pairs of a block, rows judged by their own others."""
    if table.shape[0] < MIN_PEOPLE or table.shape[1] < MIN_FEATURES:
        return None
    values, rows = _prepare(table, counts=bool(read_schema()["blocks"].get(name, {}).get("counts")))
    if values.shape[0] < MIN_PEOPLE or values.shape[1] < MIN_FEATURES:
        return None
    scores = _take_out_axes(_normal_scores(values))
    length = np.linalg.norm(scores, axis=1, keepdims=True)
    scores = scores / np.maximum(length, 1e-9)
    likeness = scores @ scores.T
    likeness[likeness >= ALIKE] = np.nan  # copies, and each with itself
    ids = table.index[rows]
    return pd.DataFrame(_standardise(likeness), ids, ids)


def _prepare(table: pd.DataFrame, *, counts: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns that are known well enough, counts as proportions, and which rows these are."""
    values = table.to_numpy(dtype=float)
    if counts:
        total = np.nansum(values, axis=1, keepdims=True)
        rows = np.flatnonzero(total > 0)
        if not rows.size:
            return values[rows], rows
        columns = np.flatnonzero((values[rows] > 0).mean(axis=0) >= PREVALENCE)
        return values[np.ix_(rows, _thin(columns))] / total[rows], rows
    values = values[:, _thin(np.arange(values.shape[1]))]
    known = np.isfinite(values)
    rows = np.flatnonzero(known.mean(axis=1) >= KNOWN)
    values = np.where(known, values, np.nan)[rows]
    return values[:, known[rows].mean(axis=0) >= KNOWN], rows


def _thin(columns: np.ndarray) -> np.ndarray:
    """Return up to 400 columns or a few more, evenly spread."""
    return columns[:: max(1, len(columns) // MOST_FEATURES)]


def _normal_scores(values: np.ndarray) -> np.ndarray:
    """Return normal scores of ranks per column, each of variance 1, missing values in the middle, rows centred."""
    ranks = pd.DataFrame(values).rank().to_numpy()
    ranks = np.where(np.isnan(ranks), np.nanmean(ranks, axis=0), ranks)
    n, middle = len(ranks), NormalDist()
    quantiles = np.array([middle.inv_cdf(half / 2 / (n + 1)) for half in range(1, 2 * n + 2)])
    scores = quantiles[np.rint(2 * ranks).astype(int) - 1]
    spread = scores.std(axis=0)
    scores = scores[:, spread > 1e-9] / spread[spread > 1e-9]
    return scores - scores.mean(axis=1, keepdims=True)


def _take_out_axes(scores: np.ndarray) -> np.ndarray:
    scores = scores - scores.mean(axis=0)
    n, n_features = scores.shape
    n_axes = min(max(1, n // PER_AXIS), MOST_AXES, n_features // FEATURES_PER_AXIS)
    if n <= n_features:
        leading = np.linalg.eigh(scores @ scores.T)[1][:, n - n_axes :]
        return scores - leading @ (leading.T @ scores)
    leading = np.linalg.eigh(scores.T @ scores)[1][:, n_features - n_axes :]
    return scores - (scores @ leading) @ leading.T


def _standardise(likeness: np.ndarray) -> np.ndarray:
    """Return each row less its median, over its normal spread by the upper tenth."""
    ordered = np.where(np.isnan(likeness), -np.inf, likeness)  # each with itself, and copies, come first
    at = [1 + round(part * (len(likeness) - 2)) for part in (0.5, UPPER)]
    middle, upper = np.partition(ordered, at, axis=1)[:, at].T
    spread = np.maximum((upper - middle) / NormalDist().inv_cdf(UPPER), 1e-9)
    return (likeness - middle[:, None]) / spread[:, None]


def _add_up(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Add scores of the participants who are in all parts, and standardise them anew."""
    ids = parts[0].index
    for part in parts[1:]:
        ids = ids.intersection(part.index)
    if len(ids) < MIN_PEOPLE:
        return pd.DataFrame(index=ids, columns=ids, dtype=float)
    total = np.sum([part.loc[ids, ids].to_numpy() for part in parts], axis=0)
    return pd.DataFrame(_standardise(total), ids, ids)


def _check_traits(reader: Reader, participants: pd.DataFrame) -> None:
    """Warn where many rows share sex, age and bmi, three times as many pairs as by chance and one row in ten."""
    traits = [name for name in ("age", "bmi") if name in participants and participants[name].dtype.kind in "if"]
    if len(traits) < 2 or "sex" not in participants:
        return
    known = participants[["sex", *traits]].dropna()
    n = len(known)
    if n < MIN_PEOPLE:
        return
    same = known.groupby(["sex", *traits], observed=True).indices.values()
    groups = sorted((rows for rows in same if len(rows) > 1), key=lambda rows: rows[0])
    n_pairs = sum(len(rows) * (len(rows) - 1) / 2 for rows in groups)
    chance = np.prod([(known[name].value_counts(normalize=True) ** 2).sum() for name in known])
    expected = n * (n - 1) / 2 * chance
    n_rows = sum(map(len, groups))
    if n_rows < max(TRAITS_FEWEST, TRAITS_SHARE * n) or n_pairs < TRAITS_RATIO * expected:
        return
    said = name_some(" and ".join(known.index[rows[:2]].astype(str)) for rows in groups)
    reader.report(
        FILE,
        f"the same sex, age and bmi in {count(n_rows, 'row')} of {n:,} ({said}), {count(int(n_pairs), 'pair')} where chance "
        f"gives about {expected:.2g}",
        "rows that are independent of one another, one per person",
        FIX,
        severity="warning",
    )
