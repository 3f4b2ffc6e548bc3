"""Measure the margins of real and of simulated people and write data/calibration/simulation_*.tsv, then the page on them.

The quantiles of real people are what the simulation draws from: when they changed, run `make example` and this once more.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import rdata

from helpers.cli import CACHE, MIRROR_VARIABLE, REGISTRY
from helpers.contract import Cohort, load_cohort
from helpers.open_data import fetch_files, load_registry
from helpers.simulate.calibration import LEVELS, QUANTILES_FILE
from helpers.simulate.margins import (
    N_AXES,
    measure_connectivity,
    measure_coupling,
    measure_metabolites,
    measure_predictability,
    measure_taxa,
)
from helpers.tables import PROJECT_ROOT
from tools.write_simulated_page import write_page

MARGINS_FILE = QUANTILES_FILE.with_name("simulation_margins.tsv")
EXAMPLE = PROJECT_ROOT / "data" / "example"
SIMULATED = "simulated"
STATISTICS = {f"q{round(100 * level):02d}": level for level in (0.05, 0.25, 0.5, 0.75, 0.95)}
N_SUBSETS = 5
WELL_PREDICTED = 0.3
DRAWN_FROM = {
    "prevalence": ("kim_adenomas_2020", "mars_ibs_2020"),
    "log_share_sd": ("kim_adenomas_2020", "mars_ibs_2020"),
    "log10_metabolite_sd": ("kim_adenomas_2020",),
    "rna_dna_r": ("hmp2_pathways",),
    "log_rna_sd": ("hmp2_pathways",),
}


def fetch(dataset: str) -> dict[str, Path]:
    """Bring the files of an open data set."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    return fetch_files(dataset, registry=load_registry(REGISTRY), cache_dir=CACHE, mirror=mirror)


def read_by_id(path: Path) -> pd.DataFrame:
    """Read a table of the open data by its first column, as text."""
    table = pd.read_csv(path, sep="\t", dtype={0: str}, low_memory=False)
    return table.set_index(table.columns[0])


def measure_kim(n_alike: int) -> tuple[int, dict[str, np.ndarray]]:
    """Return how many people KIM has and its margins; predictability from as many people as were simulated, five times."""
    files = fetch("kim_adenomas_2020")
    counts, values = (read_by_id(files[name]) for name in ("genera.counts.tsv", "mtb.tsv"))
    counts = counts.sort_index()
    values = values.loc[counts.index]
    names = read_by_id(files["mtb.map.tsv"]).loc[values.columns]
    pathways = names.rename(columns={"Superpathway": "super_pathway", "Subpathway": "sub_pathway"})
    margins = measure_taxa(counts) | measure_metabolites(values, pathways)
    rng = np.random.default_rng(0)
    subsets = [np.sort(rng.choice(len(counts), n_alike, replace=False)) for _ in range(N_SUBSETS)]
    found = [measure_predictability(counts.iloc[rows], values.iloc[rows]) for rows in subsets]
    return len(counts), margins | {"predictability": np.concatenate(found)}


def measure_mars() -> tuple[int, dict[str, np.ndarray]]:
    """Return how many people MARS has and the margins of each one's first stool."""
    files = fetch("mars_ibs_2020")
    about = pd.read_csv(files["metadata.tsv"], sep="\t", dtype={"Sample": str}).sort_values(["Subject", "Timepoint"])
    first = about.drop_duplicates("Subject")["Sample"]
    return len(first), measure_taxa(read_by_id(files["genera.counts.tsv"]).loc[first])


def measure_mdd() -> tuple[int, dict[str, np.ndarray]]:
    """Return how many people rsfMRIcorrMDD has and the margins of their edges, which are Fisher z: some pass 1."""
    (path,) = fetch("rsfmri_mdd").values()
    edges = rdata.read_rda(path)["rsfMRIcorrMDD"].drop(columns="class").astype(float)
    if edges.to_numpy().max() <= 1:
        raise ValueError(
            "rsfMRIcorrMDD holds no value above 1, so it may hold r and not Fisher z; look before you go on."
        )
    return len(edges), measure_connectivity(edges)


def measure_hmp2() -> tuple[int, dict[str, np.ndarray]]:
    """Return how many people HMP2 has and the coupling of RNA with DNA in each one's first sample."""
    files = fetch("hmp2_pathways")
    about, rna, dna = (read_by_id(files[f"HMP2_{name}.tsv"]) for name in ("metadata", "pwyRNA", "pwyDNA"))
    first = about.loc[about.index.isin(rna.index) & about.index.isin(dna.index)].drop_duplicates("subject").index
    pathways = rna.columns.intersection(dna.columns)
    return len(first), measure_coupling(rna.loc[first, pathways], dna.loc[first, pathways])


def measure_real(n_alike: int) -> dict[str, tuple[int, dict[str, np.ndarray]]]:
    """Return, by open data set, the number of people and the margins."""
    return {
        "kim_adenomas_2020": measure_kim(n_alike),
        "mars_ibs_2020": measure_mars(),
        "rsfmri_mdd": measure_mdd(),
        "hmp2_pathways": measure_hmp2(),
    }


def measure_simulated(cohort: Cohort) -> dict[str, tuple[int, dict[str, np.ndarray]]]:
    """Return, by block, the number of people and the margins of a simulated cohort."""
    counts, transcripts = cohort.block("taxa"), cohort.block("transcripts")
    logs = np.log10(cohort.block("metabolites"))
    logs = logs.fillna(logs.min())
    edges = np.arctanh(cohort.block("connectivity"))
    taxon = cohort.features["transcripts"].loc[transcripts.columns, "taxon"]
    both = list_both(cohort)
    return {
        "taxa": (len(counts), measure_taxa(counts)),
        "metabolites": (len(logs), measure_metabolites(logs, cohort.features["metabolites"].loc[logs.columns])),
        "predictability": (
            len(both),
            {"predictability": measure_predictability(counts.loc[both], logs.loc[both])},
        ),
        "connectivity": (len(edges), measure_connectivity(edges)),
        "coupling": (
            len(transcripts),
            measure_coupling(_shares(transcripts), _shares(counts).loc[transcripts.index, taxon]),
        ),
    }


def list_both(cohort: Cohort) -> pd.Index:
    """Return who has taxa and metabolites."""
    return cohort.block("taxa").index.intersection(cohort.block("metabolites").index)


def _shares(counts: pd.DataFrame) -> pd.DataFrame:
    return counts.div(counts.sum(axis=1), axis=0)


def summarise(margins: Mapping[str, np.ndarray], source: str, n: int) -> list[tuple[str, str, str, int, float]]:
    """Return rows (margin, statistic, source, n, value)."""
    rows = []
    for margin, values in margins.items():
        if margin.endswith("_axes"):
            found = {f"axis_{k:02d}": values[k - 1] for k in range(1, N_AXES + 1)}
        else:
            found = {name: np.quantile(values, level) for name, level in STATISTICS.items()}
        if margin == "predictability":
            found |= {"mean": values.mean(), "share_well_predicted": (values >= WELL_PREDICTED).mean()}
        found["n_values"] = len(values)
        rows += [(margin, statistic, source, n, float(value)) for statistic, value in found.items()]
    return rows


def tabulate_real(real: Mapping[str, tuple[int, dict[str, np.ndarray]]], n_alike: int) -> pd.DataFrame:
    """Return the long table of the margins of real people."""
    rows = [row for source, (n, margins) in real.items() for row in summarise(margins, source, n)]
    table = pd.DataFrame(rows, columns=["margin", "statistic", "source", "n", "value"])
    table.loc[table["margin"] == "predictability", "n"] = n_alike
    return table


def tabulate_simulated(cohort: Cohort) -> pd.DataFrame:
    """Return the long table of the margins of a simulated cohort."""
    rows = [row for n, margins in measure_simulated(cohort).values() for row in summarise(margins, SIMULATED, n)]
    return pd.DataFrame(rows, columns=["margin", "statistic", "source", "n", "value"])


def write_quantiles(real: Mapping[str, tuple[int, dict[str, np.ndarray]]]) -> str:
    """Return the table of quantiles that the simulation draws from."""
    lines = ["\t".join(["margin", "source", "n", *(f"q{round(100 * level):03d}" for level in LEVELS)])]
    for margin, sources in DRAWN_FROM.items():
        for source in sources:
            n, margins = real[source]
            values = np.quantile(margins[margin], LEVELS)
            lines.append("\t".join([margin, source, str(n), *(f"{value:.4f}" for value in values)]))
    return "\n".join(lines) + "\n"


def calibrate() -> None:
    """Write both tables and the page."""
    cohort = load_cohort(EXAMPLE)
    n_alike = len(list_both(cohort))
    real = measure_real(n_alike)
    QUANTILES_FILE.write_text(write_quantiles(real), encoding="utf-8", newline="\n")
    table = pd.concat([tabulate_simulated(cohort), tabulate_real(real, n_alike)])
    text = table.to_csv(sep="\t", index=False, float_format="%.4f", lineterminator="\n")
    MARGINS_FILE.write_text(text, encoding="utf-8", newline="\n")
    write_page()


if __name__ == "__main__":
    calibrate()
