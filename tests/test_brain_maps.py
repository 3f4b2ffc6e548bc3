"""Brain maps: read into one mask, contrasted by voxel, tested over the whole brain, and clusters named."""

from __future__ import annotations

import nibabel
import numpy as np
import pandas as pd
import pytest
from nilearn.glm.second_level import SecondLevelModel
from scipy import ndimage

from helpers import brain
from helpers.brain.maps import MapStack
from helpers.contrasts import fit_contrasts
from tests.support import EXAMPLE

IDS = [f"sub-{i:02d}" for i in range(1, 13)]
AFFINE = np.array([[8.0, 0, 0, -78], [0, 8, 0, -114], [0, 0, 8, -72], [0, 0, 0, 1]])
SHAPE = (20, 24, 20)


@pytest.fixture
def design():
    age = np.random.default_rng(2).normal(size=12)
    return pd.DataFrame({"group": [0.0, 1.0] * 6, "age": age}, index=IDS)


@pytest.fixture
def files(tmp_path):
    """Maps of noise at 8 mm; sub-02 may be spoilt by a test."""
    rng = np.random.default_rng(5)
    for name in IDS:
        nibabel.save(nibabel.Nifti1Image(rng.normal(5, 1, SHAPE).astype(np.float32), AFFINE), tmp_path / f"{name}.nii")
    return {name: tmp_path / f"{name}.nii" for name in IDS}


def stack_of(volumes, names=IDS):
    """A stack without files: every voxel is in the mask."""
    mask = np.ones(volumes[0].shape, bool)
    values = pd.DataFrame([volume.ravel() for volume in volumes], index=pd.Index(names, name="participant_id"))
    return MapStack(values, mask, AFFINE, pd.Series(0, index=values.index))


def spoil(path, change, affine=AFFINE):
    nibabel.save(nibabel.Nifti1Image(change(nibabel.load(path).get_fdata()).astype(np.float32), affine), path)


# --- reading ----------------------------------------------------------------------------------------------------


def test_voxels_of_the_brain_go_into_a_table_and_back(files):
    """Identity: what goes into the table is what nibabel reads, at the places of nilearn's mask."""
    maps = brain.load_maps(files)
    assert maps.values.shape == (12, maps.mask.sum())
    assert 1_700_000 < maps.mask.sum() * maps.voxel_mm3 < 2_100_000  # the MNI152 brain, about 1.9 litres
    original = nibabel.load(files["sub-03"]).get_fdata()
    np.testing.assert_array_equal(maps.to_volume(maps.values.loc["sub-03"]), np.where(maps.mask, original, 0))


def test_only_the_people_asked_for_are_read(files):
    assert list(brain.load_maps(files, people=pd.Index(["sub-05", "sub-02", "sub-99"])).values.index) == [
        "sub-02",
        "sub-05",
    ]
    with pytest.raises(ValueError, match="1 map of the people asked for"):
        brain.load_maps(files, people=pd.Index(["sub-05"]))


def test_a_blank_voxel_is_left_out_for_everybody_and_counted(files):
    whole = brain.load_maps(files)
    x, y, z = np.argwhere(whole.mask)[100]

    def blank(values):
        values[x, y, z] = np.nan
        return values

    spoil(files["sub-02"], blank)
    maps = brain.load_maps(files)
    assert maps.values.shape[1] == whole.values.shape[1] - 1 and not maps.mask[x, y, z]
    assert maps.n_blank.to_dict() == {name: int(name == "sub-02") for name in IDS}


def test_a_map_that_is_mostly_blank_is_refused_by_name(files):
    spoil(files["sub-02"], lambda values: np.where(np.arange(SHAPE[2]) > 11, values, np.nan))
    with pytest.raises(ValueError, match=r"Only \d+% of the brain's [\d,]+ voxels.*sub-02.*Fix"):
        brain.load_maps(files)


def test_mixed_shapes_and_affines_are_refused_by_name(files):
    spoil(files["sub-02"], lambda values: values[:, :, :-1])
    with pytest.raises(
        ValueError, match=r"1 map unlike the others \(sub-02\).*20 × 24 × 19.*most have 20 × 24 × 20.*Fix"
    ):
        brain.load_maps(files)
    moved = AFFINE.copy()
    moved[0, 3] += 4
    spoil(files["sub-02"], lambda values: np.pad(values, ((0, 0), (0, 0), (0, 1))), moved)
    with pytest.raises(ValueError, match=r"sub-02.*from -74"):
        brain.load_maps(files)


def test_maps_far_from_mni_space_are_refused(files):
    for path in files.values():
        spoil(path, lambda values: values, np.diag([2.0, 2, 2, 1]))
    with pytest.raises(ValueError, match=r"cover \d+% of the brain in MNI space"):
        brain.load_maps(files)


def test_a_series_of_maps_is_refused(files):
    nibabel.save(nibabel.Nifti1Image(np.ones((*SHAPE, 3), np.float32), AFFINE), files["sub-02"])
    with pytest.raises(ValueError, match=r"sub-02 has 4 dimensions \(20 × 24 × 20 × 3\)"):
        brain.load_maps(files)


# --- contrasts and tests ----------------------------------------------------------------------------------------


def test_second_level_model_is_the_contrast_of_every_other_feature(files, design):
    """Identity: nilearn's SecondLevelModel estimates the same difference; single precision of images allows 2e-4."""
    maps = brain.load_maps(files)
    table, terms = brain.compare_maps(maps, design), design.loc[maps.values.index].assign(intercept=1.0)
    images = [maps.to_image(maps.values.loc[person]) for person in terms.index]
    mask = nibabel.Nifti1Image(maps.mask.astype(np.uint8), maps.affine)
    model = SecondLevelModel(mask_img=mask).fit(images, design_matrix=terms.reset_index(drop=True))
    theirs = np.asarray(model.compute_contrast("group", output_type="effect_size").dataobj, float)[maps.mask]
    np.testing.assert_allclose(table["estimate"], theirs, atol=2e-4)
    pd.testing.assert_frame_equal(table, fit_contrasts(maps.values, design))
    assert (table["n_high"].iloc[0], table["n_low"].iloc[0]) == (6, 6)


def test_a_covariate_that_does_not_vary_among_those_with_maps_drops_out(files, design):
    maps = brain.load_maps(files)
    same = brain.compare_maps(maps, design.assign(constant=1.0))
    pd.testing.assert_frame_equal(same, brain.compare_maps(maps, design))


def test_too_few_maps_for_the_design_are_refused(files, design):
    maps = brain.load_maps(files, people=pd.Index(IDS[:3]))
    with pytest.raises(ValueError, match=r"3 persons with a map for 3 terms.*'group' cannot be judged.*Fix"):
        brain.compare_maps(maps, design)


def test_enhancement_of_a_hand_made_image():
    """By hand, steps of 1: a pair of 3 and 2 is one cluster of 2 at heights 1 and 2, one voxel at 3; -1 stands alone."""
    t = np.array([[[3.0, 2.0, 0.0, -1.0]]])
    expected = [np.sqrt(2) * (1 + 4) + 9, np.sqrt(2) * (1 + 4), 0, -1]
    np.testing.assert_allclose(brain.enhance_clusters(t, n_steps=3).ravel(), expected)
    assert not brain.enhance_clusters(np.zeros((2, 2, 2))).any()


def test_enhancement_agrees_with_nilearn():
    """Peer: nilearn sums what we integrate, so one is the other times the step."""
    from nilearn.mass_univariate._utils import calculate_tfce

    t = ndimage.gaussian_filter(np.random.default_rng(3).normal(size=(12, 12, 12)), 1.2) * 8
    step = np.abs(t).max() / 100
    theirs = calculate_tfce(t[..., None], ndimage.generate_binary_structure(3, 1), dh="auto")[..., 0] * step
    ours = brain.enhance_clusters(t, n_steps=100)
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9999
    np.testing.assert_allclose(ours, theirs, rtol=0.03, atol=0.03 * np.abs(theirs).max())


def test_permutations_agree_with_nilearn_without_blocks(design):
    """Peer: permuted_ols, t to 1e-6; max-T p of both within 3 Monte Carlo standard errors of each other.

    Groups of one size and no covariate, where the pooled variance of the peer and ours are one.
    Its TFCE p-values are no peer: they are not multiplied by the step, which differs between shuffles.
    """
    from nilearn.mass_univariate import permuted_ols

    rng = np.random.default_rng(8)
    volumes = [ndimage.gaussian_filter(rng.normal(size=(8, 8, 8)), 1) * 4 for _ in IDS]
    for volume, high in zip(volumes, design["group"], strict=True):
        volume[2:5, 2:5, 2:5] += 2.0 * high
    maps = stack_of(volumes)
    ours = brain.test_maps(maps, design[["group"]], blocks=None, n_permutations=499, rng=rng, n_steps=10)
    theirs = permuted_ols(
        design[["group"]].to_numpy(),
        maps.values.to_numpy(),
        n_perm=499,
        random_state=1,
        two_sided_test=True,
    )
    np.testing.assert_allclose(ours.table["t"], theirs["t"][0], rtol=1e-5, atol=1e-6)
    p = 10 ** -theirs["logp_max_t"][0]
    strong = p < 0.3
    assert strong.any()
    error = 3 * np.sqrt(2 * p[strong] * (1 - p[strong]) / 500) + 0.01
    assert (np.abs(ours.table["p_fwe"].to_numpy()[strong] - p[strong]) < error).all()
    assert (ours.table["p_tfce"] <= 0.05).sum() > (ours.table["p_fwe"] <= 0.05).sum()


def test_workers_of_chance_same_seed_same_answer(design):
    volumes = list(np.random.default_rng(1).normal(size=(12, 5, 5, 5)))
    study = pd.Series(["A", "A", "B", "B"] * 3, index=IDS)
    runs = [
        brain.test_maps(stack_of(volumes), design, blocks=study, n_permutations=19, rng=np.random.default_rng(4))
        for _ in range(2)
    ]
    pd.testing.assert_frame_equal(runs[0].table, runs[1].table)


# --- clusters ---------------------------------------------------------------------------------------------------


def test_nearest_region_is_the_published_one():
    """Dosenbach 2010, supplement: ROI 'ACC' lies at (9, 39, 20), 'vmPFC' at (-6, 50, -1)."""
    places = pd.DataFrame({"x_mm": [9.0, -6.0], "y_mm": [39.0, 53.0], "z_mm": [20.0, 3.0]})
    named = brain.name_places(places)
    assert named["nearest_region"].tolist() == ["ACC (right)", "vmPFC (left)"]
    assert named["distance_mm"].round(6).tolist() == [0.0, 5.0]


def test_the_planted_sphere_is_found_and_nothing_else(design):
    """A sphere lower in the high group: one cluster with that centre, its volume and its peak told."""
    rng = np.random.default_rng(6)
    volumes = [ndimage.gaussian_filter(rng.normal(size=SHAPE), 1) for _ in IDS]
    for volume, high in zip(volumes, design["group"], strict=True):
        volume[9:12, 18:21, 9:12] -= 3.0 * high
    maps = stack_of(volumes)
    tested = brain.test_maps(maps, design, blocks=None, n_permutations=99, rng=rng)
    clusters = brain.list_clusters(maps, brain.compare_maps(maps, design), tested)
    first = clusters.iloc[0]
    assert first["t"] < 0 and first["d"] < 0 and first["d_low"] < first["d"] < first["d_high"]
    place = (np.array([first["x_mm"], first["y_mm"], first["z_mm"]]) - AFFINE[:3, 3]) / 8
    assert (np.abs(place - [10, 19, 10]) <= 1.01).all()
    assert first["volume_mm3"] % 512 == 0
    assert (clusters["p_tfce"] <= 0.05).all()
    said = brain.describe_maps(maps, tested, clusters)
    assert "12 people" in said and "99 permutations" in said and "the high group is lower" in said


def test_without_survivors_the_table_is_empty_and_the_sentence_short(design):
    maps = stack_of(list(np.random.default_rng(1).normal(size=(12, 5, 5, 5))))
    tested = brain.test_maps(maps, design, blocks=None, n_permutations=9, rng=np.random.default_rng(1))
    clusters = brain.list_clusters(maps, brain.compare_maps(maps, design), tested)
    assert clusters.empty and "nearest_region" in clusters.columns
    assert "The largest cluster" not in brain.describe_maps(maps, tested, clusters)


def test_maps_of_the_example_lie_in_the_brain():
    """All twelve maps of the example cohort fill nilearn's brain mask, voxel by voxel."""
    files = {path.stem: path for path in sorted((EXAMPLE / "brain" / "maps").iterdir())}
    maps = brain.load_maps(files)
    assert len(maps.values) == 12 and maps.n_blank.max() < 0.001 * maps.mask.sum()
