"""Truth in, a cohort folder out: simulated people whose planted effects are written down, and their null twin."""

from __future__ import annotations

import os
from pathlib import Path

from helpers.simulate.cohort_folder import build_files
from helpers.simulate.draw import SimulatedCohort, draw_cohort
from helpers.simulate.recipe import (
    DEFAULT_MISSING,
    DEFAULT_N,
    DEFAULT_SEED,
    DEFAULT_TITLE,
    MAX_EFFECT,
    MAX_MISSING,
    Recipe,
)
from helpers.simulate.writing import whole_folder

__all__ = [
    "DEFAULT_MISSING",
    "DEFAULT_N",
    "DEFAULT_SEED",
    "DEFAULT_TITLE",
    "MAX_EFFECT",
    "MAX_MISSING",
    "SimulatedCohort",
    "draw_cohort",
    "simulate_cohort",
]


def simulate_cohort(
    folder: str | os.PathLike[str],
    *,
    n_participants: int = DEFAULT_N,
    seed: int = DEFAULT_SEED,
    effect: float = 1.0,
    missing: float = DEFAULT_MISSING,
    title: str = DEFAULT_TITLE,
    visits: int = 1,
    families: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write a simulated cohort, with all blocks and the planted truth.

    Parameters
    ----------
    folder : str or path-like
        Made by this function; written beside and moved in place when whole.
    n_participants : int, default 116
        40 or more; 44 of 116 are in the high group and 71 of 116 are women, or the nearest to these shares.
    seed : int, default 20240501
        The same seed, n, effect and missing give the same bytes.
    effect : float, default 1.0
        Multiplies every planted d, from -1.5 (against the claims) to 1.5; 0 gives the null twin: the same people and noise, no
        resilience effect.
    missing : float, default 0.035
        Share of people who lack the scan, and the stool sample, 0 to 0.5; blank answers grow with it. The people and all
        their other values stay the same.
    title : str
    visits : int, default 1
        How often people come, up to 4: three months apart, with drop-out; two metabolites change differently in the high group
        (``course`` in ``truth.yml``).
    families : bool, default False
        People come in families of one to four (``family_id``) that share a part of their metabolites.
    overwrite : bool, default False
        Replace a simulated cohort that is in the folder.

    Returns
    -------
    pathlib.Path
        The folder. ``truth.yml`` in it lists every planted difference and says what d means.

    Raises
    ------
    ValueError
        When the folder is not empty, a number is out of range, or so strong an effect makes a matrix impossible.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     made = simulate_cohort(Path(parent) / "null_twin", n_participants=40, effect=0)
    ...     (made / "truth.yml").is_file()
    True
    """
    recipe = Recipe(n_participants, seed, float(effect), float(missing), title, visits, families)
    target = Path(folder)
    with whole_folder(target, overwrite=overwrite) as partial:
        for file, content in build_files(recipe).items():
            path = partial / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return target
