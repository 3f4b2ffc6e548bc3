"""MetaPhlAn 3 and 4: a merged table of all samples, or one profile a sample; relative abundances of clades at every rank."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.importers.base import Format, Head, Imported, LeftOut, Options, refuse
from helpers.importers.delimited import check_unique, read_frame, to_numbers
from helpers.importers.heads import read_head
from helpers.importers.lineages import RANKS, choose_rank, make_taxonomy, split_lineage
from helpers.importers.samples import check_samples, join_samples, name_sample, one_path, turn

CLADE = ("clade_name", "#clade_name", "ID")
BESIDE = ("NCBI_tax_id", "clade_taxid", "additional_species")
UNKNOWN = ("UNCLASSIFIED", "UNKNOWN")
DEPTHS = {**{rank: rank[0] for rank in RANKS}, "domain": "k", "strain": "t"}
ENDINGS = r"_profile|_profiled_metagenome|_metaphlan|_bugs_list|\.metaphlan_profile|\.metaphlan|\.mpa|\.txt|\.tsv"


def _header(head: Head) -> tuple[int, list[str]] | None:
    """Return the line of the header and its names; None where there is none of MetaPhlAn."""
    for at, line in enumerate(head.lines[:8]):
        cells = line.split("\t")
        if cells[0] in CLADE and len(cells) > 1:
            return at, cells
        if not line.startswith("#"):
            return None
    return None


def _has_clades(head: Head) -> bool:
    return any(line.startswith(("k__", *UNKNOWN)) for line in head.lines[1:])


def _is_merged(head: Head) -> bool:
    found = _header(head)
    return found is not None and "relative_abundance" not in found[1] and _has_clades(head)


def _is_profile(head: Head) -> bool:
    found = _header(head)
    return found is not None and "relative_abundance" in found[1] and _has_clades(head)


def _read_merged(paths: Sequence[Path], options: Options) -> Imported:
    path = one_path(paths, "a merged table of MetaPhlAn")
    at, _ = _header(read_head(path)) or (0, [])
    table = read_frame(path, separator="\t", skip=at, infer=True)
    table = table.set_index(table.columns[0]).drop(columns=[name for name in BESIDE if name in table])
    table.columns = [name.removesuffix("_profile").removesuffix("_metaphlan") for name in table.columns]
    check_unique(path, list(table.columns), "sample")
    return _import(path, to_numbers(path, table, first_line=at + 2), options)


def _read_profiles(paths: Sequence[Path], options: Options) -> Imported:
    samples, columns = [], {}
    for path in paths:
        head = read_head(path)
        at, _ = _header(head) or (0, [])
        table = read_frame(path, separator="\t", skip=at)
        table = table.set_index(table.columns[0])
        check_unique(path, list(table.index), "clade")
        sample = _own_name(head) or name_sample(path, ENDINGS)
        samples.append(sample)
        columns[sample] = to_numbers(path, table[["relative_abundance"]], first_line=at + 2)["relative_abundance"]
    check_samples(paths, samples)
    return _import(paths[0], join_samples(columns).T, options)


def _own_name(head: Head) -> str | None:
    """Return the sample that a profile names itself; MetaPhlAn writes Metaphlan_Analysis where it was told none."""
    cells = next((line.split("\t") for line in head.lines[:8] if line.startswith("#SampleID\t")), ["", ""])
    return cells[1] if cells[1] not in ("", "Metaphlan_Analysis") else None


def _import(path: Path, clades: pd.DataFrame, options: Options) -> Imported:
    rank = choose_rank(path, options.rank, list(DEPTHS), "genus")
    last = clades.index.to_series().str.split("|").str[-1]
    is_unknown = last.isin(UNKNOWN)
    kept = clades[last.str.startswith(f"{DEPTHS[rank]}__")]
    if kept.empty:
        raise refuse(path, f"no clade of the rank {rank}", "rows of that rank", "choose another with --rank.")
    names = _name_clades(list(kept.index))
    lineages = {name: split_lineage(clade, "|") for name, clade in zip(names, kept.index, strict=True)}
    taxa = turn(path, kept.set_axis(names, axis=0).astype(float))
    n_other = len(clades) - len(kept) - int(is_unknown.sum())
    left_out = [LeftOut("rows of other ranks", n_other, f"they hold the same reads again; {rank} is kept (--rank)")]
    if is_unknown.any():
        share = clades[is_unknown].sum().median()
        why = f"reads of no known clade, {share:.3g} % of the median sample; the rest is not rescaled"
        left_out.append(LeftOut("row UNCLASSIFIED", int(is_unknown.sum()), why))
    is_percent = clades[is_unknown | ~clades.index.str.contains("|", regex=False)].sum().max() > 1.5
    scale = "percent" if is_percent else "relative"
    return Imported(
        {"microbiome/taxa.tsv": taxa, "microbiome/taxonomy.tsv": make_taxonomy(lineages)},
        left_out=left_out,
        notes=["these are relative abundances, never counts: how deeply a sample was sequenced is lost."],
        settings={"scale": {"taxa": scale}},
    )


def _name_clades(clades: Sequence[str]) -> list[str]:
    """Return the shortest name of every clade that no other has: its own, else with those above it."""
    parts = [[part.partition("__")[2] or part for part in clade.split("|")] for clade in clades]
    names = [clade[-1] for clade in parts]
    for depth in range(2, 1 + max(map(len, parts))):
        twice = {name for name in names if names.count(name) > 1}
        if not twice:
            break
        names = ["_".join(clade[-depth:]) if name in twice else name for name, clade in zip(names, parts, strict=True)]
    return names


FORMATS = (
    Format(
        "metaphlan",
        "MetaPhlAn 3 and 4",
        "a merged table of MetaPhlAn",
        "microbiome/taxa.tsv (per cent, one rank) and taxonomy.tsv",
        _is_merged,
        _read_merged,
    ),
    Format(
        "metaphlan-profile",
        "MetaPhlAn 3 and 4",
        "a profile of MetaPhlAn, one file a sample",
        "microbiome/taxa.tsv (per cent, one rank) and taxonomy.tsv",
        _is_profile,
        _read_profiles,
    ),
)
