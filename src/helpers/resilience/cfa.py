"""Test the structure that a questionnaire declares: confirmatory factor analysis, by semopy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.least import refuse_few
from helpers.problems import TooLittle, count, name_some
from helpers.resilience.factor import keep_varying
from helpers.resilience.multigroup import rate_fit, standardise_residual
from helpers.resilience.scales import (
    BRS,
    CD_RISC,
    CD_RISC_10,
    CD_RISC_FACTORS,
    GAD7,
    HADS_ANXIETY,
    HADS_DEPRESSION,
    PHQ9,
    PSS,
    PSS_REVERSED,
)

if TYPE_CHECKING:
    import semopy

FIT_COLUMNS = ("n", "n_items", "n_factors", "chi2", "df", "cfi", "tli", "rmsea", "srmr", "largest_factor_r")

Structure = Mapping[str, Sequence[str]]

STRUCTURES: dict[str, dict[str, Structure]] = {
    "cd_risc": {
        "one factor": {"resilience": CD_RISC.items},
        "five factors": {name: [f"cd_risc_{i:02d}" for i in part] for name, part in CD_RISC_FACTORS.items()},
        "one factor, the ten items of the short form": {"resilience": CD_RISC_10.items},
    },
    "cd_risc_10": {"one factor": {"resilience": CD_RISC_10.items}},
    "brs": {"one factor": {"resilience": BRS.items}},
    "hads": {
        "one factor": {"distress": (*HADS_ANXIETY, *HADS_DEPRESSION)},
        "anxiety and depression": {"anxiety": HADS_ANXIETY, "depression": HADS_DEPRESSION},
    },
    "pss": {
        "one factor": {"stress": PSS.items},
        "two factors": {
            "helplessness": [item for item in PSS.items if item not in PSS_REVERSED],
            "self_efficacy": list(PSS_REVERSED),
        },
    },
    "gad7": {"one factor": {"anxiety": GAD7.items}},
    "phq9": {"one factor": {"depression": PHQ9.items}},
}


@dataclass(frozen=True, eq=False)
class FactorFit:
    """A confirmatory factor model, with what one needs to report it.

    Attributes
    ----------
    n : int
        People with every item answered.
    n_items, n_factors : int
    chi2, df : float, int
        Likelihood-ratio test against free covariances.
    cfi, tli, rmsea, srmr : float
        Usual indices of fit; rough guides: CFI and TLI near .95 or more, RMSEA near .06 or less, SRMR near .08 or
        less.
    loadings : pandas.Series
        Index (factor, item); standardised, -1 to 1 in a proper solution.
    factor_r : pandas.DataFrame of shape (n_factors, n_factors)
        Correlations between factors.
    """

    n: int
    n_items: int
    n_factors: int
    chi2: float
    df: int
    cfi: float
    tli: float
    rmsea: float
    srmr: float
    loadings: pd.Series
    factor_r: pd.DataFrame

    @property
    def largest_factor_r(self) -> float:
        """Largest correlation between two factors, in size; 1 or more: the items do not tell them apart."""
        below = self.factor_r.to_numpy()[np.tril_indices(self.n_factors, -1)]
        return float(np.abs(below).max()) if len(below) else np.nan

    def to_frame(self, name: str = "model") -> pd.DataFrame:
        """Return one row of fit indices, ready for a results table."""
        return pd.DataFrame(
            [{key: getattr(self, key) for key in FIT_COLUMNS}], index=pd.Index([name], name="structure")
        )


def fit_cfa(items: pd.DataFrame, structure: Structure) -> FactorFit:
    """Fit a declared factor structure by maximum likelihood.

    Answers are treated as continuous. With five ordered answers that is usual, but it makes the indices of fit look
    somewhat worse than an ordinal model.

    Parameters
    ----------
    items : pandas.DataFrame of shape (n_participants, n_items)
        Answers, reversed items turned, NaN when blank; people with a blank in any item of the structure are left out.
    structure : mapping of str to sequence of str
        By factor, the items that measure it; each item once.

    Returns
    -------
    FactorFit

    Raises
    ------
    ValueError
        An item that is not there, fewer than four items, no more complete people than items, or an item that
        everybody answered alike.

    References
    ----------
    .. [1] Igolkina AA, Meshcheryakov G (2020). semopy: a Python package for structural equation modeling. Structural
       Equation Modeling 27(6):952-963. doi:10.1080/10705511.2019.1704289
    """
    import semopy  # brings sympy: what no other chapter needs

    complete = choose_items(items, structure)
    model = semopy.Model("\n".join(f"{factor} =~ {' + '.join(part)}" for factor, part in structure.items()))
    model.fit(complete)
    stats = semopy.calc_stats(model).loc["Value"]
    df, base_df = int(stats["DoF"]), int(stats["DoF Baseline"])
    chi2, base_chi2 = float(stats["chi2"]), float(stats["chi2 Baseline"])
    order = list(model.vars["observed"])
    observed = np.cov(complete[order].to_numpy(), rowvar=False, bias=True)
    loadings, factor_r = _standardise(model, list(structure))
    return FactorFit(
        n=len(complete),
        n_items=complete.shape[1],
        n_factors=len(structure),
        chi2=chi2,
        df=df,
        **rate_fit(chi2, df, base_chi2, base_df, n=len(complete)),
        srmr=float(standardise_residual(observed, model.calc_sigma()[0])),
        loadings=loadings,
        factor_r=factor_r,
    )


def fit_structures(items: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Fit every structure that is declared for a questionnaire.

    Parameters
    ----------
    items : pandas.DataFrame
        As for :func:`fit_cfa`.
    measure : str
        A key of ``STRUCTURES``.

    Returns
    -------
    pandas.DataFrame
        Index ``structure``; the columns of :meth:`FactorFit.to_frame` and ``why_not``: why a structure could not be
        fitted, empty where it was.
    """
    rows = []
    for name, structure in STRUCTURES[measure].items():
        try:
            rows.append(fit_cfa(items, structure).to_frame(name).assign(why_not=""))
        except ValueError as refusal:
            rows.append(pd.DataFrame({"why_not": [str(refusal)]}, index=pd.Index([name], name="structure")))
    return pd.concat(rows).reindex(columns=[*FIT_COLUMNS, "why_not"])


def choose_items(items: pd.DataFrame, structure: Structure) -> pd.DataFrame:
    """Return the complete answers to the items of a structure, or say why a factor model is out of the question.

    Parameters
    ----------
    items : pandas.DataFrame
    structure : mapping of str to sequence of str

    Returns
    -------
    pandas.DataFrame of shape (n_complete, n_items)

    Raises
    ------
    ValueError
        As for :func:`fit_cfa`.
    """
    wanted = [item for part in structure.values() for item in part]
    if absent := [item for item in wanted if item not in items]:
        raise ValueError(f"The structure names {name_some(absent)}, which the answers do not have.")
    if len(set(wanted)) < len(wanted):
        raise ValueError("An item stands in two factors of the structure: name it once.")
    complete = keep_varying(items[wanted], at_least_items=4)
    if len(complete) <= len(wanted):
        raise TooLittle(
            f"A factor model of {len(wanted)} items needs more than {len(wanted)} people who answered all of them; "
            f"found {count(len(complete), 'such person').replace('persons', 'people')}."
        )
    refuse_few("factor_model", len(complete))
    return complete


def _standardise(model: semopy.Model, factors: list[str]) -> tuple[pd.Series, pd.DataFrame]:
    """Return standardised loadings and factor correlations, one factor's variance at a time."""
    table = model.inspect(std_est=True)
    loads = table[(table["op"] == "~") & table["rval"].isin(factors)]
    index = pd.MultiIndex.from_arrays([loads["rval"], loads["lval"]], names=["factor", "item"])
    factor_r = pd.DataFrame(np.eye(len(factors)), index=factors, columns=factors)
    for row in table[(table["op"] == "~~") & table["lval"].isin(factors)].itertuples():
        if row.lval != row.rval:
            factor_r.loc[row.lval, row.rval] = factor_r.loc[row.rval, row.lval] = float(row[5])
    return pd.Series(loads["Est. Std"].to_numpy(float), index=index, name="loading"), factor_r
