"""Brain maps in, group contrasts out: one place for all, a brain mask, one model per voxel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.contract.maps import Space
from helpers.contrasts import fit_contrasts
from helpers.linear_algebra import count_rank
from helpers.permutation import prepare_model
from helpers.problems import TooLittle, count, name_some
from helpers.wording import hide_small

MIN_PER_GROUP = 5  # maps of fewer say nothing of a group
MIN_OVERLAP = 0.5  # of the brain's voxels that everybody must have
MASK_MM = 2


@dataclass(frozen=True, eq=False)
class MapStack:
    """Maps of several people within one brain mask.

    Attributes
    ----------
    values : pandas.DataFrame of shape (n_participants, n_voxels)
        Index ``participant_id``; columns number the voxels of the mask in C order.
    mask : numpy.ndarray of bool, shape (x, y, z)
    affine : numpy.ndarray of shape (4, 4)
        Voxel to mm (MNI).
    n_blank : pandas.Series
        Index ``participant_id``: voxels of the brain without a value (0 or blank) in this person's map. They are left out
        for everybody.
    """

    values: pd.DataFrame
    mask: np.ndarray
    affine: np.ndarray
    n_blank: pd.Series

    @property
    def voxel_mm3(self) -> float:
        """Volume of a voxel in mm3."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    def to_volume(self, values: pd.Series | np.ndarray) -> np.ndarray:
        """Put one number per voxel of the mask back into space; 0 outside.

        Parameters
        ----------
        values : pandas.Series or numpy.ndarray of shape (n_voxels,)

        Returns
        -------
        numpy.ndarray of shape (x, y, z)
        """
        volume = np.zeros(self.mask.shape)
        volume[self.mask] = np.nan_to_num(np.asarray(values, float))
        return volume

    def to_image(self, values: pd.Series | np.ndarray):
        """Return one number per voxel as a :class:`nibabel.nifti1.Nifti1Image`, for nilearn's figures and tables."""
        import nibabel

        return nibabel.Nifti1Image(self.to_volume(values).astype(np.float32), self.affine)


def load_maps(files: Mapping[str, Path], *, people: pd.Index | None = None) -> MapStack:
    """Read one map per person and keep the voxels of the brain that everybody has.

    The brain is that of the MNI152 template which comes with nilearn, brought to the voxels of the maps.

    Parameters
    ----------
    files : mapping of str to path
        Id to NIfTI file, such as ``Cohort.maps``: all of one shape and affine, in MNI space.
    people : pandas.Index, optional
        Read only these; by default all.

    Returns
    -------
    MapStack

    Raises
    ------
    ValueError
        When there are fewer than two maps, shapes or affines are mixed, or less than half of the brain has a value in every
        map: the people are named, with what to do.
    """
    chosen = {name: path for name, path in files.items() if people is None or name in people}
    if len(chosen) < 2:
        raise TooLittle(f"{count(len(chosen), 'map')} of the people asked for: a comparison needs two or more.")
    images = {name: _open(name, path) for name, path in chosen.items()}
    space = _refuse_mixed({name: Space(image.shape[:3], np.asarray(image.affine)) for name, image in images.items()})
    brain = _find_brain(space)
    voxels = np.stack(
        [np.asanyarray(image.dataobj, dtype=float).reshape(space.shape)[brain] for image in images.values()]
    )
    known = np.isfinite(voxels) & (voxels != 0)
    n_blank = pd.Series((~known).sum(axis=1), index=pd.Index(images, name="participant_id"), name="n_blank")
    shared = known.all(axis=0)
    _refuse_little(shared, n_blank)
    mask = brain.copy()
    mask[brain] = shared
    values = pd.DataFrame(voxels[:, shared], index=n_blank.index, columns=pd.RangeIndex(shared.sum(), name="voxel"))
    return MapStack(values, mask, space.affine, n_blank)


def compare_maps(maps: MapStack, design: pd.DataFrame, *, tested: str = "group") -> pd.DataFrame:
    """Contrast the groups on every voxel.

    The estimate is that of nilearn's ``SecondLevelModel``; its error does not assume one variance, as
    :func:`helpers.contrasts.fit_contrasts` says.

    Parameters
    ----------
    maps : MapStack
    design : pandas.DataFrame of shape (n_designed, n_terms)
        As for every contrast: without intercept.
    tested : str, default "group"

    Returns
    -------
    pandas.DataFrame of shape (n_voxels, 12)
        As :func:`helpers.contrasts.fit_contrasts`; estimate in the unit of the maps, q over all voxels.

    Raises
    ------
    ValueError
        When so few people have a map that nothing is left to judge the difference by.
    """
    return fit_contrasts(maps.values, choose_terms(maps, design, tested), tested=tested)


def explain_maps(files: Mapping[str, Path], design: pd.DataFrame, *, blocks: pd.Series | None, small_cell: int) -> str:
    """Say why maps cannot be compared between the groups; nothing when they can.

    Parameters
    ----------
    files : mapping of str to path
        As for :func:`load_maps`.
    design : pandas.DataFrame of shape (n_designed, n_terms)
    blocks : pandas.Series or None
        Study of each participant.
    small_cell : int
        Smaller numbers of participants are not told.

    Returns
    -------
    str
        The end of a sentence; empty when a comparison can be made.
    """
    people = design.index[design.index.isin(list(files))]
    sizes = design.loc[people, "group"].value_counts().reindex([0.0, 1.0], fill_value=0)
    if sizes.min() < MIN_PER_GROUP:
        shown = " and ".join(hide_small(int(sizes[value]), small_cell) for value in (1.0, 0.0))
        return f"the groups have maps of {shown} participants with all covariates, and a comparison needs {MIN_PER_GROUP} in each"
    try:
        maps = load_maps(files, people=people)
        terms = choose_terms(maps, design, "group")
        prepare_model(
            maps.values.iloc[:, :1],
            terms,
            tested="group",
            blocks=blocks,
            n_permutations=1,
            rng=np.random.default_rng(0),
        )
    except ValueError as error:
        return str(error).rstrip(".")
    return ""


def _open(name: str, path: Path):
    import nibabel

    image = nibabel.load(path)
    if len(image.shape) < 3 or any(size != 1 for size in image.shape[3:]):
        raise ValueError(
            f"The map of {name} has {len(image.shape)} dimensions ({' × '.join(map(str, image.shape))}); expected one 3-D "
            "map. Fix: give one contrast or one summary map, not a series."
        )
    return image


def _refuse_mixed(spaces: Mapping[str, Space]) -> Space:
    kinds: list[tuple[Space, list[str]]] = []
    for name, space in spaces.items():
        alike = next((names for other, names in kinds if other.equals(space)), None)
        kinds += [(space, [name])] if alike is None else []
        if alike is not None:
            alike.append(name)
    kinds.sort(key=lambda kind: -len(kind[1]))
    if len(kinds) > 1:
        usual, odd = kinds[0][0], kinds[1]
        others = sum(len(names) for _, names in kinds[1:])
        raise ValueError(
            f"{count(others, 'map')} unlike the others ({name_some([n for _, names in kinds[1:] for n in names])}): {odd[1][0]} "
            f"has {odd[0]}, most have {usual}. Fix: bring all maps into the same space, with the same voxels."
        )
    return kinds[0][0]


def _find_brain(space: Space) -> np.ndarray:
    import nibabel
    from nilearn.datasets import load_mni152_brain_mask
    from nilearn.image import resample_to_img

    target = nibabel.Nifti1Image(np.zeros(space.shape, np.uint8), space.affine)
    template = load_mni152_brain_mask(resolution=MASK_MM)
    resampled = resample_to_img(template, target, interpolation="nearest", force_resample=True, copy_header=True)
    brain = np.asarray(resampled.dataobj) > 0
    in_view = brain.sum() * abs(np.linalg.det(space.affine[:3, :3])) / (np.asarray(template.dataobj).sum() * MASK_MM**3)
    if in_view < MIN_OVERLAP:
        raise TooLittle(
            f"The maps ({space}) cover {in_view:.0%} of the brain in MNI space. Fix: bring them into MNI space, or mend the "
            "affine in their headers."
        )
    return brain


def _refuse_little(shared: np.ndarray, n_blank: pd.Series) -> None:
    if shared.mean() < MIN_OVERLAP:
        worst = n_blank.sort_values(ascending=False, kind="stable")
        raise TooLittle(
            f"Only {shared.mean():.0%} of the brain's {len(shared):,} voxels have a value (not 0, not blank) in every map; the "
            f"most lack in {name_some(worst.index[:3])} ({worst.iloc[0]:,}). Fix: export these maps again, or leave them out."
        )


def choose_terms(maps: MapStack, design: pd.DataFrame, tested: str) -> pd.DataFrame:
    """Return the design of those with a map, without covariates that do not vary among them."""
    terms = design.loc[design.index.intersection(maps.values.index, sort=False)].astype(float)
    terms = terms.loc[:, (terms.max() > terms.min()) | (terms.columns == tested)]
    rank = count_rank(terms.to_numpy())
    if rank <= terms.shape[1] or len(terms) <= rank:
        raise TooLittle(
            f"{count(len(terms), 'person')} with a map for {terms.shape[1] + 1} terms of the design "
            f"({name_some([*terms.columns, 'intercept'])}): '{tested}' cannot be judged. Fix: leave covariates out of "
            "cohort.yml, or bring more maps."
        )
    return terms
