"""Fetch open data of real people, verified by checksum, and turn them into cohort folders."""

from helpers.open_data.catalogue import DATASETS, OpenDataset, fetch_dataset, list_datasets
from helpers.open_data.files import (
    OpenDataAltered,
    OpenDataError,
    OpenDataUnavailable,
    fetch_files,
    load_registry,
)
from helpers.open_data.kim import build_kim_cohort

__all__ = [
    "DATASETS",
    "OpenDataAltered",
    "OpenDataError",
    "OpenDataUnavailable",
    "OpenDataset",
    "build_kim_cohort",
    "fetch_dataset",
    "fetch_files",
    "list_datasets",
    "load_registry",
]
