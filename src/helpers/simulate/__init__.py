"""Truth in, a cohort folder out: simulated people whose planted effects are written down, and their null twin."""

from __future__ import annotations

import os
from pathlib import Path

from helpers.simulate.cohort_folder import Recipe, build_files
from helpers.simulate.writing import whole_folder

DEFAULT_N = 116
DEFAULT_SEED = 20240501
DEFAULT_TITLE = "Simulated cohort: stress resilience, brain and gut"
MIN_PARTICIPANTS = 40
MAX_EFFECT = 1.5

__all__ = ["simulate_cohort"]


def simulate_cohort(
    folder: str | os.PathLike[str],
    *,
    n_participants: int = DEFAULT_N,
    seed: int = DEFAULT_SEED,
    effect: float = 1.0,
    title: str = DEFAULT_TITLE,
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
        The same seed, n and effect give the same bytes.
    effect : float, default 1.0
        Multiplies every planted d, from 0 to 1.5; 0 gives the null twin: the same people and noise, no resilience effect.
    title : str
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
    if n_participants < MIN_PARTICIPANTS:
        raise ValueError(
            f"n_participants is {n_participants}; a simulated cohort needs {MIN_PARTICIPANTS} or more. Ask for more people."
        )
    if not 0 <= effect <= MAX_EFFECT:
        raise ValueError(
            f"effect is {effect:g}; it runs from 0 (the null twin) to {MAX_EFFECT:g}. Choose one in between."
        )
    if seed < 0:
        raise ValueError(f"seed is {seed}; seeds are whole numbers from 0 upwards. Choose another.")
    is_example = (n_participants, seed, effect) == (DEFAULT_N, DEFAULT_SEED, 1.0)
    name = "example" if is_example else f"simulated_n{n_participants}_seed{seed}_effect{effect:g}"
    target = Path(folder)
    with whole_folder(target, overwrite=overwrite) as partial:
        for file, text in build_files(Recipe(n_participants, seed, float(effect), title, name)).items():
            path = partial / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    return target
