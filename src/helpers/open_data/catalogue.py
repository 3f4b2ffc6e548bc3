"""List the open data sets, and put one of them into a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.open_data.files import fetch_files, is_registered, load_registry, refuse_unknown
from helpers.open_data.folders import head_readme, refuse_used, write_folder
from helpers.open_data.kim import build_kim_cohort


@dataclass(frozen=True)
class OpenDataset:
    """What the book knows about one open data set.

    Attributes
    ----------
    title, note : str
        Plain words; the note says what to beware of.
    people : int
        Number of people, 0 when the data are not of people.
    build : callable or None
        Turns the files into a cohort folder; None when they are kept as files.
    """

    title: str
    people: int
    note: str
    build: Callable[..., Path] | None = None


DATASETS: Mapping[str, OpenDataset] = {
    "kim_adenomas_2020": OpenDataset(
        "Stool genera and metabolites in colorectal adenoma (Kim et al. 2020)",
        240,
        "Metabolites are already log-scaled and imputed: do not log them again.",
        build_kim_cohort,
    ),
    "mars_ibs_2020": OpenDataset(
        "Repeated stool genera, metabolites and symptoms in irritable bowel syndrome (Mars et al. 2020)",
        75,
        "444 samples of 75 people: repeated measures. Tryptophan metabolites are missing in about 40 %.",
    ),
    "kang_autism_2017": OpenDataset(
        "Stool genera and metabolites of children with autism (Kang et al. 2018)",
        44,
        "A small set for teaching; group names carry trailing blanks.",
    ),
    "hmp2_pathways": OpenDataset(
        "Gut pathways, transcribed and encoded, in inflammatory bowel disease (Lloyd-Price et al. 2019)",
        109,
        "Repeated measures: several samples per person.",
    ),
    "melonnpan_prism": OpenDataset(
        "Gene families and metabolites behind the MelonnPan weights (Mallick et al. 2019)",
        157,
        "Features were chosen on the same people: accuracy seen here is optimistic.",
    ),
    "breast_tcga": OpenDataset(
        "Three molecular blocks of breast tumours, the reference data of DIABLO (Singh et al. 2019)",
        220,
        "150 people to train and 70 to test; the test set has no protein block.",
    ),
    "rsfmri_mdd": OpenDataset(
        "Resting-state connectivity in depression (Le et al. 2017)",
        157,
        "3,003 edges, 79 depressed and 78 healthy people; no age, sex or coordinates.",
    ),
    "rsa": OpenDataset(
        "Resilience Scale for Adults, item by item (Briganti and Linkowski 2020)",
        675,
        "33 items answered 1 to 7; item 20 belongs to no domain.",
    ),
    "gbm": OpenDataset(
        "Gut-brain modules over KEGG orthologues (Valles-Colomer et al. 2019)",
        0,
        "Definitions of 56 modules, not data of people; within a module a tab means or, a comma means and.",
    ),
    "tengeler": OpenDataset(
        "Mice colonised with human gut microbiota in ADHD (Tengeler et al. 2020)",
        0,
        "27 mice, not people: say so wherever these data are shown.",
    ),
}


def fetch_dataset(
    name: str,
    folder: str | os.PathLike[str],
    *,
    registry_path: str | os.PathLike[str],
    cache_dir: str | os.PathLike[str],
    mirror: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> Path:
    """Fetch one open data set into a folder: a cohort folder where we can build one, its files otherwise.

    Parameters
    ----------
    name : str
        One of :data:`DATASETS`.
    folder : str or path-like
        New or empty. Made whole or not at all.
    registry_path : str or path-like
        See :func:`load_registry`.
    cache_dir, mirror : str or path-like
        See :func:`fetch_files`.
    overwrite : bool, default False
        Replace a folder made earlier from the same data set.

    Returns
    -------
    pathlib.Path
        The folder. Without a builder it holds the original files, unaltered, and a ``README.md`` that says
        where they come from, under which licence, and what to cite.

    Raises
    ------
    OpenDataError, OpenDataAltered, OpenDataUnavailable
        See :func:`fetch_files`; also when the folder is in use.
    """
    refuse_unknown(name, DATASETS)
    refuse_used(folder, name, overwrite=overwrite)
    registry = load_registry(registry_path)
    files = fetch_files(name, registry=registry, cache_dir=cache_dir, mirror=mirror)
    if (build := DATASETS[name].build) is not None:
        return build(files, folder, overwrite=overwrite)
    rows = registry[registry["dataset"] == name]
    contents = {file: path.read_bytes() for file, path in files.items()}
    return write_folder(folder, {"README.md": _write_readme(name, rows).encode(), **contents})


def _write_readme(name: str, rows: pd.DataFrame) -> str:
    dataset = DATASETS[name]
    sources = "\n".join(f"- {row.url} (SHA-256 `{row.sha256}`)" for row in rows.itertuples())
    return (
        f"{head_readme(name, dataset.title)}{dataset.note}\n\n"
        f"**Licence.** {_join(rows['licence'])}. The files are their owners' and stand here unaltered.\n\n"
        f"**Cite.** {_join(rows['citation'])}.\n\n**Origin.**\n{sources}\n"
    )


def list_datasets(
    *,
    registry_path: str | os.PathLike[str],
    cache_dir: str | os.PathLike[str],
    mirror: str | os.PathLike[str] | None = None,
) -> pd.DataFrame:
    """List the open data sets and whether each can be used without a network.

    Parameters
    ----------
    registry_path, cache_dir, mirror
        As for :func:`fetch_dataset`. Nothing is fetched.

    Returns
    -------
    pandas.DataFrame
        Index ``name``; columns ``title``, ``people`` (0 where the data are not of people), ``bytes`` (all
        files together), ``licence``, ``becomes`` (``cohort`` or ``files``), ``note``, and ``present``: True
        when every file is, verified, in the cache or the mirror.
    """
    registry = load_registry(registry_path)
    places = [Path(place).expanduser() for place in (cache_dir, mirror) if place]
    rows = {name: registry[registry["dataset"] == name] for name in DATASETS}
    return (
        pd.DataFrame(
            {
                name: {
                    "title": dataset.title,
                    "people": dataset.people,
                    "bytes": int(rows[name]["bytes"].sum()),
                    "licence": _join(rows[name]["licence"]),
                    "becomes": "cohort" if dataset.build else "files",
                    "note": dataset.note,
                    "present": _are_at_hand(rows[name], places),
                }
                for name, dataset in DATASETS.items()
            }
        )
        .T.rename_axis("name")
        .astype({"people": int, "bytes": int, "present": bool})
    )


def _are_at_hand(rows: pd.DataFrame, places: list[Path]) -> bool:
    found = [
        any((place / row.path).is_file() and is_registered(place / row.path, row) for place in places)
        for row in rows.itertuples()
    ]
    return bool(found) and all(found)


def _join(values: pd.Series) -> str:
    return "; ".join(dict.fromkeys(values))
