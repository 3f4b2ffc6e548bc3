"""Write book/simulated_data.md and its figures from data/calibration/simulation_margins.tsv: no number on it is typed."""

from __future__ import annotations

from functools import cache

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import yaml

from helpers.cli import REGISTRY
from helpers.open_data import load_registry
from helpers.plots.simulate import plot_margins
from helpers.simulate import draw_cohort
from helpers.simulate import metabolites as metabolites_room
from helpers.simulate import taxa as taxa_room
from helpers.simulate import transcripts as transcripts_room
from helpers.simulate.brain import N_NODES
from helpers.simulate.effects import People
from helpers.simulate.people import CUT, list_candidates
from helpers.tables import PROJECT_ROOT

MARGINS_FILE = PROJECT_ROOT / "data" / "calibration" / "simulation_margins.tsv"
TRUTH_FILE = PROJECT_ROOT / "data" / "example" / "truth.yml"
PAGE = PROJECT_ROOT / "book" / "simulated_data.md"
FIGURES = PROJECT_ROOT / "book" / "figures"
SOURCES = {
    "kim_adenomas_2020": "KIM",
    "mars_ibs_2020": "MARS",
    "rsfmri_mdd": "rsfMRIcorrMDD",
    "hmp2_pathways": "HMP2",
}
N_CANDIDATES = 20_000
NORMS = {"mean": 80.4, "SD": 12.8, "lower quartile": 73, "median": 82, "upper quartile": 90}
BRS_NORM = 3.70
BLOCKS = {
    "taxa": {
        "prevalence": "share of people who carry a taxon",
        "log_share_sd": "SD of log share, among carriers",
        "shannon": "Shannon diversity of a person",
        "taxa_axes": "share of variance of an axis",
        "reads": "reads of a person",
        "taxa_seen": "taxa seen in a person",
        "log_share_mean": "mean log share, among carriers",
        "zeros": "share of cells that are zero",
    },
    "metabolites": {
        "log10_metabolite_sd": "SD of log10 values",
        "metabolite_axes": "share of variance of an axis",
        "r_same_sub_pathway": "r, same sub-pathway",
        "r_same_super_pathway": "r, same super-pathway only",
        "r_other_pathway": "r, other super-pathway",
        "predictability": "Spearman, predicted from taxa",
    },
    "connectivity": {
        "edge_mean": "mean Fisher z of an edge",
        "edge_sd": "SD of Fisher z of an edge",
        "edge_r": "r of two edges over people",
        "edge_axes": "share of variance of an axis",
        "person_mean": "mean Fisher z of a person",
    },
    "transcripts": {
        "rna_dna_r": "r of log RNA with log DNA",
        "log_rna_sd": "SD of log RNA",
    },
}
DRAWN = {block: list(margins)[:6] if block == "metabolites" else list(margins)[:4] for block, margins in BLOCKS.items()}
LOGARITHMIC = ("taxa_axes", "metabolite_axes", "edge_axes")


def read_margins() -> pd.DataFrame:
    """Read the long table of margins."""
    return pd.read_csv(MARGINS_FILE, sep="\t")


def read_registry() -> pd.DataFrame:
    """Read licence and citation of every open data set."""
    return load_registry(REGISTRY).drop_duplicates("dataset").set_index("dataset")


def label_block(block: str, table: pd.DataFrame, registry: pd.DataFrame) -> dict[str, str]:
    """Return what legend and tables call each source of a block: simulated or real, n, licence."""
    sizes = table[table["margin"].isin(BLOCKS[block])].groupby("source")["n"].max()
    labels = {"simulated": f"Simulated people (n={sizes['simulated']})"}
    for source, name in SOURCES.items():
        if source in sizes.index:
            labels[source] = f"Real people: {name} (n={sizes[source]}, {registry.loc[source, 'licence']})"
    return labels


def write_figure(block: str, table: pd.DataFrame, labels: dict[str, str]) -> None:
    """Draw the margins of one block."""
    mpl.use("agg")
    margins = {margin: BLOCKS[block][margin] for margin in DRAWN[block]}
    figure = plot_margins(table, margins, labels=labels, logarithmic=LOGARITHMIC)
    FIGURES.mkdir(exist_ok=True)
    figure.savefig(FIGURES / f"margins_{block}.png", metadata={"Software": None})
    plt.close(figure)


def write_rows(block: str, table: pd.DataFrame, labels: dict[str, str]) -> str:
    """Return the Markdown table of one block: median, and 5 and 95 % quantile, by source."""
    sources = list(labels)
    head = ["", *("simulated" if source == "simulated" else f"real, {SOURCES[source]}" for source in sources)]
    lines = [head, ["---"] * len(head)]
    for margin, title in BLOCKS[block].items():
        rows = table[table["margin"] == margin].set_index(["source", "statistic"])["value"]
        lines.append([title, *(describe_margin(rows, source) for source in sources)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def describe_margin(rows: pd.Series, source: str) -> str:
    """Return one cell: the first axes, or median and 5 to 95 % range; a dash where a source does not have the margin."""
    if source not in rows.index.get_level_values("source"):
        return "–"
    values = rows[source]
    if "axis_01" in values.index:
        return ", ".join(write_number(values[f"axis_{k:02d}"]) for k in range(1, 5)) + " …"
    if values["n_values"] == 1:
        return write_number(values["q50"])
    return f"{write_number(values['q50'])} ({write_number(values['q05'])} to {write_number(values['q95'])})"


def write_number(value: float) -> str:
    """Return a number with two decimals, or whole with separators from 100 on."""
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
    return text.replace("-", "−")


def describe_gap(table: pd.DataFrame, margin: str, source: str) -> str:
    """Return how far the simulated median lies from the real one."""
    rows = table[(table["margin"] == margin) & (table["statistic"] == "q50")].set_index("source")["value"]
    return f"{write_number(rows['simulated'])} simulated, {write_number(rows[source])} real"


@cache
def draw_candidates() -> np.ndarray:
    """Return CD-RISC totals of candidates, before the quotas."""
    return np.array([answers.sum() for _, _, answers in list_candidates(N_CANDIDATES, np.random.default_rng(0))])


@cache
def draw_people_of_example() -> People:
    """Return the people of the example cohort, before anything was blanked."""
    return draw_cohort(blocks=["motion"]).people


def write_scores() -> str:
    """Return the Markdown table of the questionnaires: candidates, cohort, published."""
    candidates, people = draw_candidates(), draw_people_of_example()
    lines = ["| CD-RISC total | candidates | example cohort | published |", "|---|---|---|---|"]
    for name, norm in NORMS.items():
        found = [
            {
                "mean": totals.mean(),
                "SD": totals.std(ddof=1),
                "lower quartile": np.quantile(totals, 0.25),
                "median": np.median(totals),
                "upper quartile": np.quantile(totals, 0.75),
            }[name]
            for totals in (candidates, people.total)
        ]
        lines.append(f"| {name} | {found[0]:.1f} | {found[1]:.1f} | {norm:g} |")
    lines.append(f"| share at {CUT} or more | {(candidates >= CUT).mean():.2f} | {people.high.mean():.2f} | – |")
    return "\n".join(lines)


def describe_brs() -> str:
    """Return the mean of the BRS in the example cohort beside the published one."""
    brs = draw_cohort(missing=0, blocks=["motion"]).cohort.phenotype["brs"].copy()
    brs.iloc[:, 1::2] = 6 - brs.iloc[:, 1::2]
    return f"{brs.to_numpy().mean():.2f} in the example cohort, {BRS_NORM:.2f} published (n=844)"


def write_planted(truth: dict) -> str:
    """Return the Markdown table of planted effects."""
    lines = ["| claim | table | feature | d |", "|---|---|---|---|"]
    lines += [f"| {p['claim']} | {p['block']} | {p['feature']} | {write_number(p['d'])} |" for p in truth["planted"]]
    return "\n".join(lines)


def describe_model(truth: dict) -> dict[str, object]:
    """Return what the page says of the model."""
    sizes = [abs(planted["d"]) for planted in truth["planted"]]
    return {
        "n_taxa": taxa_room.N_TAXA,
        "n_transcripts": f"{transcripts_room.N_TRANSCRIPTS:,}",
        "n_metabolites": metabolites_room.N_METABOLITES,
        "n_function": transcripts_room.N_PER_FUNCTION,
        "n_community": len(taxa_room.COMMUNITY),
        "n_axes": len(metabolites_room.AXES),
        "community": write_number((taxa_room.COMMUNITY**2).sum()),
        "min_carriers": taxa_room.MIN_CARRIERS,
        "n_nodes": N_NODES,
        "n_edges": f"{N_NODES * (N_NODES - 1) // 2:,}",
        "n": truth["n_participants"],
        "n_high": truth["n_high"],
        "lowest": write_number(min(sizes)),
        "highest": write_number(max(sizes)),
        "planted": write_planted(truth),
    }


def describe_margins(table: pd.DataFrame, registry: pd.DataFrame) -> dict[str, str]:
    """Return what the page says of the margins."""
    predictability = table[table["margin"] == "predictability"].set_index(["source", "statistic"])["value"]
    said = {
        "gap_edges": describe_gap(table, "edge_sd", "rsfmri_mdd"),
        "gap_sub": describe_gap(table, "r_same_sub_pathway", "kim_adenomas_2020"),
    }
    for key, source in (("simulated", "simulated"), ("real", "kim_adenomas_2020")):
        said[f"well_{key}"] = f"{100 * predictability[source, 'share_well_predicted']:.0f}"
        said[f"mean_{key}"] = write_number(predictability[source, "mean"])
    for block in BLOCKS:
        labels = label_block(block, table, registry)
        said[f"{block}_table"] = write_rows(block, table, labels)
        said[f"{block}_sources"] = "; ".join(labels.values())
    return said


def write_text() -> str:
    """Return the page."""
    registry, truth = read_registry(), yaml.safe_load(TRUTH_FILE.read_text(encoding="utf-8"))
    lower = draw_candidates().mean() - draw_people_of_example().total.mean()
    parts = {"scores": write_scores(), "brs": describe_brs(), "lower": f"{lower:.1f}"}
    parts["citations"] = "\n".join(
        f"- {name}: {registry.loc[source, 'citation']}. Licence: {registry.loc[source, 'licence']}."
        for source, name in SOURCES.items()
    )
    return TEXT.format_map(parts | describe_model(truth) | describe_margins(read_margins(), registry))


def write_page() -> None:
    """Write the page and its figures."""
    table, registry = read_margins(), read_registry()
    for block in BLOCKS:
        write_figure(block, table, label_block(block, table, registry))
    PAGE.write_text(write_text(), encoding="utf-8", newline="\n")


TEXT = r"""# The simulated people

The example cohort holds no real person. A program drew it from a model whose truth is known, so that every method in
this book can be asked whether it finds what is there and leaves alone what is not. What is found in it says nothing
about people and is never a replication.

This page states the model, compares simulated with real margins, and lists what was *not* matched. It is written by
`make margins`; every measured number on it is computed.

## The model

**People.** A latent resilience $t_i \sim N(0, 1)$ for person $i$. Item $k$ of the {{term}}`CD-RISC` is answered by how many
thresholds $\tau_m$ lie below

$$
y_{{ik}} = \lambda t_i + \sqrt{{1-\lambda^2}}\,\varepsilon_{{ik}} - \delta_k .
$$

Candidates are drawn until the published numbers of high and low scorers and of women are filled; nobody's answers are
changed. Age, sex, BMI, pooled study and diet are drawn apart from resilience: the study goes with age, diet with BMI.

**Any measurement.** Feature $j$ of a block, on a scale where it is about normal, is

$$
x_{{ij}} = \mu_j + \sigma_j \Big( \sum_k \ell_{{jk}} f_{{ik}} + \gamma_j^\top c_i + \beta_j b_i + e_{{ij}} \Big) + \Delta_j r_i ,
$$

with latent axes $f$ that many features share, covariates $c$ (age, sex, BMI; for taxa and metabolites also diet), study
$b$, noise $e$, and the CD-RISC total $r$, scaled so that its adjusted difference high minus low is 1. $\Delta_j$ is zero
for everything but the planted features, and zero for all in the null twin, which has the same people and noise.

**Blocks hang together.**

- *Diet → taxa, metabolites*: random slopes.
- *Taxa* ({n_taxa} genera): {n_community} axes of the community explain {community} of the variance of log abundance; families
  share an axis. A taxon is present in the people who stand highest on a second latent variable, which follows abundance and
  a person's richness. Counts are Poisson around share times depth.
- *Taxa → transcripts* ({n_transcripts}): log expression follows the abundance of its taxon with a correlation dealt out from
  the quantiles of HMP2; transcripts of one function share an activity. {n_function} transcripts belong to each planted function.
- *Taxa → metabolites* ({n_metabolites}): {n_axes} axes, the first of which follow the community; a share of each metabolite is
  made by a few common taxa; super- and sub-pathways share axes of their own.
- *Connectivity* ({n_edges} edges between {n_nodes} nodes): a person's correlations follow from loadings $L_i$ of the nodes on network
  signals, on two signals of the whole brain (the first grows with head motion), and on signals of the person's own:
  $R_i \propto L_i L_i^\top + \psi I$, which is always positive definite. Planted edges are shifted in Fisher z; where that would
  leave no possible matrix, the person's shift is halved, and all are scaled so that the planted difference holds.
- *Volumes, tracts*: a common axis, an axis per left–right pair, intracranial volume, study.

## What is planted

Standardised differences, high minus low, adjusted for age, sex, BMI and study, of size {lowest} to {highest}: free choices, as the
study published directions only. `truth.yml` lists them, and says of every other feature whether it is null or a by-product.

{planted}

## Questionnaires

{scores}

Published: Connor and Davidson (2003), general population of the US. Candidates match the norms; the cohort keeps fewer high
scorers than there are among candidates, because the study had {n_high} of {n}, so its mean
lies {lower} points lower than that of the candidates. The {{term}}`BRS` has a mean of {brs}.

In the tables below a cell is the median and, in brackets, the 5 and 95 % quantiles over people, features or pairs of features;
for axes, the first four shares. An r or a share of variance from fewer people is spread by chance more widely.

## Taxa

```{{figure}} figures/margins_taxa.png
:alt: Four panels of lines comparing simulated people with the real people of KIM and MARS. Simulated prevalence lies between the two; spread, diversity and shares of variance of axes are alike.
:width: 100%

Simulated and real people: {taxa_sources}.
```

{taxa_table}

MARS was sequenced far more deeply than KIM and so sees more taxa. The simulation lies between: its prevalences are the mean
of the two on the logit scale, its SDs of log share the mean of the two.

## Metabolites

```{{figure}} figures/margins_metabolites.png
:alt: Six panels of lines comparing simulated people with the real people of KIM. Spread, axes and correlations are alike; within sub-pathways the real correlations reach higher; predictability from taxa is alike.
:width: 100%

Simulated and real people: {metabolites_sources}. Predictability in as many people of KIM as were simulated.
```

{metabolites_table}

KIM's values are log-scaled; the file does not say to which base. They are read as log10 here, an inference: read as natural
logs, metabolites of stool would differ between people far less than is usual. Taxa predict {well_simulated} % of the
simulated and {well_real} % of the real metabolites with a Spearman correlation of 0.3 or more (mean {mean_simulated} and {mean_real}).

## Connectivity

```{{figure}} figures/margins_connectivity.png
:alt: Four panels of lines comparing simulated people with the real people of rsfMRIcorrMDD. Means of edges, correlations of edges and shares of variance of axes are alike; the spread of an edge is a little smaller.
:width: 100%

Simulated and real people: {connectivity_sources}.
```

{connectivity_table}

The real edges join other regions, grouped otherwise, and pass 1: they are Fisher z. About half of the real people have a
depression. SD of an edge, median: {gap_edges}.

## Transcripts

```{{figure}} figures/margins_transcripts.png
:alt: Two panels of lines comparing simulated people with the real people of HMP2. Correlations of RNA with DNA and the spread of log RNA are alike.
:width: 100%

Simulated and real people: {transcripts_sources}.
```

{transcripts_table}

HMP2 has pathways, the simulation has transcripts: RNA of a pathway with its DNA stands for a transcript with its taxon. Most
people of HMP2 have an inflammatory bowel disease. One sample per person, the first listed.

## What was not matched

- **Any result of the study.** No group mean or effect size was published.
- **Pairs.** Which taxon makes which metabolite, which regions talk to each other: names carry no biology here.
- **Tails.** Metabolites of one sub-pathway can be near-copies in reality (r, median: {gap_sub}; see the upper quantiles above);
  real outliers, wrong entries and effects that are not linear are missing altogether.
- **Rare taxa.** Every simulated taxon is carried by {min_carriers} people or more; in real tables many are seen once.
- **Smaller axes of connectivity.** After the first two, simulated axes are weaker than real ones.
- **Volumes, tracts and motion** were not calibrated on open data; their means and SDs are of a usual size.
- **Who is missing** is chosen by chance; in reality it rarely is.

## Make your own

```bash
resilience-book simulate my_cohort --n 200 --seed 7 --effect 0.5 --missing 0.2
resilience-book simulate my_twin --n 200 --seed 7 --null
```

The same numbers give the same bytes. `--missing` changes only what is blank, `--null` only the planted features.

## Real people used here

{citations}
"""


if __name__ == "__main__":
    write_page()
