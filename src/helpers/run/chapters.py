"""The chapters and the labs: their order, what each needs of a cohort, whose results each reads."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from helpers.contract import read_schema

SIMULATED = "simulated"  # what a lab needs: it stands in the book of a simulated cohort only
CONTINUOUS = "continuous"  # what a cohort has whose outcome has no cut, and the folder of notebooks for it
NO_GROUPS = "it compares groups, and the outcome of this cohort has no cut (continuous: true)"
OPEN = "open-"  # before the name of an open data set, where sections ask for it
FURTHER = {
    "further_brain": "further block of the brain (blocks/)",
    "further_gut": "further block of the gut (blocks/)",
    "further_blood": "further block of blood, diet or another kind (blocks/)",
    "further_integrated": 'further block with "integrate": true (blocks/)',
}
READS = {
    "reads": "(counts of taxa, transcripts or genes)",
    "taxa_reads": "of taxa (counts in microbiome/taxa.tsv)",
}
INTEGRATED = ("connectivity", "taxa", "transcripts", "metabolites")


@dataclass(frozen=True)
class Chapter:
    """One chapter of the book.

    Attributes
    ----------
    id, title : str
        The notebook is ``notebooks/<id>.md``; its results go to ``<results_dir>/<id>/``.
    needs : tuple of str
        What it can work on (blocks, ``resilience_score``); empty when every cohort will do.
    at_least : int
        How many of these the cohort must have.
    reads : tuple of str
        Earlier chapters whose result tables it reads, where they were run.
    data : tuple of str
        Folders of the project whose files it depends on.
    open_data : tuple of str
        Open data sets it shows in the book of a simulated cohort.
    is_taught : bool
        Whether it has exercises, a quiz and a plan for teachers.
    continuous : bool
        Whether it has a notebook of its own for an outcome without a cut.
    by_claim : bool
        Whether it reads tables alone, whatever they compare.
    """

    id: str
    title: str
    needs: tuple[str, ...] = ()
    at_least: int = 1
    reads: tuple[str, ...] = ("01_cohort",)
    data: tuple[str, ...] = ("data/schema", "data/sets", "data/course")
    open_data: tuple[str, ...] = ()
    is_taught: bool = True
    continuous: bool = False
    by_claim: bool = False

    def reason_to_skip(self, available: Collection[str]) -> str | None:
        """Return why this cohort cannot fill the chapter; None when it can.

        Examples
        --------
        >>> Chapter("05_metabolites", "Metabolites", needs=("metabolites",)).reason_to_skip({"taxa"})
        'this cohort has no metabolites (metabolites/metabolites.tsv)'
        >>> Chapter("08_visits", "Change over visits", needs=("visits",)).reason_to_skip({"visits", "continuous"})
        'it compares groups, and the outcome of this cohort has no cut (continuous: true)'
        """
        present = [need for need in self.needs if need in available]
        if not self.needs or len(present) >= self.at_least:
            return NO_GROUPS if CONTINUOUS in available and not (self.continuous or self.by_claim) else None
        if SIMULATED in self.needs and SIMULATED not in available:
            return "this lab works on simulated and open data, and stands in the book of the example cohort"
        lacking = [explain_need(need) for need in self.needs if need not in available]
        if self.at_least in (1, len(self.needs)):
            return f"this cohort has no {' and no '.join(lacking)}"
        data = [need for need in self.needs if need != SIMULATED]
        present = [need for need in present if need != SIMULATED]
        have = f"only {' and '.join(present)}" if present else "none of them"
        at_least = self.at_least - (SIMULATED in self.needs)
        return f"it needs at least {at_least} of {', '.join(data)}, and this cohort has {have}"


CHAPTERS = (
    Chapter("01_cohort", "Cohort", reads=(), continuous=True),
    Chapter("02_resilience", "Resilience", needs=("resilience_score",), open_data=("rsa",), continuous=True),
    Chapter("03_brain", "Brain connectivity", needs=("connectivity",), open_data=("rsfmri_mdd",), continuous=True),
    Chapter("03_structure", "Brain structure", needs=("volumes", "tracts", "connectivity"), continuous=True),
    Chapter(
        "04_microbiome",
        "Microbiome",
        needs=("taxa",),
        data=("data/schema", "data/sets", "data/calibration", "data/course"),
        open_data=("gbm", "hmp2_pathways"),
        continuous=True,
    ),
    Chapter("05_metabolites", "Metabolites", needs=("metabolites", "further_blood"), continuous=True),
    Chapter(
        "06_integration",
        "Integration",
        needs=(*INTEGRATED, "further_integrated"),
        at_least=2,
        open_data=("breast_tcga",),
        continuous=True,
    ),
    Chapter(
        "07_verdict",
        "Verdict",
        reads=(
            "01_cohort",
            "02_resilience",
            "03_brain",
            "03_structure",
            "04_microbiome",
            "05_metabolites",
            "06_integration",
        ),
        data=("data/schema", "data/sets", "data/claims", "data/course"),
        by_claim=True,
    ),
    Chapter("08_visits", "Change over visits", needs=("visits",), data=("data/schema",), is_taught=False),
    Chapter(
        "09_sensitivity",
        "Sensitivity",
        reads=("01_cohort", "02_resilience", "03_brain", "03_structure", "04_microbiome", "05_metabolites"),
        data=("data/schema", "data/sets", "data/claims", "data/causal"),
        is_taught=False,
    ),
    Chapter("lab_leakage", "Lab: leakage", needs=(SIMULATED,), reads=()),
    Chapter("lab_optima", "Lab: two optima", needs=(SIMULATED, *INTEGRATED), at_least=3, open_data=("breast_tcga",)),
    Chapter(
        "lab_multiverse",
        "Lab: the multiverse",
        needs=(SIMULATED, "resilience_score", "symptoms", "connectivity", "taxa", "transcripts", "metabolites"),
        at_least=7,
        reads=(),
        data=("data/schema", "data/sets", "data/claims", "data/course"),
    ),
    Chapter(
        "lab_prediction",
        "Lab: prediction",
        needs=(SIMULATED,),
        reads=(),
        open_data=("kim_adenomas_2020", "kang_autism_2017", "mars_ibs_2020", "melonnpan_prism"),
    ),
)


def explain_need(need: str) -> str:
    """Return a need in words, with the file it would stand in.

    Examples
    --------
    >>> explain_need("taxa"), explain_need("tree")
    ('taxa (microbiome/taxa.tsv)', 'tree (microbiome/tree.nwk)')
    """
    schema = read_schema()
    if need == SIMULATED:
        return "simulated people"
    if need.startswith("further_"):
        return FURTHER[need]
    if need in READS:
        return f"table of reads {READS[need]}: relative abundances do not tell how deeply a sample was read"
    if need == "outcome_score":
        return "number in its outcome rule (cohort.yml)"
    if need == "resilience_score":
        return "resilience questionnaire in its outcome rule (cohort.yml)"
    if need == "visits":
        return "second visit (a column session_id in its tables)"
    if need == "symptoms":
        return "questionnaire beside the one that makes the groups (phenotype/)"
    if need == "ranks":
        return f"rank above genus in its taxonomy ({schema['features']['taxonomy']['file']})"
    if need == "tree":
        return f"tree ({schema['tree']['file']})"
    if need == "maps":
        return f"maps of {schema['maps']['at_least']} people or more ({schema['maps']['folder']}/)"
    if need in schema["blocks"]:
        return f"{need} ({schema['blocks'][need]['file']}.tsv)"
    measure = need.removesuffix("_items")
    file = schema["phenotype"]["measures"].get(measure, {}).get("file", f"phenotype/{measure}.tsv")
    return f"{measure} answers item by item ({file})" if need.endswith("_items") else f"{measure} ({file})"
