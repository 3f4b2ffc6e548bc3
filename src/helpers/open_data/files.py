"""Bring registered files into a cache, each verified by its checksum."""

from __future__ import annotations

import difflib
import hashlib
import logging
import os
import re
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pandas as pd
from requests.exceptions import RequestException

from helpers.problems import CohortError, Problem, name_some

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its progress bar asks for a widget that no page shows
    import pooch

REGISTRY_COLUMNS = ("dataset", "path", "sha256", "bytes", "url", "licence", "citation")
TIMEOUT_S = 30


class OpenDataError(ValueError):
    """A request for open data that cannot be met; the sentence says why and what to do."""


class OpenDataUnavailable(OpenDataError):
    """A file that is neither cached, nor in a mirror folder, nor reachable at its public address."""


class OpenDataAltered(OpenDataError):
    """A file that is not, byte for byte, the registered one."""


def load_registry(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the list of open data files.

    Parameters
    ----------
    path : str or path-like
        A TSV with columns ``dataset path sha256 bytes url licence citation``, one row per file.

    Returns
    -------
    pandas.DataFrame
        The same columns; ``bytes`` as whole numbers, everything else as text.

    Raises
    ------
    CohortError
        With every fault of the list at once, each with its line.
    """
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    name = Path(path).name
    if absent := [column for column in REGISTRY_COLUMNS if column not in table]:
        wanted = f"the columns {', '.join(REGISTRY_COLUMNS)}"
        raise CohortError([Problem(name, 1, None, f"no column {name_some(absent)}", wanted, "add it.")])
    problems = []
    for line, row in enumerate(table.itertuples(), start=2):
        problems += _check_row(name, line, row)
    file_names = table["path"].map(lambda path: PurePosixPath(path).name)
    for row in table.index[table.assign(file=file_names).duplicated(["dataset", "file"])]:
        found = "a file name its data set already has"
        problems.append(Problem(name, int(row) + 2, "path", found, "one row per file", "remove one of them."))
    if problems:
        raise CohortError(problems)
    return table.astype({"bytes": int})


def _check_row(name: str, line: int, row) -> Iterator[Problem]:
    parts = PurePosixPath(row.path).parts
    is_inside = bool(parts) and parts[0] != "/" and ".." not in parts
    checks = [
        ("path", is_inside, "a path inside the mirror folder"),
        ("sha256", re.fullmatch("[0-9a-f]{64}", row.sha256), "64 hexadecimal digits"),
        ("bytes", row.bytes.isdecimal() and int(row.bytes) > 0, "a whole number of bytes"),
        ("url", row.url.startswith(("https://", "http://")), "a web address"),
        ("dataset", row.dataset, "the name of a data set"),
        ("licence", row.licence, "the licence the owner gives"),
        ("citation", row.citation, "what to cite"),
    ]
    for column, is_right, expected in checks:
        if not is_right:
            found = repr(getattr(row, column))
            yield Problem(name, line, column, found, expected, "copy it again from the owner's address.")


def fetch_files(
    dataset: str,
    *,
    registry: pd.DataFrame,
    cache_dir: str | os.PathLike[str],
    mirror: str | os.PathLike[str] | None = None,
) -> dict[str, Path]:
    """Bring the files of one data set into the cache, verified, and say where they are.

    A cached copy is used when its SHA-256 is right and removed when it is not. Otherwise the file is copied
    from the mirror folder when that holds it, or else downloaded. It reaches the cache whole and verified, or
    not at all.

    Parameters
    ----------
    dataset : str
        A name in the registry's column ``dataset``.
    registry : pandas.DataFrame
        From :func:`load_registry`.
    cache_dir : str or path-like
        Where verified copies are kept, under the registry's paths.
    mirror : str, path-like or None
        A folder with the same paths, only ever read.

    Returns
    -------
    dict of str to pathlib.Path
        File name, such as ``metadata.tsv``, to its verified copy.

    Raises
    ------
    OpenDataError
        When the name is unknown (the nearest known one is suggested) or the cache lies in the mirror.
    OpenDataAltered
        When the mirror or the server gives other bytes than the registered ones.
    OpenDataUnavailable
        When a file is in no mirror and its address does not answer.
    """
    refuse_unknown(dataset, registry["dataset"].unique())
    rows = registry[registry["dataset"] == dataset]
    cache, mirror = _check_places(cache_dir, mirror)
    keeper = pooch.create(
        path=cache,
        base_url="",
        registry={row.path: f"sha256:{row.sha256}" for row in rows.itertuples()},
        urls=dict(zip(rows["path"], rows["url"], strict=True)),
    )
    with _quiet_pooch():
        return {PurePosixPath(row.path).name: _fetch_one(keeper, row, mirror) for row in rows.itertuples()}


def refuse_unknown(name: str, known: Iterable[str]) -> None:
    """Raise OpenDataError when a data set is not known, with the nearest guess and the known names.

    Parameters
    ----------
    name : str
    known : iterable of str

    Examples
    --------
    >>> refuse_unknown("kim", ["rsa", "kim_adenomas_2020"])
    Traceback (most recent call last):
    helpers.open_data.files.OpenDataError: There is no open data set 'kim'. Did you mean kim_adenomas_2020? \
Known: kim_adenomas_2020, rsa.
    """
    known = sorted(known)
    if name not in known:
        near = [one for one in known if one.startswith(name.lower())] if name else []
        near = near or difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.4)
        guess = f" Did you mean {near[0]}?" if near else ""
        raise OpenDataError(f"There is no open data set {name!r}.{guess} Known: {', '.join(known)}.")


def _check_places(cache_dir, mirror) -> tuple[Path, Path | None]:
    cache = Path(cache_dir).expanduser().resolve()
    if mirror is None or not str(mirror):
        return cache, None
    mirror = Path(mirror).expanduser().resolve()
    if not mirror.is_dir():
        raise OpenDataUnavailable(
            f"The mirror folder {mirror} does not exist; correct it, or name none to download from the "
            "public addresses."
        )
    if cache.is_relative_to(mirror):
        raise OpenDataError(f"The cache {cache} lies in the mirror folder, which is only read; choose another cache.")
    return cache, mirror


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _fetch_one(keeper: pooch.Pooch, row, mirror: Path | None) -> Path:
    cached = keeper.abspath / row.path
    try:
        if cached.is_file() and not is_registered(cached, row):
            cached.unlink(missing_ok=True)
        return Path(keeper.fetch(row.path, downloader=_choose_source(row, mirror)))
    except OpenDataError:
        raise
    except RequestException as error:
        nor = "no mirror folder is named" if mirror is None else f"not in the mirror folder {mirror}"
        raise OpenDataUnavailable(
            f"{row.path} of {row.dataset} cannot be had: it is not in the cache, {nor}, and {row.url} "
            f"could not be fetched ({type(error).__name__}); connect to the internet, or name a folder that "
            "holds a copy as the mirror (RESILIENCE_BOOK_MIRROR)."
        ) from error
    except ValueError as error:
        raise OpenDataAltered(
            f"{row.path} is not the registered file: its SHA-256 differs, though its size is right. "
            "Nothing was kept; get a fresh copy from its owner."
        ) from error
    except OSError as error:
        raise OpenDataUnavailable(
            f"{row.path} cannot be copied into the cache {keeper.abspath} ({error.strerror or error}); "
            "check the space and the permissions there."
        ) from error


def is_registered(path: Path, row) -> bool:
    """Return whether a file has the size and SHA-256 of its row of the registry.

    Parameters
    ----------
    path : pathlib.Path
        An existing file.
    row : named tuple
        With ``bytes`` and ``sha256``.

    Returns
    -------
    bool
    """
    if path.stat().st_size != row.bytes:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == row.sha256


def _choose_source(row, mirror: Path | None) -> Callable:
    copy = None if mirror is None else mirror / row.path
    is_mirrored = copy is not None and copy.is_file()

    def deliver(url: str, output_file: str, keeper: pooch.Pooch) -> None:
        if is_mirrored:
            shutil.copyfile(copy, output_file)
        else:
            pooch.HTTPDownloader(timeout=TIMEOUT_S)(url, output_file, keeper)
        n_bytes = Path(output_file).stat().st_size
        if n_bytes != row.bytes:
            source = "the mirror folder" if is_mirrored else url
            raise OpenDataAltered(
                f"{row.path} from {source} has {n_bytes:,} bytes, expected {row.bytes:,}: it is cut short or "
                "altered. Nothing was kept; get a fresh copy from its owner."
            )
        os.chmod(output_file, 0o644)

    return deliver
