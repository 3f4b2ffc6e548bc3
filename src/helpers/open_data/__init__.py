"""Fetch open data of real people, verified by checksum, and turn them into cohort folders and tidy tables."""

from helpers.open_data.cards import DataCard, describe_size, read_cards, write_overview, write_page, write_readme
from helpers.open_data.catalogue import fetch_dataset, list_datasets
from helpers.open_data.files import (
    OpenDataAltered,
    OpenDataError,
    OpenDataUnavailable,
    fetch_files,
    load_registry,
)
from helpers.open_data.folders import find_open, is_fetched

__all__ = [
    "DataCard",
    "OpenDataAltered",
    "OpenDataError",
    "OpenDataUnavailable",
    "describe_size",
    "fetch_dataset",
    "fetch_files",
    "find_open",
    "is_fetched",
    "list_datasets",
    "load_registry",
    "read_cards",
    "write_overview",
    "write_page",
    "write_readme",
]
