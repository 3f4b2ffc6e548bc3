"""Simulated grey-matter maps of a dozen people: small NIfTI files with one planted blob, the same bytes everywhere."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache, reduce
from typing import Any

import numpy as np
import pandas as pd

from helpers.simulate.effects import People

PER_CELL = 3  # people of each group in each study
VOXEL_MM = 4
CENTER_MM = (0.0, 38.0, 6.0)  # in the anterior cingulate (MNI)
RADIUS_MM = 16.0
D_MAPS = -5.0  # large on purpose: a dozen people can see nothing smaller
LEAST, GREY = 0.40, 0.35  # density where the template has no grey matter, and how much more where it is all grey
SD = 0.05  # of grey-matter density between people
STEP = 0.005  # density per stored unit: 8 bits hold 0 to 1.275
LOWEST, HIGHEST = 1, 255  # a voxel of the brain is never 0
MARGIN = 2  # voxels kept around the brain
SMOOTHINGS = 2
KERNEL = (1.0, 4.0, 6.0, 4.0, 1.0)
UNIT = "grey-matter density"


def choose_scanned(people: People) -> list[str]:
    """Return the ids of those with a map: the first of each group in each study, a dozen in all.

    Parameters
    ----------
    people : People

    Returns
    -------
    list of str
        In the order of the cohort; fewer where a group of a study is smaller.
    """
    cells = pd.Series(people.high, index=people.table.index).groupby([people.high, people.table["study"].to_numpy()])
    chosen = {person for _, members in cells for person in members.index[:PER_CELL]}
    return [person for person in people.table.index if person in chosen]


def draw_maps(
    people: People, effect: float, *, lacking: Collection[str] = (), rng: np.random.Generator
) -> dict[str, bytes]:
    """Draw the maps of a dozen people.

    The mean is the grey matter of the MNI152 template that comes with nilearn. Everybody differs from it by smooth noise
    of one SD; inside the blob the high group differs by the planted d.

    Parameters
    ----------
    people : People
    effect : float
        Multiplies the planted d.
    lacking : collection of str
        People whose map is left out; the others stay the same.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to bytes
        Id to an uncompressed NIfTI file of 4 mm voxels (MNI), 8 bits each.
    """
    mean, brain, affine = _read_template()
    blob = find_blob(mean.shape, affine) & brain
    files = {}
    for person in choose_scanned(people):
        noise = _draw_smooth(mean.shape, rng)
        is_high = bool(people.high[people.table.index.get_loc(person)])
        density = mean + SD * (noise + effect * D_MAPS * is_high * blob)
        stored = np.clip(np.round(density / STEP), LOWEST, HIGHEST) * brain
        if person not in lacking:
            files[person] = _write_nifti(stored.astype(np.uint8), affine)
    return files


def find_blob(shape: tuple[int, ...], affine: np.ndarray) -> np.ndarray:
    """Return which voxels lie in the planted sphere.

    Parameters
    ----------
    shape : tuple of int
        Of a map.
    affine : numpy.ndarray of shape (4, 4)
        Voxel to mm.

    Returns
    -------
    numpy.ndarray of bool

    Examples
    --------
    One voxel in the middle of the sphere, the next 100 mm away:

    >>> affine = np.diag([100.0, 1, 1, 1])
    >>> affine[:3, 3] = CENTER_MM
    >>> find_blob((2, 1, 1), affine).ravel().tolist()
    [True, False]
    """
    places = np.indices(shape).reshape(3, -1)
    away = affine[:3, :3] @ places + (affine[:3, 3] - CENTER_MM)[:, None]
    return ((away**2).sum(axis=0) <= RADIUS_MM**2).reshape(shape)


def tell_maps(effect: float) -> dict[str, Any]:
    """Return what ``truth.yml`` says of the maps."""
    d = effect * D_MAPS + 0.0
    return {
        "center_mm": list(CENTER_MM),
        "radius_mm": RADIUS_MM,
        "direction": "none" if d == 0 else "higher" if d > 0 else "lower",
        "d": round(d, 4),
        "difference": round(d * SD + 0.0, 6),
        "unit": UNIT,
        "about": (
            "In a sphere of the maps, high minus low, in SDs of a voxel between people; nothing is planted outside it. "
            "Large on purpose, as maps are there for a dozen people only."
        ),
    }


@cache
def _read_template() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean grey-matter density and brain of the MNI152 template at 4 mm, cut to the brain, and the affine.

    Voxels are picked, not interpolated: whole numbers stay the same on every machine.
    """
    from nilearn.datasets import load_mni152_brain_mask, load_mni152_gm_template

    grey, brain = load_mni152_gm_template(resolution=1), load_mni152_brain_mask(resolution=1)
    pick = (slice(None, None, VOXEL_MM),) * 3
    inside = np.asarray(brain.dataobj)[pick] > 0
    density = np.asarray(grey.dataobj, dtype=float)[pick]
    filled = [np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    low = [max(places[0] - MARGIN, 0) for places in filled]
    box = tuple(slice(first, places[-1] + 1 + MARGIN) for first, places in zip(low, filled, strict=True))
    affine = brain.affine @ np.diag([VOXEL_MM, VOXEL_MM, VOXEL_MM, 1.0])
    affine[:3, 3] = affine[:3, :3] @ low + affine[:3, 3]
    return LEAST + GREY * np.round(density[box], 3), inside[box], affine


def _draw_smooth(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw noise of SD 1 that is smooth over neighbouring voxels, by weighted sums along each axis."""
    padded = rng.normal(size=[size + (len(KERNEL) - 1) * SMOOTHINGS for size in shape])
    for axis in [0, 1, 2] * SMOOTHINGS:
        length = padded.shape[axis] - len(KERNEL) + 1
        padded = sum(weight * padded.take(range(i, i + length), axis=axis) for i, weight in enumerate(KERNEL))
    return padded / np.sqrt((reduce(np.convolve, [KERNEL] * SMOOTHINGS) ** 2).sum()) ** 3


def _write_nifti(voxels: np.ndarray, affine: np.ndarray) -> bytes:
    import nibabel

    image = nibabel.Nifti1Image(voxels, affine)
    image.header.set_xyzt_units("mm")
    image.header.set_slope_inter(STEP, 0)
    image.header["descrip"] = b"Simulated, no real person"
    image.set_qform(affine, code="mni")
    image.set_sform(affine, code="mni")
    return image.to_bytes()
