"""What a process computes with: version and code of this package, Python, packages, processor."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from threadpoolctl import threadpool_info

HELPERS = Path(__file__).resolve().parents[1]
COMPUTING = ("numpy", "scipy", "pandas", "scikit-learn", "scikit-bio", "statsmodels")


class WorkerDiffers(RuntimeError):
    """A worker would compute with something else than the process that asks it; the message says with what."""


class Identity(NamedTuple):
    """What a process computes with.

    Attributes
    ----------
    version : str
        Of this package.
    code : str
        First 16 digits of a sha256 over the files of ``helpers``.
    python : str
        Major and minor version.
    packages : tuple of str
        Those that compute, each with its version.
    processor : str
        The kind that the BLAS library took its routines for; others may differ in the last digit.
    """

    version: str
    code: str
    python: str
    packages: tuple[str, ...]
    processor: str


@cache
def read_identity() -> Identity:
    """Return what this process computes with; read once, as is its code.

    Examples
    --------
    >>> read_identity().version == metadata.version("resilience-book"), len(read_identity().code)
    (True, 16)
    """
    digest = hashlib.sha256()
    for path in sorted(HELPERS.rglob("*.py")):
        digest.update(path.relative_to(HELPERS).as_posix().encode() + b"\0" + path.read_bytes())
    packages = tuple(f"{name} {metadata.version(name)}" for name in COMPUTING)
    python = ".".join(map(str, sys.version_info[:2]))
    version = metadata.version("resilience-book")
    return Identity(version, digest.hexdigest()[:16], python, packages, _name_processor())


def _name_processor() -> str:
    import numpy  # noqa: F401  (its BLAS library is listed once it is loaded)

    return next((pool.get("architecture", "") for pool in threadpool_info() if pool["user_api"] == "blas"), "")


def tell_difference(theirs: Identity, ours: Identity) -> str:
    """Say what a worker has that changes numbers; an empty text when nothing does.

    Parameters
    ----------
    theirs, ours : Identity

    Examples
    --------
    >>> ours = Identity("1.2.0", "aaaa", "3.11", ("numpy 2.4.6",), "Haswell")
    >>> tell_difference(ours._replace(version="1.1.0", code="bbbb"), ours)
    'version 1.1.0 (here 1.2.0), code bbbb (here aaaa)'
    >>> tell_difference(ours._replace(processor="Zen"), ours)
    ''
    """
    said = [
        f"{name} {theirs_has} (here {ours_has})"
        for name, theirs_has, ours_has in (
            ("version", theirs.version, ours.version),
            ("code", theirs.code, ours.code),
            ("Python", theirs.python, ours.python),
        )
        if theirs_has != ours_has
    ]
    said += [
        f"{own} (here {wanted})" for own, wanted in zip(theirs.packages, ours.packages, strict=False) if own != wanted
    ]
    return ", ".join(said)


def check_identity(wanted: Identity, place: str) -> None:
    """Refuse to compute where this process differs from the one that asks.

    Parameters
    ----------
    wanted : Identity
        Of the process that asks.
    place : str
        Name of this one.

    Raises
    ------
    WorkerDiffers
    """
    if said := tell_difference(read_identity(), wanted):
        raise WorkerDiffers(tell_worker(place, said))


def tell_worker(place: str, said: str) -> str:
    """Say which worker computes with something else, and what to do.

    Examples
    --------
    >>> tell_worker("tcp://node7:4001", "version 1.1.0 (here 1.2.0)")
    'The worker tcp://node7:4001 has version 1.1.0 (here 1.2.0). Start workers in the environment of this command, with the same files, and run again.'
    """
    return f"The worker {place} has {said}. Start workers in the environment of this command, with the same files, and run again."
