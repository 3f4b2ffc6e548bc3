"""Compare simulated with real margins: write the tables in data/calibration/, the page book/simulated_data.md and its figures.

The quantiles of real people are what the simulation draws from; so they are written first, and the cohort is drawn after.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import rdata

from helpers.cli import CACHE, MIRROR_VARIABLE, REGISTRY
from helpers.contract import Cohort
from helpers.open_data import fetch_files, load_registry
from helpers.simulate.calibration import LEVELS, QUANTILES_FILE
from helpers.simulate.margins import (
    measure_connectivity,
    measure_coupling,
    measure_metabolites,
    measure_predictability,
    measure_taxa,
)

MARGINS_FILE = QUANTILES_FILE.with_name("simulation_margins.tsv")
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


def measure_kim() -> tuple[int, dict[str, np.ndarray]]:
    """Return how many people KIM has and its margins."""
    files = fetch("kim_adenomas_2020")
    counts, values = (read_by_id(files[name]) for name in ("genera.counts.tsv", "mtb.tsv"))
    values = values.loc[counts.index]
    names = read_by_id(files["mtb.map.tsv"]).loc[values.columns]
    pathways = names.rename(columns={"Superpathway": "super_pathway", "Subpathway": "sub_pathway"})
    margins = measure_taxa(counts) | measure_metabolites(values, pathways)
    return len(counts), margins | {"predictability": measure_predictability(counts, values)}


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


MEASURED = {
    "kim_adenomas_2020": measure_kim,
    "mars_ibs_2020": measure_mars,
    "rsfmri_mdd": measure_mdd,
    "hmp2_pathways": measure_hmp2,
}


def measure_simulated(cohort: Cohort) -> dict[str, np.ndarray]:
    """Return all margins of a simulated cohort."""
    counts, transcripts = cohort.block("taxa"), cohort.block("transcripts")
    logs = np.log10(cohort.block("metabolites"))
    logs = logs.fillna(logs.min())
    about = cohort.features["metabolites"].loc[logs.columns]
    both = counts.index.intersection(logs.index)
    dna = counts.loc[transcripts.index, cohort.features["transcripts"].loc[transcripts.columns, "taxon"]]
    margins = measure_taxa(counts) | measure_metabolites(logs, about)
    margins |= measure_coupling(_shares(transcripts), _shares(counts).loc[transcripts.index, dna.columns])
    margins |= measure_connectivity(np.arctanh(cohort.block("connectivity")))
    return margins | {"predictability": measure_predictability(counts.loc[both], logs.loc[both])}


def _shares(counts: pd.DataFrame) -> pd.DataFrame:
    return counts.div(counts.sum(axis=1), axis=0)


def write_quantiles(real: Mapping[str, tuple[int, dict[str, np.ndarray]]]) -> str:
    """Return the table of quantiles that the simulation draws from."""
    lines = ["\t".join(["margin", "source", "n", *(f"q{round(100 * level):03d}" for level in LEVELS)])]
    for margin, sources in DRAWN_FROM.items():
        for source in sources:
            n, margins = real[source]
            values = np.quantile(margins[margin], LEVELS)
            lines.append("\t".join([margin, source, str(n), *(f"{value:.4f}" for value in values)]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    real = {name: measure() for name, measure in MEASURED.items()}
    QUANTILES_FILE.write_text(write_quantiles(real), encoding="utf-8")
