"""*By hand*: the cells of the notebooks, executed as they stand, give the numbers of the helpers."""

import time

import jupytext
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers import microbiome
from helpers.cohort import design_matrix
from helpers.contract import load_cohort
from helpers.run import CHAPTERS
from helpers.run.execution import NOTEBOOKS_DIR
from helpers.tables import read_result
from tests.support import EXAMPLE

SEED = 20240501
MOST_SECONDS = 3
MOST_LINES = 12
BOOK_CHAPTERS = [one.id for one in CHAPTERS if one.is_taught and not one.id.startswith("lab_")]
PUBLIC = {"numpy", "pandas", "scipy", "seaborn", "statsmodels", "skbio", "nilearn", "sklearn"}


def course_cells(chapter):
    cells = jupytext.read(NOTEBOOKS_DIR / f"{chapter}.md").cells
    own = [c for c in cells if c.cell_type == "code" and "course" in c.metadata.get("tags", [])]
    return own[0].source, [cell.source for cell in own if "by-hand" in cell.metadata["tags"]]


def execute(chapter, results):
    """Execute the imports and the cells by hand; return their names, and the seconds of the cells."""
    opening, by_hand = course_cells(chapter)
    names = {"cohort_dir": str(EXAMPLE), "results_dir": str(results), "seed": SEED}
    exec(opening, names)
    started = time.process_time()
    for source in by_hand:
        exec(source, names)
    seconds = time.process_time() - started
    plt.close("all")
    return names, seconds


@pytest.mark.parametrize("chapter", BOOK_CHAPTERS)
def test_by_hand_is_short_and_uses_public_packages_alone(chapter):
    opening, by_hand = course_cells(chapter)
    assert by_hand
    assert not [
        source for source in by_hand if len([line for line in source.splitlines() if line.strip()]) > MOST_LINES
    ]
    imported = {line.split()[1].split(".")[0] for line in opening.splitlines() if line.startswith(("import", "from"))}
    assert imported - {"helpers"} <= PUBLIC
    names = {line.split()[-1] for line in opening.splitlines() if line.startswith("from helpers")}
    assert names == {"open_chapter"}
    assert not [source for source in by_hand if "helpers" in source or "check_answer" in source]


@pytest.mark.book
@pytest.mark.parametrize("chapter", BOOK_CHAPTERS)
def test_by_hand_takes_seconds(chapter, course_results):
    assert execute(chapter, course_results)[1] < MOST_SECONDS


@pytest.mark.book
def test_table_one(course_results):
    names, _ = execute("01_cohort", course_results)
    assert names["smd"] == pytest.approx(names["book"], abs=1e-9)


@pytest.mark.book
def test_depression_and_omega(course_results):
    names, _ = execute("02_resilience", course_results)
    book = read_result(course_results, "02_resilience", "symptoms").loc["hads.depression"]
    assert names["model"].params["high"] == pytest.approx(book["estimate"], rel=1e-8)
    assert names["model"].tvalues["high"] == pytest.approx(book["t"], rel=1e-8)
    assert names["omega"] == pytest.approx(names["book"], abs=1e-5)


@pytest.mark.book
def test_declared_pair_of_networks(course_results):
    names, _ = execute("03_brain", course_results)
    book = read_result(course_results, "03_brain", "networks").loc["Reward × Somatomotor"]
    assert names["pair"].shape[1] == book["n_edges"]
    assert names["model"].params["high"] == pytest.approx(book["estimate"], rel=1e-8)
    assert names["model"].tvalues["high"] == pytest.approx(book["t"], rel=1e-8)
    assert np.array_equal(names["matrix"], names["matrix"].T)
    assert np.count_nonzero(names["matrix"]) == 2 * book["n_edges"]


@pytest.mark.book
def test_shannon_and_permanova(course_results, rng):
    """Shannon of all reads is the helper's without rarefaction; pseudo-F is the helper's without covariates."""
    names, _ = execute("04_microbiome", course_results)
    cohort = load_cohort(EXAMPLE, blocks=["taxa"])
    groups = read_result(course_results, "01_cohort", "groups")
    design = design_matrix(cohort, groups)
    taxa = cohort.block("taxa").loc[design.index.intersection(cohort.block("taxa").index)]
    whole = microbiome.compare_alpha(microbiome.measure_alpha(taxa, n_rarefactions=0, rng=rng), design)
    assert names["model"].params["high"] == pytest.approx(whole.loc["shannon", "estimate"], rel=1e-8)
    assert names["model"].tvalues["high"] == pytest.approx(whole.loc["shannon", "t"], rel=1e-8)
    distances = pd.DataFrame(names["distances"].data, names["distances"].ids, names["distances"].ids)
    helper = microbiome.run_permanova(
        distances.loc[taxa.index, taxa.index], design.loc[taxa.index, ["group"]], strata=None, n_permutations=9, rng=rng
    )
    assert names["pseudo_f"] == pytest.approx(helper.table.loc["group", "pseudo_f"], rel=1e-8)
    assert names["r_squared"] == pytest.approx(helper.table.loc["group", "r_squared"], rel=1e-8)


@pytest.mark.book
def test_metabolite(course_results):
    names, _ = execute("05_metabolites", course_results)
    book = read_result(course_results, "05_metabolites", "metabolites").loc[names["column"]]
    assert book["name"] == "N-acetylglutamate"
    assert names["model"].params["high"] == pytest.approx(book["estimate"], rel=1e-8)
    assert names["model"].tvalues["high"] == pytest.approx(book["t"], rel=1e-8)


@pytest.mark.book
def test_pls_da_is_splendid_in_training_and_within_the_chapters_interval_outside(course_results):
    names, _ = execute("06_integration", course_results)
    taxa = read_result(course_results, "06_integration", "performance").loc["taxa"]
    assert names["training"] > 0.95
    assert taxa["auc_low"] < names["held_out"] < taxa["auc_high"]


@pytest.mark.book
def test_verdicts(course_results):
    names, _ = execute("07_verdict", course_results)
    recovered = names["table"]["verdict"] == "planted effect recovered"
    assert names["found"].equals(recovered.rename(None)) or (names["found"] == recovered).all()
