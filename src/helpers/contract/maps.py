"""Brain maps (NIfTI), one per person: of one shape and one place, and with numbers in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.contract.blocks import BlockTable
from helpers.contract.copies import check_copies
from helpers.contract.files import Reader
from helpers.contract.person_files import Findings, list_person_files
from helpers.contract.profiles import check_profiles
from helpers.contract.schema import read_schema
from helpers.problems import count

TOLERANCE = 1e-3
IN_BRAIN = 0.5
SAMPLED = 5000


def read_maps(reader: Reader, participants: pd.Index, *, with_values: bool) -> dict[str, Path]:
    """Find everybody's map and report those that cannot be compared with the others.

    Parameters
    ----------
    reader : Reader
    participants : pandas.Index
    with_values : bool
        Read the voxels too, one map at a time: empty maps, and blanks inside the brain. Else headers only.

    Returns
    -------
    dict of str to pathlib.Path
        Id to file; empty when the cohort has none.
    """
    rules = read_schema()["maps"]
    files = list_person_files(reader, rules["folder"], rules["endings"], participants, "map")
    findings = Findings(reader)
    headers = {name: _read_header(findings, file) for name, file in files.items()}
    usable = {files[name]: header for name, header in headers.items() if header is not None}
    same_space = _check_space(findings, usable)
    if with_values and same_space:
        samples = _check_voxels(findings, list(usable))
        _check_people(reader, {name: samples[file] for name, file in files.items() if file in samples})
    findings.report()
    return {name: reader.folder / file for name, file in files.items() if headers[name] is not None}


@dataclass(frozen=True, eq=False)
class Space:
    """Shape and affine of a map."""

    shape: tuple[int, ...]
    affine: np.ndarray

    def equals(self, other: Space) -> bool:
        """Whether voxels stand for the same places (affine within 0.001)."""
        return self.shape == other.shape and np.allclose(
            self.affine, other.affine, rtol=0, atol=TOLERANCE, equal_nan=True
        )

    def __str__(self) -> str:
        sizes = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
        corner = " ".join(f"{x:g}" for x in self.affine[:3, 3])
        return f"{' × '.join(map(str, self.shape))} voxels of {' × '.join(f'{s:.3g}' for s in sizes)} mm from {corner}"


def _read_header(findings: Findings, file: str) -> Space | None:
    import nibabel

    again = "export or copy the map again."
    try:
        image = nibabel.load(findings.reader.folder / file)
        space, kind = (
            Space(tuple(map(int, image.shape)), np.asarray(image.affine, dtype=float)),
            image.get_data_dtype().kind,
        )
    except Exception as error:  # whatever nibabel says of damaged bytes
        findings.add(
            "header", file, f"a file that cannot be read ({findings.reader.tell(error)})", "a NIfTI map", again
        )
        return None
    if kind not in "iuf":
        findings.add(
            "type",
            file,
            f"voxels of type {image.get_data_dtype()}",
            "one real number per voxel",
            "save the magnitude, or one part, as floating point.",
        )
        return None
    if len(space.shape) < 3 or any(n != 1 for n in space.shape[3:]):
        found = f"{len(space.shape)} dimensions ({' × '.join(map(str, space.shape))})"
        findings.add(
            "dimensions", file, found, "one 3-D map per person", "give one contrast or one summary map, not a series."
        )
        return None
    return Space(space.shape[:3], space.affine)


def _check_space(findings: Findings, headers: dict[str, Space]) -> bool:
    """Report maps whose shape or affine differs from that of most; return whether none does."""
    kinds: list[tuple[Space, list[str]]] = []
    for file, space in headers.items():
        alike = next((files for other, files in kinds if other.equals(space)), None)
        if alike is None:
            kinds.append((space, [file]))
        else:
            alike.append(file)
    kinds.sort(key=lambda kind: -len(kind[1]))
    for space, files in kinds[1:]:
        for file in files:
            usual = f"{kinds[0][0]}, as most maps"
            findings.add("space", file, str(space), usual, "bring all maps into the same space, with the same voxels.")
    return len(kinds) == 1


def _check_voxels(findings: Findings, files: list[str]) -> dict[str, np.ndarray]:
    """Read the maps one at a time; return some voxels of each that has values.

    A brain voxel is one that is known and not 0 in half of the maps or more.
    """
    filled: np.ndarray | None = None
    blank, n_read, samples = [], 0, {}
    for file in files:
        values = _read_voxels(findings, file)
        if values is None:
            continue
        known = np.isfinite(values) & (values != 0)
        if not known.any():
            findings.add(
                "empty",
                file,
                "a map of nothing but 0 or blanks",
                "a value for every voxel of the brain",
                "export the map again, or remove it.",
            )
            continue
        if np.isinf(values).any():
            findings.add(
                "infinite",
                file,
                f"{count(int(np.isinf(values).sum()), 'infinite voxel')}",
                "finite numbers",
                "export the map again, or blank those voxels.",
            )
        blank += [file] if np.isnan(values).any() else []
        samples[file] = values.ravel()[:: max(1, values.size // SAMPLED)].astype(float)
        filled = known.astype(np.int32) if filled is None else filled + known
        n_read += 1
    if filled is not None:
        _warn_blank_voxels(findings, blank, filled >= IN_BRAIN * n_read)
    return samples


def _check_people(reader: Reader, samples: dict[str, np.ndarray]) -> None:
    """Judge people by the sampled voxels that nearly all maps fill: on another scale, turned, copied."""
    if len(samples) < 2:
        return
    folder = read_schema()["maps"]["folder"]
    values = np.full((len(samples), max(map(len, samples.values()))), np.nan)
    for row, own in zip(values, samples.values(), strict=True):
        row[: len(own)] = own
    filled = np.flatnonzero(((values != 0) & ~np.isnan(values)).mean(axis=0) >= IN_BRAIN)
    table = pd.DataFrame(values[:, filled], list(samples), filled.astype(str))
    block = BlockTable(reader, folder, table, lambda *_: (folder, None, None))
    check_copies(block, odd=check_profiles(block, "maps"))


def _read_voxels(findings: Findings, file: str) -> np.ndarray | None:
    import nibabel

    try:
        return np.asanyarray(nibabel.load(findings.reader.folder / file).dataobj).squeeze()
    except Exception as error:  # truncated gzip, too few bytes
        findings.add(
            "voxels",
            file,
            f"voxels that cannot be read ({findings.reader.tell(error)})",
            "a whole NIfTI map",
            "export or copy the map again.",
        )
        return None


def _warn_blank_voxels(findings: Findings, files: list[str], brain: np.ndarray) -> None:
    shares = []
    for file in files:
        values = _read_voxels(findings, file)
        if values is not None and (share := np.isnan(values)[brain].mean()) > 0:
            shares.append(float(share))
    if shares:
        findings.reader.report(
            read_schema()["maps"]["folder"],
            f"blank voxels (NaN) inside the brain in {count(len(shares), 'map')}, up to {max(shares):.1%} of it",
            "a value for every voxel that most maps have",
            "nothing, if the field of view was small there: these voxels are left out; else export the maps again.",
            severity="warning",
        )
