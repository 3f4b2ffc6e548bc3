"""List the open data sets, and put one of them into a folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from helpers.open_data.breast import arrange_breast
from helpers.open_data.cards import DataCard, join_unique, read_cards, write_readme
from helpers.open_data.files import fetch_files, is_registered, load_registry, refuse_unknown
from helpers.open_data.folders import head_readme, refuse_used, write_folder
from helpers.open_data.gbm import arrange_gbm
from helpers.open_data.hmp2 import arrange_hmp2
from helpers.open_data.kang import arrange_kang
from helpers.open_data.kim import arrange_kim
from helpers.open_data.mars import arrange_mars
from helpers.open_data.mdd import arrange_mdd
from helpers.open_data.melonnpan import arrange_melonnpan
from helpers.open_data.rsa import arrange_rsa
from helpers.open_data.tengeler import arrange_tengeler
from helpers.tables import MISSING

SMALL_CELL = 5
ARRANGERS: Mapping[str, Callable[[Mapping[str, Path]], dict[str, Any]]] = {
    "kim_adenomas_2020": arrange_kim,
    "mars_ibs_2020": arrange_mars,
    "kang_autism_2017": arrange_kang,
    "hmp2_pathways": arrange_hmp2,
    "melonnpan_prism": arrange_melonnpan,
    "breast_tcga": arrange_breast,
    "rsfmri_mdd": arrange_mdd,
    "rsa": arrange_rsa,
    "gbm": arrange_gbm,
    "tengeler": arrange_tengeler,
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
    """Fetch one open data set into a folder: a cohort folder where its card says so, tidy tables otherwise.

    Parameters
    ----------
    name : str
        One of :func:`~helpers.open_data.cards.read_cards`.
    folder : str or path-like
        New or empty. Made whole or not at all; the same originals always give the same bytes.
    registry_path : str or path-like
        See :func:`load_registry`.
    cache_dir, mirror : str or path-like
        See :func:`fetch_files`.
    overwrite : bool, default False
        Replace a folder made earlier from the same data set.

    Returns
    -------
    pathlib.Path
        The folder, with a ``README.md`` that is the data card. Read a table with
        :func:`helpers.tables.read_table`, e.g. ``read_table(folder / "rsa.tsv")``.

    Raises
    ------
    OpenDataError, OpenDataAltered, OpenDataUnavailable
        See :func:`fetch_files`; also when the folder is in use.
    """
    cards = read_cards()
    refuse_unknown(name, cards)
    refuse_used(folder, name, overwrite=overwrite)
    registry = load_registry(registry_path)
    files = fetch_files(name, registry=registry, cache_dir=cache_dir, mirror=mirror)
    card, rows = cards[name], registry[registry["dataset"] == name]
    readme = head_readme(name, card.title) + write_readme(card, rows)
    settings = {"cohort.yml": _write_settings(card)} if card.cohort else {}
    contents = {"README.md": readme, **settings, **ARRANGERS[name](files)}
    return write_folder(folder, {path: _encode(path, content) for path, content in contents.items()})


def _write_settings(card: DataCard) -> str:
    settings = {"contract": 1, "name": card.name, "title": card.title, "kind": "real", **card.cohort}
    return yaml.safe_dump({**settings, "small_cell": SMALL_CELL}, sort_keys=False, allow_unicode=True, width=110)


def _encode(path: str, content: pd.DataFrame | dict | str | bytes) -> bytes:
    if isinstance(content, pd.DataFrame):
        content = content.to_csv(sep="\t", na_rep=MISSING, lineterminator="\n")
    if path.endswith(".json"):
        content = json.dumps(content, indent=2) + "\n"
    return content if isinstance(content, bytes) else content.encode()


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
        files together), ``licence``, ``becomes`` (``cohort`` or ``tables``), and ``present``: True when every
        file is, verified, in the cache or the mirror.
    """
    registry = load_registry(registry_path)
    places = [Path(place).expanduser() for place in (cache_dir, mirror) if place]
    rows = {name: registry[registry["dataset"] == name] for name in read_cards()}
    return (
        pd.DataFrame(
            {
                name: {
                    "title": card.title,
                    "people": card.people,
                    "bytes": int(rows[name]["bytes"].sum()),
                    "licence": join_unique(rows[name]["licence"]),
                    "becomes": card.becomes,
                    "present": _are_at_hand(rows[name], places),
                }
                for name, card in read_cards().items()
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
