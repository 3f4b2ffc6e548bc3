"""Count who has which kind of data, and which kinds together."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from helpers.contract import Cohort
from helpers.problems import TooLittle
from helpers.wording import hide_small, hide_small_parts

MODALITIES = {
    "connectivity": "Brain connectivity",
    "volumes": "Grey-matter volumes",
    "tracts": "White-matter tracts",
    "taxa": "Gut bacteria (taxa)",
    "transcripts": "Bacterial transcripts",
    "genes": "Bacterial genes",
    "metabolites": "Metabolites",
}
KINDS = {
    "Questionnaire": (),
    "MRI": ("connectivity", "volumes", "tracts", "maps"),
    "Stool": ("taxa", "transcripts", "genes"),
    "Metabolites": ("metabolites",),
}


@dataclass(frozen=True, eq=False)
class Combinations:
    """Who has which kinds of data together.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per combination that occurs, the commonest first: a column per kind of data (True or False) and n
        (text: a count below ``settings.small_cell`` is shown as ``<5``, one that would give it away as ``hidden``).
    sizes : pandas.Series
        Per kind of data, how many people have it (text, hidden where nearly all have it).
    n_people : int
        People in a group.
    """

    table: pd.DataFrame
    sizes: pd.Series
    n_people: int


def count_modalities(cohort: Cohort, groups: pd.DataFrame) -> pd.DataFrame:
    """Count who has which kind of data.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``.

    Returns
    -------
    pandas.DataFrame
        Index ``modality``: every questionnaire and block the cohort has, then
        ``Every kind of data`` (that both groups have, see :func:`find_complete`); columns n_high, n_low, n (both
        groups; text, counts below ``settings.small_cell`` are shown as ``<5``, and a sum that would give one away
        as ``hidden``).
    """
    present = find_modalities(cohort)
    present["Every kind of data"] = present.index.isin(find_complete(cohort, groups))
    small = cohort.settings.small_cell
    rows = {}
    for name in present:
        has = present[name].reindex(groups.index, fill_value=False)
        rows[name] = _show_sides([int((has & (groups["group"] == side)).sum()) for side in ("high", "low")], small)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("modality")


def count_combinations(cohort: Cohort, groups: pd.DataFrame) -> Combinations:
    """Count who has which kinds of data together: questionnaire, MRI, stool, metabolites.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``; people in neither group are not counted.

    Returns
    -------
    Combinations
    """
    people = groups.index[groups["group"].notna()]
    has = pd.DataFrame({name: _has_any(cohort, blocks) for name, blocks in KINDS.items()}).reindex(people)
    has = has.loc[:, has.any()].astype(bool)
    if not has.shape[1]:
        raise TooLittle("Nobody of the groups was measured: there is no kind of data to combine.")
    small = cohort.settings.small_cell
    table = has.value_counts().rename("count").reset_index().sort_values("count", ascending=False, kind="stable")
    table["n"] = hide_small_parts(table.pop("count").tolist(), small)
    lacking = len(has) - has.sum()
    sizes = {name: "hidden" if 0 < lacking[name] < small else hide_small(int(has[name].sum()), small) for name in has}
    return Combinations(table.reset_index(drop=True), pd.Series(sizes, name="n"), len(has))


def find_modalities(cohort: Cohort) -> pd.DataFrame:
    """Say for each participant which kinds of data there are.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    pandas.DataFrame of shape (n_participants, n_modalities)
        True where a person has at least one value. Index: all participants.
    """
    everyone = cohort.participants.index
    frames = {f"Questionnaire: {name.upper().replace('_', '-')}": frame for name, frame in cohort.phenotype.items()}
    frames |= {label: cohort.blocks[name] for name, label in MODALITIES.items() if name in cohort.blocks}
    has = {name: frame.notna().any(axis=1).reindex(everyone, fill_value=False) for name, frame in frames.items()}
    return pd.DataFrame(has, index=everyone, dtype=bool)


def find_complete(cohort: Cohort, groups: pd.DataFrame) -> pd.Index:
    """Return the ids of people with every kind of data that both groups have.

    A questionnaire given to patients alone compares nobody: a kind of data that fewer than
    ``settings.small_cell`` people of a group have is not asked for.

    Parameters
    ----------
    cohort : Cohort
    groups : pandas.DataFrame
        From ``helpers.cohort.assign_groups``.

    Returns
    -------
    pandas.Index
    """
    present = find_modalities(cohort)
    sizes = present.groupby(groups["group"].reindex(present.index)).sum()
    has_all = present.loc[:, (sizes >= cohort.settings.small_cell).all()].all(axis=1)
    return has_all.index[has_all]


def _show_sides(counts: list[int], small: int) -> dict[str, str]:
    """Return both counts and their sum as text; the sum is hidden where it would give a small count away."""
    total = sum(counts)
    tells = total >= small and any(0 < n < small for n in counts)
    shown = [*(hide_small(n, small) for n in counts), "hidden" if tells else hide_small(total, small)]
    return dict(zip(("n_high", "n_low", "n"), shown, strict=True))


def _has_any(cohort: Cohort, names: tuple[str, ...]) -> pd.Series:
    """Say who has a value in any of some blocks; no name stands for the questionnaires."""
    frames = [cohort.blocks[name] for name in names if name in cohort.blocks] if names else cohort.phenotype.values()
    everyone = cohort.participants.index
    has = [frame.notna().any(axis=1).reindex(everyone, fill_value=False) for frame in frames]
    if "maps" in names and cohort.maps:
        has.append(pd.Series(everyone.isin(list(cohort.maps)), index=everyone))
    return pd.concat(has, axis=1).any(axis=1) if has else pd.Series(False, index=everyone)
