"""mothur: counts of OTUs by sample (``.shared``) and their consensus taxonomy (``.cons.taxonomy``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.delimited import check_unique, parse_frame, to_numbers
from helpers.importers.heads import read_text
from helpers.importers.lineages import make_taxonomy, split_lineage
from helpers.importers.samples import ID, as_counts, one_path, turn
from helpers.problems import count, name_some

USUAL_LABEL = "0.03"


def _first(head: Head) -> list[str]:
    return head.lines[0].split("\t") if head.lines else []


def _is_shared(head: Head) -> bool:
    names = head.start[:200].decode("utf-8-sig", errors="replace").split("\n")[0].split("\t")
    return [name.lower() for name in names[:3]] == ["label", "group", "numotus"]


def _is_taxonomy(head: Head) -> bool:
    return [name.strip().lower() for name in _first(head)] == ["otu", "size", "taxonomy"]


def _read_shared(paths: Sequence[Path], options: Options) -> Imported:
    path = one_path(paths, "a shared file of mothur")
    text = re.sub(r"\t+(?=\n|$)", "", read_text(path))  # mothur ends lines with a tab
    table = parse_frame(text, path, separator="\t", infer=True)
    table.columns = ["label", "Group", "numOtus", *table.columns[3:]]
    label = _choose_label(path, list(dict.fromkeys(table["label"])), options.rank)
    other = table[table["label"] != label]
    kept = table[table["label"] == label]
    samples = kept["Group"].astype(str)
    check_unique(path, list(samples), "sample")
    counts = to_numbers(path, kept.drop(columns=["label", "Group", "numOtus"]).set_axis(samples, axis=0))
    counts = as_counts(path, turn(path, counts.T), "give the .shared file itself, not .relabund or .clr.")
    empty = counts.columns[(counts == 0).all()]
    left_out = [LeftOut("rows of other cut-offs", len(other), f"label {label} is kept (--rank)")] if len(other) else []
    if len(empty):
        left_out.append(
            LeftOut("OTUs without a read", len(empty), f"they are of other cut-offs or samples than {label}")
        )
    return Imported({"microbiome/taxa.tsv": counts.drop(columns=empty).rename_axis(ID)}, left_out=left_out)


def _choose_label(path: Path, labels: list[str], asked: str | None) -> str:
    if asked in labels or (asked is None and (len(labels) == 1 or USUAL_LABEL in labels)):
        return asked or (labels[0] if len(labels) == 1 else USUAL_LABEL)
    found = f"{count(len(labels), 'cut-off')} in one file ({name_some(labels)})"
    raise refuse(path, found, "one cut-off", f"choose one, e.g. --rank {labels[0]}.")


def _read_taxonomy(paths: Sequence[Path], options: Options) -> Imported:
    path = one_path(paths, "a consensus taxonomy of mothur")
    table = parse_frame(read_text(path).replace('"', ""), path, separator="\t")
    table.columns = ["OTU", "Size", "Taxonomy"]
    check_unique(path, list(table["OTU"]), "OTU")
    lineages = {otu: split_lineage(lineage) for otu, lineage in zip(table["OTU"], table["Taxonomy"], strict=True)}
    taxonomy: pd.DataFrame = make_taxonomy(lineages)
    return Imported({"microbiome/taxonomy.tsv": taxonomy})


FORMATS = (
    Format(
        "mothur-shared",
        "mothur",
        "a shared file of mothur: counts of OTUs by sample",
        "microbiome/taxa.tsv",
        _is_shared,
        _read_shared,
    ),
    Format(
        "mothur-taxonomy",
        "mothur",
        "a consensus taxonomy of mothur (.cons.taxonomy)",
        "microbiome/taxonomy.tsv",
        _is_taxonomy,
        _read_taxonomy,
    ),
)
