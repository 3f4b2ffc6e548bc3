"""Designs: results do not depend on the unit of a covariate, and what no model can use is refused in a sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers import integration
from helpers.brain import harmonise
from helpers.brain.harmonise import ComBat
from helpers.contrasts import fit_contrasts
from helpers.designs import free_tested, match_design, refuse_determined
from helpers.linear_algebra import count_rank, span, span_design
from helpers.microbiome import measure_beta, run_permanova
from helpers.microbiome.differential import compare_presence, compare_ranks, run_ancombc, run_linda
from helpers.multiverse.fitting import fit_labellings, residualise_labellings
from helpers.permutation import test_max_t as run_max_t

N, SCALES = 40, (1e-9, 1e-6, 1e-3, 1e3, 1e6, 1e8, 1e9)
IDS = pd.Index([f"sub-{i:02d}" for i in range(N)], name="participant_id")


def _draw():
    rng = np.random.default_rng(1)
    design = pd.DataFrame(
        {"group": np.arange(N) % 2.0, "age": rng.normal(40, 10, N), "reads": rng.normal(25, 3, N)}, IDS
    )
    follows = 0.1 * design[["age"]].to_numpy() + 0.3 * design[["reads"]].to_numpy()
    features = pd.DataFrame(rng.normal(size=(N, 6)) + follows, IDS, [f"f{j}" for j in range(6)])
    means = np.exp(rng.normal(3, 1, 12) + rng.normal(0, 0.5, (N, 12)) + 0.01 * design[["age"]].to_numpy())
    return design, features, pd.DataFrame(rng.poisson(means), IDS, [f"t{j}" for j in range(12)])


DESIGN, FEATURES, COUNTS = _draw()
SEEN = COUNTS.gt(COUNTS.median())
DISTANCES = measure_beta(COUNTS, metric="bray_curtis")
STUDY = pd.Series(np.where(np.arange(N) < N // 2, "A", "B"), IDS)
GROUPS = DESIGN["group"].map({1.0: "high", 0.0: "low"})


def draw_rng():
    return np.random.default_rng(2)


def cross_validate(design):
    blocks = {"features": FEATURES, "counts": np.log(COUNTS + 1)}
    model = integration.BlockSPLSDA(1, keep={"features": [3], "counts": [3]}, design=0.1)
    covariates = design[["age", "reads"]]
    return integration.cross_validate(
        blocks,
        GROUPS,
        model=model,
        rng=draw_rng(),
        n_folds=3,
        n_repeats=1,
        covariates=covariates,
        residualise=covariates,
    ).performance


MODELS = {
    "contrasts": lambda design: fit_contrasts(FEATURES, design),
    "max_t": lambda design: run_max_t(FEATURES, design, tested="group", n_permutations=99, rng=draw_rng()).table,
    "linda": lambda design: run_linda(FEATURES, design),
    "ranks": lambda design: compare_ranks(FEATURES, design),
    "ancombc": lambda design: run_ancombc(np.log1p(COUNTS), design),
    "presence": lambda design: compare_presence(SEEN, design),
    "permanova": lambda design: run_permanova(DISTANCES, design, n_permutations=99, rng=draw_rng()).table,
    "combat": lambda design: ComBat(STUDY, design[["age", "reads"]]).fit_transform(FEATURES),
    "multiverse": lambda design: pd.DataFrame(
        fit_labellings(FEATURES.to_numpy(), design[["age", "reads"]].to_numpy(), design[["group"]].to_numpy().T).t
    ),
    "freed labels": lambda design: pd.DataFrame(
        residualise_labellings(design[["age", "reads"]].to_numpy(), design[["group"]].to_numpy().T)
    ),
    "integration": cross_validate,
}


def as_numbers(table):
    return table.select_dtypes("number").to_numpy(float)


@pytest.mark.parametrize("name", MODELS)
def test_no_model_depends_on_the_unit_of_a_covariate(name):
    """Identity: a covariate in another unit spans the same space; without it the first effect would be another."""
    expected = as_numbers(MODELS[name](DESIGN))
    assert np.isfinite(expected).any()
    for scale in SCALES:
        found = as_numbers(MODELS[name](DESIGN.assign(reads=DESIGN["reads"] * scale)))
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7, err_msg=f"{name} at {scale:g}")


@pytest.mark.parametrize("scale", SCALES)
def test_a_score_in_another_unit_has_the_same_t_and_a_slope_in_that_unit(scale):
    usual, other = (fit_contrasts(FEATURES, DESIGN.assign(group=DESIGN["group"] * s)) for s in (1, scale))
    np.testing.assert_allclose(other["t"], usual["t"], rtol=1e-9)
    np.testing.assert_allclose(other["estimate"] * scale, usual["estimate"], rtol=1e-9)


def test_combat_with_years_and_months_is_combat_with_years():
    """Identity: months follow from years; a copy of the study says nothing beside the study."""
    plain = DESIGN[["age", "reads"]]
    again = plain.assign(months=plain["age"] * 12, scanner=(STUDY == "A").astype(float))
    pd.testing.assert_frame_equal(
        ComBat(STUDY, again).fit_transform(FEATURES), ComBat(STUDY, plain).fit_transform(FEATURES)
    )


def test_rank_counts_what_says_something_new():
    years = np.linspace(20, 60, 9)[:, None]
    assert count_rank(np.hstack([years, 12 * years, years * 1e9, years**2])) == 3  # intercept, years, squares
    assert count_rank(np.empty((9, 0))) == count_rank(np.full((9, 1), 1e9)) == 1
    basis = span_design(np.hstack([years * 1e9, years**2 * 1e-9]))
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-12)
    assert span(np.zeros((9, 2))).shape == (9, 0)


REFUSED = {
    "missing": (
        DESIGN.assign(age=DESIGN["age"].where(~IDS.isin(IDS[:1]))),
        r"1 participant \(sub-00\) without a value of age",
    ),
    "infinite": (DESIGN.assign(age=DESIGN["age"].where(~IDS.isin(IDS[:1]), np.inf)), "without a value of age"),
    "text": (DESIGN.assign(sex="F"), "holds text in sex"),
    "id twice": (pd.concat([DESIGN, DESIGN.iloc[:1]]), "The design has sub-00 more than once"),
    "site is the group": (DESIGN.assign(site=DESIGN["group"]), "follows from"),
    "nobody": (DESIGN.rename(index="x{}".format), "No participant is in both"),
    "no such column": (DESIGN.drop(columns="group"), "no column 'group'"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("name", ["contrasts", "max_t", "linda", "ranks", "ancombc", "presence"])
def test_what_no_model_can_use_is_refused_in_a_sentence(name, case):
    design, said = REFUSED[case]
    with pytest.raises(ValueError, match=said):
        MODELS[name](design)


def test_a_participant_twice_among_the_features_is_named():
    twice = pd.concat([FEATURES, FEATURES.iloc[:1]])
    for run in (
        lambda: fit_contrasts(twice, DESIGN),
        lambda: ComBat(STUDY).fit(twice),
        lambda: run_permanova(DISTANCES, pd.concat([DESIGN, DESIGN.iloc[:1]]), n_permutations=9, rng=draw_rng()),
    ):
        with pytest.raises(ValueError, match=r"sub-00.* more than once"):
            run()


def test_combat_refuses_a_group_that_the_study_gives_away():
    with pytest.raises(ValueError, match="The group follows from the study"):
        harmonise(FEATURES, STUDY, keep=DESIGN.assign(group=(STUDY == "A").astype(float)))


def test_a_group_nearly_given_away_is_refused_at_the_same_point_in_every_unit():
    nudged = DESIGN["group"] + 1e-7 * DESIGN["age"]
    for scale in SCALES:
        with pytest.raises(ValueError, match="cannot be told apart from site"):
            refuse_determined(pd.DataFrame({"group": DESIGN["group"], "site": nudged * scale}), "group")
    assert free_tested(DESIGN, "group")[1] is not None
    assert match_design(IDS[:5], DESIGN, ["group"]).shape == (5, 3)
